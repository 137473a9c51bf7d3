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
          "the collection \"\(collection)\" has no document \"\(source)\"; name one of those it lists"
        )
      }
      return found
    }
  }

  /// The documents of a collection, or of all where it is nil, by collection and source.
  ///
  /// - Parameters:
  ///   - states: only documents in one of these states; nil takes all.
  ///   - filter: only documents that pass, or of which a chunk does where it asks for ordinals; nil takes
  ///     all.
  /// - Throws: ``StoreError`` with `collectionNotFound` or `invalidFilter`.
  /// - Complexity: one pass over documents and chunks.
  public func list(
    in collection: String? = nil, states: Set<DocumentSummary.State>? = nil, filter: Filter? = nil
  ) async throws -> [DocumentSummary] {
    try filter?.check()
    return try await file.read { db in
      let only = try collection.map { try CollectionsTable.require($0, db) }
      let passing = try filter.map { filter in
        try (only.map { [$0] } ?? CollectionsTable.all(db)).reduce(into: Set<Int64>()) {
          $0.formUnion(try FilterSelection(filter, collection: $1, db).documentIDs(db))
        }
      }
      var summaries: [DocumentSummary] = []
      try DocumentListing.forEach(collection: only?.id, states: states, db) { id, summary in
        if passing?.contains(id) ?? true { summaries.append(summary) }
      }
      return summaries
    }
  }

  /// All collections with their counts, by name.
  public func collections() async throws -> [CollectionSummary] {
    try await file.read { try CollectionsTable.summaries($0) }
  }
}
