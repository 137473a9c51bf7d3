// chunks and chunk_search: the pieces of documents, and their words as they are indexed. The two
// are always written together. Called by DocumentsTable, Adding/ and Ranking/.

import Foundation
import GRDB

enum ChunksTable {
  /// Inserts a chunk and its indexed words. Returns its id.
  static func insert(
    _ chunk: PreparedChunk, ordinal: Int, document: Int64, failure: ChunkFailure?, _ db: Database
  ) throws -> Int64 {
    let statement = try db.cachedStatement(
      sql: """
        INSERT INTO chunks(document_id, ordinal, text, text_hash, start_scalar, end_scalar, line,
          failure_code, failure_message)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """)
    try statement.execute(arguments: [
      document, ordinal, chunk.text, chunk.textHash, chunk.range?.lowerBound,
      chunk.range?.upperBound, chunk.line, failure?.code, failure?.message,
    ])
    let id = db.lastInsertedRowID
    if let text = chunk.text {
      try db.cachedStatement(sql: "INSERT INTO chunk_search(rowid, text) VALUES (?, ?)")
        .execute(arguments: [id, IndexedText.make(from: text)])
    }
    return id
  }

  /// Moves a document's chunks out of the way of their successors, which may copy their vectors
  /// until ``deleteAll(document:onlyShelved:_:)`` removes them in the same transaction.
  static func shelve(document: Int64, _ db: Database) throws {
    try db.cachedStatement(sql: "UPDATE chunks SET ordinal = -1 - ordinal WHERE document_id = ?")
      .execute(arguments: [document])
  }

  /// Deletes the chunks of a document, or only the shelved ones, with their vectors and indexed
  /// words. Returns how many there were.
  static func deleteAll(document: Int64, onlyShelved: Bool, _ db: Database) throws -> Int {
    let condition = "document_id = ?" + (onlyShelved ? " AND ordinal < 0" : "")
    try db.cachedStatement(
      sql: "DELETE FROM chunk_search WHERE rowid IN (SELECT id FROM chunks WHERE \(condition))"
    ).execute(arguments: [document])
    try db.cachedStatement(sql: "DELETE FROM chunks WHERE \(condition)")
      .execute(arguments: [document])
    return db.changesCount
  }
}
