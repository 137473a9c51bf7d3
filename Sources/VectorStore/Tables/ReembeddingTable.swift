// What a change of space reads and writes: chunks without a vector in the new space, their vectors,
// and at the end the collection's target.

import Foundation
import VectorStoreText

enum ReembeddingTable {
  /// A chunk that is to get a vector.
  struct Chunk: Sendable {
    let id: Int64
    let text: HashedText
  }

  /// The chunks of a collection that have no vector in a space, which are `?` and `?`.
  private static let missing = """
    documents d CROSS JOIN chunks c ON c.document_id = d.id
    WHERE d.collection_id = ?1 AND c.failure_code IS NULL
      AND NOT EXISTS (SELECT 1 FROM vectors v WHERE v.chunk_id = c.id AND v.space_id = ?2)
    """

  /// Chunks with texts that have no vector in a space, in the order of their ids.
  ///
  /// Those that were refused before are tried again.
  ///
  /// - Parameter after: the id of the last chunk seen.
  static func missing(
    in space: Int64, collection: Int64, after: Int64, limit: Int, _ db: any SQLTransaction
  ) throws -> [Chunk] {
    try db.rows(
      bulk: """
        SELECT c.id, c.text_hash, c.text FROM chunks c
        CROSS JOIN documents d ON d.id = c.document_id
        WHERE c.id > ?3 AND d.collection_id = ?1 AND c.text IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM vectors v WHERE v.chunk_id = c.id AND v.space_id = ?2)
        ORDER BY c.id LIMIT ?4
        """, .integer(collection), .integer(space), .integer(after), .integer(Int64(limit))
    ) {
      Chunk(
        id: try $0.integer(0), text: HashedText(hash: Data(try $0.blob(1)), text: try $0.text(2)))
    }
  }

  /// How many chunks of a collection have no vector in a space, and how many of them have no text.
  static func countMissing(
    in space: Int64, collection: Int64, _ db: any SQLTransaction
  ) throws -> (chunks: Int, withoutText: Int) {
    try db.firstRow(
      bulk: "SELECT COUNT(*), COUNT(*) - COUNT(c.text) FROM \(missing)", .integer(collection),
      .integer(space)
    ) { (Int(try $0.integer(0)), Int(try $0.integer(1))) } ?? (0, 0)
  }

  /// Gives a vector to all chunks of a collection that have a text and no vector in the space. Their
  /// stand-ins go, where the space is the collection's target. Returns how many chunks got it.
  static func place(
    _ vector: StoredVector, textHash: Data, space: Int64, standIn: Int64?, collection: Int64,
    _ db: any SQLTransaction
  ) throws -> Int {
    let chunks = try Int64.fetchAll(
      db,
      sql: """
        SELECT c.id FROM chunks c CROSS JOIN documents d ON d.id = c.document_id
        WHERE c.text_hash = ?1 AND d.collection_id = ?2
          AND NOT EXISTS (SELECT 1 FROM vectors v WHERE v.chunk_id = c.id AND v.space_id = ?3)
        """, arguments: [textHash, collection, space])
    for chunk in chunks {
      try VectorsTable.insert(vector, chunk: chunk, space: space, db)
      try db.execute(
        sql: """
          UPDATE chunks SET failure_code = NULL, failure_message = NULL
          WHERE id = ? AND failure_code IS NOT NULL
          """, arguments: [chunk])
      guard let standIn else { continue }
      try db.execute(
        sql: "DELETE FROM vectors WHERE chunk_id = ? AND space_id = ?", arguments: [chunk, standIn])
    }
    return chunks.count
  }

  /// Marks the chunks of a text that the service refuses for good; they have no vector then.
  @discardableResult
  static func fail(
    _ failure: ChunkFailure, textHash: Data, collection: Int64, _ db: any SQLTransaction
  ) throws -> [(id: Int64, source: String, ordinal: Int)] {
    let chunks = try chunks(of: textHash, collection: collection, db)
    for chunk in chunks {
      try db.execute(
        sql: "UPDATE chunks SET failure_code = ?, failure_message = ? WHERE id = ?",
        arguments: [failure.code.rawValue, failure.message, chunk.id])
      try db.execute(sql: "DELETE FROM vectors WHERE chunk_id = ?", arguments: [chunk.id])
    }
    return chunks
  }

  /// The chunks of a text in a collection.
  static func chunks(
    of textHash: Data, collection: Int64, _ db: any SQLTransaction
  ) throws -> [(id: Int64, source: String, ordinal: Int)] {
    try db.rows(
      bulk: """
        SELECT c.id, d.source, c.ordinal FROM chunks c CROSS JOIN documents d ON d.id = c.document_id
        WHERE c.text_hash = ?1 AND d.collection_id = ?2
        """, .blob(textHash), .integer(collection)
    ) { (try $0.integer(0), try $0.text(1), try $0.count(2)) }
  }

  /// The documents of a collection that have a text as a chunk, to be cut again; nil for one that came in
  /// chunks of its own, or whose text is not to be had from its chunks.
  static func documents(
    withText hash: Data, collection: Int64, _ db: any SQLTransaction
  ) throws -> [(id: Int64, document: CutDocument?)] {
    let found = try db.rows(
      bulk: """
        SELECT DISTINCT d.id, d.source, d.origin, d.format, d.metadata, d.chunk_tokens,
          d.overlap_tokens, d.content_hash
        FROM chunks c CROSS JOIN documents d ON d.id = c.document_id
        WHERE c.text_hash = ?1 AND d.collection_id = ?2
        """, .blob(hash), .integer(collection)
    ) { row in
      let document = CutDocument(
        source: try row.text(1), origin: DocumentOrigin(rawValue: try row.text(2)) ?? .text,
        format: DocumentFormat(stored: try row.text(3)), text: "",
        metadata: try row.text(4), chunking: try chunking(row, from: 5))
      return (id: try row.integer(0), contentHash: try row.data(orNil: 7), document: document)
    }
    return try found.map { id, contentHash, document in
      let chunks = try DocumentListing.chunks(document: id, db)
      guard document.chunking != nil, let contentHash, let text = DocumentListing.text(of: chunks),
        TextHash.of(text) == contentHash
      else { return (id, nil) }
      var document = document
      document.text = text
      document.contentHash = contentHash
      return (id, document)
    }
  }

  /// Takes back that a text was refused, in some documents.
  static func forgetFailure(of hash: Data, in documents: [Int64], _ db: any SQLTransaction) throws {
    for document in documents {
      try db.run(
        bulk: """
          UPDATE chunks SET failure_code = NULL, failure_message = NULL
          WHERE text_hash = ? AND document_id = ?
          """, .blob(hash), .integer(document))
    }
  }

  /// Makes a space the target of a collection.
  ///
  /// - Parameter isChosen: whether somebody named it, so that it stays while the collection is empty.
  static func setTarget(
    _ space: Int64, collection: Int64, isChosen: Bool, _ db: any SQLTransaction
  ) throws {
    try db.execute(
      sql: """
        UPDATE collections SET target_space_id = ?1, target_chosen = CASE WHEN target_chosen = 1 THEN 1 ELSE ?3 END WHERE id = ?2
        """,
      arguments: [space, collection, isChosen])
  }

  /// Deletes some vectors of a collection that are not of a space, of one kind or of any. Returns how
  /// many.
  static func deleteOthers(
    than space: Int64, kind: EmbeddingSpace.Kind?, collection: Int64, limit: Int,
    _ db: any SQLTransaction
  ) throws -> Int {
    let ids = try Int64.fetchAll(
      db,
      sql: """
        SELECT v.id FROM documents d CROSS JOIN chunks c ON c.document_id = d.id
        CROSS JOIN vectors v ON v.chunk_id = c.id CROSS JOIN spaces s ON s.id = v.space_id
        WHERE d.collection_id = ?1 AND v.space_id <> ?2 AND s.kind = COALESCE(?4, s.kind) LIMIT ?3
        """, arguments: [collection, space, limit, kind?.rawValue])
    for id in ids { try db.run(bulk: "DELETE FROM vectors WHERE id = ?", .integer(id)) }
    return ids.count
  }

  /// The versions of a collection's documents that wait for their vectors.
  ///
  /// - Parameter target: the space that they are to be in. Vectors that they brought count if they are
  ///   of it.
  static func pendingDocuments(
    collection: Int64, target: EmbeddingSpace, after: Int64, limit: Int, _ db: any SQLTransaction
  ) throws -> [(id: Int64, document: CutDocument)] {
    try db.rows(
      bulk: """
        SELECT d.id, d.source, p.origin, p.format, p.text, p.metadata, p.chunk_tokens,
          p.overlap_tokens, p.chunks
        FROM pending_documents p CROSS JOIN documents d ON d.id = p.document_id
        WHERE d.collection_id = ?1 AND d.id > ?2 ORDER BY d.id LIMIT ?3
        """, .integer(collection), .integer(after), .integer(Int64(limit))
    ) { row in
      let (source, text, metadata) = (try row.text(1), try row.text(4), try row.text(5))
      let origin = DocumentOrigin(rawValue: try row.text(2)) ?? .text
      let format = DocumentFormat(stored: try row.text(3))
      let document =
        if let own = try row.text(orNil: 8) {
          CutDocument(
            source: source, origin: origin, format: format, text: text, metadata: metadata,
            chunks: try chunks(own, target, row))
        } else {
          CutDocument(
            source: source, origin: origin, format: format, text: text, metadata: metadata,
            chunking: try chunking(row))
        }
      return (try row.integer(0), document)
    }
  }

  /// The chunks that a pending document brought, out of column 8.
  private static func chunks(
    _ own: String, _ target: EmbeddingSpace, _ row: BulkRow
  ) throws -> [CutChunk] {
    guard let chunks = PendingChunks.decode(own, space: target) else {
      throw row.damage(8, "text that is not a list of chunks", "the chunks of a document, as JSON")
    }
    return chunks
  }

  /// How a document is to be cut, out of a column and the next.
  private static func chunking(_ row: BulkRow, from column: Int32 = 6) throws -> ChunkingOptions? {
    guard let tokens = try row.count(orNil: column) else { return nil }
    let options = ChunkingOptions(
      maximumTokens: tokens, overlapTokens: try row.count(orNil: column + 1) ?? 0)
    do {
      try options.validate()
    } catch {
      throw row.damage(
        column, "\(tokens) with an overlap of \(options.overlapTokens)",
        "sizes of chunks that are possible")
    }
    return options
  }
}
