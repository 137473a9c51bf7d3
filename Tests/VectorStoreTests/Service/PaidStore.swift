// Stores whose service is the loopback server, with a ledger and a cache of their own.

import Foundation
import GRDB
import TestSupport
import Testing

@testable import VectorStore

/// A store's file, ledger and cache in a folder of their own, beside a server that bills.
struct PaidStore {
  let folder: TemporaryFolder
  let server: LoopbackServer

  var path: String { folder.path("paid.db") }
  var ledgerPath: String { folder.path("state/ledger.db") }

  /// The service as its users configure it.
  func service(
    key: String? = "sk-test-key", counter: TokenCounter = PaidStore.counter,
    _ change: (inout OpenAIConfiguration) -> Void = { _ in }
  ) throws -> OpenAIService {
    var openAI = OpenAIConfiguration()
    openAI.apiKey = key.map { APIKey($0) }
    openAI.baseURL = server.url
    openAI.provider = "openai"
    openAI.requestsPerMinute = 1_000_000
    openAI.tokensPerMinute = 1_000_000_000
    openAI.maximumBatchSize = 64
    openAI.timeout = 5
    change(&openAI)
    return try OpenAIService(configuration: openAI, tokenCounter: { counter })
  }

  /// Opens the store.
  func open(
    mode: ServiceMode = .real, service: (any EmbeddingService)?,
    _ change: (inout StoreConfiguration) -> Void = { _ in }
  ) async throws -> Store {
    var configuration = StoreConfiguration(mode: mode, service: service)
    configuration.budget.ledgerPath = ledgerPath
    configuration.budget.hourlyRequestLimit = .unlimited
    configuration.queryCachePath = folder.path("cache/queries.db")
    change(&configuration)
    return try await Store(path: path, configuration: configuration)
  }

  /// Counts as the server does.
  static let counter = TokenCounter(isExact: true) { ($0.utf8.count + 3) / 4 }

  /// The least that texts can cost in tokens: each once.
  static func leastTokens(_ texts: [String]) -> Int {
    Set(texts).reduce(0) { $0 + counter.count($1) }
  }
}

/// Runs a test on a server and a folder, and looks the store's file over when it is done.
func withPaidStore(
  _ behaviour: LoopbackBehaviour = LoopbackBehaviour(),
  _ body: (PaidStore) async throws -> Void
) async throws {
  let server = try await LoopbackServer.start(behaviour)
  let paid = PaidStore(folder: try TemporaryFolder(), server: server)
  do {
    try await body(paid)
  } catch {
    await server.stop()
    throw error
  }
  await server.stop()
  if FileManager.default.fileExists(atPath: paid.path) { try expectWhole(paid.path) }
  #expect(server.violations.isEmpty, "every request agrees with the OpenAPI description")
}

/// Texts that all differ.
func numberedTexts(_ count: Int, from first: Int = 0) -> [Document] {
  (first..<(first + count)).map { Document(id: "\($0)", text: "text number \($0) of many") }
}
