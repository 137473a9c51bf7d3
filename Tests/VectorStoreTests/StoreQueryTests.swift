import Foundation
import TestSupport
import Testing
@testable import VectorStore

extension QueryOptions {
  init(lexical: Bool, limit: Int = 10) {
    self.init(limit: limit)
    ranking = lexical ? .lexical : .vector
  }
}

@Suite struct StoreQueryTests {
  /// Random vectors with many duplicates, in the store as documents "0", "1", ….
  static func vectors(_ count: Int, dimensions: Int, seed: UInt64) -> [[Float]] {
    var random = SeededGenerator(seed: seed)
    var vectors: [[Float]] = []
    for _ in 0..<count {
      if let earlier = vectors.randomElement(using: &random), Bool.random(using: &random) {
        vectors.append(earlier)
      } else {
        vectors.append((0..<dimensions).map { _ in Float.random(in: -1...1, using: &random) })
      }
    }
    return vectors
  }

  static func write(_ vectors: [[Float]], to path: String) throws {
    let writer = try NPYWriter(path: path, rows: vectors.count, dimensions: vectors[0].count)
    for vector in vectors { try writer.append(vector) }
    try writer.finish()
  }

  /// The naive oracle: cosines in double precision over the vectors as they are stored.
  static func best(_ query: [Float], _ rows: [[Float]], limit: Int) -> [(String, Double)] {
    func norm(_ vector: [Float]) -> Double {
      vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    }
    let scores = rows.enumerated().map { index, row -> (Int, Double) in
      let dot = zip(query, row).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
      return (index, min(1, max(-1, dot / (norm(query) * norm(row)))))
    }
    return scores.sorted { ($0.1, $1.0) > ($1.1, $0.0) }.prefix(limit).map { ("\($0)", $1) }
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func exactSearchAgreesWithANaiveLoop(seed: UInt64) async throws {
    let space = try EmbeddingSpace(provider: "test", model: "random", dimensions: 96, kind: .real)
    try await withStore { store, folder in
      let vectors = Self.vectors(700, dimensions: 96, seed: seed)
      try Self.write(vectors, to: folder.path("v.npy"))
      try await store.import(from: folder.path("v.npy"), space: space)
      try await store.export(to: folder.path("stored.npy"))
      let reader = try NPYReader(path: folder.path("stored.npy"))
      var block: [Float] = []
      try reader.read(rows: 0..<reader.rows, into: &block)
      let stored = (0..<reader.rows).map { Array(block[$0 * 96..<($0 + 1) * 96]) }
      let queries = Self.vectors(20, dimensions: 96, seed: seed + 100) + [vectors[5]]
      let results = try await store.query(vectors: queries, options: .init(limit: 25))
      for (query, result) in zip(queries, results) {
        let expected = Self.best(query, stored, limit: 25)
        #expect(result.hits.map(\.source) == expected.map(\.0), "seed \(seed)")
        for (hit, (_, score)) in zip(result.hits, expected) {
          #expect(abs(hit.score - score) < 1e-12, "seed \(seed)")
          #expect(hit.score == hit.cosine && hit.text == nil)
        }
        let single = try await store.query(vectors: [query], options: .init(limit: 25))[0]
        #expect(single.hits.map(\.source) == result.hits.map(\.source))
      }
    }
  }

  @Test(.enabled(if: SharedData.folder != nil))
  func exactSearchAgreesOnRealVectors() async throws {
    let path = try #require(SharedData.file("openai1536/text-embedding-3-small.npy")).path
    try await withStore(mode: .hybrid) { store, _ in
      let report = try await store.import(from: path)
      #expect(report.documents.added == 776)
      let reader = try NPYReader(path: path)
      var block: [Float] = []
      try reader.read(rows: 0..<reader.rows, into: &block)
      let rows = (0..<reader.rows).map { Array(block[$0 * 1536..<($0 + 1) * 1536]) }
      for query in [rows[0], rows[333], zip(rows[1], rows[700]).map { $0 + $1 }] {
        let hits = try await store.query(vectors: [query])[0].hits
        let expected = Self.best(query, rows, limit: 10)
        #expect(hits.count == 10)
        for (hit, (_, score)) in zip(hits, expected) { #expect(abs(hit.score - score) < 1e-9) }
      }
    }
  }

  @Test func hitsCarryWhereTheyCameFrom() async throws {
    try await withStore { store, _ in
      let text = "# One\n\nFirst part.\n\n# Two\n\nSecond part speaks of walruses."
      try await store.add([Document(id: "a.md", text: text)], to: "animals")
      let hit = try #require(try await store.query("walruses", in: "animals").hits.first)
      #expect(hit.rank == 1 && hit.ordinal == 0 && hit.line == 1)
      #expect(hit.source == "a.md" && hit.collection == "animals")
      #expect(hit.text == text && hit.start == 0 && hit.end == text.unicodeScalars.count)
      #expect(hit.space == .mock && !hit.isDegraded)
      #expect(hit.score == hit.cosine && hit.score > 0 && hit.score <= 1)
    }
  }

  @Test func collectionsDoNotMix() async throws {
    try await withStore { store, _ in
      try await store.add([Document(id: "x", text: "apples and pears")], to: "fruit")
      try await store.add([Document(id: "x", text: "apples of the eye")], to: "idioms")
      for options in [QueryOptions(), QueryOptions(lexical: true)] {
        let hits = try await store.query("apples", in: "fruit", options: options).hits
        #expect(hits.map(\.text) == ["apples and pears"])
      }
    }
  }

  @Test func wordsAreFoundQuicklyAmongSeveralCollections() async throws {
    try await withStore { store, _ in
      try await store.add((0..<3000).map { Document(id: "\($0)", text: "common words \($0)") })
      try await store.add([Document(id: "x", text: "common words elsewhere")], to: "other")
      var options = QueryOptions()
      options.ranking = .lexical
      let lexical = options
      // On the store's own thread and by its processor time: the pool may be busy with other tests.
      let (hits, seconds) = try await store.file.read { db in
        let ranker = Ranker(
          db: db, collection: try CollectionsTable.require("default", db),
          plan: RankingPlan(lists: [.words]), options: lexical, index: store.file.index,
          identity: store.identity,
          deviations: 4.75)
        var hits: [Hit] = []
        let seconds = try processorSeconds {
          hits = try ranker.answers(to: [RankedQuery(text: "common words 77")])[0].hits
        }
        return (hits, seconds)
      }
      #expect(hits.first?.source == "77" && hits.allSatisfy { $0.collection == "default" })
      // One MATCH a chunk took a second for 3,000; one for all takes milliseconds.
      #expect(seconds < 0.4)
    }
  }

  @Test func theLeastScoreIsACosineInAFusedRanking() async throws {
    try await withStore(mode: .hybrid) { store, _ in
      try await store.add(["walrus tusks", "bread crust"].map { Document(id: $0, text: $0) })
      var options = QueryOptions()
      options.minimumScore = 0.5
      let hits = try await store.query("walrus tusks", options: options).hits
      #expect(hits.map(\.source) == ["walrus tusks"])
      #expect(hits.allSatisfy { ($0.cosine ?? 0) > 0.9 })
    }
  }

  @Test func aSpaceThatIsNotThereIsTold() async throws {
    try await withStore { store, folder in
      try await store.add([Document(text: "something")])
      let other = EmbeddingSpace("openai/text-embedding-ada-002/1536")
      let vector = [Float](repeating: 1, count: 1536)
      #expect(
        await errorCode { _ = try await store.query(vectors: [vector], space: other) }
          == .spaceMismatch)
      #expect(
        await errorCode { try await store.export(to: folder.path("x.npy"), space: other) }
          == .spaceMismatch)
    }
  }

  @Test func aMissingCollectionNamesThoseThereAre() async throws {
    try await withStore { store, _ in
      try await store.add([Document(text: "a b c")], to: "notes")
      let error = await #expect(throws: StoreError.self) {
        _ = try await store.query("a", in: "note")
      }
      #expect(error?.code == .collectionNotFound)
      #expect(
        error?.message
          == "the store has no collection named \"note\": it has notes; choose one of these"
      )
    }
  }

  @Test func limitAndMinimumScoreCutTheList() async throws {
    try await withStore { store, _ in
      try await store.add((0..<30).map { Document(id: "\($0)", text: "common words \($0)") })
      #expect(try await store.query("common words", options: .init(limit: 7)).hits.count == 7)
      var options = QueryOptions(limit: 30)
      let all = try await store.query("common words 3", options: options).hits
      options.minimumScore = all[4].score
      let kept = try await store.query("common words 3", options: options).hits
      #expect(kept.count >= 5 && kept.allSatisfy { $0.score >= all[4].score })
      #expect(
        await errorCode { _ = try await store.query("a", options: .init(limit: 0)) }
          == .invalidArgument)
    }
  }

  @Test func emptyQueriesAndBadVectorsAreRefused() async throws {
    try await withStore { store, _ in
      try await store.add([Document(text: "something")])
      #expect(await errorCode { _ = try await store.query(" \n") } == .empty)
      for vector in [
        [Float](repeating: 0, count: 1536), [Float](repeating: .nan, count: 1536), [1, 2],
      ] {
        #expect(await errorCode { _ = try await store.query(vectors: [vector]) } == .badVector)
      }
    }
  }

  @Test func lexicalQueriesTakeWhatPeopleType() async throws {
    try await withStore { store, _ in
      try await store.add([
        Document(id: "a", text: "The quick brown fox jumps over the lazy dog"),
        Document(id: "b", text: "A brown and quick animal, not a fox"),
      ])
      let lexical = QueryOptions(lexical: true)
      let phrase = try await store.query("\"quick brown\"", options: lexical).hits
      #expect(phrase.map(\.source) == ["a"])
      for text in ["fox AND", "\"fox", "fox*", "(fox", "^ fox:", "NEAR(fox, 2)"] {
        #expect(try await store.query(text, options: lexical).hits.count == 2, "\(text)")
      }
      for text in ["brown NOT lazy", "brown -lazy"] {
        #expect(
          try await store.query(text, options: lexical).hits.map(\.source) == ["b"], "\(text)")
      }
      #expect(try await store.query("?!…", options: lexical).hits.isEmpty)
    }
  }

  @Test(.aboutFiles) func otherStoresSeeAddsAndRemovalsAtTheirNextQuery() async throws {
    try await withStore { first, folder in
      try await first.add([Document(id: "one", text: "apples are red")])
      let second = try await Store(
        path: folder.path("test.db"), configuration: StoreConfiguration(mode: .mock))
      #expect(try await second.query("apples").hits.count == 1)
      try await first.add([Document(id: "two", text: "apples are green")])
      #expect(try await second.query("apples").hits.count == 2)
      try await second.remove(["one"])
      #expect(try await first.query("apples").hits.map(\.source) == ["two"])
      try await second.close()
    }
  }

  @Test func manyTasksMayAskAndAddAtOnce() async throws {
    try await withStore { store, _ in
      try await store.add([Document(id: "start", text: "walrus number 0")])
      try await withThrowingTaskGroup(of: Int.self) { group in
        for number in 1...12 {
          group.addTask {
            try await store.add([Document(id: "\(number)", text: "walrus number \(number)")])
            return try await store.query("walrus", options: .init(limit: 50)).hits.count
          }
        }
        for try await count in group { #expect(count >= 2) }
      }
      #expect(try await store.query("walrus", options: .init(limit: 50)).hits.count == 13)
    }
  }
}
