// Figures of one ranking, counted by hand. Tests Sources/VectorStore/Retrieval/RetrievalMetrics.swift.

import Foundation
import Testing
@testable import VectorStore

@Suite struct RetrievalMetricsTests {
  @Test func figuresAreAsCountedByHand() {
    // Relevant: a (3), b (1), c (2); the ranking finds b first and a third.
    let metrics = RetrievalMetrics(
      ranking: ["b", "x", "a"], grades: ["a": 3, "b": 1, "c": 2, "x": 0])
    let ideal = 3 + 2 / log2(3.0) + 1 / 2
    #expect(abs(metrics.nDCG10 - (1 + 3.0 / 2) / ideal) < 1e-12)
    #expect(abs(metrics.averagePrecision - (1 + 2.0 / 3) / 3) < 1e-12)
    #expect(abs(metrics.recall10 - 2.0 / 3) < 1e-12 && metrics.recall100 == metrics.recall10)
    #expect(metrics.reciprocalRank == 1)
  }

  @Test func ranksBeyondTheCutoffDoNotCount() {
    let ranking = (0..<120).map { "x\($0)" } + ["a"]
    let far = RetrievalMetrics(ranking: ranking, grades: ["a": 1])
    #expect(far.nDCG10 == 0 && far.recall100 == 0 && far.averagePrecision == 1.0 / 121)
    let tenth = RetrievalMetrics(ranking: Array(ranking[..<9]) + ["a"], grades: ["a": 1])
    #expect(tenth.recall10 == 1 && tenth.reciprocalRank == 0.1)
  }

  @Test func nothingFoundIsZero() {
    let metrics = RetrievalMetrics(ranking: [], grades: ["a": 2, "b": -1])
    #expect(metrics.nDCG10 == 0 && metrics.averagePrecision == 0 && metrics.reciprocalRank == 0)
  }

  @Test func meansHaveStandardErrors() throws {
    let figure = RetrievalQuality.Figure(of: [0, 1, 1, 0])
    #expect(figure.mean == 0.5)
    #expect(abs(try #require(figure.standardError) - (1.0 / 3 / 4).squareRoot()) < 1e-12)
    #expect(RetrievalQuality.Figure(of: [1]).standardError == nil)
  }

  @Test func theBootstrapTellsChanceFromDifference() {
    func metrics(_ grade: (Int) -> Bool) -> [RetrievalMetrics] {
      (0..<40).map { RetrievalMetrics(ranking: grade($0) ? ["a"] : [], grades: ["a": 1]) }
    }
    let better = RetrievalQuality.Comparison(
      .vector, over: .lexical, metrics { $0 % 4 != 0 }, metrics { $0 % 4 == 1 })
    #expect(better.difference == 0.5 && better.low > 0.3 && better.high < 0.7)
    let same = RetrievalQuality.Comparison(
      .vector, over: .lexical, metrics { $0 % 2 == 0 }, metrics { $0 % 2 == 1 })
    #expect(same.difference == 0 && same.low < 0 && same.high > 0)
    #expect(
      same == .init(.vector, over: .lexical, metrics { $0 % 2 == 0 }, metrics { $0 % 2 == 1 }))
  }
}
