// Texts handed over in batches at half price: nothing is paid twice, and the budget holds.

import Foundation
import TestSupport
import Testing

@testable import VectorStore

@Suite struct BatchesTests {
  private static let count = 40

  private static var batched: AddOptions {
    var options = AddOptions()
    options.spending.usesBatches = true
    return options
  }

  /// What texts cost in a batch, in nano-dollars: half of the model's price.
  private static func cost(_ tokens: Int) -> Int64 { Int64(tokens * 10) }

  private static func today(_ paid: PaidStore, _ store: Store) async throws -> UsageReport.Usage {
    try await store.configuration.usage(of: "openai", days: 1).today
  }

  @Test(arguments: [ServiceMode.real, .hybrid])
  func aBatchIsHandedOverAndFetched(mode: ServiceMode) async throws {
    try await withPaidStore { paid in
      paid.server.update { $0.batches.outcome = .waiting }
      let store = try await paid.open(mode: mode, service: try paid.service())
      let texts = numberedTexts(Self.count)
      let least = PaidStore.leastTokens(texts.compactMap(\.text))

      var dry = Self.batched
      dry.isDryRun = true
      let plan = try await store.add(texts, options: dry)
      #expect(plan.batched?.batches == 1 && plan.batched?.texts == Self.count)
      #expect(plan.tokens == least && plan.costUSD == Double(Self.cost(least)) / 1e9)
      #expect(paid.server.records.isEmpty)

      let added = try await store.add(texts, options: Self.batched)
      #expect(
        added.batched
          == BatchedTexts(
            batches: 1, texts: Self.count, tokens: least,
            costUSD: Double(Self.cost(least)) / 1e9))
      #expect(!added.isPartial && added.stopped == nil && added.errors == [])
      #expect(added.costUSD == plan.costUSD)
      #expect(mode == .real ? added.documents.pending == 40 : added.chunks.standIn == 40)
      #expect(throws: StoreError.self) { try added.requireComplete() }
      let reserved = try await Self.today(paid, store)
      #expect(reserved.inFlightCostNanoUSD == Self.cost(least))
      #expect(reserved.possiblyBilledCostNanoUSD == 0)

      // Nothing of it is sent again, by whichever way.
      for options in [AddOptions(), Self.batched] {
        let again = try await store.add(texts, options: options)
        #expect(again.requests == 0 && again.batched?.waiting == Self.count, "\(again)")
      }
      let other = try await store.add(texts, to: "other")
      #expect(other.requests == 0 && other.batched?.waiting == Self.count)
      #expect(paid.server.embeddingRequests.isEmpty && paid.server.batchesCreated == 1)
      if mode == .hybrid {
        #expect(try await store.query("number 7").hits.first?.source == "7")
      }

      let early = try await store.fetchBatches()
      #expect(early.batches.map(\.state) == [.waiting] && early.embedded == 0)
      #expect(try await store.batches().count == 1)
      paid.server.update { $0.batches.outcome = .completed }
      let fetched = try await store.fetchBatches()
      #expect(fetched.batches.map(\.state) == [.answered] && fetched.errors == [])
      #expect(fetched.batches[0].answered == Self.count && fetched.batches[0].tokens == least)
      #expect(mode == .real ? fetched.documentsPlaced == 80 : fetched.embedded == 80)
      #expect(try await store.batches().isEmpty)
      #expect(try await store.collections().allSatisfy { $0.vectors == [.openAI3Small: 40] })
      let vector = LoopbackServer.vector(for: "text number 7 of many")
      #expect(try await store.query(vectors: [vector])[0].hits.first?.source == "7")
      let billed = try await Self.today(paid, store)
      // A question is sent at once, at the whole price.
      let asked = paid.server.embeddingRequests.reduce(0) { $0 + $1.billedTokens }
      #expect((asked > 0) == (mode == .hybrid))
      #expect(billed.costNanoUSD == Self.cost(least) + 20 * Int64(asked))
      #expect(billed.inFlightCostNanoUSD == 0)
      #expect(billed.possiblyBilledCostNanoUSD == 0)
      #expect(paid.server.billing.paidTwice.isEmpty && paid.server.filesKept == 0)
      #expect(paid.server.violations.isEmpty, "\(paid.server.violations)")
      let last = try await store.add(texts)
      #expect(last.documents == .init(unchanged: Self.count) && last.requests == 0)
      try await store.close()
    }
  }

  @Test func aTextThatIsRefusedFailsAlone() async throws {
    try await withPaidStore { paid in
      paid.server.update { $0.refuses = { $0.contains("number 7 ") } }
      let store = try await paid.open(service: try paid.service())
      try await store.add(numberedTexts(Self.count), options: Self.batched)
      let fetched = try await store.fetchBatches()
      #expect(fetched.batches.map(\.refused) == [1] && fetched.batches[0].answered == 39)
      #expect(fetched.errors.map(\.source) == ["7"], "\(fetched.errors)")
      #expect(try await store.list(states: [.failed]).map(\.source) == ["7"])
      #expect(try await store.collections()[0].vectors == [.openAI3Small: 39])
      try await store.close()
    }
  }

  @Test(arguments: ["expired", "cancelled"])
  func whatCameBeforeTheEndIsKeptAndTheRestIsFree(status: String) async throws {
    try await withPaidStore { paid in
      paid.server.update { $0.batches.outcome = .endedEarly(status, answered: 15) }
      let store = try await paid.open(mode: .hybrid, service: try paid.service())
      let texts = numberedTexts(Self.count)
      try await store.add(texts, options: Self.batched)
      let fetched = try await store.fetchBatches()
      #expect(fetched.batches.map(\.state.rawValue) == [status] && fetched.embedded == 15)
      let first = PaidStore.leastTokens(texts.prefix(15).compactMap(\.text))
      #expect(try await Self.today(paid, store).costNanoUSD == Self.cost(first))
      let rest = try await store.reembed()
      #expect(rest.isComplete && rest.chunks.embedded == 25)
      #expect(paid.server.billing.paidTwice.isEmpty)
      #expect(paid.server.billing.timesBilled.count == Self.count)
      try await store.close()
    }
  }

  @Test func aBatchThatFailsCostsNothing() async throws {
    try await withPaidStore { paid in
      paid.server.update { $0.batches.outcome = .failed("Enqueued token limit reached") }
      let store = try await paid.open(service: try paid.service())
      try await store.add(numberedTexts(Self.count), options: Self.batched)
      let fetched = try await store.fetchBatches()
      #expect(fetched.batches.map(\.state) == [.failed])
      #expect(fetched.batches[0].reason == "Enqueued token limit reached")
      let today = try await Self.today(paid, store)
      #expect(today.costNanoUSD + today.inFlightCostNanoUSD + today.possiblyBilledCostNanoUSD == 0)
      #expect(try await store.reembed().pendingPlaced == Self.count)
      #expect(paid.server.billing.paidTwice.isEmpty)
      try await store.close()
    }
  }

  @Test func anUploadThatIsRefusedCostsNothing() async throws {
    try await withPaidStore { paid in
      paid.server.update { $0.batches.uploadFault = { _, _ in .invalidKey } }
      let store = try await paid.open(service: try paid.service())
      let report = try await store.add(numberedTexts(Self.count), options: Self.batched)
      #expect(report.stopped?.code == .authenticationFailed && report.batched == nil)
      #expect(report.documents == .init(pending: Self.count))
      let today = try await Self.today(paid, store)
      #expect(today.costNanoUSD + today.inFlightCostNanoUSD + today.possiblyBilledCostNanoUSD == 0)
      #expect(try await store.batches().isEmpty)
      try await store.close()
    }
  }

  @Test func aServerWithoutBatchesIsNamed() async throws {
    try await withPaidStore { paid in
      paid.server.update { $0.batches.isKnown = false }
      let store = try await paid.open(service: try paid.service())
      let error = await #expect(throws: StoreError.self) {
        try await store.add(numberedTexts(3), options: Self.batched)
      }
      #expect(error?.code == .invalidArgument)
      #expect(error?.message.contains("has no Batch API (404)") == true, "\(error?.message ?? "")")
      #expect(try await store.batches().isEmpty)
      #expect(try await store.list().isEmpty)
      store.mode = .mock
      await #expect(throws: StoreError.self) {
        try await store.add(numberedTexts(3), options: Self.batched)
      }
      try await store.close()
    }
  }

  /// The creation is answered badly, or not at all: there may be a batch, or none.
  @Test(arguments: [LoopbackFault.resetAfterBilling, .serverError(500), .halfJSON])
  func aBatchThatMayHaveBeenCreatedIsLookedFor(fault: LoopbackFault) async throws {
    try await withPaidStore { paid in
      paid.server.update { $0.batches.creationFault = LoopbackFault.first(1, fault) }
      let store = try await paid.open(service: try paid.service())
      let texts = numberedTexts(Self.count)
      let report = try await store.add(texts, options: Self.batched)
      #expect(report.batched?.texts == Self.count && report.stopped == nil)
      #expect(try await store.add(texts).requests == 0)
      let fetched = try await store.fetchBatches()
      #expect(fetched.batches.map(\.state) == [.answered] && fetched.documentsPlaced == Self.count)
      #expect(paid.server.batchesCreated == 1 && paid.server.billing.paidTwice.isEmpty)
      try await store.close()
    }
  }

  @Test func theBudgetHoldsForBatches() async throws {
    try await withPaidStore { paid in
      let texts = numberedTexts(Self.count)
      let most = Self.cost(PaidStore.leastTokens(texts.prefix(25).compactMap(\.text)))
      let store = try await paid.open(service: try paid.service()) {
        $0.budget.dailyCostLimit = .atMost(NanoDollars(nano: most))
      }
      let report = try await store.add(texts, options: Self.batched)
      #expect(report.isStoppedByBudget && report.batched?.texts ?? 0 > 20)
      #expect(try await Self.today(paid, store).inFlightCostNanoUSD <= most)
      // What is reserved for a batch is waited for by nobody.
      let other = try await store.add([Document(id: "x", text: "another")], to: "other")
      #expect(other.isStoppedByBudget || other.documents.added == 1)
      _ = try await store.fetchBatches()
      #expect(Self.cost(paid.server.billing.tokens) <= most + 100)

      var capped = Self.batched
      capped.spending.maximumCost = .atMost(NanoDollars(nano: 1))
      let second = try await store.add(texts, to: "third", options: capped)
      #expect(second.isStoppedByBudget && paid.server.billing.paidTwice.isEmpty)
      try await store.close()
    }
  }

  @Test func aChangeOfSpaceGoesThroughABatch() async throws {
    try await withPaidStore { paid in
      let store = try await ReembedTests.open(paid)
      try await store.add(numberedTexts(Self.count))
      let spending = SpendingOptions(usesBatches: true)
      let plan = try await store.reembed(to: ReembedTests.large, isDryRun: true, spending: spending)
      #expect(plan.batched?.texts == Self.count && plan.costUSD == plan.batched?.costUSD)
      let report = try await store.reembed(to: ReembedTests.large, spending: spending)
      #expect(report.batched?.texts == Self.count && !report.isComplete && report.stopped == nil)
      #expect(try await store.collections()[0].space == .openAI3Small)
      let fetched = try await store.fetchBatches()
      #expect(fetched.embedded == Self.count && fetched.errors == [])
      #expect(try await store.collections()[0].vectors == [ReembedTests.large: Self.count])
      #expect(paid.server.billing.paidTwice.count == Self.count, "once for each model")
      try await store.close()
    }
  }

  @Test func twoStoresFetchEachTheirOwn() async throws {
    try await withPaidStore { paid in
      let store = try await paid.open(service: try paid.service())
      try await store.add(numberedTexts(5), options: Self.batched)
      let batch = try #require(try await store.batches().first?.name)
      paid.server.update { $0.batches.outcome = .waiting }
      try await store.cancelBatch(batch)
      let error = await #expect(throws: StoreError.self) { try await store.cancelBatch("other") }
      #expect(error?.message.contains(batch) == true)
      async let one = store.fetchBatches()
      async let two = store.fetchBatches()
      let states = try await [one, two].flatMap(\.batches).map(\.state)
      #expect(states.allSatisfy { $0 == .cancelled }, "\(states)")
      #expect(try await store.batches().isEmpty)
      try await store.close()
    }
  }
}
