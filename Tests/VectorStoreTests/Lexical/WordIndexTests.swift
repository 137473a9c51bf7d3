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
          reader, try reader.term(of: word), "\"\(word)\"", word, isPrefix: false, db)
      }
      for prefix in ["al", "a", "z", "é", "q"] {
        try Self.compare(reader, prefix, "\"\(prefix)\"*", prefix, isPrefix: true, db)
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
    _ reader: WordIndex, _ term: String, _ match: String, _ word: String, isPrefix: Bool,
    _ db: Database
  ) throws {
    let found = try reader.postings(of: term, isPrefix: isPrefix)
    let bare = try reader.postings(of: term, isPrefix: isPrefix, hasPlaces: false)
    let rows = try Row.fetchAll(
      db,
      sql: "SELECT rowid, text, title FROM chunk_search WHERE chunk_search MATCH ? ORDER BY rowid",
      arguments: [match])
    #expect(found.rows.map(\.id) == rows.map { $0[0] as Int64 }, "\(match)")
    #expect(bare.rows == found.rows, "\(match) without places")
    for (index, row) in rows.enumerated() where index < found.rows.count {
      let expected = [1, 2].flatMap { column -> [UInt32] in
        let text: String = row[column]
        return text.split(separator: " ").enumerated().filter {
          isPrefix ? $1.hasPrefix(word) : $1 == word
        }.map { UInt32(column - 1) << Postings.placeBits | UInt32($0.offset) }
      }
      #expect(Array(found.places(at: index)) == expected, "\(match) in \(found.rows[index])")
      let inText = expected.filter { $0 >> Postings.placeBits == 0 }
      #expect(found.rows[index].length == inText.last.map { Int32($0) + 1 } ?? 0)
      #expect(
        found.rows[index].frequency == Float(inText.count + 3 * (expected.count - inText.count)))
    }
  }

  @Test func ranksAsByScoringEveryRow() throws {
    // The best by their bounds first: the same as to score all of them.
    for seed in UInt64(0)..<20 {
      var generator = SeededGenerator(seed: seed)
      let index = try LexicalIndex()
      // Ids side by side, and so far apart that no table has a row for each.
      let step: Int64 = seed.isMultiple(of: 2) ? 1 : 1 << 40
      try index.add(
        (1...120).map { id in
          (
            Int64(id) * step,
            (0..<Int.random(in: 1...80, using: &generator)).map { _ in
              Self.words[Int.random(in: 0..<Self.words.count, using: &generator)]
            }.joined(separator: " ")
          )
        }, titles: (1...120).map { Self.words[$0 * Int(seed) % Self.words.count] })
      for question in ["alpha gamma zeta", "alpha beta -delta", "\"beta gamma\" alpine été"] {
        let all = try index.ranked(question, limit: 1_000)
        for limit in [1, 7, 50] {
          let best = try index.ranked(question, limit: limit)
          #expect(best.map(\.id) == all.prefix(limit).map(\.id), "seed \(seed), \(question)")
          #expect(best.map(\.score) == all.prefix(limit).map(\.score), "seed \(seed), \(question)")
        }
        #expect(zip(all, all.dropFirst()).allSatisfy { $0.score >= $1.score }, "seed \(seed)")
      }
    }
  }

  /// BM25 by its formula, over the words themselves.
  @Test(arguments: UInt64(0)..<6)
  func scoresByTheFormula(seed: UInt64) throws {
    let words = ["sky", "sea", "sun", "ice", "fog"]
    var generator = SeededGenerator(seed: seed)
    let texts = (1...200).map { _ in
      (0..<Int.random(in: 1...30, using: &generator)).map { _ in
        words[Int.random(in: 0..<words.count, using: &generator)]
      }
    }
    let index = try LexicalIndex()
    try index.add(texts.enumerated().map { (Int64($0), $1.joined(separator: " ")) })
    let asked = ["sun", "fog", "sky"]
    let mean = Double(texts.reduce(0) { $0 + $1.count }) / Double(texts.count)
    let patterns = asked.map { [$0] } + zip(asked, asked.dropFirst()).map { [$0, $1] }
    func frequency(_ pattern: [String], _ text: [String]) -> Double {
      Double(text.indices.count { text[$0...].starts(with: pattern) })
    }
    let frequencies = patterns.map { pattern in texts.map { frequency(pattern, $0) } }
    let scores = texts.indices.map { text in
      frequencies.reduce(0.0) { sum, found in
        let count = Double(found.count { $0 > 0 })
        let odds = (Double(texts.count) - count + 0.5) / (count + 0.5)
        let norm = 0.9 * (0.25 + 0.75 * Double(texts[text].count) / mean)
        return sum + max(log(odds), log(1 + odds) / 2) * found[text] * 1.9 / (found[text] + norm)
      }
    }
    let best = try index.ranked(asked.joined(separator: " "), limit: 10)
    let expected = scores.sorted(by: >).prefix(10)
    #expect(best.count == 10)
    for (found, expected) in zip(best, expected) {
      #expect(abs(found.score - expected) < 1e-4 * expected)
      #expect(abs(found.score - scores[Int(found.id)]) < 1e-4 * expected)
    }
  }
}
