// document_fields: documents' metadata by key and value, so that a filter finds documents without
// reading all of them. Derived from documents.metadata; written by DocumentsTable and a migration.

import Foundation
import GRDB

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
    _ metadata: String, document: Int64, collection: Int64, _ db: Database
  ) throws {
    guard metadata != "{}" else { return }
    try insert(try MetadataJSON.decode(metadata), document, collection, db)
  }

  private static func insert(
    _ metadata: [String: MetadataValue], _ document: Int64, _ collection: Int64, _ db: Database
  ) throws {
    try MetadataFields.forEach(of: metadata) { key, value in
      // A list may hold a value twice, once is enough.
      try db.run(
        bulk: """
          INSERT OR IGNORE INTO document_fields(document_id, key, value, collection_id)
          VALUES (?, ?, ?, ?)
          """,
        .integer(document), .text(key), value, .integer(collection))
    }
  }

  /// Puts the values of a document in the place of those it had.
  static func replace(_ metadata: String, document: Int64, _ db: Database) throws {
    try db.run(bulk: "DELETE FROM document_fields WHERE document_id = ?", .integer(document))
    guard metadata != "{}" else { return }
    let collection = try Int64.fetchOne(
      db.cachedStatement(sql: "SELECT collection_id FROM documents WHERE id = ?"),
      arguments: [document])
    if let collection { try insert(metadata, document: document, collection: collection, db) }
  }

  /// Fills the table from the metadata of all documents. What is no metadata is left out: `doctor` tells
  /// of it.
  static func fill(_ db: Database) throws {
    try db.forEachRow(
      bulk: "SELECT id, collection_id, metadata FROM documents WHERE metadata <> '{}'"
    ) { row in
      guard let metadata = try? MetadataJSON.decode(row.text(2)) else { return }
      try insert(metadata, try row.integer(0), try row.integer(1), db)
    }
  }
}
