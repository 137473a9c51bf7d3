// A document with all that the store has of it: read for an export, and put back by an import.

import Foundation
import VectorStoreEmbedding
import VectorStoreSearch
import VectorStoreText

/// A document as an export writes it.
struct WholeDocument: Sendable, Equatable {
  var source: String
  /// The whole text, put together from the chunks; nil if one of them has none.
  var text: String?
  var metadata: [String: MetadataValue]
  var parts: StoredParts

  /// Calls `body` with each document of a collection, in the order in which they came.
  ///
  /// - Complexity: reads the collection once, with memory for one document.
  static func forEach(
    in collection: CollectionRecord, _ db: any SQLTransaction,
    _ body: (WholeDocument) throws -> Void
  ) throws {
    let reader = try WholeDocumentReader(db)
    var kept: StoredParts.Collection? = try CollectionsTable.parts(of: collection, db)
    try db.forEachRow(
      bulk: "SELECT id FROM documents NOT INDEXED WHERE collection_id = ? ORDER BY id",
      .integer(collection.id)
    ) { row in
      try Cancellation.check()
      if var document = try reader.read(try row.integer(0)) {
        document.parts.collection = kept
        kept = nil
        try body(document)
      }
    }
  }

  /// The documents of a collection after a row, in the order in which they came, with their rows.
  static func page(
    in collection: CollectionRecord, after last: Int64, limit: Int, _ db: any SQLTransaction
  ) throws -> [(id: Int64, document: WholeDocument)] {
    let reader = try WholeDocumentReader(db)
    let ids = try Int64.fetchAll(
      db, sql: "SELECT id FROM documents WHERE collection_id = ? AND id > ? ORDER BY id LIMIT ?",
      arguments: [collection.id, last, limit])
    return try ids.compactMap { id in try reader.read(id).map { (id, $0) } }
  }

  /// The document of a row.
  static func find(_ id: Int64, _ db: any SQLTransaction) throws -> WholeDocument? {
    try WholeDocumentReader(db).read(id)
  }

  /// The same without what says nothing of the document: when its root was last in step.
  var compared: WholeDocument {
    var document = self
    document.parts.root?.updated = nil
    document.parts.root?.added = ""
    return document
  }

  /// The same with its stand-ins in another space, which is the one that they get in a collection.
  func standingIn(by space: EmbeddingSpace, target: EmbeddingSpace) -> WholeDocument {
    var document = self
    for chunk in document.parts.chunks.indices {
      for index in document.parts.chunks[chunk].vectors.indices {
        let vector = document.parts.chunks[chunk].vectors[index]
        guard vector.components == nil, vector.space != target.name,
          EmbeddingSpace(vector.space)?.isStandIn == true
        else { continue }
        document.parts.chunks[chunk].vectors[index].space = space.name
      }
    }
    return document
  }
}

private struct WholeDocumentReader {
  let db: any SQLTransaction
  let spaces: [Int64: EmbeddingSpace]

  init(_ db: any SQLTransaction) throws {
    self.db = db
    spaces = try SpacesTable.byID(db)
  }

  func read(_ id: Int64) throws -> WholeDocument? {
    var found: WholeDocument?
    try db.forEachRow(
      bulk: """
        SELECT source, origin, format, content_hash, metadata, given_metadata, chunk_tokens,
          overlap_tokens, added_at, updated_at, modified_at, dated_at, file_bytes, root_id, left_out
        FROM documents WHERE id = ?
        """, .integer(id)
    ) { row in
      var parts = StoredParts()
      (parts.origin, parts.format) = (try row.text(1), try row.text(2))
      parts.hash = try row.data(orNil: 3)?.hexadecimal
      parts.given = try row.text(orNil: 5).map { try MetadataJSON.decode($0) }
      (parts.chunkTokens, parts.overlapTokens) = (try row.count(orNil: 6), try row.count(orNil: 7))
      (parts.added, parts.updated) = (try row.text(8), try row.text(9))
      (parts.modified, parts.dated) = (try row.text(orNil: 10), try row.text(orNil: 11))
      parts.bytes = try row.count(orNil: 12)
      parts.leftOut = try row.text(orNil: 14)
      if !row.isNull(13) { parts.root = try root(try row.integer(13)) }
      found = WholeDocument(
        source: try row.text(0), text: nil, metadata: try MetadataJSON.decode(try row.text(4)),
        parts: parts)
    }
    guard var document = found else { return nil }
    let chunks = try DocumentListing.wholeChunks(document: id, spaces, db)
    document.text = DocumentListing.text(of: chunks.map(\.stored))
    for (chunk, textHash, failure) in chunks {
      var part = StoredParts.Chunk()
      (part.text, part.isWithoutText) = (chunk.text, chunk.text == nil)
      if textHash != chunk.text.map(TextHash.of) { part.hash = textHash?.hexadecimal }
      (part.start, part.end, part.line) = (chunk.start, chunk.end, chunk.line)
      (part.failureCode, part.failureMessage) = failure
      part.vectors = try self.vectors(of: chunk.id, text: chunk.text)
      document.parts.chunks.append(part)
    }
    if let text = document.text {
      // What the ranges say already is not written twice.
      var slices = TextSlices(text)
      for index in document.parts.chunks.indices {
        let chunk = document.parts.chunks[index]
        guard let own = chunk.text, let start = chunk.start, let end = chunk.end,
          slices.slice(start, end)?.utf8.elementsEqual(own.utf8) == true
        else { continue }
        document.parts.chunks[index].text = nil
      }
    }
    document.parts.pending = try pending(id)
    return document
  }

  private func root(_ id: Int64) throws -> StoredParts.Root? {
    try db.firstRow(
      bulk: "SELECT path, is_folder, options, added_at, updated_at FROM roots WHERE id = ?",
      .integer(id)
    ) { row in
      var root = StoredParts.Root()
      (root.path, root.isFolder) = (try row.text(0), try row.bool(1))
      (root.options, root.added) = (try row.text(2), try row.text(3))
      root.updated = try row.text(orNil: 4)
      return root
    }
  }

  private func vectors(of chunk: Int64, text: String?) throws -> [StoredParts.Vector] {
    var vectors: [StoredParts.Vector] = []
    try db.forEachRow(
      bulk: "SELECT space_id, data, norm, checksum FROM vectors WHERE chunk_id = ?",
      .integer(chunk)
    ) { row in
      guard let space = spaces[try row.integer(0)] else { return }
      if space.isStandIn, text != nil, try row.blob(1).isEmpty {
        return vectors.append(StoredParts.Vector(space: space.name, components: nil, norm: 1))
      }
      let bytes = try row.vector(1, norm: 2, checksum: 3, dimensions: space.dimensions)
      let norm = try row.real(2)
      let isMade =
        try text.map {
          try MadeVector.of($0, in: space) == StoredVector(data: Data(bytes), norm: norm)
        }
        ?? false
      vectors.append(
        StoredParts.Vector(
          space: space.name, components: isMade ? nil : StoredVector.components(bytes),
          norm: isMade ? 1 : norm))
    }
    return vectors.sorted { $0.space < $1.space }
  }

  private func pending(_ document: Int64) throws -> StoredParts.Pending? {
    try db.firstRow(
      bulk: """
        SELECT origin, format, content_hash, text, metadata, chunk_tokens, overlap_tokens, reason,
          since, chunks
        FROM pending_documents WHERE document_id = ?
        """, .integer(document)
    ) { row in
      var pending = StoredParts.Pending()
      (pending.origin, pending.format) = (try row.text(0), try row.text(1))
      pending.hash = try (row.data(orNil: 2) ?? Data()).hexadecimal
      (pending.text, pending.metadata) = (try row.text(3), try MetadataJSON.decode(try row.text(4)))
      (pending.chunkTokens, pending.overlapTokens) = (
        try row.count(orNil: 5), try row.count(orNil: 6)
      )
      (pending.reason, pending.since) = (try row.text(7), try row.text(8))
      pending.ownChunks = try row.text(orNil: 9)
      return pending
    }
  }
}

/// Vectors that cost nothing to make again: those of the mock service.
enum MadeVector {
  /// The vector that a mock space's own service makes of a text; nil in any other space.
  static func of(_ text: String, in space: EmbeddingSpace) throws -> StoredVector? {
    guard let service = MockService(space: space) else { return nil }
    return try StoredVector(checking: service.vector(of: text), dimensions: space.dimensions)
  }
}

/// Parts of a text by their ranges in Unicode scalars, read one after the other.
struct TextSlices {
  private let text: String
  private var index: String.Index
  private var offset = 0

  init(_ text: String) {
    self.text = text
    index = text.startIndex
  }

  /// The part of a range; nil if the text is shorter.
  ///
  /// - Complexity: O(distance from the start of the range before, and length).
  mutating func slice(_ start: Int, _ end: Int) -> Substring? {
    let scalars = text.unicodeScalars
    let limit = start < offset ? scalars.startIndex : scalars.endIndex
    guard start <= end,
      let lower = scalars.index(index, offsetBy: start - offset, limitedBy: limit)
    else { return nil }
    (index, offset) = (lower, start)
    guard let upper = scalars.index(lower, offsetBy: end - start, limitedBy: scalars.endIndex)
    else { return nil }
    return text[lower..<upper]
  }
}
