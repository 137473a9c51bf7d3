// Metadata taken apart into the rows of document_fields: a key and one value each. Called by
// DocumentFieldsTable, and for values of filters by FilterConditions.

import Foundation

/// How metadata stands in `document_fields`.
///
/// SQLite orders numbers before texts before blobs, so that one index over values keeps the types
/// apart: numbers and texts are themselves, and what else there is are blobs of one letter.
enum MetadataFields {
  /// The values that are neither numbers nor texts.
  enum Mark: UInt8 {
    case null = 0x6E  // n
    case `false` = 0x66  // f
    case `true` = 0x74  // t
    /// That there is a list, be it empty.
    case list = 0x5B  // [
    /// That there is an object, be it empty.
    case object = 0x7B  // {

    /// What is stored.
    var data: Data { Data([rawValue]) }
  }

  /// The keys on the way to a value as one text: with dots between them, and in double quotes (two for
  /// one inside) where a key is empty or holds a dot or a double quote.
  static func key(_ path: [String]) -> String {
    path.map(key(part:)).joined(separator: ".")
  }

  /// Calls `body` with each key and value. Elements of lists stand under the list's own key.
  ///
  /// - Complexity: O(values), and their keys, which repeat those on the way.
  static func forEach(
    of metadata: [String: MetadataValue], _ body: (_ key: String, _ value: BulkValue) throws -> Void
  ) rethrows {
    for (name, value) in metadata { try forEach(of: value, key(part: name), body) }
  }

  private static func forEach(
    of value: MetadataValue, _ key: String, _ body: (String, BulkValue) throws -> Void
  ) rethrows {
    switch value {
    case .null: try body(key, .blob(Mark.null.data))
    case .bool(let value): try body(key, .blob((value ? Mark.true : .false).data))
    case .integer(let value): try body(key, .integer(value))
    case .number(let value): try body(key, .real(value))
    case .string(let value): try body(key, .text(value))
    case .array(let values):
      try body(key, .blob(Mark.list.data))
      for value in values { try forEach(of: value, key, body) }
    case .object(let members):
      try body(key, .blob(Mark.object.data))
      for (part, value) in members {
        try forEach(of: value, key + "." + self.key(part: part), body)
      }
    }
  }

  private static func key(part: String) -> String {
    let isPlain =
      !part.isEmpty
      && !part.utf8.contains { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "\"") }
    return isPlain ? part : FilterWords.quoted(part, by: "\"")
  }
}
