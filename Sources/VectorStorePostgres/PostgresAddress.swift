// Where a store in PostgreSQL is: the server, the database, and the schema in it; and how long it is waited for.

#if Postgres
  import Foundation

  /// The address of a store: `postgres://user@host:port/database?schema=NAME&folder=PATH`.
  ///
  /// `schema` and `folder` are the store's own parameters. All others are libpq's and go to it unchanged, such
  /// as `sslmode` and `service`. `description` shows no password.
  package struct PostgresAddress: Sendable, Hashable, CustomStringConvertible {
    /// The schema of a store whose address names none.
    package static let defaultSchema = "vector_store"

    /// What libpq connects with. It may hold a password: do not show it.
    package let connection: String
    /// The schema that holds the store: letters, digits and `_`, at most 63.
    package let schema: String
    /// The folder on this machine that goes with the store, if the address names one.
    package let folder: String?
    /// How long a call waits without a byte from the server; nil if the address does not say.
    package let timeout: Duration?
    /// The address without a password and without libpq's further parameters.
    package let description: String

    /// Whether a text is meant as an address of PostgreSQL rather than as a path.
    package static func isAddress(_ text: String) -> Bool {
      text.hasPrefix("postgres://") || text.hasPrefix("postgresql://")
    }

    /// Reads an address.
    ///
    /// - Throws: ``PostgresError`` of kind `address`, which shows no password.
    package init(_ text: String) throws {
      guard Self.isAddress(text) else {
        throw PostgresError(
          .address,
          "the address of a PostgreSQL server begins with postgres:// or postgresql://, as in postgres://user@host/database"
        )
      }
      try PostgresSettings.refuseCutPassword(text)
      let parts = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
      var own: [String: String] = [:]
      var others: [Substring] = []
      for parameter in parts.count < 2 ? [] : parts[1].split(separator: "&") {
        let pair = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(pair[0])
        guard ["schema", "folder", "timeout"].contains(name) else {
          others.append(parameter)
          continue
        }
        guard own[name] == nil else {
          throw PostgresError(.address, "the address names its \(name) twice; name it once")
        }
        own[name] = pair.count < 2 ? "" : pair[1].removingPercentEncoding ?? ""
      }
      let connection =
        String(parts[0]) + (others.isEmpty ? "" : "?" + others.joined(separator: "&"))
      let schema = own["schema"] ?? Self.defaultSchema
      try Self.check(schema)
      if own["folder"]?.isEmpty == true {
        throw PostgresError(
          .address, "the address names an empty folder; write folder=PATH or leave it out")
      }
      let timeout = try own["timeout"].map { text in
        guard let seconds = Int(text), (1...86_400).contains(seconds) else {
          throw PostgresError(
            .address,
            "the address has \"\(text)\" as its timeout, expected 1 to 86400 seconds; correct it")
        }
        return seconds
      }
      self.connection = connection
      self.schema = schema
      self.timeout = timeout.map { .seconds($0) }
      folder = own["folder"]
      var description = try PostgresSettings(connection).description + "?schema=\(schema)"
      if let folder {
        description +=
          "&folder="
          + (folder.addingPercentEncoding(
            withAllowedCharacters: .alphanumerics.union(.init(charactersIn: "-._~/"))) ?? "")
      }
      if let seconds = own["timeout"] { description += "&timeout=\(seconds)" }
      self.description = description
    }

    /// How long calls wait.
    package var timeouts: PostgresTimeouts {
      timeout.map { PostgresTimeouts(connect: min($0, .seconds(15)), answer: $0) }
        ?? PostgresTimeouts()
    }

    private static func check(_ schema: String) throws {
      let isWord = schema.utf8.allSatisfy {
        (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 95
      }
      guard isWord, (1...63).contains(schema.utf8.count) else {
        throw PostgresError(
          .address,
          "the schema \"\(schema)\" is not a name of 1 to 63 letters (a to z), digits and _; choose such a name, as in schema=team_notes"
        )
      }
      guard !schema.lowercased().hasPrefix("pg_") else {
        throw PostgresError(
          .address,
          "the schema \"\(schema)\" begins with pg_, which PostgreSQL keeps for itself; choose another name"
        )
      }
    }
  }

  /// The bounds of a connection's waits. A parameter of the address, such as `keepalives_idle`, wins.
  package struct PostgresTimeouts: Sendable, Equatable {
    /// How long connecting may take, over all of the address's hosts. `connect_timeout` in the address wins.
    /// Looking a host's name up is bounded by the system instead.
    package var connect: Duration
    /// How long a call may wait without a byte from the server, or a byte that it takes. Nil waits for as long
    /// as the connection lives: for statements that say nothing for hours, such as building an index.
    package var answer: Duration?
    /// How long a cancelled call waits for the server to end it, before the connection is given up.
    package var cancel: Duration
    /// How long an idle connection waits before it asks whether the other side is still there, and again.
    package var keepaliveIdle: Duration
    package var keepaliveInterval: Duration
    package var keepaliveCount: Int
    /// How long sent bytes may stay unconfirmed by the other machine (`tcp_user_timeout`).
    package var unconfirmed: Duration

    package init(
      connect: Duration = .seconds(15), answer: Duration? = .seconds(120),
      cancel: Duration = .seconds(5), keepaliveIdle: Duration = .seconds(30),
      keepaliveInterval: Duration = .seconds(10), keepaliveCount: Int = 3,
      unconfirmed: Duration = .seconds(60)
    ) {
      self.connect = connect
      self.answer = answer
      self.cancel = cancel
      self.keepaliveIdle = keepaliveIdle
      self.keepaliveInterval = keepaliveInterval
      self.keepaliveCount = keepaliveCount
      self.unconfirmed = unconfirmed
    }

    /// libpq's parameters.
    var parameters: [String: String] {
      [
        "keepalives": "1",
        "keepalives_idle": String(max(1, keepaliveIdle.components.seconds)),
        "keepalives_interval": String(max(1, keepaliveInterval.components.seconds)),
        "keepalives_count": String(keepaliveCount),
        "tcp_user_timeout": String(max(1, unconfirmed.milliseconds)),
      ]
    }
  }

  extension Duration {
    /// Whole milliseconds, rounded up.
    var milliseconds: Int64 {
      let (seconds, attoseconds) = components
      return seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    }
  }
#endif
