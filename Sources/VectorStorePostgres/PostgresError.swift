// What went wrong with PostgreSQL.

#if Postgres
  import CLibpq
  import Foundation

  /// An error of the server, of the connection or of a value. It never holds a password.
  package struct PostgresError: Error, Sendable, CustomStringConvertible {
    /// What kind of thing went wrong.
    package enum Kind: Sendable, Equatable {
      /// The server answered with an error; `sqlState` says which.
      case server
      /// There is no connection, or it ended.
      case connection
      /// The server sent nothing for too long, or no connection of a pool became free.
      case timeout
      /// `cancel()` ended the call.
      case cancelled
      /// The address is wrong.
      case address
      /// PostgreSQL cannot take a value of the statement.
      case value
      /// A result is of another type than was asked for.
      case type
      /// The statement cannot be run, as a COPY.
      case statement
      /// The pool was closed.
      case closed
    }

    package var kind: Kind
    /// The server's code, such as "23505" for a row that is there already; nil if the server sent none.
    package var sqlState: String?
    package var message: String
    package var detail: String?
    package var hint: String?
    /// The constraint that was violated.
    package var constraint: String?
    /// Whether the connection is of no more use: another one is needed.
    package var isConnectionLost = false

    package init(_ kind: Kind, _ message: String) {
      self.kind = kind
      self.message = message
    }

    /// The message with the server's code, detail and hint.
    package var description: String {
      var text = message
      if let sqlState { text += " (SQLSTATE \(sqlState))" }
      if let detail { text += "; \(detail)" }
      if let hint { text += "; \(hint)" }
      return text
    }
  }

  extension PostgresError {
    /// The server's word that a statement was cancelled.
    static let cancelledState = "57014"

    static var cancelled: PostgresError {
      var error = PostgresError(.cancelled, "the statement was cancelled")
      error.sqlState = cancelledState
      return error
    }

    /// The error of a failed result; nil if the result is none.
    init?(result: OpaquePointer) {
      guard PQresultStatus(result) == PGRES_FATAL_ERROR else { return nil }
      func field(_ code: Character) -> String? {
        PQresultErrorField(result, Int32(code.asciiValue ?? 0)).map { String(cString: $0) }
      }
      // The letters of libpq's PG_DIAG_… macros, which Swift does not see.
      let severity = field("V")
      sqlState = field("C")
      message = field("M") ?? Self.oneLine(String(cString: PQresultErrorMessage(result)))
      detail = field("D")
      hint = field("H")
      constraint = field("n")
      let endsConnection =
        severity == "FATAL" || severity == "PANIC" || sqlState?.hasPrefix("08") == true
        || sqlState == nil
      kind = endsConnection ? .connection : .server
      isConnectionLost = endsConnection
    }

    /// What a notice says.
    static func notice(_ result: OpaquePointer) -> String {
      let words = ["V", "M"].compactMap { (code: Character) in
        PQresultErrorField(result, Int32(code.asciiValue ?? 0)).map { String(cString: $0) }
      }
      return oneLine(words.joined(separator: ": "))
    }

    /// libpq's message of several lines as one line.
    static func oneLine(_ text: String) -> String {
      text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
        .joined(separator: " ")
    }
  }
#endif
