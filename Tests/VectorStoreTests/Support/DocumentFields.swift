// Looks whether document_fields says what the documents' metadata say.

import Foundation
import GRDB
import Testing
@testable import VectorStore

/// Expects the rows of `document_fields` to be those that the documents' metadata make, and returns
/// how many there are.
@discardableResult
func expectFieldsFollowMetadata(
  _ store: Store, _ location: SourceLocation = #_sourceLocation
) async throws -> Int {
  let (stored, expected) = try await store.file.read { db in
    let db = try db.sqlite()
    func row(_ document: Int64, _ collection: Int64, _ key: String, _ value: Any) -> String {
      "\(document) \(collection) \(key) \(value)"
    }
    let stored = try Row.fetchAll(
      db,
      sql: """
        SELECT document_id, collection_id, key, typeof(value) || ' ' || CAST(value AS TEXT)
        FROM document_fields
        """
    )
    .map { row($0[0], $0[1], $0[2], $0[3] as String) }
    var expected: Set<String> = []
    for document in try Row.fetchAll(db, sql: "SELECT id, collection_id, metadata FROM documents") {
      MetadataFields.forEach(of: try MetadataJSON.decode(document[2])) { key, value in
        let written: String =
          switch value {
          case .null: "null"
          case .integer(let number): "integer \(number)"
          case .real(let number): "real \(number)"
          case .text(let text): "text \(text)"
          case .blob(let data), .vector(let data): "blob \(String(decoding: data, as: UTF8.self))"
          case .bytes(let bytes): "blob \(String(decoding: bytes, as: UTF8.self))"
          }
        expected.insert(row(document[0], document[1], key, written))
      }
    }
    return (stored, expected)
  }
  #expect(Set(stored) == expected, sourceLocation: location)
  #expect(stored.count == expected.count, sourceLocation: location)
  return stored.count
}
