// `get` and `list`: documents as they are stored. Calls DocumentListing.

import GRDB

extension Store {
  /// A document with its chunks and its whole text.
  ///
  /// - Throws: ``StoreError`` with `documentNotFound` or `collectionNotFound`.
  public func get(_ source: String, in collection: String = "default") async throws
    -> StoredDocument
  {
    try await file.read { db in
      let record = try CollectionsTable.require(collection, db)
      var found: StoredDocument?
      try DocumentListing.forEach(collection: record.id, sources: [source], states: nil, db) {
        id, summary in
        let chunks = try DocumentListing.chunks(document: id, db)
        found = StoredDocument(
          summary: summary, text: DocumentListing.text(of: chunks), chunks: chunks)
      }
      guard let found else {
        throw StoreError(
          .documentNotFound,
          "the collection \"\(collection)\" has no document \"\(source)\"; `store list` shows what "
            + "it has")
      }
      return found
    }
  }

  /// The documents of a collection, or of all where it is nil, by collection and source.
  ///
  /// - Parameter states: only documents in one of these states; nil takes all.
  /// - Throws: ``StoreError`` with `collectionNotFound`.
  /// - Complexity: one pass over documents and chunks.
  public func list(
    in collection: String? = nil, states: Set<DocumentSummary.State>? = nil
  ) async throws -> [DocumentSummary] {
    try await file.read { db in
      let id = try collection.map { try CollectionsTable.require($0, db).id }
      var summaries: [DocumentSummary] = []
      try DocumentListing.forEach(collection: id, states: states, db) { summaries.append($1) }
      return summaries
    }
  }

  /// All collections with their counts, by name.
  public func collections() async throws -> [CollectionSummary] {
    try await file.read { try CollectionsTable.summaries($0) }
  }
}
