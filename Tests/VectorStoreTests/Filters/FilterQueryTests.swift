import Foundation
import TestSupport
import Testing
@testable import VectorStore

/// Filters in every kind of ranking: before the limit, so that as many hits come back as there are.
@Suite struct FilterQueryTests {
  /// Documents that all answer "walrus", the better the lower their number; every tenth is rare.
  private static let documents = (0..<60).map { index in
    Document(
      id: "doc/\(index)", text: "walrus " + String(repeating: "filler ", count: index),
      metadata: ["n": .integer(Int64(index)), "rare": .bool(index % 10 == 9)])
  }

  private func expectTheRareOnes(
    _ store: Store, lexical: Bool, _ location: SourceLocation = #_sourceLocation
  ) async throws {
    var options = QueryOptions(lexical: lexical, limit: 5)
    options.filter = .equals("rare", true)
    let hits = try await store.query("walrus", options: options).hits
    #expect(hits.count == 5, sourceLocation: location)
    #expect(hits.allSatisfy { $0.metadata["rare"] == true }, sourceLocation: location)
    options.filter = .equals("rare", true) && .less("n", 20)
    let few = try await store.query("walrus", options: options).hits.map(\.source)
    #expect(Set(few) == ["doc/9", "doc/19"], sourceLocation: location)
    options.filter = .exists("nothing")
    #expect(
      try await store.query("walrus", options: options).hits.isEmpty, sourceLocation: location)
  }

  @Test func vectorsAndWordsAreFilteredBeforeTheLimit() async throws {
    try await withStore { store, _ in
      try await store.add(Self.documents)
      try await expectTheRareOnes(store, lexical: false)
      try await expectTheRareOnes(store, lexical: true)
      try await store.add(
        [Document(id: "other", text: "walrus", metadata: ["rare": true])], to: "second")
      try await expectTheRareOnes(store, lexical: false)
      try await expectTheRareOnes(store, lexical: true)
    }
  }

  @Test func bothListsOfAFusedRankingAreFiltered() async throws {
    // Without a service: mock vectors and words, fused.
    try await withStore(mode: .hybrid) { store, _ in
      try await store.add(Self.documents)
      #expect(try await store.query("walrus").isDegraded)
      try await expectTheRareOnes(store, lexical: false)
    }
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func theHitsAreThoseOfAWholeRankingThatPass(seed: UInt64) async throws {
    var random = RandomFilters(seed: seed)
    try await withStore { store, _ in
      try await store.add(
        (0..<80).map { index in
          Document(
            id: "\(index)",
            text: "walrus number \(index) of \(random.pick(["ice", "sea", "land"]))",
            metadata: random.metadata())
        })
      for lexical in [false, true] {
        let all = try await store.query("walrus sea", options: .init(lexical: lexical, limit: 100))
          .hits
        for _ in 0..<40 {
          let filter = random.filter()
          var options = QueryOptions(lexical: lexical, limit: 100)
          options.filter = filter
          let hits = try await store.query("walrus sea", options: options).hits
          let expected = all.filter { hit in
            // Every document was added now, and has one chunk.
            NaiveDocument(
              source: hit.source, collection: "default", added: Timestamp.now(),
              metadata: hit.metadata
            ).passes(filter, ordinal: 0)
          }
          #expect(hits.map(\.id) == expected.map(\.id), "seed \(seed): \(filter)")
          #expect(hits.map(\.score) == expected.map(\.score), "seed \(seed): \(filter)")
        }
      }
    }
  }

  @Test func chunksAreChosenByTheirOrdinal() async throws {
    try await withStore { store, _ in
      let text = (0..<40).map { "# Part \($0)\n\nThe walrus rests, part \($0).\n" }.joined(
        separator: "\n")
      var adding = AddOptions()
      adding.chunking = ChunkingOptions(maximumTokens: 32, overlapTokens: 0)
      try await store.add([Document(id: "a.md", text: text)], options: adding)
      for lexical in [false, true] {
        var options = QueryOptions(lexical: lexical, limit: 3)
        options.filter = .greater("ordinal", 1) && .atMost("ordinal", 3)
        let hits = try await store.query("walrus", options: options).hits
        #expect(Set(hits.map(\.ordinal)) == [2, 3])
      }
    }
  }

  @Test func documentsAreListedAndRemovedByAFilter() async throws {
    try await withStore { store, _ in
      try await store.add(Self.documents)
      let twin = Document(id: "other", text: "walrus", metadata: ["rare": true])
      try await store.add([twin], to: "second")
      let rare = Filter.equals("rare", true)
      #expect(
        try await store.list(in: "default", filter: rare).map(\.source)
          == ["doc/19", "doc/29", "doc/39", "doc/49", "doc/59", "doc/9"])
      #expect(try await store.list(filter: rare).last?.source == "other")
      #expect(try await store.list(states: [.failed], filter: rare).isEmpty)
      #expect(try await store.list(filter: .greater("ordinal", 0)).isEmpty)
      #expect(try await store.list(filter: .equals("ordinal", 0)).count == 61)
      let removed = try await store.remove(where: rare && .less("n", 40))
      #expect(removed.documents == 4 && removed.notFound.isEmpty)
      #expect(try await store.list(in: "default", filter: rare).count == 2)
      #expect(try await store.list().count == 57)
      #expect(try await store.remove(where: .exists("nothing")).documents == 0)
      let wrong = (0..<600).map { Filter.equals("n", $0) }
        .reduce(rare) { $0 || $1 }
      for action in [
        { _ = try await store.list(filter: wrong) }, { try await store.remove(where: wrong) },
      ] as [() async throws -> Void] {
        let error = await #expect(throws: StoreError.self) { try await action() }
        #expect(error?.code == .invalidFilter)
      }
    }
  }

  @Test func timesAreComparedInUTC() async throws {
    try await withStore { store, _ in
      try await store.add([Document(id: "a", text: "walrus")])
      let today = String(Timestamp.now().prefix(10))
      for (filter, count) in [
        ("added >= '2020-01-01'", 1), ("added < '2020-01-01'", 0), ("added > '9999-12-31'", 0),
        ("added >= '\(today)' or added < '\(today)'", 1),
      ] {
        var options = QueryOptions()
        options.filter = try Filter(parsing: filter)
        #expect(try await store.query("walrus", options: options).hits.count == count, "\(filter)")
      }
    }
  }
}
