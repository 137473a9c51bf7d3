// documents and pending_documents: one row a document, and the version of it that waits for its
// vectors. Called by the verbs and by Adding/.

import Foundation
import GRDB

/// What the store knows about a document when a new version of it comes.
struct DocumentRecord: Sendable, Equatable {
  let id: Int64
  let contentHash: Data?
  let metadata: String
  let format: String
  let chunkTokens: Int?
  let overlapTokens: Int?
  let isPending: Bool
  let chunks: Int
  let failedChunks: Int
  /// Chunks with a vector in the target space.
  let chunksInTarget: Int
}

enum DocumentsTable {
  /// The document of a collection by its source; `target` is the space its vectors are counted in.
  static func find(
    collection: Int64, source: String, target: Int64, _ db: Database
  ) throws -> DocumentRecord? {
    let statement = try db.cachedStatement(
      sql: """
        SELECT d.id, d.content_hash, d.metadata, d.format, d.chunk_tokens, d.overlap_tokens,
          EXISTS (SELECT 1 FROM pending_documents p WHERE p.document_id = d.id) AS pending,
          (SELECT COUNT(*) FROM chunks c WHERE c.document_id = d.id) AS chunks,
          (SELECT COUNT(failure_code) FROM chunks c WHERE c.document_id = d.id) AS failed,
          (SELECT COUNT(*) FROM chunks c JOIN vectors v ON v.chunk_id = c.id AND v.space_id = ?
            WHERE c.document_id = d.id) AS in_target
        FROM documents d WHERE d.collection_id = ? AND d.source = ?
        """)
    return try Row.fetchOne(statement, arguments: [target, collection, source]).map { row in
      DocumentRecord(
        id: row["id"], contentHash: row["content_hash"], metadata: row["metadata"],
        format: row["format"], chunkTokens: row["chunk_tokens"],
        overlapTokens: row["overlap_tokens"], isPending: row["pending"], chunks: row["chunks"],
        failedChunks: row["failed"], chunksInTarget: row["in_target"])
    }
  }

  /// What an import compares a row with: the version that answers now, and when it was placed.
  static func placed(
    collection: Int64, source: String, _ db: Database
  ) throws -> (id: Int64, contentHash: Data?, metadata: String, updated: String)? {
    let statement = try db.cachedStatement(
      sql: """
        SELECT id, content_hash, metadata, updated_at FROM documents
        WHERE collection_id = ? AND source = ?
        """)
    return try Row.fetchOne(statement, arguments: [collection, source])
      .map { ($0[0], $0[1], $0[2], $0[3]) }
  }

  /// The row id of a document.
  static func id(collection: Int64, source: String, _ db: Database) throws -> Int64? {
    let statement = try db.cachedStatement(
      sql: "SELECT id FROM documents WHERE collection_id = ? AND source = ?")
    return try Int64.fetchOne(statement, arguments: [collection, source])
  }

  /// Makes the row of a document that is not there yet: of one that answers at once, or of one of
  /// which nothing answers yet. Returns its id, or nil where the collection has one of that source.
  static func insert(
    _ document: PreparedDocument, collection: Int64, answers: Bool, now: String, _ db: Database
  ) throws -> Int64? {
    try db.run(
      bulk: """
        INSERT INTO documents(collection_id, source, origin, format, content_hash, metadata,
          chunk_tokens, overlap_tokens, added_at, updated_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (collection_id, source) DO NOTHING
        """,
      .integer(collection), .text(document.source), .text(document.origin.rawValue),
      .text(document.format.rawValue), answers ? .blob(document.contentHash) : .null,
      .text(document.metadata), .integer(orNull: document.chunking?.maximumTokens),
      .integer(orNull: document.chunking?.overlapTokens), .text(now), .text(now))
    guard db.changesCount > 0 else { return nil }
    let id = db.lastInsertedRowID
    try DocumentFieldsTable.insert(document.metadata, document: id, collection: collection, db)
    return id
  }

  /// Says which version of a known document answers now; one that was pending is so no longer.
  static func update(
    _ id: Int64, _ document: PreparedDocument, now: String, _ db: Database
  ) throws {
    let statement = try db.cachedStatement(
      sql: """
        UPDATE documents SET origin = ?, format = ?, content_hash = ?, metadata = ?,
          chunk_tokens = ?, overlap_tokens = ?, updated_at = ? WHERE id = ?
        """)
    try statement.execute(arguments: [
      document.origin.rawValue, document.format.rawValue, document.contentHash, document.metadata,
      document.chunking?.maximumTokens, document.chunking?.overlapTokens, now, id,
    ])
    try DocumentFieldsTable.replace(document.metadata, document: id, db)
    try db.cachedStatement(sql: "DELETE FROM pending_documents WHERE document_id = ?")
      .execute(arguments: [id])
  }

  /// Keeps a version of a document until it can be embedded.
  static func setPending(
    _ id: Int64, _ document: PreparedDocument, reason: String, now: String, _ db: Database
  ) throws {
    try db.execute(
      sql: """
        INSERT OR REPLACE INTO pending_documents(document_id, origin, format, content_hash, text,
          metadata, chunk_tokens, overlap_tokens, reason, since)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        id, document.origin.rawValue, document.format.rawValue, document.contentHash,
        document.text ?? "", document.metadata, document.chunking?.maximumTokens,
        document.chunking?.overlapTokens, reason, now,
      ])
  }

  /// The documents of a collection, or of all where it is nil, that wait for their vectors; nil if
  /// none does.
  ///
  /// - Complexity: reads the keys of the documents that wait, and counts all if any does.
  static func pending(collection: Int64?, _ db: Database) throws -> PendingDocuments? {
    let join = "pending_documents p JOIN documents d ON d.id = p.document_id"
    let condition = "(?1 IS NULL OR d.collection_id = ?1)"
    let row = try Row.fetchOne(
      db,
      sql: "SELECT COUNT(*), MAX(p.document_id) FROM \(join) WHERE \(condition)",
      arguments: [collection])
    guard let row, let last: Int64 = row[1] else { return nil }
    // Not in the same statement: the reason stands behind the text, which is long.
    let reason = try String.fetchOne(
      db, sql: "SELECT reason FROM pending_documents WHERE document_id = ?", arguments: [last])
    let all = try Int.fetchOne(
      db, sql: "SELECT COUNT(*) FROM documents d WHERE \(condition)", arguments: [collection])
    return PendingDocuments(count: row[0], documents: all ?? 0, reason: reason ?? "")
  }

  /// Deletes a document with its chunks and vectors. Returns its number of chunks.
  @discardableResult
  static func delete(
    _ id: Int64, _ words: inout SearchTable.Changes, _ db: Database
  ) throws -> Int {
    let removed = try ChunksTable.deleteAll(document: id, onlyShelved: false, &words, db)
    try db.cachedStatement(sql: "DELETE FROM documents WHERE id = ?").execute(arguments: [id])
    return removed
  }

  /// The sources of a collection's documents, or only of those that were read from files, in order.
  static func sources(collection: Int64, onlyFiles: Bool, _ db: Database) throws -> [String] {
    try String.fetchAll(
      db,
      sql: "SELECT source FROM documents WHERE collection_id = ?"
        + (onlyFiles ? " AND origin = 'file'" : "") + " ORDER BY source",
      arguments: [collection])
  }
}
