import Testing

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

@Suite struct ReciprocalRankFusionTests {
  @Test func sumsOneOverSixtyPlusRank() {
    let fused = ReciprocalRankFusion.fuse([[7, 8, 9], [9, 7]], limit: 10)
    #expect(fused.map(\.id) == [7, 9, 8])
    #expect(fused[0].score == 1 / 61.0 + 1 / 62.0)
    #expect(fused[1].score == 1 / 63.0 + 1 / 61.0)
  }

  @Test func breaksTiesByIdAndKeepsTheLimit() {
    #expect(ReciprocalRankFusion.fuse([[5], [3], [4]], limit: 2).map(\.id) == [3, 4])
    #expect(ReciprocalRankFusion.fuse([[], []], limit: 2).isEmpty)
  }
}
