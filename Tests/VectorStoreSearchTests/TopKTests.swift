// The bounded heap against a full sort.
// Tests Sources/VectorStoreSearch/TopK.swift.

import TestSupport
import Testing
import VectorStoreSearch

@Suite struct TopKTests {
  @Test(arguments: 0..<60 as Range<UInt64>)
  func keepsWhatAFullSortPutsFirst(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let count = Int.random(in: 0...300, using: &generator)
    let limit = Int.random(in: 0...320, using: &generator)
    // Few different scores, so that ids decide often; ids may come twice.
    let rows = (0..<count).map { _ in
      ScoredRow(
        id: Int64.random(in: -100...100, using: &generator),
        score: Double(Int.random(in: -5...5, using: &generator)) / 4)
    }
    var best = TopK(limit: limit)
    for row in rows { best.insert(row) }
    let expected = rows.sorted { $0.score != $1.score ? $0.score > $1.score : $0.id < $1.id }
    #expect(best.sorted() == Array(expected.prefix(limit)), "seed \(seed)")
    #expect(best.count == min(limit, count))
  }

  @Test func tellsTheWorstOnceItIsFull() {
    var best = TopK(limit: 2)
    #expect(best.worst == nil)
    best.insert(ScoredRow(id: 1, score: 0.5))
    #expect(best.worst == nil)
    best.insert(ScoredRow(id: 2, score: 0.9))
    #expect(best.worst == ScoredRow(id: 1, score: 0.5))
    best.insert(ScoredRow(id: 3, score: 0.7))
    #expect(best.worst == ScoredRow(id: 3, score: 0.7))
  }

  @Test func saysWhetherARowWasTaken() {
    var best = TopK(limit: 1)
    let rows = [(5, 0.5), (4, 0.4), (6, 0.5), (4, 0.5)].map { ScoredRow(id: $0, score: $1) }
    let taken = rows.map { best.insert($0) }
    #expect(taken == [true, false, false, true])
    #expect(best.sorted() == [ScoredRow(id: 4, score: 0.5)])
  }

  @Test func limitZeroTakesNothing() {
    var best = TopK(limit: 0)
    let taken = best.insert(ScoredRow(id: 1, score: 1))
    #expect(!taken)
    #expect(best.worst == nil)
    #expect(best.sorted().isEmpty)
  }

  @Test func hugeLimitTakesNoMemoryAhead() {
    var best = TopK(limit: .max)
    best.insert(ScoredRow(id: 1, score: -1))
    best.insert(ScoredRow(id: 2, score: 1))
    #expect(best.sorted().map(\.id) == [2, 1])
  }

  @Test func ordersInfinitiesAndTakesBothZerosAsEqual() {
    var best = TopK(limit: 4)
    best.insert(ScoredRow(id: 1, score: -.infinity))
    best.insert(ScoredRow(id: 3, score: -0.0))
    best.insert(ScoredRow(id: 2, score: 0))
    best.insert(ScoredRow(id: 4, score: .infinity))
    #expect(best.sorted().map(\.id) == [4, 2, 3, 1])
  }

  @Test func scoreThatIsNotANumberTraps() async {
    await #expect(processExitsWith: .failure) {
      _ = ScoredRow(id: 1, score: .nan)
    }
  }
}
