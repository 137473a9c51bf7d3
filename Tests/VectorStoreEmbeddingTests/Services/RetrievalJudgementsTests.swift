// Checks the measure that other tests judge rankings by, against values worked out by hand.

import Foundation
import TestSupport
import Testing

@Suite struct RetrievalJudgementsTests {
  private let set = RetrievalSet(
    documents: [], queries: [],
    judgements: ["q": ["a": 3, "b": 1, "c": 0], "none": ["a": 0], "worse": ["a": -1, "b": 1]])

  @Test func givesTheBestRankingOne() {
    #expect(set.nDCG(at: 10, ranking: ["a", "b", "c"], for: "q") == 1)
    #expect(set.nDCG(at: 10, ranking: ["a", "b"], for: "q", gain: .exponential) == 1)
    #expect(set.nDCG(at: 1, ranking: ["a"], for: "q") == 1)
  }

  @Test func discountsByRank() {
    let second = log2(3.0)
    let swapped = (1 + 3 / second) / (3 + 1 / second)
    #expect(abs(set.nDCG(at: 10, ranking: ["b", "a"], for: "q") - swapped) < 1e-12)
    let exponential = (1 + 7 / second) / (7 + 1 / second)
    #expect(
      abs(set.nDCG(at: 10, ranking: ["b", "a"], for: "q", gain: .exponential) - exponential) < 1e-12
    )
    let third = (3.0 / 2) / (3 + 1 / second)
    #expect(abs(set.nDCG(at: 10, ranking: ["x", "c", "a"], for: "q") - third) < 1e-12)
  }

  @Test func ignoresWhatStandsBehindTheCutoff() {
    #expect(set.nDCG(at: 1, ranking: ["c", "a"], for: "q") == 0)
  }

  @Test func countsNothingWithoutARelevantDocument() {
    #expect(set.nDCG(at: 10, ranking: ["a"], for: "none") == 0)
    #expect(set.nDCG(at: 10, ranking: ["a"], for: "unknown") == 0)
    #expect(set.nDCG(at: 10, ranking: ["b"], for: "worse") == 1)
  }

  @Test(.enabled(if: RetrievalSet.exists("cranfield"), "needs the shared data"))
  func loadsDocumentsQueriesAndJudgements() throws {
    let set = try RetrievalSet.load("cranfield")
    #expect(set.documents.count == 1398)
    #expect(set.queries.count == 225)
    #expect(set.judgements["1"]?["184"] == 3)
    #expect(!set.documents.contains { $0.id == "471" || $0.id == "995" })
  }
}
