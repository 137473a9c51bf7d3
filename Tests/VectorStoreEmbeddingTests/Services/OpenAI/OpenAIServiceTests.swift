// OpenAIService against a real server on loopback: what it sends, what it makes of good answers, and
// that a call is one request. Bad answers and broken connections: OpenAIServiceFaultTests.

import TestSupport
import Testing

@testable import VectorStoreEmbedding
import VectorStoreText

@Suite struct OpenAIServiceTests {
  static let secret = "sk-proj-TopSecret"
  static let texts = ["a cat sat", "cats \"sit\"\n", "Größe 黑豹队 👩🏽‍🚀"]

  /// A service of a server on loopback that counts as OpenAI's own.
  static func service(
    of server: LoopbackServer, _ change: (inout OpenAIConfiguration) -> Void = { _ in },
    tokenCounter: @escaping @Sendable () async -> TokenCounter = { .upperBound }
  ) throws -> OpenAIService {
    var configuration = OpenAIConfiguration(apiKey: APIKey(secret))
    configuration.baseURL = server.url
    configuration.provider = "openai"
    change(&configuration)
    return try OpenAIService(configuration: configuration, tokenCounter: tokenCounter)
  }

  static func vectors(_ texts: [String], dimensions: Int = 1536) -> [[Float]] {
    texts.map { LoopbackServer.vector(for: $0, dimensions: dimensions) }
  }

  // MARK: - Requests

  @Test func sendsOneRequestThatTheAPIDescribes() async throws {
    try await withLoopback { server in
      let service = try Self.service(of: server) {
        $0.organization = "org-1"
        $0.project = "proj-1"
      }
      #expect(service.space == .openAI3Small)
      let batch = try await service.embed(
        Self.texts, purpose: .document, requestID: "run-1-grün\r\n7")
      #expect(batch.vectors == Self.vectors(Self.texts))
      #expect(batch.tokens == Self.texts.reduce(0) { $0 + ($1.utf8.count + 3) / 4 })
      #expect(server.violations.isEmpty, "\(server.violations)")
      let request = try #require(server.records.first)
      #expect(server.records.count == 1)
      #expect(request.method == "POST")
      #expect(request.path == "/v1/embeddings")
      #expect(request.texts == Self.texts)
      #expect(request.model == "text-embedding-3-small")
      #expect(request.encodingFormat == "base64")
      #expect(request.dimensions == nil)
      #expect(request.authorization == "Bearer \(Self.secret)")
      #expect(request.header("OpenAI-Organization") == "org-1")
      #expect(request.header("OpenAI-Project") == "proj-1")
      #expect(request.header("User-Agent") == "vector-store/0.1.0")
      #expect(request.header("Content-Type") == "application/json")
      #expect(request.header("Accept-Encoding") == nil)
      #expect(request.clientRequestID == "run-1-grn7")
    }
  }

  @Test func namesEachRequestItself() async throws {
    try await withLoopback { server in
      let service = try Self.service(of: server)
      _ = try await service.embed(["a"])
      _ = try await service.embed(["a"])
      #expect(Set(server.records.map(\.clientRequestID)).count == 2)
    }
  }

  @Test func sendsNoKeyWhereThereIsNone() async throws {
    try await withLoopback(LoopbackBehaviour { $0.needsKey = false }) { server in
      let service = try Self.service(of: server) { $0.apiKey = nil }
      _ = try await service.embed(["a"])
      #expect(server.records.map(\.authorization) == [nil])
    }
  }

  @Test(arguments: ["", "/", "/v1", "/v1/"])
  func takesAnyFormOfAddress(path: String) async throws {
    try await withLoopback { server in
      let service = try Self.service(of: server) { $0.baseURL = server.url + path }
      _ = try await service.embed(["a"])
      #expect(server.records.map(\.path) == ["/v1/embeddings"])
    }
  }

  @Test(
    arguments: [
      ("text-embedding-3-small", 512, 512), ("text-embedding-3-large", 1536, 1536),
      ("text-embedding-3-large", 3072, nil), ("text-embedding-ada-002", 1536, nil),
    ] as [(String, Int, Int?)])
  func asksForDimensionsOnlyWhereNeeded(model: String, dimensions: Int, asked: Int?) async throws {
    try await withLoopback { server in
      let service = try Self.service(of: server) {
        $0.model = model
        $0.dimensions = dimensions
      }
      let batch = try await service.embed(["a"])
      #expect(batch.vectors == Self.vectors(["a"], dimensions: dimensions))
      #expect(server.records.map(\.dimensions) == [asked])
      #expect(server.violations.isEmpty, "\(server.violations)")
    }
  }

  @Test func keepsItsConnections() async throws {
    try await withLoopback(LoopbackBehaviour { $0.latency = 0.01 }) { server in
      let service = try Self.service(of: server) { $0.maximumConcurrentRequests = 3 }
      for _ in 0..<5 { _ = try await service.embed(["a"]) }
      #expect(server.connectionsOpened == 1)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<24 {
          group.addTask {
            let batch = try await service.embed(["\(number)"])
            #expect(batch.vectors == Self.vectors(["\(number)"]))
          }
        }
        try await group.waitForAll()
      }
      #expect(server.connectionsOpened <= 3)
      #expect(server.maximumInFlight <= 3)
      #expect(server.records.count == 29)
      #expect(server.billing.timesBilled.values.reduce(0, +) == 29)
    }
  }

  @Test func sendsALargeBatchWhole() async throws {
    try await withLoopback { server in
      let texts = (0..<256).map { "\($0) " + String(repeating: "word \"and\" more\n", count: 100) }
      let service = try Self.service(of: server)
      #expect(try await service.embed(texts).vectors == Self.vectors(texts))
      #expect(server.records.count == 1)
    }
  }

  // MARK: - Answers

  @Test(arguments: LoopbackFault.goodAnswers + [.slow(0.1)])
  func takesUnusualGoodAnswers(fault: LoopbackFault) async throws {
    try await withLoopback(LoopbackBehaviour(fault: LoopbackFault.from(0, fault))) { server in
      let batch = try await Self.service(of: server).embed(Self.texts)
      for (vector, expected) in zip(batch.vectors, Self.vectors(Self.texts)) {
        #expect(zip(vector, expected).allSatisfy { abs($0 - $1) < 1e-6 })
      }
      #expect(server.records.count == 1)
    }
  }

  @Test func takesAnyLengthOfOtherServers() async throws {
    try await withLoopback(LoopbackBehaviour(fault: LoopbackFault.from(0, .notUnit))) { server in
      let service = try Self.service(of: server) { $0.provider = nil }
      #expect(service.space.name == "localhost:\(server.port)/text-embedding-3-small/1536")
      let vector = try #require(await service.embed(["a"]).vectors.first)
      #expect(vector == Self.vectors(["a"])[0].map { 2 * $0 })
    }
  }

  @Test func passesOnRateLimits() async throws {
    let headers = [
      "x-ratelimit-limit-requests": "3500", "x-ratelimit-remaining-requests": "3499",
      "x-ratelimit-reset-requests": "17ms",
    ]
    let behaviour = LoopbackBehaviour { $0.rateHeaders = .fixed(headers) }
    try await withLoopback(behaviour) { server in
      let batch = try await Self.service(of: server).embed(["a"])
      #expect(batch.rateLimits?.limitRequests == 3500)
      #expect(batch.rateLimits?.remainingRequests == 3499)
      #expect(batch.rateLimits?.resetRequests == 0.017)
      #expect(batch.serverRequestID?.isEmpty == false)
    }
  }

  @Test func countsTokensItselfWhereTheServerDoesNot() async throws {
    let counter = TokenCounter(isExact: true) { $0.count }
    let behaviour = LoopbackBehaviour(fault: LoopbackFault.from(0, .missingUsage))
    try await withLoopback(behaviour) { server in
      let service = try Self.service(of: server, tokenCounter: { counter })
      #expect(try await service.embed(["abc", "defg"]).tokens == 7)
    }
  }

  @Test func doesNotBelieveTokensThatCannotBe() async throws {
    let behaviour = LoopbackBehaviour { $0.tokens = { _ in 8000 } }
    try await withLoopback(behaviour) { server in
      let batch = try await Self.service(of: server).embed(["abc"])
      #expect(batch.tokens == 3)
    }
  }

  @Test func loadsItsTokenCounterOnce() async throws {
    let loads = Counter()
    try await withLoopback { server in
      let service = try Self.service(
        of: server,
        tokenCounter: {
          await loads.add()
          return TokenCounter(isExact: true) { _ in 42 }
        })
      #expect(await loads.count == 0)
      await withTaskGroup(of: Void.self) { group in
        for _ in 0..<8 {
          group.addTask { #expect(await service.tokenCounter().count("x") == 42) }
        }
      }
      #expect(await loads.count == 1)
    }
  }

  // MARK: - Base64

  @Test func asksOnceMoreForNumbersWhereBase64IsRefused() async throws {
    let behaviour = LoopbackBehaviour { $0.base64 = .refused }
    try await withLoopback(behaviour) { server in
      let service = try Self.service(of: server)
      for _ in 0..<2 {
        let batch = try await service.embed(Self.texts, purpose: .query, requestID: "r")
        #expect(batch.vectors.count == 3)
      }
      #expect(server.records.map(\.encodingFormat) == ["base64", "float", "float"])
      #expect(server.records.allSatisfy { $0.clientRequestID == "r" })
      #expect(server.billing.requests == 2)
    }
  }

  @Test func asksOnlyOnceWhereBase64IsIgnored() async throws {
    let behaviour = LoopbackBehaviour { $0.base64 = .ignored }
    try await withLoopback(behaviour) { server in
      let service = try Self.service(of: server)
      _ = try await service.embed(["a"])
      _ = try await service.embed(["a"])
      #expect(server.records.map(\.encodingFormat) == ["base64", "base64"])
    }
  }

  @Test func doesNotBlameBase64ForABadText() async throws {
    let behaviour = LoopbackBehaviour(
      fault: LoopbackFault.inOrder([
        .status(400, message: "encoding_format is fine, your text is not."), .badInput,
      ]))
    try await withLoopback(behaviour) { server in
      let service = try Self.service(of: server)
      let error = await #expect(throws: ServiceError.self) { try await service.embed(["a"]) }
      #expect(error?.kind == .input)
      _ = try await service.embed(["a"])
      #expect(server.records.map(\.encodingFormat) == ["base64", "float", "base64"])
    }
  }

  // MARK: - Health

  @Test func isWellWhereTheModelIsThere() async throws {
    try await withLoopback { server in
      try await Self.service(of: server).checkHealth()
      #expect(server.records.map(\.path) == ["/v1/models/text-embedding-3-small"])
      #expect(server.records.map(\.method) == ["GET"])
      #expect(server.records.map(\.authorization) == ["Bearer \(Self.secret)"])
      #expect(server.billing.requests == 0)
    }
  }

  @Test func isWellWhereNoModelsAreListed() async throws {
    try await withLoopback(LoopbackBehaviour { $0.knowsModels = false }) { server in
      try await Self.service(of: server).checkHealth()
    }
  }

  @Test func isNotWellWithoutItsModel() async throws {
    try await withLoopback(LoopbackBehaviour { $0.models = [:] }) { server in
      let error = await #expect(throws: ServiceError.self) {
        try await Self.service(of: server).checkHealth()
      }
      #expect(error?.kind == .authentication)
      #expect(error?.code == "model_not_found")
    }
  }

  @Test(
    arguments: [
      (LoopbackFault.invalidKey, .authentication), (.insufficientQuota, .quota),
      (.overloaded, .server),
      (.rateLimited(), .rate), (.resetBeforeAnswer, .network), (.html502, .server),
    ] as [(LoopbackFault, ServiceError.Kind)])
  func isNotWellWhereRequestsFail(fault: LoopbackFault, kind: ServiceError.Kind) async throws {
    let behaviour = LoopbackBehaviour { $0.modelsFault = LoopbackFault.from(0, fault) }
    try await withLoopback(behaviour) { server in
      let error = await #expect(throws: ServiceError.self) {
        try await Self.service(of: server).checkHealth()
      }
      #expect(error?.kind == kind)
      #expect(server.records.count == 1)
    }
  }

  // MARK: - Secrets

  @Test func showsTheKeyNowhere() async throws {
    try await withLoopback { server in
      let service = try Self.service(of: server)
      _ = try await service.embed(["a"])
      var dumped = ""
      dump(service, to: &dumped, maxDepth: 6)
      let shown = "\(service) \(String(reflecting: service)) \(dumped)"
      #expect(!shown.contains("TopSecret"))
    }
  }

  @Test func refusesSettingsThatCannotBe() {
    var configuration = OpenAIConfiguration(apiKey: APIKey("two words"))
    #expect(throws: OpenAIConfigurationError.self) {
      try OpenAIService(configuration: configuration)
    }
    configuration = OpenAIConfiguration()
    configuration.dimensions = 3072
    #expect(throws: OpenAIConfigurationError.self) {
      try OpenAIService(configuration: configuration)
    }
  }
}

private actor Counter {
  var count = 0
  func add() { count += 1 }
}
