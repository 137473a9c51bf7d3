// How well the mock space ranks real documents by itself: all documents, all queries. Optimised builds
// also ask what a title before the text changes; debug builds take seconds for the text alone.

import TestSupport
import Testing

@testable import VectorStoreEmbedding

@Suite struct MockRetrievalTests {
  /// A set, and the nDCG@10 that its documents' vectors must reach.
  struct Bar: CustomTestStringConvertible, Sendable {
    var name: String
    var linear: Double
    var testDescription: String { name }
  }

  static let bars = [
    Bar(name: "cranfield", linear: 0.31), Bar(name: "xquad-en", linear: 0.95),
    Bar(name: "xquad-de", linear: 0.87), Bar(name: "xquad-zh", linear: 0.74),
  ]

  @Test(
    .enabled(if: bars.allSatisfy { RetrievalSet.exists($0.name) }, "needs the shared data"),
    arguments: bars)
  func ranksRealDocuments(bar: Bar) throws {
    let set = try RetrievalSet.load(bar.name)
    let service = MockService()
    var layouts: [(name: String, text: (RetrievalSet.Document) -> String)] = [("text", \.text)]
    #if !DEBUG
      layouts += [
        ("title, line", { $0.title + "\n" + $0.text }),
        ("title, blank", { $0.title + " " + $0.text }),
        ("labels", { "title: \($0.title)\ntext: \($0.text)" }),
      ]
    #endif
    for layout in layouts {
      let columns = Self.columns(set.documents.map { service.vector(of: layout.text($0)) })
      var sum = 0.0
      for query in set.queries {
        let scores = Self.scores(of: service.vector(of: query.text), columns: columns)
        let best = scores.indices.sorted { (scores[$0], $1) > (scores[$1], $0) }.prefix(10)
        sum += set.nDCG(at: 10, ranking: best.map { set.documents[$0].id }, for: query.id)
      }
      let mean = sum / Double(set.queries.count)
      // A debug build asks every fifth question of a large set: its mean is off by a standard error.
      #if DEBUG
        let least = bar.linear - 0.012
      #else
        let least = bar.linear
      #endif
      #expect(mean >= least, "nDCG@10 \(mean), \(layout.name)")
    }
  }

  /// One column a component, so that a query's many zeros cost nothing.
  private static func columns(_ vectors: [[Float]]) -> [[Float]] {
    (0..<(vectors.first?.count ?? 0)).map { index in vectors.map { $0[index] } }
  }

  private static func scores(of query: [Float], columns: [[Float]]) -> [Float] {
    var scores = [Float](repeating: 0, count: columns.first?.count ?? 0)
    for (weight, column) in zip(query, columns) where weight != 0 {
      for index in column.indices { scores[index] += weight * column[index] }
    }
    return scores
  }
}
