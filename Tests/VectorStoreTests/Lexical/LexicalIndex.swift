// A table of indexed texts in memory and texts to try, shared by the tests of this folder.

import GRDB
import TestSupport

@testable import VectorStore

/// The store's FTS5 table, alone in memory.
struct LexicalIndex {
  let database: DatabaseQueue

  init() throws {
    database = try DatabaseQueue()
    try database.write {
      try $0.execute(
        sql: "CREATE VIRTUAL TABLE chunk_search USING fts5(\(IndexedText.declaration))")
    }
  }

  func add(_ id: Int64, _ text: String) throws { try add([(id, text)]) }

  func add(_ texts: [(id: Int64, text: String)], titles: [String] = []) throws {
    try database.write { db in
      for (number, (id, text)) in texts.enumerated() {
        try db.execute(
          sql: "INSERT INTO chunk_search(rowid, text, title) VALUES (?, ?, ?)",
          arguments: [
            id, IndexedText.make(from: text),
            titles.isEmpty ? "" : IndexedText.make(from: titles[number]),
          ])
      }
    }
  }

  /// The ids of the chunks that have a question's words, best first.
  func search(_ question: String, limit: Int = 10) throws -> [Int64] {
    try ranked(question, limit: limit).map(\.id)
  }

  /// The same with their scores.
  func ranked(_ question: String, limit: Int = 10) throws -> [(id: Int64, score: Double)] {
    try database.read { db in
      var ranking = WordRanking(LexicalQuery(question), try WordIndex(db))
      return try ranking.best(limit) { _ in true }.map { ($0.id, $0.score) }
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
    "n't", "getUser", "_", "C++", "C#", "@", "&eacute;", "&", ";", "é", "\u{AD}", "ﬂ",
    "HTTPServer2",
    "и\u{306}", "\u{1112}\u{1161}",
  ]

  static func make(seed: UInt64) -> String {
    var generator = SeededGenerator(seed: seed)
    return (0..<Int.random(in: 0...14, using: &generator))
      .map { _ in pieces[Int.random(in: 0..<pieces.count, using: &generator)] }.joined()
  }
}
