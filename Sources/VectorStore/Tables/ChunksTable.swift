// The chunks of documents, and their words in the index.

import Foundation
import GRDB

enum ChunksTable {
  /// Inserts a chunk. Returns its id.
  static func insert(
    _ chunk: CutChunk, ordinal: Int, document: Int64, failure: ChunkFailure?,
    _ words: inout SearchTable.Changes, _ db: Database
  ) throws -> Int64 {
    try db.run(
      bulk: """
        INSERT INTO chunks(document_id, ordinal, text, text_hash, start_scalar, end_scalar, line,
          headings, failure_code, failure_message)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      .integer(document), .integer(Int64(ordinal)), .text(orNull: chunk.text),
      .blob(orNull: chunk.textHash), .integer(orNull: chunk.range?.lowerBound),
      .integer(orNull: chunk.range?.upperBound), .integer(orNull: chunk.line),
      .text(orNull: chunk.headings), .text(orNull: failure?.code.rawValue),
      .text(orNull: failure?.message))
    let id = db.lastInsertedRowID
    if chunk.text != nil { words.add(id) }
    return id
  }

  /// Moves a document's chunks out of the way of their successors, which may copy their vectors
  /// until ``deleteAll(document:onlyShelved:_:_:)`` removes them in the same transaction.
  static func shelve(document: Int64, _ db: Database) throws {
    try db.cachedStatement(sql: "UPDATE chunks SET ordinal = -1 - ordinal WHERE document_id = ?")
      .execute(arguments: [document])
  }

  /// Deletes the chunks of a document, or only the shelved ones, with their vectors. Returns how
  /// many there were.
  @discardableResult
  static func deleteAll(
    document: Int64, onlyShelved: Bool, _ words: inout SearchTable.Changes, _ db: Database
  ) throws -> Int {
    let condition = "document_id = ?" + (onlyShelved ? " AND ordinal < 0" : "")
    words.remove(
      try Int64.fetchAll(
        db.cachedStatement(sql: "SELECT id FROM chunks WHERE \(condition) AND text IS NOT NULL"),
        arguments: [document]))
    try db.cachedStatement(sql: "DELETE FROM chunks WHERE \(condition)")
      .execute(arguments: [document])
    return db.changesCount
  }

  /// Sets the headings above each chunk of Markdown, from the documents' texts.
  ///
  /// - Complexity: O(text).
  static func fillHeadings(_ db: Database) throws {
    let documents = try Int64.fetchAll(
      db, sql: "SELECT id FROM documents WHERE format = 'markdown'")
    for document in documents {
      let chunks = try DocumentListing.chunks(document: document, db)
      guard let text = DocumentListing.text(of: chunks) else { continue }
      let headings = Headings(of: text, format: .markdown)
      let start = chunks.first?.start ?? 0
      for chunk in chunks {
        let above = headings.above((chunk.start ?? start) - start)
        guard !above.isEmpty else { continue }
        try db.run(
          bulk: "UPDATE chunks SET headings = ? WHERE id = ?",
          .text(above.joined(separator: "\n")), .integer(chunk.id))
      }
    }
  }
}

enum SearchTable {
  /// What a transaction does to the word index, gathered until its end.
  ///
  /// FTS5 keeps new words in memory and writes them when SQLite opens a savepoint, which it does for
  /// every statement that may fail half-way, such as a cascading DELETE. Words written among such
  /// statements make a segment a document, and merging those costs more than all else.
  struct Changes {
    private var removed: [Int64] = []
    private var added: [Int64] = []

    mutating func add(_ chunk: Int64) {
      added.append(chunk)
    }

    mutating func remove(_ chunks: [Int64]) {
      removed += chunks
    }

    fileprivate func apply(_ db: Database) throws {
      let delete = try db.cachedStatement(sql: "DELETE FROM chunk_search WHERE rowid = ?")
      for chunk in removed { try delete.execute(arguments: [chunk]) }
      // A document that came twice has chunks that were added and removed in one transaction.
      let gone = Set(removed)
      try IndexedChunk.forEach(added.filter { !gone.contains($0) }, db) { try $0.insert(db) }
    }
  }

  /// Indexes a document's chunks again: its title or its source has changed.
  static func refresh(document: Int64, _ db: Database) throws {
    let chunks = try Int64.fetchAll(
      db.cachedStatement(
        sql: "SELECT id FROM chunks WHERE document_id = ? AND text IS NOT NULL ORDER BY id"),
      arguments: [document])
    let delete = try db.cachedStatement(sql: "DELETE FROM chunk_search WHERE rowid = ?")
    for chunk in chunks { try delete.execute(arguments: [chunk]) }
    try IndexedChunk.forEach(chunks, db) { try $0.insert(db) }
  }

  /// Runs the writes of a transaction and then brings the word index up to date with them.
  static func following<T>(_ db: Database, _ body: (inout Changes) throws -> T) throws -> T {
    var changes = Changes()
    let result = try body(&changes)
    try changes.apply(db)
    return result
  }
}
