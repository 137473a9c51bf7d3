// Every number that a program can set, with every value that none of them expects: an error that names
// the setting, or an answer; never a trap or a wait without end.

import Foundation
import TestSupport
import Testing

@testable import VectorStore

@Suite struct SettingsTests {
  static let integers = [0, -1, 1, Int.min, Int.min + 1, Int.max, Int.max - 1, 1 << 40, -(1 << 40)]
  static let numbers: [Double] = [
    0, -0.0, -1, 1, .nan, .signalingNaN, .infinity, -.infinity, .greatestFiniteMagnitude,
    -.greatestFiniteMagnitude, .leastNonzeroMagnitude, 1e300, 9.3e18, Double(Int.max),
  ]

  /// A setting, and the whole numbers it takes out of ``integers``; all others are errors that name it.
  struct Setting<Owner>: Sendable, CustomTestStringConvertible {
    let name: String
    let takes: @Sendable (Int) -> Bool
    let set: @Sendable (inout Owner, Int) -> Void

    init(
      _ name: String, _ takes: ClosedRange<Int>,
      _ set: @escaping @Sendable (inout Owner, Int) -> Void
    ) {
      self.name = name
      self.takes = { takes.contains($0) }
      self.set = set
    }

    var testDescription: String { name }
  }

  /// Checks that values out of the range are refused by name, and that all others are used.
  static func check<Owner: Sendable>(
    _ setting: Setting<Owner>, of owner: Owner, code: StoreError.Code? = .invalidArgument,
    use: (Owner) async throws -> Void
  ) async {
    for value in integers {
      var owner = owner
      setting.set(&owner, value)
      do {
        try await use(owner)
        #expect(setting.takes(value), "\(setting.name) = \(value)")
      } catch {
        #expect(!setting.takes(value), "\(setting.name) = \(value): \(error)")
        #expect((error as? StoreError)?.code == code, "\(setting.name) = \(value): \(error)")
        let shown = "\(error)"
        let name = setting.name.split(separator: ".").last.map(String.init) ?? ""
        #expect(shown.contains(name) && shown.contains("\(value)"), "\(shown)")
      }
    }
  }

  // MARK: - Opening a store

  static let ofStores: [Setting<StoreConfiguration>] = [
    Setting("maximumReaders", 1...256) { $0.maximumReaders = $1 },
    Setting("budget.hourlyRequestLimit", 0...1_000_000_000) {
      $0.budget.hourlyRequestLimit = .atMost($1)
    },
  ]

  /// A configuration with a free service and a ledger of its own.
  private static func configuration(_ folder: TemporaryFolder) -> StoreConfiguration {
    var configuration = StoreConfiguration(mode: .real, service: FakeService())
    configuration.budget.ledgerPath = folder.path("ledger.db")
    return configuration
  }

  /// Opens a store and has it add and answer, then asks about health and usage.
  private static func use(
    _ configuration: StoreConfiguration, _ folder: TemporaryFolder
  ) async throws {
    let store = try await Store(
      path: folder.path("\(UUID().uuidString).db"), configuration: configuration)
    let report = try await store.add([Document(id: "a", text: "a text")])
    #expect(report.documents.added == 1)
    let answer = try await store.query("a text")
    #expect(answer.hits.count == 1)
    try await store.close()
    _ = try await configuration.checkHealth()
    _ = try await configuration.usage(of: "openai")
  }

  @Test(arguments: ofStores)
  func storesAreOpenedWithSettingsInTheirRangeOnly(
    setting: Setting<StoreConfiguration>
  ) async throws {
    let folder = try TemporaryFolder()
    await Self.check(setting, of: Self.configuration(folder)) { try await Self.use($0, folder) }
    await Self.check(setting, of: Self.configuration(folder)) { _ = try await $0.checkHealth() }
    await Self.check(setting, of: Self.configuration(folder)) { _ = try await $0.usage(of: nil) }
  }

  static let ofTerms: [Setting<ServiceTerms>] = [
    Setting("textsPerRequest", 1...100_000) { $0.textsPerRequest = $1 },
    Setting("tokensPerRequest", 1...1_000_000_000) { $0.tokensPerRequest = $1 },
    Setting("tokensPerText", 1...1_000_000_000) { $0.tokensPerText = $1 },
    Setting("concurrentRequests", 1...64) { $0.concurrentRequests = $1 },
    Setting("requestsPerMinute", 1...1_000_000_000) { $0.requestsPerMinute = .atMost($1) },
    Setting("tokensPerMinute", 1...1_000_000_000) { $0.tokensPerMinute = .atMost($1) },
    Setting("retries", 0...10) { $0.retries = $1 },
  ]

  @Test(arguments: ofTerms)
  func servicesOfAProgramsOwnHaveTermsInTheirRangeOnly(
    setting: Setting<ServiceTerms>
  ) async throws {
    let folder = try TemporaryFolder()
    await Self.check(setting, of: ServiceTerms()) { terms in
      var configuration = Self.configuration(folder)
      configuration.service = TermedService(terms: terms)
      try await Store(path: folder.path("t.db"), configuration: configuration).close()
    }
    await Self.check(setting, of: ServiceTerms()) { terms in
      var configuration = Self.configuration(folder)
      configuration.otherServices = [TermedService(terms: terms)]
      _ = try await configuration.checkHealth()
    }
  }

  @Test func theProbabilityOfAFailureIsAboveZeroAndAtMostAHalf() async throws {
    let folder = try TemporaryFolder()
    for value in Self.numbers + [0.5, 0.500001, 1e-6] {
      var configuration = Self.configuration(folder)
      configuration.searchFailureProbability = value
      do {
        try await Self.use(configuration, folder)
        #expect(value > 0 && value <= 0.5, "\(value)")
      } catch let error as StoreError {
        #expect(!(value > 0 && value <= 0.5), "\(value)")
        #expect(
          error.message
            == "StoreConfiguration: searchFailureProbability is \(value); expected above 0, at most "
            + "0.5")
      }
    }
  }

  @Test(arguments: [-1, .min, .max, 10_000_000_000_001] as [Int64])
  func pricesAreBounded(nano: Int64) async throws {
    let folder = try TemporaryFolder()
    var terms = ServiceTerms()
    terms.price = TokenPrice(perMillionTokens: NanoDollars(nano: nano))
    var configuration = Self.configuration(folder)
    configuration.service = TermedService(terms: terms)
    let error = await #expect(throws: StoreError.self) {
      _ = try await Store(path: folder.path("p.db"), configuration: configuration)
    }
    #expect(error?.code == .invalidArgument)
    #expect(error?.message.contains("price.perMillionTokens is ") == true)
  }

  @Test(arguments: [-1, .min] as [Int64])
  func amountsOfMoneyAreRefusedBelowZero(nano: Int64) async throws {
    let folder = try TemporaryFolder()
    var configuration = Self.configuration(folder)
    configuration.budget.dailyCostLimit = .atMost(NanoDollars(nano: nano))
    let limit = await #expect(throws: StoreError.self) {
      _ = try await Store(path: folder.path("p.db"), configuration: configuration)
    }
    #expect(limit?.message.contains("budget.dailyCostLimit is -$") == true)
    let store = try await Store(
      path: folder.path("p.db"), configuration: Self.configuration(folder))
    var spending = SpendingOptions()
    spending.maximumCost = .atMost(NanoDollars(nano: nano))
    var options = AddOptions()
    options.spending = spending
    let document = Document(id: "a", text: "a")
    #expect(
      await errorCode { _ = try await store.add([document], options: options) } == .invalidArgument)
    #expect(
      await errorCode { _ = try await store.reembed(spending: spending) } == .invalidArgument)
    #expect(
      await errorCode { _ = try await store.import(from: "x.jsonl", spending: spending) }
        == .invalidArgument)
  }

  // MARK: - Options of verbs

  /// A store with a few documents, as a service of a program's own answers.
  private static func filled(_ folder: TemporaryFolder) async throws -> Store {
    let store = try await Store(path: folder.path("s.db"), configuration: configuration(folder))
    try await store.add(
      (0..<30).map { Document(id: "\($0)", text: "text number \($0) of the collection") })
    return store
  }

  @Test func aQueryTakesAnyLimitAboveZero() async throws {
    let folder = try TemporaryFolder()
    let store = try await Self.filled(folder)
    for ranking in [QueryOptions.Ranking.vector, .lexical, .fused] {
      for exact in [true, false] {
        let limit = Setting<QueryOptions>("limit", 1...Int.max) { $0.limit = $1 }
        var options = QueryOptions()
        options.ranking = ranking
        options.isExact = exact
        await Self.check(limit, of: options) {
          let answer = try await store.query("text number 7", options: $0)
          #expect(answer.hits.count == min(30, $0.limit))
        }
        for score in Self.numbers {
          options.minimumScore = score
          let code = await errorCode { _ = try await store.query("text", options: options) }
          #expect(code == (score.isFinite ? nil : .invalidArgument), "\(score)")
        }
      }
    }
  }

  @Test(
    arguments: [
      Setting("exactRows", 0...20_000) { $0.exactRows = $1 },
      Setting("sampleRows", 1...20_000) { $0.sampleRows = $1 },
      Setting("mapRows", 0...20_000) { $0.mapRows = $1 },
    ] as [Setting<StatisticsOptions>])
  func statisticsTakeSamplesInTheirRangeOnly(setting: Setting<StatisticsOptions>) async throws {
    let folder = try TemporaryFolder()
    let store = try await Self.filled(folder)
    await Self.check(setting, of: StatisticsOptions()) {
      _ = try await store.statistics(options: $0)
    }
  }

  @Test func statisticsTakeAThresholdInItsRangeOnly() async throws {
    let folder = try TemporaryFolder()
    let store = try await Self.filled(folder)
    for threshold in Self.numbers {
      var options = StatisticsOptions()
      options.duplicateThreshold = threshold
      let code = await errorCode { _ = try await store.statistics(options: options) }
      #expect(code == (threshold > 0 && threshold <= 1 ? nil : .invalidArgument), "\(threshold)")
    }
  }

  @Test func theDoctorTakesSamplesInTheirRangeOnly() async throws {
    let folder = try TemporaryFolder()
    let store = try await Self.filled(folder)
    let setting = Setting<DoctorOptions>("sampleSize", 1...1_000_000) { $0.sampleSize = $1 }
    var options = DoctorOptions()
    options.measuresRecall = true
    await Self.check(setting, of: options) { _ = try await store.doctor($0) }
  }

  @Test func usageGoesBackSomeDaysOnly() async throws {
    let folder = try TemporaryFolder()
    let days = Setting<Int>("days", 1...3660) { $0 = $1 }
    await Self.check(days, of: 1) {
      _ = try await Self.configuration(folder).usage(of: nil, days: $0)
    }
  }

  @Test(
    arguments: [
      Setting("maximumTokens", 80...4000) { $0.maximumTokens = $1 },
      Setting("overlapTokens", 0...200) { $0.overlapTokens = $1 },
    ] as [Setting<ChunkingOptions>])
  func chunksAreCutToSizesInTheirRangeOnly(setting: Setting<ChunkingOptions>) async throws {
    let folder = try TemporaryFolder()
    let store = try await Self.filled(folder)
    for value in Self.integers {
      var chunking = ChunkingOptions()
      setting.set(&chunking, value)
      let options = AddOptions(chunking: chunking)
      let expected: StoreError.Code? = setting.takes(value) ? nil : .invalidArgument
      let document = Document(id: "a", text: "a text")
      #expect(
        await errorCode { _ = try await store.add([document], options: options) } == expected)
      if expected != nil {
        let wrong = chunking
        #expect(throws: ChunkingOptionsError.self) { _ = try Chunker(options: wrong) }
      }
    }
  }

  // MARK: - What a service of a program's own answers

  /// Tokens that cannot be, in answers and in counts, are neither billed nor added up.
  @Test(arguments: integers)
  func tokensThatCannotBeAreNotBelieved(tokens: Int) async throws {
    let folder = try TemporaryFolder()
    var terms = ServiceTerms()
    terms.price = TokenPrice(perMillionTokens: NanoDollars(nano: 20_000_000))
    var configuration = Self.configuration(folder)
    configuration.service = TermedService(terms: terms, tokens: tokens)
    let store = try await Store(path: folder.path("s.db"), configuration: configuration)
    let report = try await store.add(
      (0..<3).map { Document(id: "\($0)", text: "text number \($0)") })
    #expect(report.documents.added == 3, "\(report.errors)")
    #expect((0...10_000).contains(report.tokens), "\(report.tokens)")
    #expect(report.costUSD >= 0 && report.costUSD < 0.001)
    let usage = try await configuration.usage(of: nil)
    #expect(usage.today.costUSD >= 0 && usage.today.costUSD < 0.001)
  }

  // MARK: - One place for the mode

  @Test func theConfigurationHasTheModeThatTheStoreHas() async throws {
    try await withStore { store, _ in
      for mode in ServiceMode.allCases {
        store.mode = mode
        #expect(store.mode == mode && store.configuration.mode == mode)
      }
    }
  }
}

/// A service with terms of its own, that says how many tokens it took and counts as many.
private struct TermedService: EmbeddingService {
  var space = EmbeddingSpace.openAI3Small
  var terms: ServiceTerms
  var tokens = 0

  func tokenCounter() async -> TokenCounter {
    TokenCounter(isExact: true) { [tokens] _ in tokens }
  }

  func embed(_ texts: [String]) async throws -> EmbeddingBatch {
    EmbeddingBatch(vectors: try await MockService().embed(texts).vectors, tokens: tokens)
  }
}
