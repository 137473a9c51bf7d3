// The table of metadata fields that filters look up, and how metadata becomes its rows, and on PostgreSQL bytes.

import Foundation
import VectorStoreText

enum DocumentFieldsTable {
  /// The table and its index, as the migration makes them. The primary key finds a document's values,
  /// the index the documents of a value; each holds all that the other does.
  static let schema = """
    CREATE TABLE document_fields (
      document_id INTEGER NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
      key TEXT NOT NULL,
      value ANY NOT NULL,
      collection_id INTEGER NOT NULL,
      PRIMARY KEY (document_id, key, value)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX document_fields_by_value ON document_fields(collection_id, key, value, document_id);
    """

  /// Adds the values of a document that has none there.
  ///
  /// - Complexity: two rows of B-trees a value; nothing without metadata.
  static func insert(
    _ metadata: String, document: Int64, collection: Int64, _ db: any SQLTransaction
  ) throws {
    guard metadata != "{}" else { return }
    let metadata = try MetadataJSON.decode(metadata)
    try insert(metadata, document, collection, db)
    guard let date = DocumentDate.stored(in: metadata) else { return }
    try db.run(
      bulk: "UPDATE documents SET dated_at = ? WHERE id = ?", .text(date), .integer(document))
  }

  private static func insert(
    _ metadata: [String: MetadataValue], _ document: Int64, _ collection: Int64,
    _ db: any SQLTransaction
  ) throws {
    try MetadataFields.forEach(of: metadata) { key, value in
      // A list may hold a value twice, once is enough.
      let stored = FieldBytes.argument(value, db.isPostgres)
      guard db.isPostgres, case .text(let text) = value, FieldBytes.isLong(text) else {
        try db.run(
          bulk: """
            INSERT INTO document_fields(document_id, key, value, collection_id)
            VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING
            """, .integer(document), .text(key), stored, .integer(collection))
        return
      }
      try db.run(
        bulk: """
          INSERT INTO document_fields(document_id, key, value, long_text, collection_id)
          VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
          """, .integer(document), .text(key), stored, .text(text), .integer(collection))
    }
  }

  /// Puts the values of a document in the place of those it had.
  static func replace(_ metadata: String, document: Int64, _ db: any SQLTransaction) throws {
    try db.run(bulk: "DELETE FROM document_fields WHERE document_id = ?", .integer(document))
    try db.run(
      bulk: "UPDATE documents SET dated_at = NULL WHERE id = ? AND dated_at IS NOT NULL",
      .integer(document))
    guard metadata != "{}" else { return }
    let collection = try Int64.fetchOne(
      db, sql: "SELECT collection_id FROM documents WHERE id = ?",
      arguments: [document])
    if let collection { try insert(metadata, document: document, collection: collection, db) }
  }

  /// Gives documents the dates that their metadata has. What is no metadata is left out.
  static func fillDates(_ db: any SQLTransaction) throws {
    var dates: [(id: Int64, date: String)] = []
    try db.forEachRow(bulk: "SELECT id, metadata FROM documents WHERE metadata <> '{}'") { row in
      guard let metadata = try? MetadataJSON.decode(row.text(1)),
        let date = DocumentDate.stored(in: metadata)
      else { return }
      dates.append((try row.integer(0), date))
    }
    for (id, date) in dates {
      try db.run(bulk: "UPDATE documents SET dated_at = ? WHERE id = ?", .text(date), .integer(id))
    }
  }

  /// Fills the table from the metadata of all documents. What is no metadata is left out: `doctor` tells
  /// of it.
  static func fill(_ db: any SQLTransaction) throws {
    try db.forEachRow(
      bulk: "SELECT id, collection_id, metadata FROM documents WHERE metadata <> '{}'"
    ) { row in
      guard let metadata = try? MetadataJSON.decode(row.text(2)) else { return }
      try insert(metadata, try row.integer(0), try row.integer(1), db)
    }
  }
}

/// The date that a document's metadata gives it.
enum DocumentDate {
  /// The keys that may have it, the likeliest first.
  private static let keys = ["date", "created", "published"]

  /// The date as it is stored; nil if no key has one that can be read.
  static func stored(in metadata: [String: MetadataValue]) -> String? {
    keys.lazy.compactMap { metadata[$0]?.string.flatMap(FilterTime.init) }.first
      .map { FilterTime.stored($0.start) }
  }
}

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
    /// There is a list, perhaps an empty one.
    case list = 0x5B  // [
    /// There is an object, perhaps an empty one.
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

/// How PostgreSQL keeps a value of metadata: one column of bytes, which one index orders.
///
/// A letter says the type, in SQLite's order: 1 a number, 2 a text, 3 what else there is. A number is its double
/// with the bits in the order of the numbers, then how far an integer is above it: 64 bits of an integer do not
/// fit into a double. A long text is its beginning and its hash, since an index takes no long values; its order
/// among others with the same beginning is that of the hashes.
enum FieldBytes {
  /// Texts up to this many bytes stand as they are.
  private static let longest = 1024

  static func isLong(_ text: String) -> Bool { text.utf8.count > longest }

  /// The bytes from which on texts begin so.
  static func start(_ text: String) -> Data { Data([2]) + Data(text.utf8.prefix(longest)) }

  /// The value as it is bound: bytes for PostgreSQL, as it is for SQLite.
  static func argument(_ value: BulkValue, _ isPostgres: Bool) -> BulkValue {
    isPostgres ? .blob(bytes(value)) : value
  }

  static func bytes(_ value: BulkValue) -> Data {
    switch value {
    case .null: Data()
    case .integer(let number): Data([1]) + bytes(Double(number), number)
    case .real(let number): Data([1]) + bytes(number, nil)
    case .text(let text):
      isLong(text)
        ? Data([2]) + Data(text.utf8.prefix(longest)) + TextHash.of(text)
        : Data([2]) + Data(text.utf8)
    case .blob(let data), .vector(let data): Data([3]) + data
    case .bytes(let bytes): Data([3]) + Data(bytes)
    }
  }

  /// - Parameter integer: the number itself, if it is an integer.
  private static func bytes(_ number: Double, _ integer: Int64?) -> Data {
    var number = number == 0 ? 0 : number
    var above: UInt16 = 0
    if let integer, abs(number) >= 0x1p53 {
      // The next double below, so that what is missing is positive.
      while number >= 0x1p63 || Int64(number) > integer { number = number.nextDown }
      above = UInt16(clamping: integer &- Int64(number))
    }
    let bits = number.bitPattern
    let ordered = bits >> 63 == 0 ? bits | 1 << 63 : ~bits
    return withUnsafeBytes(of: ordered.bigEndian) { Data($0) }
      + withUnsafeBytes(of: above.bigEndian) { Data($0) }
  }
}
