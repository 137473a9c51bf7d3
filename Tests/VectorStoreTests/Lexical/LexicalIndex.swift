// A table of indexed texts in memory and texts to try, shared by the tests of this folder.

import GRDB
import TestSupport

@testable import VectorStore

/// The store's FTS5 table, alone in memory.
struct LexicalIndex {
  private let database: DatabaseQueue

  init() throws {
    database = try DatabaseQueue()
    try database.write {
      try $0.execute(
        sql: "CREATE VIRTUAL TABLE chunk_search USING fts5(\(IndexedText.declaration))")
    }
  }

  func add(_ id: Int64, _ text: String) throws { try add([(id, text)]) }

  func add(_ texts: [(id: Int64, text: String)]) throws {
    try database.write { db in
      for (id, text) in texts {
        try db.execute(
          sql: "INSERT INTO chunk_search(rowid, text) VALUES (?, ?)",
          arguments: [id, IndexedText.make(from: text)])
      }
    }
  }

  /// Merges the index into one segment, which makes many searches several times faster.
  func optimize() throws {
    try database.write {
      try $0.execute(sql: "INSERT INTO chunk_search(chunk_search) VALUES ('optimize')")
    }
  }

  /// The ids of the matches of an FTS5 expression, best first.
  func search(_ expression: String, limit: Int = 10) throws -> [Int64] {
    try database.read { db in
      try Int64.fetchAll(
        db.cachedStatement(
          sql: """
            SELECT rowid FROM chunk_search WHERE chunk_search MATCH ?
            ORDER BY \(IndexedText.rank), rowid LIMIT ?
            """),
        arguments: [expression, limit])
    }
  }
}

/// Texts made of the characters that are most likely to go wrong.
enum RandomText {
  private static let pieces = [
    "AND", "OR", "NOT", "NEAR(", "a", "word", "Straße", "*", "^", ":", "-", "(", ")", "\"", "“",
    "”",
    "„", "«", "»", "'", "’", " ", " ", " ", "\0", "\n", "😀", "👩‍👩‍👧", "❤\u{FE0F}", "黑", "豹队",
    "か\u{3099}", "ที่",
    "한국", "नमस्ते", "e\u{301}", "\u{301}", "\u{E0100}", "{text}", "text:", "+", "\\", "%", "½", "𠮷",
    "n't",
  ]

  static func make(seed: UInt64) -> String {
    var generator = SeededGenerator(seed: seed)
    return (0..<Int.random(in: 0...14, using: &generator))
      .map { _ in pieces[Int.random(in: 0..<pieces.count, using: &generator)] }.joined()
  }

  static func withoutSelectors(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.filter { !UnspacedScripts.isVariationSelector($0) }))
  }
}
