import TestSupport
import Testing

@testable import VectorStore

/// Search by words, with titles as a column, against human judgements, a passage a document.
@Suite struct LexicalRankingTests {
  static let bars = [
    ("cranfield", 0.35), ("xquad-en", 0.97), ("xquad-de", 0.93), ("xquad-zh", 0.95),
  ]

  @Test(
    .enabled(if: bars.allSatisfy { RetrievalSet.exists($0.0) }, "needs the shared data"),
    arguments: bars)
  func ranksAsWellAsJudged(name: String, bar: Double) throws {
    let set = try RetrievalSet.load(name, hasEveryQuery: true)
    let index = try LexicalIndex()
    try index.add(
      set.documents.enumerated().map { (Int64($0), $1.text) }, titles: set.documents.map(\.title))
    var sums = (linear: 0.0, exponential: 0.0)
    for query in set.queries {
      let ranking = try index.search(query.text).map { set.documents[Int($0)].id }
      sums.linear += set.nDCG(ranking: ranking, for: query.id)
      sums.exponential += set.nDCG(ranking: ranking, for: query.id, gain: .exponential)
    }
    let count = Double(set.queries.count)
    let (linear, exponential) = (sums.linear / count, sums.exponential / count)
    #expect(linear >= bar, "\(name): \(linear)")
    #expect(exponential >= bar, "\(name), exponential gain: \(exponential)")
  }
}
