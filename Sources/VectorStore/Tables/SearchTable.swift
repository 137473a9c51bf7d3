// chunk_search: the words of chunks as they are indexed. Written at the end of a transaction, after
// all other tables. Called by ChunksTable and by the verbs that write.

import GRDB

enum SearchTable {
  /// What a transaction does to the word index, gathered until its end.
  ///
  /// FTS5 keeps new words in memory and writes them when SQLite opens a savepoint, which it does for
  /// every statement that may fail half-way, such as a cascading DELETE. Words written among such
  /// statements make a segment a document, and merging those costs more than all else.
  struct Changes {
    private var removed: [Int64] = []
    private var added: [(chunk: Int64, text: String)] = []

    mutating func add(_ text: String, chunk: Int64) {
      added.append((chunk, text))
    }

    mutating func remove(_ chunks: [Int64]) {
      removed += chunks
    }

    fileprivate func apply(_ db: Database) throws {
      let delete = try db.cachedStatement(sql: "DELETE FROM chunk_search WHERE rowid = ?")
      for chunk in removed { try delete.execute(arguments: [chunk]) }
      // A document that came twice has chunks that were added and removed in one transaction.
      let gone = Set(removed)
      for (chunk, text) in added where !gone.contains(chunk) {
        try db.run(
          bulk: "INSERT INTO chunk_search(rowid, text) VALUES (?, ?)",
          .integer(chunk), .text(IndexedText.make(from: text)))
      }
    }
  }

  /// Runs the writes of a transaction and then brings the word index up to date with them.
  static func following<T>(_ db: Database, _ body: (inout Changes) throws -> T) throws -> T {
    var changes = Changes()
    let result = try body(&changes)
    try changes.apply(db)
    return result
  }
}
