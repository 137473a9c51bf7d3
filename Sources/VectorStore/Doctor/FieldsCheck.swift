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
    try db.forEachRawRow(bulk: "SELECT id, collection_id, metadata FROM documents ORDER BY id") {
      row in
      let (id, metadata) = (row.integer(0), row.text(2) ?? "")
      guard let expected = try? fields(of: metadata, collection: row.integer(1)) else {
        try findings.add("\(RowNames.document(id, db)): its metadata is not a JSON object")
        return
      }
      var found: Set<Field> = []
      try db.forEachRawRow(
        bulk:
          "SELECT key, value, collection_id, typeof(value) FROM document_fields WHERE document_id = ?",
        .integer(id)
      ) { found.insert(field($0)) }
      guard found != expected else { return }
      different.append((id, metadata))
      try findings.add(RowNames.document(id, db))
    }
    return (different, findings)
  }

  private static func field(_ row: RawRow) -> Field {
    let value: DatabaseValue =
      switch row.text(3) {
      case "integer": row.integer(1).databaseValue
      case "real": row.real(1).databaseValue
      case "text": (row.text(1) ?? "").databaseValue
      case "blob": Data(row.blob(1)).databaseValue
      default: .null
      }
    return Field(key: row.text(0) ?? "", value: value, collection: row.integer(2))
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
