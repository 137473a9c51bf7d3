import Foundation
import TestSupport
import Testing

@testable import VectorStore

/// Questions made of several texts and documents, and hits that differ from each other.
@Suite struct CombinedQueryTests {
  private static let documents = [
    Document(id: "trains", text: "Night trains run from Vienna to Rome with sleeping cars."),
    Document(id: "sleeper", text: "Sleeping cars of night trains need a reservation."),
    Document(id: "soup", text: "Tomato soup with basil and cream."),
    Document(id: "stew", text: "Bean stew with tomato and onions."),
    Document(
      id: "prices", text: "Night trains have prices from forty euros, reservation included."),
  ]

  private static func sources(
    _ parts: [QueryPart], _ store: Store, _ ranking: QueryOptions.Ranking = .fused
  ) async throws -> [String] {
    var options = QueryOptions()
    options.ranking = ranking
    return try await store.query(combining: parts, options: options).hits.map(\.source)
  }

  @Test func findsWhatIsLikeADocumentWithoutIt() async throws {
    try await withStore { store, _ in
      try await store.add(Self.documents)
      for ranking in [QueryOptions.Ranking.vector, .fused] {
        let trains = try await Self.sources([.source("trains")], store, ranking)
        #expect(trains.first == "sleeper" && !trains.contains("trains") && trains.count == 4)
        #expect(try await Self.sources([.source("soup")], store, ranking).first == "stew")
      }
      // Two documents are both left out.
      let both = try await Self.sources([.source("soup"), .source("trains")], store)
      #expect(Set(both) == ["sleeper", "stew", "prices"])
    }
  }

  @Test func aDocumentsVectorIsTheMeanOfItsChunks() async throws {
    try await withStore { store, _ in
      try await store.add(Self.documents)
      try await store.add(
        [
          Document(
            id: "long",
            text: "Tomato soup with basil, cream, onions and a little bread beside it, hot.\n\n"
              + "Night trains run from Vienna over Venice to Rome with sleeping cars.")
        ],
        options: AddOptions(chunking: ChunkingOptions(maximumTokens: 20, overlapTokens: 0)))
      let chunks = try await store.vectors(of: ["long"])
      #expect(chunks.count >= 2)
      let mean = chunks.dropFirst().reduce(chunks.first?.vector ?? []) { sum, chunk in
        zip(sum, chunk.vector).map { $0 + $1 }
      }
      let expected = try await store.query(vector: mean).hits.filter { $0.source != "long" }
      let found = try await store.query(combining: [.source("long")]).hits
      #expect(found.map(\.source) == expected.map(\.source))
      for (hit, other) in zip(found, expected) { #expect(abs(hit.score - other.score) < 1e-6) }
    }
  }

  @Test func weightsDecideAndNegativeOnesTurnAway() async throws {
    try await withStore { store, _ in
      try await store.add(Self.documents)
      let mostly = { (soup: Double, trains: Double) in
        try await Self.sources(
          [
            .text("tomato soup", weight: soup),
            .text("sleeping cars of night trains", weight: trains),
          ],
          store, .vector)
      }
      #expect(try await mostly(1, 0.2).first == "soup")
      #expect(try await mostly(0.2, 1).first == "sleeper")
      let turned = try await Self.sources(
        [.text("night trains reservation"), .text("prices forty euros included", weight: -1)],
        store,
        .vector)
      #expect(turned.first == "sleeper")
      let plain = try await Self.sources([.text("night trains reservation")], store, .vector)
      let place = { (sources: [String]) in sources.firstIndex(of: "prices") ?? 0 }
      #expect(place(turned) > place(plain))
    }
  }

  @Test func wordsOfTextsThatCountAreSearchedFor() async throws {
    try await withStore { store, _ in
      try await store.add(Self.documents)
      let parts: [QueryPart] = [
        .text("basil"), .text("onions"), .text("prices", weight: -0.5),
      ]
      #expect(try await Set(Self.sources(parts, store, .lexical)) == ["soup", "stew"])
      // What the first text leaves out stays out.
      #expect(
        try await Self.sources([.text("tomato -basil"), .text("soup")], store)
          .contains("soup") == false)
    }
  }

  @Test func partsThatCannotBeAskedSayWhy() async throws {
    try await withStore { store, _ in
      try await store.add(Self.documents)
      func failure(_ parts: [QueryPart], _ ranking: QueryOptions.Ranking = .fused) async -> String {
        do {
          return "\(try await Self.sources(parts, store, ranking))"
        } catch {
          return "\((error as? StoreError)?.code.rawValue ?? "") \(error)"
        }
      }
      #expect(await failure([]).hasPrefix("empty "))
      #expect(await failure([.text(" ")]).hasPrefix("empty "))
      #expect(await failure([.text("a", weight: 0)]).contains("a number other than 0 is expected"))
      #expect(
        await failure([.source("stww")]).contains("has no document \"stww\" (did you mean stew?)"))
      #expect(
        await failure([.text("soup"), .text("soup", weight: -1)]).contains("cancel each other out"))
      #expect(await failure([.source("soup")], .lexical).hasPrefix("invalid_argument "))
    }
  }

  @Test func diverseHitsDiffer() async throws {
    try await withStore { store, _ in
      try await store.add(
        (1...6).map {
          Document(id: "train\($0)", text: "Night trains from Vienna to Rome, timetable \($0).")
        } + [
          Document(id: "ship", text: "Night ships sail from Vienna to the sea."),
          Document(id: "bus", text: "Buses from Rome to Naples run at night."),
        ])
      for ranking in [QueryOptions.Ranking.vector, .lexical] {
        var options = QueryOptions(limit: 3)
        options.ranking = ranking
        let plain = try await store.query("night trains Vienna Rome", options: options).hits
        #expect(plain.allSatisfy { $0.source.hasPrefix("train") }, "\(ranking)")
        options.diversity = 0.5
        let diverse = try await store.query("night trains Vienna Rome", options: options).hits
        #expect(diverse.first?.source == plain.first?.source, "\(ranking)")
        #expect(diverse.map(\.rank) == [1, 2, 3])
        #expect(Set(diverse.map(\.source)).isSuperset(of: ["ship", "bus"]), "\(ranking)")
      }
    }
  }

  @Test(arguments: UInt64(0)..<8)
  func marginalRelevanceIsGreedyByItsFormula(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let vectors = (0..<30).map { _ -> [Float] in
      let raw = (0..<6).map { _ in Float.random(in: -1...1, using: &generator) }
      let length = raw.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return raw.map { $0 / length }
    }
    let relevance = (0..<30).map { _ in Double.random(in: 0...1, using: &generator) }
      .sorted(by: >)
    let cosine = { (a: Int, b: Int) in
      zip(vectors[a], vectors[b]).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    }
    for diversity in [0.0, 0.3, 1.0] {
      let order = MarginalRelevance.order(
        relevance: relevance, vectors: vectors, limit: 10, diversity: diversity)
      #expect(order.count == 10 && Set(order).count == 10)
      if diversity == 0 { #expect(order == Array(0..<10)) }
      for (place, row) in order.enumerated().dropFirst() {
        let worth = { (row: Int) in
          (1 - diversity) * relevance[row]
            - diversity * (order[..<place].map { cosine($0, row) }.max() ?? 0)
        }
        let best = (0..<30).filter { !order[..<place].contains($0) }.map(worth).max() ?? 0
        #expect(abs(worth(row) - best) < 1e-9, "seed \(seed), diversity \(diversity)")
      }
    }
  }
}
