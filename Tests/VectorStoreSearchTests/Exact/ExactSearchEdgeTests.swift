// Exact search on what is empty, equal, huge, damaged or in the worst order.
// Tests Sources/VectorStoreSearch/Exact/ExactSearch.swift and QuerySelection.swift.

import Foundation
import TestSupport
import Testing
import VectorStoreSearch

/// What an adversary, or bad luck, may hand to a search.
@Suite struct ExactSearchEdgeTests {
  @Test func allRowsEqualGoByRisingId() throws {
    let row = try UnitVector((0..<16).map { Float($0) - 4.5 }, dimensions: 16).components
    let count: Int64 = 100_000
    let ids = (0..<count).map { count - $0 }
    var search = try ExactSearch(queries: [row], dimensions: 16, limit: 5)
    let rows = [[Float]](repeating: row, count: 1000).flatMap { $0 }
    for start in stride(from: 0, to: ids.count, by: 1000) {
      try rows.withUnsafeBufferPointer { rows in
        try ids[start..<start + 1000].withUnsafeBufferPointer { ids in
          try search.score(rows: rows, ids: ids)
        }
      }
    }
    let found = search.finish()[0]
    #expect(found.map(\.id) == [1, 2, 3, 4, 5])
    #expect(Set(found.map(\.score)).count == 1)
    #expect(abs(found[0].score - 1) < 1e-15)
  }

  @Test func scoresStayWithinMinusOneAndOne() throws {
    var generator = SeededGenerator(seed: 5)
    let rows = try RandomVectors.units(40, dimensions: 100, using: &generator)
    for row in rows {
      let found = try exactSearch(
        [row.map { $0 * 3 }], rows: [row, row.map { -$0 }], ids: [1, 2], limit: 2
      ).finish()[0]
      #expect(found.map(\.id) == [1, 2])
      #expect(found.allSatisfy { abs($0.score) <= 1 && abs($0.score) > 1 - 1e-7 })
    }
  }

  /// Rising scores are the worst order: each row is the best so far.
  ///
  /// A block at a time, the float32
  /// scores tell beforehand which rows need no second look.
  @Test func rowsInRisingOrderAreNotAllScoredAgain() throws {
    let rows = try (0..<2000).map { i in
      let angle = Double(2000 - i) / 2000
      var row = [Float](repeating: 0, count: 64)
      row[0] = Float(cos(angle))
      row[1] = Float(sin(angle))
      return try UnitVector(row, dimensions: 64).components
    }
    let query = [Float](unsafeUninitializedCapacity: 64) { buffer, count in
      buffer.initialize(repeating: 0)
      buffer[0] = 1
      count = 64
    }
    let search = try exactSearch(
      [query], rows: rows, ids: Array(0..<2000), limit: 10, blockSize: 500)
    #expect(search.finish()[0].map(\.id) == Array((1990..<2000).reversed()))
    #expect(search.scoredCount == 2000)
    #expect(search.rescoredCount < 200)
  }

  @Test func limitBeyondTheRowsGivesThemAll() throws {
    let found = try exactSearch(
      [[1, 0]], rows: [[0, 1], [1, 0], [-1, 0]], ids: [1, 2, 3], limit: .max)
    #expect(
      found.finish() == [
        [ScoredRow(id: 2, score: 1), ScoredRow(id: 1, score: 0), ScoredRow(id: 3, score: -1)]
      ])
  }

  @Test func limitZeroAndNoRowsAndNoQueriesGiveNothing() throws {
    #expect(try exactSearch([[1, 0]], rows: [[1, 0]], ids: [1], limit: 0).finish() == [[]])
    #expect(try exactSearch([[1, 0]], rows: [], ids: [], limit: 5).finish() == [[]])
    #expect(try exactSearch([], rows: [[1]], ids: [1], limit: 5).finish().isEmpty)
  }

  @Test func emptyBlocksChangeNothing() throws {
    var search = try ExactSearch(queries: [[1, 0]], dimensions: 2, limit: 5)
    let empty = VectorBlock(dimensions: 2)
    let block = VectorBlock(dimensions: 2)
    try block.append([0.6, 0.8], id: 4)
    try search.score(empty)
    try search.score(block)
    try search.score(empty)
    #expect(search.finish()[0].map(\.id) == [4])
  }

  @Test(arguments: [Float.greatestFiniteMagnitude, 0x1p-133, 2])
  func queryOfAnyLengthScoresTheSame(component: Float) throws {
    let found = try exactSearch(
      [[component, 0, 0]], rows: [[0.6, 0.8, 0], [1, 0, 0]], ids: [1, 2], limit: 2)
    let results = found.finish()[0]
    #expect(results.map(\.id) == [2, 1])
    #expect(results[0].score == 1)
    #expect(abs(results[1].score - 0.6) < 1e-7)
  }

  @Test func badQueriesAreNamed() {
    #expect(throws: SearchError.badQuery(index: 1, reason: .zero)) {
      try ExactSearch(queries: [[1, 0], [0, 0]], dimensions: 2, limit: 1)
    }
    #expect(throws: SearchError.badQuery(index: 0, reason: .notFinite(index: 1))) {
      try ExactSearch(queries: [[1, .nan]], dimensions: 2, limit: 1)
    }
    #expect(
      throws: SearchError.badQuery(index: 0, reason: .wrongDimensions(found: 3, expected: 2))
    ) {
      try ExactSearch(queries: [[1, 0, 0]], dimensions: 2, limit: 1)
    }
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity])
  func minimumScoreMustBeFinite(minimumScore: Double) {
    #expect(throws: SearchError.minimumScoreNotFinite) {
      try ExactSearch(queries: [[1]], dimensions: 1, limit: 1, minimumScore: minimumScore)
    }
  }

  @Test(arguments: [Float.nan, .infinity, 1e30, 2, 1.00001])
  func damagedRowAmongTheCandidatesIsReported(component: Float) throws {
    let rows: [[Float]] = [[1, 0], [0, 1], [component, 0]]
    for queries in [[[1, 0]], [[1, 0], [0, 1]]] as [[[Float]]] {
      #expect {
        try exactSearch(queries, rows: rows, ids: [1, 2, 3], limit: 1)
      } throws: { error in
        guard case .notUnitLength(id: 3, let norm) = error as? SearchError else { return false }
        return !UnitVector.isUnitLength(norm)
      }
    }
  }

  @Test func blockOfOtherDimensionsTraps() async {
    await #expect(processExitsWith: .failure) {
      var search = try ExactSearch(queries: [[1, 0]], dimensions: 2, limit: 1)
      try search.score(VectorBlock(dimensions: 3))
    }
  }
}
