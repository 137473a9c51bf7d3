// Makes a store's schema, brings one of an earlier version up to date, and sets connections up for it.

#if Postgres
  import Foundation
  import VectorStorePostgres

  struct PostgresMigration {
    private let address: PostgresAddress
    private let configuration: StoreConfiguration
    private let timeouts: PostgresTimeouts

    init(
      _ address: PostgresAddress, _ configuration: StoreConfiguration, _ timeouts: PostgresTimeouts
    ) {
      (self.address, self.configuration, self.timeouts) = (address, configuration, timeouts)
    }

    /// The names of a store are found first, then those of pgvector, which may be in any schema. What was written is
    /// on the disk when its verb returns, whatever the server does for others.
    static func setUp(_ connection: PostgresConnection, schema: String) throws {
      var path = ["\"\(schema)\""]
      try connection.query(
        """
        SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
        WHERE e.extname = 'vector'
        """, []
      ) {
        path.append("\"" + (try $0.text(0)).replacing("\"", with: "\"\"") + "\"")
        return true
      }
      try connection.batch(
        """
        SET search_path = \(path.joined(separator: ", "));
        SET idle_in_transaction_session_timeout = '10min';
        SELECT set_config('synchronous_commit', 'on', false)
          WHERE current_setting('synchronous_commit') = 'off';
        """)
    }

    /// Makes or upgrades the schema, one process at a time.
    ///
    /// - Throws: ``StoreError`` with `storeNotFound`, `readOnly` or `tooNew`.
    func run() throws {
      let connection = try PostgresConnection(address.connection, timeouts: timeouts)
      defer { connection.close() }
      let found = try format(connection)
      if found == PostgresSchema.version { return }
      if let found, found > PostgresSchema.version { throw tooNew(found) }
      let writes = configuration.access == .readWrite
      guard found != nil || writes && configuration.makesStore else {
        throw StoreError(
          .storeNotFound,
          "there is no store at \(address); make one by adding documents, or name another schema")
      }
      guard writes else {
        throw StoreError(
          .readOnly,
          "\(address) was made by an older version and must be upgraded before it can be used; open it once "
            + "for reading and writing, which does that")
      }
      try migrate(connection)
    }

    private func tooNew(_ found: Int) -> StoreError {
      StoreError(
        .tooNew,
        "\(address) was written by a newer version of this program (format \(found), this one reads "
          + "\(PostgresSchema.version)); use that version")
    }

    /// The version of the schema; nil where there is no store.
    private func format(_ connection: PostgresConnection) throws -> Int? {
      var hasTable = false
      try connection.query(
        """
        SELECT EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = $1 AND tablename = 'store_meta')
        """, [.text(address.schema)]
      ) {
        hasTable = try $0.integer(0) != 0
        return true
      }
      guard hasTable else { return nil }
      var format: Int?
      try connection.query(
        "SELECT value FROM \"\(address.schema)\".store_meta WHERE name = 'format'", []
      ) {
        format = Int(try $0.text(0))
        return true
      }
      return format
    }

    private func migrate(_ connection: PostgresConnection) throws {
      try connection.run(
        "SELECT pg_advisory_lock(hashtextextended('vector-store ' || $1, 0))",
        [.text(address.schema)])
      try makeExtension(connection)
      try Self.begin(connection, schema: address.schema)
      try Self.setUp(connection, schema: address.schema)
      // Another process may have been faster.
      let found = try format(connection) ?? 0
      if found > PostgresSchema.version { throw tooNew(found) }
      for migration in PostgresSchema.migrations.dropFirst(found) {
        try connection.batch(migration)
      }
      try connection.run(
        """
        INSERT INTO store_meta(name, value) VALUES ('format', $1)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value
        """, [.text("\(PostgresSchema.version)")])
      try connection.batch("COMMIT")
    }

    /// Begins a transaction in which the schema is there. Its owner may not be allowed to make others.
    static func begin(_ connection: PostgresConnection, schema: String) throws {
      var isThere = false
      try connection.run("BEGIN")
      try connection.query("SELECT 1 FROM pg_namespace WHERE nspname = $1", [.text(schema)]) { _ in
        isThere = true
        return true
      }
      if !isThere { try connection.run("CREATE SCHEMA \"\(schema)\"") }
    }

    /// Makes pgvector's extension where it is not there; others make it under the same lock.
    private func makeExtension(_ connection: PostgresConnection) throws {
      var hasExtension = false
      try connection.query("SELECT 1 FROM pg_extension WHERE extname = 'vector'", []) { _ in
        hasExtension = true
        return true
      }
      guard !hasExtension else { return }
      do {
        try connection.batch(
          """
          BEGIN;
          SELECT pg_advisory_xact_lock(\(PostgresSchema.extensionLock));
          CREATE EXTENSION IF NOT EXISTS vector;
          COMMIT;
          """)
      } catch let error as PostgresError where error.kind == .server {
        try? connection.batch("ROLLBACK")
        throw StoreError(
          .cannotOpen,
          "the database of \(address) has no extension \"vector\", and it cannot be made (\(error.message)); "
            + "install pgvector 0.8 or newer on the server, or have its owner run CREATE EXTENSION vector",
          underlying: error)
      }
    }
  }

  extension StoreError {
    /// The store's error for whatever PostgreSQL threw. Errors that are not its own pass through.
    static func translating(postgres error: any Error, path: String) -> any Error {
      if let error = error as? DamagedValue {
        return StoreError(
          .damaged, "\(path) holds a value that this program did not write: \(error)",
          underlying: error)
      }
      guard let error = error as? PostgresError else { return error }
      let (code, words): (StoreError.Code, String) =
        switch (error.kind, error.sqlState ?? "") {
        case (.closed, _): (.closed, "the store \(path) was closed; open it again")
        case (_, "54000"):
          (
            .malformedInput,
            "an id, a path or the name of a metadata field is too long for PostgreSQL's indexes, which take some 2,700 "
              + "bytes (\(error.message)); shorten it"
          )
        case (.address, _): (.invalidArgument, error.message)
        case (.value, _): (.malformedInput, error.message)
        case (.connection, _) where error.message.contains("password"):
          (
            .cannotOpen,
            "the server of \(path) did not let you in: \(error.message); set PGPASSWORD, or write the password "
              + "into ~/.pgpass"
          )
        case (.timeout, _), (.connection, _): (.cannotOpen, "\(path) cannot be reached: \(error)")
        case (_, "42P05"), (_, "26000"):
          (
            .cannotOpen,
            "a pooler in front of \(path) hands each transaction to another connection, which a store cannot use; "
              + "let it pool by session, or name the server itself"
          )
        case (_, "55P03"): (.locked, "\(path) is busy: another program writes to it; try again")
        case (_, "53100"): (.diskFull, "the server of \(path) has no room left: \(error.message)")
        case (_, "42501"), (_, "25006"):
          (
            .readOnly,
            "the server does not let this role do that in \(path): \(error.message); use a role that may, or "
              + "have it granted"
          )
        case (_, "57014"):
          (.database, "the server ended a statement of \(path): \(error.message); try again")
        default: (.database, "PostgreSQL failed on \(path): \(error)")
        }
      return StoreError(code, words, underlying: error)
    }
  }
#endif
