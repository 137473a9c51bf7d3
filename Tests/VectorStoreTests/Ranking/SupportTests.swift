import Testing

@testable import VectorStore

/// The passages of a document speak for each other.
@Suite struct SupportTests {
  private static let named = Document(
    id: "named",
    text: "Of attributes: an escaping closure is what a function keeps for a later time, and more.")
  private static let passages = [
    "An escaping closure is one that a function keeps until a later time. Its name says it.",
    "Closures capture values, and an escaping closure captures them for as long as it lives.",
    "A function that keeps its closure marks the parameter as escaping, for completion handlers.",
    "An escaping closure needs self to be written out, so that a cycle of references is seen.",
    "A function returns before an escaping closure is called; what it keeps lives on.",
  ]

  private static func hits(_ documents: [Document]) async throws -> [Hit] {
    var hits: [Hit] = []
    try await withStore { store, _ in
      try await store.add(documents)
      var options = QueryOptions()
      options.ranking = .fused
      hits =
        try await store.query("escaping closure that a function keeps", options: options).hits
    }
    return hits
  }

  @Test func aDocumentAboutTheSubjectComesBeforeOneThatNamesIt() async throws {
    // The same passages, each a document of its own and as one document.
    let apart = try await Self.hits(
      [Self.named] + Self.passages.enumerated().map { Document(id: "page\($0)", text: $1) })
    #expect(apart.prefix(2).map(\.source) == ["named", "page0"])
    let page = Document(id: "page", chunks: Self.passages.map { .init(text: $0) })
    let together = try await Self.hits([Self.named, page])
    #expect(together.prefix(2).map(\.source) == ["page", "named"])
    #expect(together.first?.ordinal == 0)
    // The best score stays, and all are in order.
    #expect(together.first?.score == apart.first?.score)
    #expect(together.map(\.score) == together.map(\.score).sorted(by: >))
  }
}
