// `get`, `list` and `count`: documents as they are stored, and their vectors.

import Foundation

extension Store {
  /// A document with its chunks and its whole text; nil if the collection has none of that source.
  ///
  /// A file may be named by its path from the working folder, absolute, or as it is stored; also with a line,
  /// `docs/a.md:12`, as hits are shown.
  ///
  /// - Throws: ``StoreError`` with `collectionNotFound`.
  public func get(
    _ source: String, in collection: String = "default"
  ) async throws -> StoredDocument? {
    try await get([source], in: collection).first
  }

  /// The documents of these sources, each once, in this order. Those that are not there are left out.
  ///
  /// - Throws: ``StoreError`` with `collectionNotFound`.
  public func get(
    _ sources: [String], in collection: String = "default"
  ) async throws -> [StoredDocument] {
    let stored = try await file.read { [identity] db in
      let record = try CollectionsTable.require(collection, db)
      let lookup = SourceLookup(identity: identity, collection: record.id)
      let ids = try sources.compactMap { try lookup.documentOrPlace($0, db) }
      var found: [Int64: StoredDocument] = [:]
      try DocumentListing.forEach(
        collection: record.id, ids: ids, states: nil, identity: identity, db
      ) { id, summary in
        let chunks = try DocumentListing.chunks(document: id, db)
        found[id] = StoredDocument(
          summary: summary, text: DocumentListing.text(of: chunks), chunks: chunks)
      }
      return ids.compactMap { found.removeValue(forKey: $0) }
    }
    return try await withTexts(stored)
  }

  /// The line in a place as hits are shown, `docs/a.md:12`; nil if there is none.
  package static func line(of place: String) -> Int? { SourceLookup.withoutLine(place)?.line }

  /// Sources of a collection that somebody may have meant who typed one that is not there, the likeliest first,
  /// files by their paths from the working folder: the same name in another folder, or one or two letters
  /// different.
  ///
  /// - Throws: ``StoreError`` with `collectionNotFound`.
  /// - Complexity: reads the sources of all documents of the collection.
  public func similarSources(
    to source: String, in collection: String = "default"
  ) async throws -> [String] {
    try await file.read { [identity] db in
      let record = try CollectionsTable.require(collection, db)
      return try SourceLookup(identity: identity, collection: record.id).similar(to: source, db)
    }
  }

  /// Whether a collection has a document of a source. A collection that is not there has none.
  public func contains(_ source: String, in collection: String = "default") async throws -> Bool {
    try await file.read { [identity] db in
      guard let record = try CollectionsTable.find(collection, db) else { return false }
      let lookup = SourceLookup(identity: identity, collection: record.id)
      return try lookup.document(source, db) != nil
    }
  }

  /// How many documents a collection has, or how many of them pass a filter. A collection that is not
  /// there has none.
  ///
  /// - Throws: ``StoreError`` with `invalidFilter`.
  public func count(
    in collection: String = "default", filter: Filter? = nil
  ) async throws -> Int {
    try filter?.check()
    let filter = filter?.resolvingSources(by: identity)
    return try await file.read { db in
      guard let record = try CollectionsTable.find(collection, db) else { return 0 }
      if let filter {
        return try FilterSelection(filter, collection: record, db).documentIDs(db).count
      }
      return try Int.fetchOne(
        db, sql: "SELECT COUNT(*) FROM documents WHERE collection_id = ?", arguments: [record.id])
        ?? 0
    }
  }

  /// The documents of a collection, or of all if it is nil, by collection and source.
  ///
  ///     var page = try await store.list(limit: 100)
  ///     while !page.isEmpty {
  ///       for document in page { print(document.source) }
  ///       page = try await store.list(after: page.last, limit: 100)
  ///     }
  ///
  /// - Parameters:
  ///   - collection: the collection's name; nil takes all collections.
  ///   - states: only documents in one of these states; nil takes all.
  ///   - filter: only documents that pass, or of which a chunk does if it asks for ordinals; nil takes
  ///     all.
  ///   - last: only documents that come after this one, the last of the page before; nil begins with the first.
  ///   - limit: the most documents; nil takes all.
  /// - Throws: ``StoreError`` with `collectionNotFound` or `invalidFilter`, and `invalidArgument` for a
  ///   page of less than one document.
  /// - Complexity: one pass over documents and chunks; for a page, over those of the page.
  public func list(
    in collection: String? = nil, states: Set<DocumentSummary.State>? = nil,
    filter: Filter? = nil, after last: DocumentSummary? = nil, limit: Int? = nil
  ) async throws -> [DocumentSummary] {
    try filter?.check()
    guard limit ?? 1 > 0 else {
      throw StoreError(
        .invalidArgument, "the limit is \(limit ?? 0); a page has at least 1 document")
    }
    let filter = filter?.resolvingSources(by: identity)
    return try await file.read { [identity] db in
      let only = try collection.map { try CollectionsTable.require($0, db) }
      let passing = try filter.map { filter in
        try (only.map { [$0] } ?? CollectionsTable.all(db)).reduce(into: Set<Int64>()) {
          $0.formUnion(try FilterSelection(filter, collection: $1, db).documentIDs(db))
        }
      }
      var summaries: [DocumentSummary] = []
      var last = last
      var isAtEnd = false
      // A page may need several: its filter and states are looked at here.
      while !isAtEnd, summaries.count < limit ?? .max {
        isAtEnd = true
        try DocumentListing.forEach(
          collection: only?.id, states: nil, after: last, limit: limit, identity: identity, db
        ) { id, summary in
          last = summary
          // A page that came to its end is not the last, as far as is known.
          if limit != nil { isAtEnd = false }
          guard passing?.contains(id) ?? true, states?.contains(summary.state) ?? true,
            summaries.count < limit ?? .max
          else { return }
          summaries.append(summary)
        }
      }
      return summaries
    }
  }

  /// All collections with their counts, by name.
  public func collections() async throws -> [CollectionSummary] {
    try await file.read { try CollectionsTable.summaries($0) }
  }

  /// The vectors of documents in a space, by chunk. Chunks that have none are left out.
  ///
  /// - Parameters:
  ///   - sources: the documents. Those that are not there are left out.
  ///   - collection: the collection's name.
  ///   - space: the vectors' space; nil is the collection's own.
  /// - Returns: vectors of unit length, of documents in this order and of their chunks in theirs.
  /// - Throws: ``StoreError`` with `collectionNotFound` or `spaceMismatch`.
  public func vectors(
    of sources: [String], in collection: String = "default", space: EmbeddingSpace? = nil
  ) async throws -> [ChunkVector] {
    try await vectors(in: collection, space: space) { [identity] record, db in
      let lookup = SourceLookup(identity: identity, collection: record.id)
      return try sources.flatMap { source -> [Int64] in
        guard let id = try lookup.document(source, db) else { return [] }
        return try Int64.fetchAll(
          db, sql: "SELECT id FROM chunks WHERE document_id = ? ORDER BY ordinal",
          arguments: [id])
      }
    }
  }

  /// The vectors of chunks in a space, as ``Hit/id`` names them. Chunks that are not of the collection,
  /// or have none, are left out.
  ///
  /// Otherwise as ``vectors(of:in:space:)-([String],_,_)``.
  public func vectors(
    of chunks: [Int64], in collection: String = "default", space: EmbeddingSpace? = nil
  ) async throws -> [ChunkVector] {
    try await vectors(in: collection, space: space) { _, _ in chunks }
  }

  private func vectors(
    in collection: String, space: EmbeddingSpace?,
    _ chunks: @escaping @Sendable (CollectionRecord, any SQLTransaction) throws -> [Int64]
  ) async throws -> [ChunkVector] {
    try await file.read { db in
      let record = try CollectionsTable.require(collection, db)
      let space = try VectorsTable.checked(space, of: record, db)
      guard let spaceID = try SpacesTable.find(space, db)?.id else { return [] }
      var vectors: [ChunkVector] = []
      for chunk in try chunks(record, db) {
        try db.forEachRow(
          bulk: """
            SELECT d.source, c.ordinal, \(VectorsTable.data(in: space, db)) FROM chunks c JOIN documents d ON d.id = c.document_id
            JOIN vectors v ON v.chunk_id = c.id AND v.space_id = ?2
            WHERE c.id = ?1 AND d.collection_id = ?3
            """, [.integer(chunk), .integer(spaceID), .integer(record.id)]
        ) { row in
          vectors.append(
            ChunkVector(
              chunk: chunk, source: try row.text(0), ordinal: try row.count(1), space: space,
              vector: try Self.components(row.data(orNil: 2) ?? Data(), in: space)))
        }
      }
      return vectors
    }
  }

  private static func components(_ data: Data, in space: EmbeddingSpace) throws -> [Float] {
    guard data.count == space.dimensions * 4 else {
      throw StoreError(
        .damaged,
        "a vector of \(space) has \(data.count) bytes, expected \(space.dimensions * 4); "
          + StoreError.restoringTheStore)
    }
    return data.withUnsafeBytes { bytes in
      (0..<space.dimensions).map {
        Float(
          bitPattern: UInt32(
            littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self)))
      }
    }
  }
}
