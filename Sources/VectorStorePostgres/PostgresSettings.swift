// The parameters of a connection string, read by libpq, without showing the password.

#if Postgres
  import CLibpq
  import Foundation

  /// What a connection string says, in libpq's words.
  struct PostgresSettings: Sendable {
    /// The parameters that are given, by libpq's names. One of them may be the password.
    private(set) var values: [String: String] = [:]

    /// Reads a URI or a text of `name=value` pairs (`PQconninfoParse`).
    ///
    /// - Throws: ``PostgresError`` of kind `address`. libpq's own words quote the part that it cannot read.
    ///   They are left out if that part may belong to a password.
    init(_ text: String) throws {
      try Self.refuseCutPassword(text)
      var reason: UnsafeMutablePointer<CChar>?
      guard let options = text.utf8.contains(0) ? nil : PQconninfoParse(text, &reason) else {
        let words = reason.map { PostgresError.oneLine(String(cString: $0)) } ?? ""
        PQfreemem(reason)
        throw Self.unreadable(mayHoldPassword(text) ? "" : words)
      }
      defer { PQconninfoFree(options) }
      var option = options
      while let name = option.pointee.keyword {
        if let value = option.pointee.val {
          values[String(cString: name)] = String(cString: value)
        }
        option += 1
      }
      // A password with an unencoded @, / or ? is cut there: what is left of it must not be shown as a host.
      let ports = values["port"] ?? ""
      guard ports.utf8.allSatisfy({ $0 == UInt8(ascii: ",") || (48...57).contains($0) }) else {
        throw Self.unreadable(mayHoldPassword(text) ? "" : "invalid port: \"\(ports)\"")
      }
      if values["host"]?.contains("@") == true { throw Self.unreadable("") }
    }

    /// Where the connection goes, without the password: `postgres://user@host:port/database`.
    var description: String {
      var text = "postgres://"
      if let user = values["user"] { text += Self.encoded(user) + "@" }
      let hosts = (values["host"] ?? values["hostaddr"] ?? "").split(separator: ",")
      let ports = (values["port"] ?? "").split(separator: ",", omittingEmptySubsequences: false)
      text += hosts.enumerated().map { index, host in
        let name = host.contains("/") ? Self.encoded(String(host)) : String(host)
        let port = ports.count == 1 ? ports[0] : index < ports.count ? ports[index] : ""
        return (name.contains(":") ? "[\(name)]" : name) + (port.isEmpty ? "" : ":\(port)")
      }.joined(separator: ",")
      if hosts.isEmpty, let port = ports.first, !port.isEmpty { text += ":\(port)" }
      if let database = values["dbname"] { text += "/" + Self.encoded(database) }
      return text
    }

    /// A password with an unencoded / or ? is cut there, and its rest would be taken for a database, a schema or
    /// a folder.
    static func refuseCutPassword(_ text: String) throws {
      guard let start = text.range(of: "://")?.upperBound else { return }
      guard let end = text[start...].firstIndex(where: { $0 == "/" || $0 == "?" }) else { return }
      if text[start..<end].contains(":"), text[end...].contains("@") { throw unreadable("") }
    }

    private static func encoded(_ text: String) -> String {
      text.addingPercentEncoding(
        withAllowedCharacters: .alphanumerics.union(.init(charactersIn: "-._~")))
        ?? ""
    }

    private static func unreadable(_ reason: String) -> PostgresError {
      PostgresError(
        .address,
        "the address of the PostgreSQL server cannot be read"
          + (reason.isEmpty ? "" : ": \(reason)")
          + "; expected postgres://user@host:port/database, with special characters such as @, / and ? written as %40, %2F and %3F"
      )
    }
  }

  /// Whether a part of an unreadable address may belong to a password.
  private func mayHoldPassword(_ text: String) -> Bool {
    let rest = text.range(of: "://").map { text[$0.upperBound...] } ?? text[...]
    return rest.contains("@") || rest.lowercased().contains("pass")
  }
#endif
