import Foundation
import TestSupport
import Testing

@testable import VectorStore

@Suite struct BudgetTests {
  /// The cost of so many numbered texts, at the price of text-embedding-3-small.
  static func cost(of texts: [Document]) -> NanoDollars {
    NanoDollars(nano: Int64(PaidStore.leastTokens(texts.compactMap(\.text))) * 20)
  }

  @Test(arguments: ["0,01", "$1", "1.0 ", ""])
  func aTextThatIsNoAmountLeavesTheLimitAsItWas(_ text: String) throws {
    var budget = BudgetConfiguration()
    #expect(throws: AmountError.self) { budget.dailyCostLimit = try .usd(text) }
    #expect(try budget.dailyCostLimit == .usd("5.00"))
    #expect(budget.limits.dailyCost == budget.dailyCostLimit)
    #expect(budget.limits.hourlyRequests == 100)
  }

  @Test func theLibrarysLedgerIsTheCommands() {
    #expect(
      BudgetConfiguration().ledgerPath
        == UserFolders(ProcessInfo.processInfo.environment).ledger)
  }

  @Test func aServiceWithAPriceIsHeldToTheBudget() async throws {
    let folder = try TemporaryFolder()
    var service = FakeService()
    service.terms.price = TokenPrice(perMillionTokens: try NanoDollars(usd: "10000"))
    var configuration = StoreConfiguration(mode: .real, service: service)
    configuration.budget.ledgerPath = folder.path("ledger.db")
    configuration.budget.dailyCostLimit = try .usd("0.30")
    let store = try await Store(path: folder.path("own.db"), configuration: configuration)
    let report = try await store.add(numberedTexts(50))
    #expect(report.stopped?.code == "budget_exceeded" && report.documents.pending > 0)
    #expect(report.costUSD > 0 && report.costUSD <= 0.3)
    let usage = try await configuration.usage(of: "openai")
    #expect(usage.today.costUSD == report.costUSD && usage.dailyCost != nil)
    try await store.close()
  }

  @Test func theDailyLimitIsUsedUpAndNeverPassed() async throws {
    try await withPaidStore { paid in
      let texts = numberedTexts(1000)
      let limit = Self.cost(of: Array(texts.prefix(500)))
      let store = try await paid.open(service: try paid.service()) {
        $0.budget.dailyCostLimit = .atMost(limit)
      }
      let report = try await store.add(texts)
      #expect(report.isStoppedByBudget)
      #expect(report.stopped?.message.contains("raise the daily limit") == true)
      let bill = NanoDollars(nano: Int64(paid.server.billing.tokens) * 20)
      #expect(bill <= limit && bill.nano > limit.nano * 97 / 100)
      #expect(report.documents.pending == 1000 - report.documents.added)
      #expect(report.warnings.contains { $0.contains("of the daily budget") })
      let again = try await store.add(texts)
      #expect(again.isStoppedByBudget && again.costUSD < limit.usd / 50)
      try await store.close()
    }
  }

  @Test func hybridGoesOnWithStandInsWhenTheBudgetIsGone() async throws {
    try await withPaidStore { paid in
      let texts = numberedTexts(200)
      let store = try await paid.open(mode: .hybrid, service: try paid.service()) {
        $0.budget.dailyCostLimit = .atMost(Self.cost(of: Array(texts.prefix(100))))
      }
      let report = try await store.add(texts)
      #expect(report.isStoppedByBudget && report.documents == .init(added: 200))
      #expect(report.chunks.embedded + report.chunks.standIn == 200)
      #expect(report.chunks.embedded >= 95)
      // Reused vectors, stand-ins and mock vectors cost nothing and are never blocked.
      let requests = paid.server.embeddingRequests.count
      store.mode = .mock
      #expect(try await store.add(numberedTexts(10, from: 900)).chunks.standIn == 10)
      #expect(paid.server.embeddingRequests.count == requests)
      try await store.close()
    }
  }

  @Test func theHourlyLimitCountsEveryAttempt() async throws {
    try await withPaidStore { paid in
      paid.server.update { $0.fault = LoopbackFault.first(2, .serverError(500)) }
      let store = try await paid.open(service: try paid.service()) {
        $0.budget.hourlyRequestLimit = 6
      }
      let report = try await store.add(numberedTexts(1000))
      #expect(report.isStoppedByBudget)
      #expect(report.stopped?.message.contains("raise the hourly limit") == true)
      #expect(paid.server.embeddingRequests.count == 6)
      #expect(report.chunks.embedded == 256)
      try await store.close()
    }
  }

  @Test func theRunsOwnLimitStopsIt() async throws {
    try await withPaidStore { paid in
      let texts = numberedTexts(1000)
      let maximum = Self.cost(of: Array(texts.prefix(300)))
      let store = try await paid.open(service: try paid.service())
      var options = AddOptions()
      options.spending.maximumCost = .atMost(maximum)
      let report = try await store.add(texts, options: options)
      #expect(
        report.isStoppedByBudget && report.stopped?.message.contains("the most it may cost") == true
      )
      let bill = NanoDollars(nano: Int64(paid.server.billing.tokens) * 20)
      #expect(bill <= maximum && bill.nano > maximum.nano * 95 / 100)
      try await store.close()
    }
  }

  @Test func aDryRunTellsTheCostToTheTokenAndSpendsNothing() async throws {
    try await withPaidStore { paid in
      let store = try await paid.open(service: try paid.service())
      try await store.add(numberedTexts(100))
      let requests = paid.server.embeddingRequests.count
      var options = AddOptions()
      options.isDryRun = true
      let texts = numberedTexts(500) + [Document(id: "twin", text: "text number 499 of many")]
      let plan = try await store.add(texts, options: options)
      #expect(plan.isDryRun && paid.server.embeddingRequests.count == requests)
      #expect(try await store.list().count == 100)
      let report = try await store.add(texts)
      #expect(plan.documents == report.documents && plan.chunks == report.chunks)
      #expect(plan.tokens == report.tokens && plan.costUSD == report.costUSD)
      #expect(plan.requests == report.requests && !plan.tokensEstimated)
      try await store.close()
    }
  }

  @Test func withoutAVocabularyTheBoundIsReservedAndThePlanSaysSo() async throws {
    try await withPaidStore { paid in
      let texts = numberedTexts(1000)
      let limit = Self.cost(of: Array(texts.prefix(600)))
      let store = try await paid.open(service: try paid.service(counter: .upperBound)) {
        $0.budget.dailyCostLimit = .atMost(limit)
      }
      var options = AddOptions()
      options.isDryRun = true
      let plan = try await store.add(texts, options: options)
      #expect(plan.tokensEstimated && plan.warnings.contains { $0.contains("stop in part") })
      let report = try await store.add(texts)
      let bill = NanoDollars(nano: Int64(paid.server.billing.tokens) * 20)
      #expect(bill <= limit && bill.nano > limit.nano * 9 / 10, "\(bill) of \(limit)")
      #expect(report.isStoppedByBudget)
      try await store.close()
    }
  }

  @Test func aTimeoutStaysOnTheBooksAsPossiblyBilled() async throws {
    try await withPaidStore { paid in
      paid.server.update { $0.fault = LoopbackFault.first(1, .neverAnswer()) }
      let service = try paid.service { $0.timeout = 0.5 }
      let store = try await paid.open(service: service)
      let report = try await store.add(numberedTexts(50))
      // What was not answered in time is sent in halves.
      #expect(report.documents == .init(added: 50) && report.requests == 3)
      #expect(report.possibleCostUSD == report.costUSD)
      #expect(report.warnings.contains { $0.contains("may be billed") })
      let usage = try await store.configuration.usage(of: "openai")
      #expect(usage.today.possiblyBilledRequests == 1 && usage.today.answered == 2)
      #expect(usage.today.costUSD == report.costUSD)
      try await store.close()
    }
  }

  @Test func anotherProcessesVectorsAreNotPaidAgain() async throws {
    try await withPaidStore { paid in
      paid.server.update { $0.latency = 0.1 }
      let texts = numberedTexts(600)
      let service = try paid.service { $0.maximumConcurrentRequests = 1 }
      async let first = paid.open(service: service).add(texts)
      async let second = paid.open(service: service).add(texts.reversed())
      let reports = try await [first, second]
      #expect(reports.allSatisfy { $0.documents.pending == 0 && $0.documents.failed == 0 })
      // What both had in work at the same moment may be paid twice, and no text a third time.
      #expect(paid.server.billing.paidTwice.count < 300)
      #expect(paid.server.billing.timesBilled.values.allSatisfy { $0 <= 2 })
    }
  }
}
