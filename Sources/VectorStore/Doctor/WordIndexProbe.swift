// FTS5's own check of the word index, without writing to the store: it works on a copy of the index in
// SQLite's temporary file. Called by TextsCheck.

import GRDB

/// Asks FTS5 whether the word index is what the texts in it make.
///
/// FTS5 takes the question as an `INSERT`, which a read-only connection refuses. So a table of the same
/// form is made in the connection's temporary database, with a copy of the index and a view of the texts.
struct WordIndexProbe {
  private static let parts = ["data", "idx", "docsize", "config"]

  let db: Database

  init(_ db: Database) {
    self.db = db
  }

  /// - Complexity: copies the index, not the texts; takes all texts apart into words.
  func isWhole() throws -> Bool {
    try drop()
    defer { try? drop() }
    do {
      try db.execute(
        sql: """
          CREATE TEMP VIEW probe_texts AS SELECT id AS rowid, c0 AS text FROM main.chunk_search_content;
          CREATE VIRTUAL TABLE temp.probe USING fts5(\(IndexedText.declaration), content='probe_texts');
          """)
      for part in Self.parts {
        try db.execute(
          sql: """
            DELETE FROM temp.probe_\(part);
            INSERT INTO temp.probe_\(part) SELECT * FROM main.chunk_search_\(part);
            """)
      }
      try db.execute(sql: "INSERT INTO temp.probe(probe, rank) VALUES ('integrity-check', 1)")
      return true
    } catch let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT {
      return false
    }
  }

  private func drop() throws {
    try db.execute(
      sql: "DROP TABLE IF EXISTS temp.probe; DROP VIEW IF EXISTS temp.probe_texts;")
  }
}
