// Rebuilds the word index, text by text.

import GRDB

enum WordsRepair {
  /// Drops the word index and fills a new one from the chunks' texts.
  ///
  /// - Parameter kept: chunks whose text is damaged; what was indexed of them stays.
  /// - Complexity: O(text), in the memory that FTS5 takes before it writes.
  static func rebuild(keeping kept: Set<Int64>, _ db: Database) throws {
    var words: [Int64: String] = [:]
    for chunk in kept {
      words[chunk] = try String.fetchOne(
        db, sql: "SELECT c0 FROM chunk_search_content WHERE id = ?", arguments: [chunk])
    }
    try drop(db)
    try db.execute(
      sql: "CREATE VIRTUAL TABLE chunk_search USING fts5(\(IndexedText.declaration))")
    try IndexedChunk.forEach(nil, db) { chunk in
      guard kept.contains(chunk.id) else { return try chunk.insert(db) }
      guard let text = words[chunk.id] else { return }
      try chunk.with(text: text).insert(db)
    }
  }

  /// Drops the word index table by table. `DROP TABLE chunk_search` would have FTS5 read the index first,
  /// which fails if that is damaged.
  private static func drop(_ db: Database) throws {
    try db.execute(
      sql: """
        PRAGMA writable_schema = ON;
        DELETE FROM sqlite_master WHERE name = 'chunk_search';
        PRAGMA writable_schema = RESET;
        """)
    for part in ["data", "idx", "content", "docsize", "config"] {
      try db.execute(sql: "DROP TABLE IF EXISTS chunk_search_\(part)")
    }
  }
}
