// The table that filters search against the documents' metadata. Called by Doctor; calls
// DocumentFieldsTable.

import Foundation
import GRDB

/// Takes every document's metadata apart once more and compares.
struct FieldsCheck: StoreCheck {
  let names = [DoctorReport.Name.fields]

  private struct Field: Hashable {
    let key: String
    let value: DatabaseValue
    let collection: Int64
  }

  func run(_ db: Database) throws -> [DoctorReport.Check] {
    let (different, findings) = try Self.differences(db)
    return [
      findings.check(
        .fields, well: "filters find every document's metadata",
        found: "documents whose metadata filters do not find as they are",
        advice: different.isEmpty
          ? "metadata that is not JSON: remove the documents and add them again"
          : "`store doctor --repair` makes the fields anew")
    ]
  }

  func repair(_ file: StoreFile) async throws -> [DoctorReport.Name: String] {
    try await file.write { db in
      let (different, _) = try Self.differences(db)
      for (document, metadata) in different {
        try DocumentFieldsTable.replace(metadata, document: document, db)
      }
      return different.isEmpty
        ? [:] : [.fields: "the fields of \(different.count) documents were made anew"]
    }
  }

  /// Documents whose fields are others, and beside them those whose metadata cannot be read.
  private static func differences(
    _ db: Database
  ) throws -> (documents: [(id: Int64, metadata: String)], Findings) {
    var different: [(id: Int64, metadata: String)] = []
    var findings = Findings()
    let stored = try db.makeStatement(
      sql: "SELECT key, value, collection_id FROM document_fields WHERE document_id = ?")
    let documents = try Row.fetchCursor(
      db, sql: "SELECT id, collection_id, metadata FROM documents")
    while let row = try documents.next() {
      let (id, collection, metadata): (Int64, Int64, String) = (row[0], row[1], row[2])
      guard let expected = try? fields(of: metadata, collection: collection) else {
        try findings.add("\(RowNames.document(id, db)): its metadata is not a JSON object")
        continue
      }
      let found = try Row.fetchAll(stored, arguments: [id])
        .map { Field(key: $0[0], value: $0[1], collection: $0[2]) }
      guard found.count != expected.count || Set(found) != expected else { continue }
      different.append((id, metadata))
      try findings.add(RowNames.document(id, db))
    }
    return (different, findings)
  }

  private static func fields(of metadata: String, collection: Int64) throws -> Set<Field> {
    var fields: Set<Field> = []
    guard metadata != "{}" else { return fields }
    MetadataFields.forEach(of: try MetadataJSON.decode(metadata)) { key, value in
      let stored: DatabaseValue =
        switch value {
        case .null: .null
        case .integer(let number): number.databaseValue
        case .real(let number): number.databaseValue
        case .text(let text): text.databaseValue
        case .blob(let data): data.databaseValue
        case .bytes(let bytes): Data(bytes).databaseValue
        }
      fields.insert(Field(key: key, value: stored, collection: collection))
    }
    return fields
  }
}
