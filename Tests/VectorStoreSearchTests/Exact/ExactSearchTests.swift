// Exact search against a naive double-precision loop and a full sort, on random vectors.
// Tests Sources/VectorStoreSearch/Exact/ExactSearch.swift and QuerySelection.swift.

import TestSupport
import Testing
import VectorStoreSearch

/// Results against a naive double-precision loop over all rows: the same ids in the same order, and
/// scores equal in every bit.
@Suite struct ExactSearchTests {
  @Test(arguments: 0..<16 as Range<UInt64>)
  func resultsAreThoseOfANaiveLoop(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let dimensions = [64, 100, 384, 768, 1000, 1536][Int(seed) % 6]
    var rows = try RandomVectors.units(120, dimensions: dimensions, using: &generator)
    // Duplicates at many places, in one block and across blocks.
    for _ in 0..<60 {
      rows.append(rows[Int.random(in: 0..<rows.count, using: &generator)])
    }
    rows.shuffle(using: &generator)
    let ids = (0..<Int64(rows.count)).shuffled(using: &generator)
    let scale = Float.random(in: 0.01...100, using: &generator)
    let query = RandomVectors.vector(dimensions, using: &generator).map { $0 * scale }
    for limit in [1, 10, 1000] {
      let expected = NaiveSearch.search(query, rows: rows, ids: ids, limit: limit)
      for blockSize in [1, 7, 4096] {
        let found = try exactSearch(
          [query], rows: rows, ids: ids, limit: limit, blockSize: blockSize)
        #expect(
          found.finish() == [expected], "seed \(seed), limit \(limit), blocks of \(blockSize)")
      }
    }
  }

  /// All sums are exact here, so the plainest loop has the same bits, and most scores are shared by
  /// many rows: ids decide nearly everywhere.
  @Test(arguments: 0..<8 as Range<UInt64>)
  func tiesGoByRisingId(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let dimensions = 256
    let rows = RandomVectors.dyadicUnits(
      300, dimensions: dimensions, power: 3, using: &generator)
    let query = RandomVectors.dyadicUnits(1, dimensions: dimensions, power: 3, using: &generator)[0]
    let ids = (0..<Int64(rows.count)).shuffled(using: &generator)
    let expected = NaiveSearch.search(
      query, rows: rows, ids: ids, limit: 50, dot: NaiveSearch.sequentialDot)
    #expect(Set(expected.map(\.score)).count < 30)
    for blockSize in [1, 7, 4096] {
      let found = try exactSearch([query], rows: rows, ids: ids, limit: 50, blockSize: blockSize)
      #expect(found.finish() == [expected], "seed \(seed), blocks of \(blockSize)")
    }
  }

  /// Rows that differ from each other by the last bit of a few components: float32 scores cannot
  /// tell them apart, double precision can.
  @Test(arguments: 0..<6 as Range<UInt64>)
  func nearTiesAreToldApart(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let dimensions = 384
    let base = try RandomVectors.units(1, dimensions: dimensions, using: &generator)[0]
    let rows = (0..<200).map { _ in
      var row = base
      for _ in 0..<3 {
        let i = Int.random(in: 0..<dimensions, using: &generator)
        row[i] = Bool.random(using: &generator) ? row[i].nextUp : row[i].nextDown
      }
      return row
    }
    let query = RandomVectors.vector(dimensions, using: &generator)
    let ids = (0..<Int64(rows.count)).map { $0 * 3 }
    let expected = NaiveSearch.search(query, rows: rows, ids: ids, limit: 20)
    #expect(Set(expected.map(\.score)).count > 10)
    let found = try exactSearch([query], rows: rows, ids: ids, limit: 20, blockSize: 64)
    #expect(found.finish() == [expected], "seed \(seed)")
  }

  @Test(arguments: [0, 1, 2, 5])
  func manyQueriesAreLikeSingleOnes(count: Int) throws {
    var generator = SeededGenerator(seed: UInt64(count))
    let rows = try RandomVectors.units(150, dimensions: 200, using: &generator)
    let ids = Array(0..<Int64(rows.count))
    let queries = (0..<count).map { _ in RandomVectors.vector(200, using: &generator) }
    let together = try exactSearch(queries, rows: rows, ids: ids, limit: 7, blockSize: 40)
    let single = try queries.map { query in
      try exactSearch([query], rows: rows, ids: ids, limit: 7, blockSize: 40).finish()[0]
    }
    #expect(together.finish() == single)
    #expect(together.scoredCount == count * rows.count)
  }

  @Test func queriesBeyondOneGroupAreLikeSingleOnes() throws {
    var generator = SeededGenerator(seed: 11)
    let rows = try RandomVectors.units(30, dimensions: 64, using: &generator)
    let ids = Array(0..<Int64(rows.count))
    let queries = (0..<513).map { _ in RandomVectors.vector(64, using: &generator) }
    let found = try exactSearch(queries, rows: rows, ids: ids, limit: 3, blockSize: 20).finish()
    #expect(found.count == 513)
    for index in [0, 1, 255, 256, 257, 511, 512] {
      let expected = NaiveSearch.search(queries[index], rows: rows, ids: ids, limit: 3)
      #expect(found[index] == expected, "query \(index)")
    }
  }

  @Test(arguments: [-1, -0.05, 0, 0.05, 0.1, 1])
  func minimumScoreCutsTheList(minimumScore: Double) throws {
    var generator = SeededGenerator(seed: 3)
    let rows = try RandomVectors.units(200, dimensions: 128, using: &generator)
    let ids = Array(0..<Int64(rows.count))
    let query = RandomVectors.vector(128, using: &generator)
    for limit in [5, 1000] {
      let expected = NaiveSearch.search(
        query, rows: rows, ids: ids, limit: limit, minimumScore: minimumScore)
      let found = try exactSearch(
        [query], rows: rows, ids: ids, limit: limit, minimumScore: minimumScore, blockSize: 33)
      #expect(found.finish() == [expected])
    }
  }

  /// About half of the rows have a float32 score below their exact one, and must not be cut for it.
  @Test func minimumScoreTakesTheRowThatHasExactlyThatScore() throws {
    var generator = SeededGenerator(seed: 4)
    let rows = try RandomVectors.units(40, dimensions: 384, using: &generator)
    let ids = Array(0..<Int64(rows.count))
    let query = RandomVectors.vector(384, using: &generator)
    let all = try exactSearch([query], rows: rows, ids: ids, limit: 40).finish()[0]
    for (rank, row) in all.enumerated() {
      let found = try exactSearch(
        [query], rows: rows, ids: ids, limit: 40, minimumScore: row.score)
      #expect(found.finish() == [Array(all[...rank])], "rank \(rank)")
    }
  }
}
