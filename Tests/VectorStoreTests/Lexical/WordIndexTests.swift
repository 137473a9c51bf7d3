import Foundation
import GRDB
import TestSupport
import Testing

@testable import VectorStore

/// FTS5's own answers are the oracle: rows and places after any history of writes.
struct WordIndexTests {
  private static let words = ["alpha", "alpine", "beta", "gamma", "delta", "zeta", "été"]

  @Test(arguments: UInt64(0)..<12)
  func readsWhatFTS5Reads(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let index = try LexicalIndex()
    var living: [Int64: [String]] = [:]
    try index.database.write { db in
      // Small pages, so that lists of rows run over many.
      try db.execute(sql: "INSERT INTO chunk_search(chunk_search, rank) VALUES ('pgsz', 64)")
    }
    var next: Int64 = 1
    for _ in 0..<8 {
      try index.database.write { db in
        for _ in 0..<Int.random(in: 1...40, using: &generator) {
          if let old = living.keys.sorted().randomElement(using: &generator),
            Bool.random(using: &generator)
          {
            try db.execute(sql: "DELETE FROM chunk_search WHERE rowid = ?", arguments: [old])
            living[old] = nil
            // A chunk whose title changes is indexed again, under its id.
            guard Bool.random(using: &generator) else { continue }
            try Self.insert(old, &living, &generator, db)
          } else {
            next += Int64.random(in: 1...300, using: &generator)
            try Self.insert(next, &living, &generator, db)
          }
        }
      }
    }
    try index.database.read { db in
      let reader = try WordIndex(db)
      #expect(reader.rows == living.count)
      for word in Self.words + ["nothing"] {
        try Self.compare(
          reader.postings(of: reader.term(of: word)), "\"\(word)\"", word, isPrefix: false, db)
      }
      for prefix in ["al", "a", "z", "é", "q"] {
        try Self.compare(
          reader.postings(of: prefix, isPrefix: true), "\"\(prefix)\"*", prefix, isPrefix: true, db)
      }
      for (id, columns) in living {
        #expect(try reader.length(of: id) == columns[0].split(separator: " ").count)
      }
    }
  }

  private static func insert(
    _ id: Int64, _ living: inout [Int64: [String]], _ generator: inout SeededGenerator,
    _ db: Database
  ) throws {
    let columns = [60, 4].map { most in
      (0..<Int.random(in: 1...most, using: &generator))
        .map { _ in words[Int.random(in: 0..<words.count, using: &generator)] }
        .joined(separator: " ")
    }
    try db.execute(
      sql: "INSERT INTO chunk_search(rowid, text, title) VALUES (?, ?, ?)",
      arguments: [id, columns[0], columns[1]])
    living[id] = columns
  }

  private static func compare(
    _ found: Postings, _ match: String, _ word: String, isPrefix: Bool, _ db: Database
  ) throws {
    let rows = try Row.fetchAll(
      db,
      sql: "SELECT rowid, text, title FROM chunk_search WHERE chunk_search MATCH ? ORDER BY rowid",
      arguments: [match])
    #expect(found.rows == rows.map { $0[0] as Int64 }, "\(match)")
    for (index, row) in rows.enumerated() where index < found.rows.count {
      let expected = [1, 2].flatMap { column -> [UInt32] in
        let text: String = row[column]
        return text.split(separator: " ").enumerated().filter {
          isPrefix ? $1.hasPrefix(word) : $1 == word
        }.map { UInt32(column - 1) << Postings.placeBits | UInt32($0.offset) }
      }
      #expect(Array(found.places(at: index)) == expected, "\(match) in \(found.rows[index])")
    }
  }

  @Test func ranksAsByScoringEveryRow() throws {
    // The best by their bounds first: the same as to score all of them.
    for seed in UInt64(0)..<20 {
      var generator = SeededGenerator(seed: seed)
      let index = try LexicalIndex()
      try index.add(
        (1...120).map { id in
          (
            Int64(id),
            (0..<Int.random(in: 1...80, using: &generator)).map { _ in
              Self.words[Int.random(in: 0..<Self.words.count, using: &generator)]
            }.joined(separator: " ")
          )
        })
      let all = try index.ranked("alpha gamma zeta", limit: 1_000)
      let best = try index.ranked("alpha gamma zeta", limit: 7)
      #expect(best.map(\.id) == all.prefix(7).map(\.id), "seed \(seed)")
      #expect(zip(all, all.dropFirst()).allSatisfy { $0.score >= $1.score }, "seed \(seed)")
    }
  }
}
