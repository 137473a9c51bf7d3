// The chunks of documents, and their words in the index.

import Foundation

enum ChunksTable {
  /// Inserts a chunk. Returns its id.
  static func insert(
    _ chunk: CutChunk, ordinal: Int, document: Int64, failure: ChunkFailure?,
    _ words: inout SearchTable.Changes, _ db: any SQLTransaction
  ) throws -> Int64 {
    let id =
      try db.insert(
        bulk: db.isPostgres ? insertionOnPostgres : insertion,
        [
          .integer(document), .integer(Int64(ordinal)), .text(orNull: chunk.text),
          .blob(orNull: chunk.textHash), .integer(orNull: chunk.range?.lowerBound),
          .integer(orNull: chunk.range?.upperBound), .integer(orNull: chunk.line),
          .text(orNull: chunk.headings), .text(orNull: failure?.code.rawValue),
          .text(orNull: failure?.message),
        ]) ?? 0
    if chunk.text != nil { words.add(id) }
    return id
  }

  private static let insertion = """
    INSERT INTO chunks(document_id, ordinal, text, text_hash, start_scalar, end_scalar, line,
      headings, failure_code, failure_message)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    """
  /// There a key holds the collection too, by which tables may be distributed.
  private static let insertionOnPostgres = """
    INSERT INTO chunks(collection_id, document_id, ordinal, text, text_hash, start_scalar, end_scalar,
      line, headings, failure_code, failure_message)
    VALUES ((SELECT collection_id FROM documents WHERE id = ?1), ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
    """

  /// Moves a document's chunks out of the way of their successors, which may copy their vectors
  /// until ``deleteAll(document:onlyShelved:_:_:)`` removes them in the same transaction.
  static func shelve(document: Int64, _ db: any SQLTransaction) throws {
    try db.execute(
      sql: "UPDATE chunks SET ordinal = -1 - ordinal WHERE document_id = ?", arguments: [document])
  }

  /// Deletes the chunks of a document, or only the shelved ones, with their vectors. Returns how
  /// many there were.
  @discardableResult
  static func deleteAll(
    document: Int64, onlyShelved: Bool, _ words: inout SearchTable.Changes, _ db: any SQLTransaction
  ) throws -> Int {
    let condition = "document_id = ?" + (onlyShelved ? " AND ordinal < 0" : "")
    words.remove(
      try Int64.fetchAll(
        db, sql: "SELECT id FROM chunks WHERE \(condition) AND text IS NOT NULL",
        arguments: [document]))
    return try db.changes(bulk: "DELETE FROM chunks WHERE \(condition)", .integer(document))
  }

  /// Sets the headings above each chunk of Markdown, from the documents' texts.
  ///
  /// - Complexity: O(text).
  static func fillHeadings(_ db: any SQLTransaction) throws {
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

    fileprivate func apply(_ db: any SQLTransaction) throws {
      // A document that came twice has chunks that were added and removed in one transaction.
      let gone = Set(removed)
      try db.changeWords(removed: removed, added: added.filter { !gone.contains($0) })
    }
  }

  /// Indexes a document's chunks again: its title or its source has changed.
  static func refresh(document: Int64, _ db: any SQLTransaction) throws {
    let chunks = try Int64.fetchAll(
      db, sql: "SELECT id FROM chunks WHERE document_id = ? AND text IS NOT NULL ORDER BY id",
      arguments: [document])
    try db.changeWords(removed: chunks, added: chunks)
  }

  /// Runs the writes of a transaction and then brings the word index up to date with them.
  static func following<T>(_ db: any SQLTransaction, _ body: (inout Changes) throws -> T) throws
    -> T
  {
    var changes = Changes()
    let result = try body(&changes)
    try changes.apply(db)
    return result
  }
}
