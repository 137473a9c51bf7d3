// `updateMetadata`: what is known about a document changes, its text and vectors stay.

import GRDB

extension Store {
  /// Gives a document other metadata in the place of what it has. Nothing is embedded.
  ///
  /// - Returns: whether the collection has that document.
  /// - Throws: ``StoreError`` with `collectionNotFound`, and `invalidArgument` for NaN and infinity.
  @discardableResult
  public func updateMetadata(
    of source: String, to metadata: [String: MetadataValue], in collection: String = "default"
  ) async throws -> Bool {
    let json = try MetadataJSON.encode(metadata)
    let now = Timestamp.of(configuration.clock())
    return try await file.write { db in
      let record = try CollectionsTable.require(collection, db)
      guard let id = try DocumentsTable.id(collection: record.id, source: source, db) else {
        return false
      }
      try db.run(
        bulk: "UPDATE documents SET metadata = ?, updated_at = ? WHERE id = ?", .text(json),
        .text(now), .integer(id))
      // A version that waits for its vectors would bring the old metadata back.
      try db.run(
        bulk: "UPDATE pending_documents SET metadata = ? WHERE document_id = ?", .text(json),
        .integer(id))
      try DocumentFieldsTable.replace(json, document: id, db)
      return true
    }
  }
}
