// Every server that people run, as the loopback server plays them: each ends complete, or with the one
// right message, within so many requests.

import Foundation
import TestSupport
import Testing

@testable import VectorStore

@Suite struct ServersTests {
  /// A run of `add` against a server, and what it came to.
  private struct Outcome {
    var report: AddReport
    /// Requests for vectors.
    var requests: Int
    /// Requests of a second store of the same user.
    var requestsLater: Int
  }

  /// Adds texts twice, as two users' stores with one ledger, as to a server on another machine: the second
  /// starts with what the first one learned.
  private static func add(
    _ texts: [Document], to behaviour: LoopbackBehaviour, path: String? = nil,
    mode: ServiceMode = .real, mayPayAgain: Bool = false,
    _ change: @escaping (inout OpenAIConfiguration) -> Void = { _ in }
  ) async throws -> Outcome {
    try await withLoopback(behaviour) { server in
      let folder = try TemporaryFolder()
      var reports: [AddReport] = []
      var counts: [Int] = []
      for name in ["first.db", "second.db"] {
        var openAI = OpenAIConfiguration()
        openAI.baseURL = server.url + (path ?? "")
        openAI.model = "own"
        openAI.dimensions = 384
        openAI.maximumBatchSize = 256
        openAI.maximumConcurrentRequests = 4
        openAI.timeout = 30
        change(&openAI)
        var configuration = StoreConfiguration(
          mode: mode, service: try OpenAIService(configuration: openAI))
        configuration.budget.ledgerPath = folder.path("state/ledger.db")
        let store = try await Store(path: folder.path(name), configuration: configuration)
        let before = server.records.count
        var options = AddOptions()
        options.chunking = ChunkingOptions(maximumTokens: 4000, overlapTokens: 0)
        reports.append(try await store.add(texts, options: options))
        counts.append(server.records.count - before)
        try await store.close()
      }
      if mayPayAgain == false {
        #expect(server.billing.timesBilled.allSatisfy { $0.value <= 2 || $0.key == "a" })
      }
      return Outcome(report: reports[0], requests: counts[0], requestsLater: counts[1])
    }
  }

  /// Texts of some words each.
  private static func texts(_ count: Int, words: Int = 5) -> [Document] {
    (0..<count).map { number in
      let rest = (0..<max(0, words - 2)).map { "w\($0)" }.joined(separator: " ")
      return Document(id: "\(number)", text: "number \(number) \(rest)")
    }
  }

  // MARK: - Sizes

  /// The least possible, of 256 texts at most, and a tenth more.
  @Test(
    arguments: [
      (.dashScope, 100), (.tei, 32), (.cloudflare, 10), (.gemini, 10), (.infinity, 32),
      (.mistralTexts, 4), (.voyageTexts, 4),
    ] as [(LoopbackBehaviour, Int)])
  func learnsTheMostTextsOfARequest(server: LoopbackBehaviour, least: Int) async throws {
    let path = server.personality.path
    let outcome = try await Self.add(Self.texts(1000), to: server, path: path)
    #expect(outcome.report.documents == .init(added: 1000))
    #expect(outcome.requests <= least + least / 10, "\(outcome.requests)")
    #expect(outcome.requestsLater <= least + least / 10, "\(outcome.requestsLater)")
  }

  @Test(
    arguments: [
      (.mistral, 16_384), (.voyage, 120_000), (.vertex, 20_000), (.gitHubModels, 64_000),
    ] as [(LoopbackBehaviour, Int)])
  func learnsTheMostTokensOfARequest(server: LoopbackBehaviour, most: Int) async throws {
    let texts = Self.texts(300, words: 300)
    let tokens = texts.reduce(0) { $0 + (($1.text ?? "").utf8.count + 3) / 4 }
    let outcome = try await Self.add(texts, to: server, path: server.personality.path)
    #expect(outcome.report.documents == .init(added: 300))
    let least = max(2, (tokens + most - 1) / most)
    // Tokens are bytes here until the server has counted some: the first requests are small.
    #expect(outcome.requests <= least + least / 10 + 6, "\(outcome.requests) for \(least)")
    #expect(outcome.requestsLater <= least + least / 4 + 2, "\(outcome.requestsLater) for \(least)")
  }

  @Test func halvesWhereAServerFailsWithoutAWord() async throws {
    let outcome = try await Self.add(Self.texts(600), to: .failingAbove64)
    #expect(outcome.report.documents == .init(added: 600))
    #expect(outcome.requests <= 24, "\(outcome.requests)")
    #expect(outcome.requestsLater <= 12, "\(outcome.requestsLater)")
  }

  // MARK: - Forms

  @Test(
    arguments: [
      (.oldVLLM, 1), (.openRouter, 1), (.sap, 1), (.failingAtBase64, 1), (.unimplementedBase64, 1),
      (.jina, 1), (.ollama, 0), (.lmStudio, 0), (.together, 0),
    ] as [(LoopbackBehaviour, Int)])
  func findsTheFormThatTheServerTakes(server: LoopbackBehaviour, more: Int) async throws {
    let path = server.personality.path == "/api/v1/embeddings" ? "/api/v1" : nil
    let outcome = try await Self.add(Self.texts(300), to: server, path: path)
    #expect(outcome.report.documents == .init(added: 300))
    // Two requests for 300 texts; where the first one's form is refused, that one and the probe.
    #expect(outcome.requests == 2 + (more == 0 ? 0 : 1 + more), "\(outcome.requests)")
    #expect(outcome.requestsLater == 2)
  }

  @Test(
    arguments: [
      ("/v1/embeddings", "", 0), ("/v1/embeddings", "/v1", 0), ("/embeddings", "", 1),
      ("/embeddings", "/embeddings", 0), ("/v3/embeddings", "/v3", 1),
      ("/inference/embeddings", "/inference", 1), ("/api/paas/v4/embeddings", "/api/paas/v4", 1),
      ("/v1beta/openai/embeddings", "/v1beta/openai/", 1),
      ("/openai/v1/embeddings", "/openai/v1", 0),
    ])
  func findsTheAddress(path: String, given: String, more: Int) async throws {
    let outcome = try await Self.add(
      Self.texts(20), to: .server { $0.path = path }, path: given)
    #expect(outcome.report.documents == .init(added: 20))
    #expect(outcome.requests == 1 + (more == 0 ? 0 : 1 + more))
    #expect(outcome.requestsLater == 1)
  }

  @Test func takesAzuresDeployments() async throws {
    var server = LoopbackBehaviour.server {
      $0.path = "/openai/deployments/small/embeddings"
      $0.query = "api-version=2024-10-21"
      $0.keyHeader = "api-key"
    }
    server.keys = ["sk-azure"]
    let outcome = try await Self.add(
      Self.texts(20), to: server,
      path: "/openai/deployments/small/embeddings?api-version=2024-10-21"
    ) {
      $0.apiKey = APIKey("sk-azure")
      $0.keyHeader = "api-key"
    }
    #expect(outcome.report.documents == .init(added: 20))
    #expect(outcome.requests == 1)
  }

  @Test(arguments: [307, 308])
  func followsARedirectOfTheSameServer(status: Int) async throws {
    let server = LoopbackBehaviour.server {
      $0.path = "/v1/embeddings/"
      $0.redirect = ("/v1/embeddings", status)
    }
    let outcome = try await Self.add(Self.texts(20), to: server)
    #expect(outcome.report.documents == .init(added: 20))
    #expect(outcome.requests == 3 && outcome.requestsLater == 1)
  }

  @Test func asksForDimensionsWhereTheModelMakesOthers() async throws {
    var server = LoopbackBehaviour.server(dimensions: 3072)
    server.models["own"] = 3072
    // The first answer has another length and is paid for.
    let outcome = try await Self.add(Self.texts(20), to: server, mayPayAgain: true) {
      $0.dimensions = 768
    }
    #expect(outcome.report.documents == .init(added: 20))
    #expect(outcome.requests == 3 && outcome.requestsLater == 1)
  }

  @Test func sendsExtraHeadersAndFields() async throws {
    try await withLoopback(.server { $0.fields = ["truncate"] }) { server in
      var openAI = OpenAIConfiguration()
      openAI.baseURL = server.url
      openAI.model = "own"
      openAI.dimensions = 384
      openAI.extraHeaders = ["cf-aig-authorization": "Bearer gateway"]
      openAI.extraBody = #"{"truncate": "END"}"#
      _ = try await OpenAIService(configuration: openAI).embed(["a"])
      #expect(server.records[0].header("cf-aig-authorization") == "Bearer gateway")
      #expect(
        String(decoding: server.records[0].body, as: UTF8.self).contains(#""truncate":"END""#))
    }
  }

  // MARK: - Answers

  @Test(arguments: [
    LoopbackBehaviour.server { $0.answer.index = .absent }, .server { $0.answer.index = .null },
    .server { $0.answer.index = .text }, .server { $0.answer.index = .absentIfZero },
    .server { $0.answer.usage = .absent }, .server { $0.answer.usage = .null },
    .server { $0.answer.usage = .zero }, .server { $0.answer.usage = .text },
    .server { $0.answer.usage = .characters }, .server { $0.answer.usage = .absurd },
    .server { $0.answer.length = 7.3 }, .server { $0.answer.isWhole = true },
    .server { $0.answer.model = "another" },
    .server { $0.answer.extra = #","id":"x","meta":{"data":[1]}"# },
    .server { $0.answer.startsWithMark = true }, .server { $0.answer.isCompressed = true },
  ])
  func takesEveryGoodAnswer(server: LoopbackBehaviour) async throws {
    let outcome = try await Self.add(Self.texts(20), to: server)
    #expect(outcome.report.documents == .init(added: 20))
    #expect(outcome.requests == 1 && outcome.requestsLater == 1)
  }

  // MARK: - Texts

  /// A text that the server finds too long is cut again within the run, as short as the server said.
  @Test(arguments: [.llamaCpp, .vLLM, .oldTEI] as [LoopbackBehaviour])
  func aTextThatIsTooLongIsCutAgain(server: LoopbackBehaviour) async throws {
    let texts =
      Self.texts(600) + [Document(id: "long", text: Self.texts(1, words: 902)[0].text ?? "")]
    let outcome = try await Self.add(texts, to: server)
    #expect(outcome.report.stopped == nil && outcome.report.errors == [])
    #expect(outcome.report.documents == .init(added: 601))
    #expect(outcome.report.cutAgain == 1)
    #expect(
      outcome.report.warnings.contains {
        $0.hasPrefix("1 passage was longer than the service takes; cut to about ")
      }, "\(outcome.report.warnings)")
    #expect(outcome.requests <= 44, "\(outcome.requests)")
    // The next process knows how long a text may be.
    #expect(outcome.requestsLater <= 7, "\(outcome.requestsLater)")
  }

  @Test func aTextThatCannotBeCutIsNamed() async throws {
    try await withLoopback(.vLLM) { server in
      let folder = try TemporaryFolder()
      var openAI = OpenAIConfiguration()
      openAI.baseURL = server.url
      openAI.model = "own"
      openAI.dimensions = 384
      var configuration = StoreConfiguration(
        mode: .real, service: try OpenAIService(configuration: openAI))
      configuration.budget.ledgerPath = folder.path("ledger.db")
      let store = try await Store(path: folder.path("a.db"), configuration: configuration)
      let long = Self.texts(1, words: 902)[0].text ?? ""
      // Chunks that a document brings are taken as they are.
      let report = try await store.add([
        Document(id: "long", chunks: [Document.Chunk(text: long)]),
        Document(id: "short", text: "sky"),
      ])
      #expect(report.documents == .init(added: 1, failed: 1) && report.cutAgain == 0)
      let error = try #require(report.errors.first)
      #expect(error.source == "long" && error.code == .textTooLong, "\(error)")
      #expect(error.message.contains("maximum context length is 512 tokens"))
      #expect(error.message.hasSuffix("the text is \(long.utf8.count) bytes long"))
      try await store.close()
    }
  }

  @Test(arguments: [.failingForOne, .inferenceFailed] as [LoopbackBehaviour])
  func anErrorAboutOneTextIsAboutOneText(server: LoopbackBehaviour) async throws {
    let texts =
      Self.texts(600) + [Document(id: "long", text: Self.texts(1, words: 902)[0].text ?? "")]
    let outcome = try await Self.add(texts, to: server)
    #expect(outcome.report.stopped == nil)
    #expect(outcome.report.documents.added == 600)
    #expect(outcome.report.documents.pending + outcome.report.documents.failed == 1)
    #expect(outcome.requests <= 40, "\(outcome.requests)")
  }

  // MARK: - Wrong settings

  @Test(
    arguments: [
      (
        404,
        #"{"error":{"message":"model \"own\" not found, try pulling it first","#
          + #""type":"not_found_error","param":null,"code":null}}"#, "try pulling it first",
        "model"
      ),
      (
        400, #"{"error":"No models loaded. Please load a model in the developer page."}"#,
        "Please load a model", "model"
      ),
      (
        400,
        #"{"error":{"message":"/embeddings: Invalid model name passed in model=own","#
          + #""type":"None","param":"None","code":"400"}}"#, "Invalid model name", "model"
      ),
      (
        404,
        #"{"error":{"code":"DeploymentNotFound","message":"The API deployment for this resource "#
          + #"does not exist."}}"#, "does not exist", "model"
      ),
      (400, #"{"error":{"message":"something is wrong"}}"#, "something is wrong", "model"),
      (200, #"{"error":"No models loaded."}"#, "No models loaded", "model"),
      (404, "404 page not found", "; tried http://127.0.0.1:", "address"),
      (401, #"{"detail":"Unauthorized"}"#, "Unauthorized", "key"),
      (
        400,
        #"[{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","#
          + #""status":"INVALID_ARGUMENT"}}]"#, "pass a valid API key", "key"
      ),
    ] as [(Int, String, String, String)])
  func wrongSettingsCostTwoRequests(
    status: Int, body: String, words: String, setting: String
  ) async throws {
    let outcome = try await Self.add(Self.texts(600), to: .refusingAll(status, body))
    #expect(outcome.requests <= 2, "\(outcome.requests)")
    #expect(outcome.requestsLater <= 2)
    #expect(outcome.report.documents == .init(pending: 600))
    let message = try #require(outcome.report.stopped?.message)
    #expect(message.contains(setting), "\(message)")
    #expect(message.contains(words), "\(message)")
  }

  @Test func wrongDimensionsNameTheRightOnes() async throws {
    let outcome = try await Self.add(Self.texts(600), to: .together) { $0.dimensions = 1536 }
    #expect(outcome.requests <= 2, "\(outcome.requests)")
    #expect(outcome.report.stopped?.message.contains("the dimensions to 384") == true)
    #expect(outcome.report.documents == .init(pending: 600))
  }

  // MARK: - Time

  @Test func aSlowServerIsAskedForWhatItAnswersInTime() async throws {
    // Slow enough that what the machine itself takes counts for little.
    let server = LoopbackBehaviour.server { $0.secondsPerText = 0.03 }
    let outcome = try await Self.add(Self.texts(300), to: server, mayPayAgain: true) {
      $0.timeout = 3
    }
    #expect(outcome.report.documents == .init(added: 300))
    #expect(outcome.requests <= 16, "\(outcome.requests)")
    #expect(outcome.requestsLater <= 9, "\(outcome.requestsLater)")
  }

  @Test func aServerThatLoadsItsModelIsWaitedFor() async throws {
    var server = LoopbackBehaviour.server()
    server.fault = LoopbackFault.first(2, .status(503, message: "Loading model"))
    let outcome = try await Self.add(Self.texts(20), to: server)
    #expect(outcome.report.documents == .init(added: 20))
    #expect(outcome.requests <= 4)
  }

  @Test func aFreeServerOnThisMachineIsNotPaced() async throws {
    var server = LoopbackBehaviour.capped(1) { _ in #"{"error":"batch: at most 1 texts"}"# }
    server.fault = LoopbackFault.inOrder([nil, .rateLimited(), nil, .rateLimited()])
    let outcome = try await Self.add(Self.texts(150), to: server)
    #expect(
      outcome.report.documents == .init(added: 150), "150 requests, where 100 an hour are the rule")
  }
}
