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
    try db.forEachRow(bulk: "SELECT id, text FROM chunks WHERE text IS NOT NULL ORDER BY id") {
      row in
      let (chunk, text) = (try row.integer(0), try row.text(1))
      guard !kept.contains(chunk) || words[chunk] != nil else { return }
      try db.run(
        bulk: "INSERT INTO chunk_search(rowid, text) VALUES (?, ?)", .integer(chunk),
        .text(words[chunk] ?? IndexedText.make(from: text)))
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
