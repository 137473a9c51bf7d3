// The tables' SQL in PostgreSQL's words.

#if Postgres
  import Synchronization

  /// Puts the few words of SQLite's that PostgreSQL has not into its own, each text once.
  final class PostgresDialect: Sendable {
    /// How many texts are kept. Filters make a new one each time, so they would grow without end.
    private static let maximumKept = 1000

    private let known = Mutex<[String: String]>([:])

    func translated(_ sql: String) -> String {
      known.withLock { known in
        if let found = known[sql] { return found }
        if known.count >= Self.maximumKept { known = [:] }
        let result = Self.translate(sql)
        known[sql] = result
        return result
      }
    }

    /// - `?` and `?3` are `$1`, `$2`, …, and `$3`.
    /// - `CROSS JOIN … ON` fixes the order of tables in SQLite, and becomes `JOIN`. `INDEXED BY …` and `NOT INDEXED`
    ///   are left out.
    /// - The column of vectors, `data`, is called `embedding`, as others call it.
    /// - `x'…'` is a `bytea`.
    static func translate(_ sql: String) -> String {
      var result = ""
      var number = 0
      var rest = sql[...]
      while let first = rest.first {
        if first == "'" || first == "\"" {
          let end = end(ofQuoted: rest, by: first)
          result += rest[..<end]
          rest = rest[end...]
        } else if first == "?" {
          let digits = rest.dropFirst().prefix(while: \.isNumber)
          number += digits.isEmpty ? 1 : 0
          result += "$" + (digits.isEmpty ? "\(number)" : digits)
          rest = rest[digits.endIndex...]
        } else if first == "x", rest.dropFirst().first == "'" {
          let end = end(ofQuoted: rest.dropFirst(), by: "'")
          result += "'\\x" + rest[..<end].dropFirst(2) + "::bytea"
          rest = rest[end...]
        } else if first.isLetter || first == "_" {
          let word = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
          rest = rest[word.endIndex...]
          result += replaced(word, &rest)
        } else {
          result.append(first)
          rest.removeFirst()
        }
      }
      return result
    }

    private static func replaced(_ word: Substring, _ rest: inout Substring) -> String {
      switch word {
      case "CROSS": skip(" JOIN", &rest) ? "JOIN" : String(word)
      case "NOT" where skip(" INDEXED", &rest): ""
      case "INDEXED" where skip(" BY ", &rest):
        {
          rest = rest.drop { $0.isLetter || $0.isNumber || $0 == "_" } as Substring
          return ""
        }()
      case "data": "embedding"
      case "GROUP_CONCAT": grouped(&rest)
      default: String(word)
      }
    }

    /// `GROUP_CONCAT(x)` puts commas between.
    private static func grouped(_ rest: inout Substring) -> String {
      let inside = rest.dropFirst().prefix { $0 != ")" }
      rest = rest[inside.endIndex...]
      return "string_agg((\(inside))::text, ','"
    }

    private static func skip(_ text: String, _ rest: inout Substring) -> Bool {
      guard rest.hasPrefix(text) else { return false }
      rest = rest.dropFirst(text.count)
      return true
    }

    private static func end(ofQuoted text: Substring, by quote: Character) -> String.Index {
      text.dropFirst().firstIndex(of: quote).map { text.index(after: $0) } ?? text.endIndex
    }
  }
#endif
