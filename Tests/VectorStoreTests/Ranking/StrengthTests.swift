import Foundation
import TestSupport
import Testing

@testable import VectorStore

/// What hits are called by how sure they are.
@Suite struct StrengthTests {
  /// Sixty texts of one kind, none about the sky.
  private static let others = (1...60).map { number in
    Document(
      id: "other\(number)",
      text:
        "Chapter \(number) tells how dough of kind \(number * 7) is kneaded and baked in oven \(number % 9)."
    )
  }

  private static let sky = Document(
    id: "sky", text: "The sky is blue because air scatters blue light more than red light.")

  private static func hits(
    _ question: String, _ store: Store, _ ranking: QueryOptions.Ranking = .fused
  ) async throws -> QueryResult {
    var options = QueryOptions(limit: 5)
    options.ranking = ranking
    return try await store.query(question, options: options)
  }

  @Test func whatAnswersIsStrongAndTheRestIsWeak() async throws {
    try await withStore { store, _ in
      try await store.add(Self.others + [Self.sky])
      for ranking in [QueryOptions.Ranking.vector, .lexical, .fused] {
        let found = try await Self.hits("why is the sky blue?", store, ranking)
        #expect(found.hits.first?.source == "sky")
        #expect(found.hits.first?.strength == .strong, "\(ranking)")
        #expect(found.hits.dropFirst().allSatisfy { $0.strength == .weak }, "\(ranking)")
        #expect(!found.isNothingNear)
      }
    }
  }

  @Test func nothingIsNearIfTheCollectionHasNothing() async throws {
    try await withStore { store, _ in
      try await store.add(Self.others)
      let found = try await Self.hits("penguins in antarctica", store)
      #expect(!found.hits.isEmpty && found.isNothingNear)
      #expect(try await !Self.hits("kneaded dough", store).isNothingNear)
    }
  }

  @Test func withFewPassagesWordsAloneTell() async throws {
    try await withStore { store, _ in
      try await store.add([Self.sky, Self.others[0]])
      let found = try await Self.hits("why is the sky blue?", store)
      #expect(found.hits.map(\.strength) == [.strong, .weak])
      // By vectors alone nothing is known.
      let nearest = try await Self.hits("why is the sky blue?", store, .vector)
      #expect(nearest.hits.allSatisfy { $0.strength == nil } && !nearest.isNothingNear)
    }
  }

  @Test func aWordThatIsMissingAmongFewPassagesMakesNothingWeak() async throws {
    try await withStore { store, _ in
      try await store.add([Document(id: "sky", text: "The sky is blue.")])
      let found = try await Self.hits("what colour is the sky?", store)
      #expect(found.hits.map(\.strength) == [nil] && !found.isNothingNear)
      #expect(try await Self.hits("how is bread baked?", store).isNothingNear)
    }
  }

  @Test func whatAModelFindsAmongFewPassagesIsNotCalledWeak() async throws {
    try await withStore(mode: .real, service: FakeService()) { store, _ in
      try await store.add([Self.sky, Self.others[0]])
      let found = try await Self.hits("what colour has heaven", store)
      #expect(found.hits.count == 2 && found.hits.allSatisfy { $0.strength == nil })
      #expect(!found.isNothingNear)
      let known = try await Self.hits("why is the sky blue?", store)
      #expect(known.hits.map(\.strength) == [.strong, nil])
    }
  }

  @Test func surerHitsOfSeveralCollectionsComeFirst() async throws {
    try await withStore { store, _ in
      let second = Document(
        id: "sky2", text: "Why is the sky blue over the sea? The sky is blue there as air is.")
      try await store.add(Self.others + [Self.sky, second], to: "answers")
      try await store.add(Self.others, to: "others")
      let question = "why is the sky blue?"
      var options = QueryOptions()
      options.ranking = .fused
      let found = try await store.query(
        [question], in: ["others", "answers"], options: options)[0].hits
      #expect(Set(found.prefix(2).map(\.source)) == ["sky", "sky2"])
      #expect(found.prefix(2).allSatisfy { $0.strength == .strong && $0.collection == "answers" })
      #expect(found.map(\.rank) == Array(1...found.count))
    }
  }

  @Test func theLabelsFollowTheProbability() {
    let words = [0, 0.3, 0.6, 0.9].map { Hit.Strength(excess: nil, share: $0, isHashed: false) }
    #expect(words == [.weak, .weak, .likely, .strong])
    let cosines = [-2.0, 1.5, 4].map { Hit.Strength(excess: $0, share: nil, isHashed: false) }
    #expect(cosines == [.weak, .likely, .strong])
    #expect(Hit.Strength(excess: nil, share: nil, isHashed: true) == nil)
    // Hashed words are near by words; to a model, what is very near needs none.
    #expect(Hit.Strength(excess: 3, share: 0, isHashed: true) == .likely)
    #expect(Hit.Strength(excess: 3, share: 0, isHashed: false) == .strong)
    #expect(Hit.Strength(excess: 1, share: 0, isHashed: false) == .weak)
    #expect(Hit.Strength(excess: 0, share: 1, isHashed: false) == .strong)
    #expect(Hit.Strength(excess: 5, share: 0, isHashed: true) == .strong)
    #expect(Hit.Strength.weak < .likely && .likely < Hit.Strength.strong)
  }

  /// The mean, the deviation, and the excess by their formulas.
  @Test func chanceIsCountedFromTheSample() async throws {
    try await withStore { store, _ in
      try await store.add(Self.others)
      let query = MockService().vector(of: "dough in an oven")
      let vectors = try await store.vectors(of: Self.others.compactMap(\.source)).map(\.vector)
      let cosines = vectors.map { zip($0, query).reduce(0.0) { $0 + Double($1.0) * Double($1.1) } }
      let mean = cosines.reduce(0, +) / 60
      let variance = cosines.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 59
      let chance = try await store.file.read { db in
        let record = try CollectionsTable.require("default", db)
        let sample = try ChanceSample(of: record.target, collection: record.id, total: 60, db)
        return sample.chance(of: query)
      }
      let found = try #require(chance)
      #expect(found.rows == 60)
      #expect(abs(found.mean - mean) < 1e-6 && abs(found.deviation - variance.squareRoot()) < 1e-6)
      let excess = (0.5 - mean) / variance.squareRoot() - (2 * log(60.0)).squareRoot()
      #expect(abs(found.excess(of: 0.5) - excess) < 1e-4)
    }
  }

  @Test func manyWordSearchesDoNotHoldUpAVector() async throws {
    try await withStore { store, _ in
      try await store.add(Self.others + [Self.sky])
      let vector = MockService().vector(of: "sky")
      _ = try await store.query(vector: vector)
      var options = QueryOptions()
      options.ranking = .lexical
      let words = options
      try await withThrowingTaskGroup(of: String.self) { group in
        for number in 0..<200 {
          group.addTask {
            _ = try await store.query("dough kneaded baked oven chapter \(number)", options: words)
            return "words"
          }
        }
        group.addTask {
          _ = try await store.query(vector: vector)
          return "vector"
        }
        var order: [String] = []
        for try await end in group { order.append(end) }
        // It came last and does not wait for all that came before it.
        #expect(order.count == 201)
        #expect(order.lastIndex(of: "vector") ?? 201 < 150)
      }
    }
  }
}
