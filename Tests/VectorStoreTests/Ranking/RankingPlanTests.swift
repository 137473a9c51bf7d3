import Testing
import VectorStoreSearch

@testable import VectorStore

@Suite struct RankingPlanTests {
  static let real = EmbeddingSpace.openAI3Small
  static let mock = MockService().space

  static func plan(
    _ mode: ServiceMode, _ target: EmbeddingSpace = real, hasTarget: Bool, hasStandIns: Bool,
    unavailable: String? = nil
  ) throws -> RankingPlan {
    try RankingPlan.make(
      mode: mode, vectors: .init(target: target, hasTarget: hasTarget, hasStandIns: hasStandIns),
      unavailable: unavailable.map { Unavailable(noService: $0) }, standInSpace: mock)
  }

  @Test func hybridWithServiceAndRealChunksIsPureCosine() throws {
    let plan = try Self.plan(.hybrid, hasTarget: true, hasStandIns: false)
    #expect(plan == RankingPlan(lists: [.cosine(Self.real)]))
  }

  @Test func hybridFusesAMixedCollectionWithWords() throws {
    let plan = try Self.plan(.hybrid, hasTarget: true, hasStandIns: true)
    #expect(plan.lists == [.cosine(Self.real), .words])
    #expect(plan.degradedReason != nil)
  }

  @Test func hybridWithoutServiceUsesWordsAndOnlyPureStandIns() throws {
    let mixed = try Self.plan(.hybrid, hasTarget: true, hasStandIns: true, unavailable: "no key")
    #expect(mixed.lists == [.words] && mixed.querySpace == nil)
    let pure = try Self.plan(.hybrid, hasTarget: false, hasStandIns: true, unavailable: "no key")
    #expect(pure.lists == [.cosine(Self.mock), .words])
    #expect(pure.degradedReason?.contains("no key") == true)
  }

  @Test func realModeAsksForTheService() throws {
    let error = #expect(throws: StoreError.self) {
      _ = try Self.plan(.real, hasTarget: true, hasStandIns: false, unavailable: "no key")
    }
    #expect(error?.code == .serviceUnavailable)
    let plan = try Self.plan(.real, hasTarget: true, hasStandIns: true)
    #expect(plan.lists == [.cosine(Self.real)] && plan.degradedReason != nil)
  }

  @Test func mockModeRanksMockRowsOnly() throws {
    let standIns = try Self.plan(.mock, hasTarget: false, hasStandIns: true)
    #expect(standIns == RankingPlan(lists: [.cosine(Self.mock)]))
    let mixed = try Self.plan(.mock, hasTarget: true, hasStandIns: true)
    #expect(mixed.lists == [.cosine(Self.mock)] && mixed.degradedReason != nil)
  }

  @Test(arguments: ServiceMode.allCases)
  func aMockTargetStaysMock(mode: ServiceMode) throws {
    let plan = try Self.plan(mode, Self.mock, hasTarget: true, hasStandIns: false)
    #expect(plan == RankingPlan(lists: [.cosine(Self.mock)]))
  }
}

@Suite struct ConfidenceFusionTests {
  private func list(
    _ scores: [(Int64, Double)], trust: Double, hasEveryRow: Bool = false
  ) -> ConfidenceFusion.List {
    .init(
      rows: scores.map { ScoredRow(id: $0, score: $1) }, trust: trust, hasEveryRow: hasEveryRow)
  }

  @Test func theSurerListDecides() {
    // All of these vectors are alike; one chunk has the rare word.
    let vectors = list((1...20).map { (Int64($0), 0.5 - Double($0) / 1000) }, trust: 0.7)
    let fused = ConfidenceFusion.fuse([vectors, list([(20, 9)], trust: 0.3)], limit: 10)
    #expect(fused.first?.id == 20)
    // The other way round: one near vector among words that everybody has.
    let near = list([(20, 0.9)] + (1...19).map { (Int64($0), 0.2) }, trust: 0.7)
    let words = list((1...20).map { (Int64($0), 3 - Double($0) / 1000) }, trust: 0.3)
    #expect(ConfidenceFusion.fuse([near, words], limit: 1).map(\.id) == [20])
  }

  @Test func whatBothHaveFirstScoresOne() {
    let one = list([(7, 0.8), (8, 0.4)], trust: 0.4)
    let fused = ConfidenceFusion.fuse([one, list([(7, 12), (9, 3)], trust: 0.6)], limit: 10)
    #expect(fused.first == ScoredRow(id: 7, score: 1))
    #expect(Set(fused.map(\.id)) == [7, 8, 9] && fused.allSatisfy { $0.score <= 1 })
  }

  @Test func breaksTiesByIdAndKeepsTheLimit() {
    let alike = list([(5, 1), (3, 1), (4, 1)], trust: 0.5)
    #expect(ConfidenceFusion.fuse([alike], limit: 2).map(\.id) == [3, 4])
    #expect(ConfidenceFusion.fuse([list([], trust: 0.5), list([], trust: 0.5)], limit: 2).isEmpty)
  }

  @Test func whatIsNotNearComesLast() {
    let far = list([(2, -0.1), (1, -0.2)], trust: 0.5, hasEveryRow: true)
    #expect(
      ConfidenceFusion.fuse([far, list([(1, 3)], trust: 0.5)], limit: 2)
        == [ScoredRow(id: 1, score: 1), ScoredRow(id: 2, score: 0)])
  }

  @Test func theOnlyVectorOfASmallStoreDoesNotStandOut() {
    let only = list([(1, 0.9)], trust: 0.7, hasEveryRow: true)
    #expect(ConfidenceFusion.fuse([only, list([(2, 3)], trust: 0.3)], limit: 2).first?.id == 2)
  }
}
