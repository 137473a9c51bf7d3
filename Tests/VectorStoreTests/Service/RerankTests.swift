// Rerank servers that people run, as the loopback server plays them: each ends with the reranked answer or
// with the one right message, and within the budget.

import Foundation
import TestSupport
import Testing

@testable import VectorStore

@Suite struct RerankTests {
  private static let question = "why is the sky blue"

  /// The server's favourite: it has every word of the question. Words alone prefer the short one.
  private static let documents =
    [
      Document(id: "short", text: "Sky blue."),
      Document(
        id: "answer",
        text:
          "Why is the sky blue? Air scatters short waves, and so on, as was told at length before."),
    ] + (0..<45).map { Document(id: "other \($0)", text: "The sky over town number \($0).") }

  /// A store of the documents beside a rerank server, and a user's ledger.
  private struct User {
    let folder: TemporaryFolder
    let server: LoopbackServer
    var path = ""

    init(_ server: LoopbackServer) throws {
      folder = try TemporaryFolder()
      self.server = server
    }

    func store(
      _ name: String = "notes.db", mode: ServiceMode = .real,
      budget: (inout BudgetConfiguration) -> Void = { _ in },
      rerank change: (inout RerankConfiguration) -> Void = { _ in }
    ) async throws -> Store {
      var rerank = RerankConfiguration(baseURL: server.url + path, model: "own")
      rerank.timeout = 10
      change(&rerank)
      var configuration = StoreConfiguration(mode: mode)
      configuration.reranker = try RerankService(configuration: rerank)
      configuration.budget.ledgerPath = folder.path("state/ledger.db")
      budget(&configuration.budget)
      let store = try await Store(path: folder.path(name), configuration: configuration)
      store.mode = .mock
      try await store.add(RerankTests.documents)
      store.mode = mode
      return store
    }

    /// What the provider is called in the ledger.
    var provider: String { "localhost:\(server.port)" }
  }

  private static func options(depth: Int? = 40, limit: Int = 3) -> QueryOptions {
    var options = QueryOptions(limit: limit, ranking: .lexical)
    options.rerankDepth = depth
    return options
  }

  private static func ask(_ store: Store, depth: Int = 40) async throws -> QueryResult {
    try await store.query(question, options: options(depth: depth))
  }

  // MARK: - Forms

  /// The requests of the first question and of the next process: a probe and the forms that were refused come
  /// with the first only. 40 passages are two requests to a server on this machine, which gets 32 first.
  @Test(
    arguments: [
      ("Jina", .jinaReranker, "", 3, 2), ("Jina, whole", .jinaReranker, "/v1/rerank", 3, 2),
      ("Cohere", .cohereReranker, "", 5, 2), ("Voyage", .voyageReranker, "/v1", 3, 2),
      ("infinity", .infinityReranker, "", 4, 2), ("TEI", .teiReranker, "", 6, 2),
    ] as [(String, LoopbackBehaviour, String, Int, Int)])
  func everyFormIsFoundAndRemembered(
    name: String, behaviour: LoopbackBehaviour, path: String, first: Int, next: Int
  ) async throws {
    try await withLoopback(behaviour) { server in
      var user = try User(server)
      user.path = path
      for (file, most) in [("first.db", first), ("second.db", next)] {
        let store = try await user.store(file)
        let plain = try await store.query(Self.question, options: Self.options(depth: nil))
        #expect(plain.hits[0].source == "short", "\(name)")
        let before = server.rerankRequests.count
        let result = try await Self.ask(store)
        #expect(result.hits.map(\.rank) == [1, 2, 3])
        #expect(result.hits[0].source == "answer" && result.hits[0].score == 1, "\(name)")
        #expect(result.rerankFailure == nil && !result.isDegraded)
        #expect(server.rerankRequests.count - before <= most, "\(name)")
        try await store.close()
      }
      #expect(server.rerankRequests.last?.question == Self.question)
      #expect(server.violations.isEmpty)
    }
  }

  @Test func aPassageThatIsTooLongIsCutUntilItIsTaken() async throws {
    let behaviour = LoopbackBehaviour.reranker("/v1/rerank", .results) {
      $0.refusal = { call, _ in
        let longest = call.texts.map { $0.split(separator: " ").count }.max() ?? 0
        return longest > 8
          ? .raw(
            400,
            #"{"object":"error","message":"This model's maximum context length is 8 tokens. However, you "#
              + #"requested \#(longest) tokens.","type":"BadRequestError","code":400}"#) : nil
      }
    }
    try await withLoopback(behaviour) { server in
      let user = try User(server)
      let store = try await user.store()
      let result = try await Self.ask(store)
      #expect(result.rerankFailure == nil)
      #expect(result.hits[0].source == "answer")
      #expect(result.hits[0].text == Self.documents[1].text)
      try await store.close()
    }
  }

  @Test func passagesAreCutToWhatTheModelReads() async throws {
    try await withLoopback(.jinaReranker) { server in
      let user = try User(server)
      let store = try await user.store(rerank: { $0.maximumTokens = 12 })
      _ = try await Self.ask(store)
      let longest = server.rerankRequests.flatMap(\.texts).map(\.utf8.count).max() ?? 0
      #expect((10..<40).contains(longest), "\(longest)")
      try await store.close()
    }
  }

  // MARK: - Faults

  private struct Fault {
    var name: String
    var behaviour: LoopbackBehaviour
    var says: String
    var code: StoreError.Code
    var requests: Int
  }

  private static func answering(_ wrong: @escaping @Sendable ([Float]) -> String)
    -> LoopbackBehaviour
  {
    .reranker("/v1/rerank", .results) { $0.rerank?.wrong = wrong }
  }

  private static let faults = [
    Fault(
      name: "key",
      behaviour: .reranker("/v1/rerank", .results) {
        $0.refusal = { _, _ in .raw(401, #"{"detail":"Invalid API key"}"#) }
      }, says: "wants a key (401): Invalid API key; set one", code: .authenticationFailed,
      requests: 1),
    Fault(
      name: "model",
      behaviour: .reranker("/v1/rerank", .results) {
        $0.refusal = { _, _ in
          .raw(
            404,
            #"{"error":{"message":"The model `own` does not exist.","code":"model_not_found"}}"#)
        }
      }, says: "has no model own", code: .authenticationFailed, requests: 1),
    Fault(
      name: "address", behaviour: .reranker("/elsewhere/rerank", .results),
      says: "has no reranking at this address (404", code: .authenticationFailed, requests: 3),
    Fault(
      name: "every form",
      behaviour: .reranker("/v1/rerank", .results) {
        $0.refusal = { _, _ in .raw(422, #"{"detail":"the model is asleep"}"#) }
      }, says: "(422): the model is asleep", code: .inputRefused, requests: 4),
    Fault(
      name: "count",
      behaviour: answering { _ in
        #"{"results":[{"index":0,"relevance_score":1},{"index":1,"relevance_score":1}]}"#
      }, says: "found 2 scores, expected 32, one a passage", code: .serviceUnavailable, requests: 4),
    Fault(
      name: "NaN",
      behaviour: answering { _ in #"{"results":[{"index":0,"relevance_score":NaN}]}"# },
      says: "found NaN or infinity, expected finite scores", code: .serviceUnavailable, requests: 4),
    Fault(
      name: "index",
      behaviour: answering { _ in
        "[" + (1...32).map { "{\"index\":\($0),\"score\":1}" }.joined(separator: ",") + "]"
      }, says: "found a score of index 32, expected 0 to 31", code: .serviceUnavailable, requests: 4
    ),
    Fault(
      name: "page", behaviour: answering { _ in "<html>Welcome</html>" },
      says: "found a web page, expected JSON", code: .serviceUnavailable, requests: 4),
    Fault(
      name: "error with status 200",
      behaviour: answering { _ in #"{"error":{"message":"no GPU left","code":503}}"# },
      says: "no GPU left", code: .serviceUnavailable, requests: 4),
    Fault(
      name: "overload",
      behaviour: .reranker("/v1/rerank", .results) {
        $0.refusal = { _, _ in .raw(503, #"{"error":"loading"}"#) }
      }, says: "failed (503): loading; try again later", code: .serviceUnavailable, requests: 4),
  ]

  @Test(arguments: faults.map(\.name))
  func aFaultLeavesTheFirstRankingOrIsTheError(name: String) async throws {
    let fault = try #require(Self.faults.first { $0.name == name })
    try await withLoopback(fault.behaviour) { server in
      let user = try User(server)
      let store = try await user.store(mode: .hybrid)
      let result = try await Self.ask(store)
      #expect(result.hits[0].source == "short" && result.hits.count == 3)
      #expect(result.hits.allSatisfy { $0.isDegraded })
      let said = result.rerankFailure ?? ""
      #expect(
        said.hasPrefix("these results are not reranked by own: ") && said.contains(fault.says),
        "\(said)")
      #expect(server.rerankRequests.count <= fault.requests, "\(server.rerankRequests.count)")
      store.mode = .real
      let error = await #expect(throws: StoreError.self) { try await Self.ask(store) }
      #expect(error?.code == fault.code)
      #expect(error?.message.hasPrefix("the results cannot be reranked by own: ") == true)
      try await store.close()
    }
  }

  @Test func aServerThatIsNotThereLeavesTheFirstRanking() async throws {
    let server = try await LoopbackServer.start(.jinaReranker)
    await server.stop()
    let user = try User(server)
    let store = try await user.store(mode: .hybrid)
    let result = try await Self.ask(store)
    #expect(result.hits[0].source == "short")
    #expect(
      result.rerankFailure?.contains("localhost") == true
        || result.rerankFailure?.contains("127.0.0.1") == true)
    try await store.close()
  }

  // MARK: - Money

  @Test func tokensArePaidAsTheServerCountsThemWithinTheBudget() async throws {
    try await withLoopback(.jinaReranker) { server in
      let user = try User(server)
      let store = try await user.store(
        mode: .hybrid,
        rerank: { $0.price = TokenPrice(perMillionTokens: NanoDollars(nano: 1_000_000_000)) })
      _ = try await Self.ask(store)
      let usage = try await store.configuration.usage(of: user.provider)
      #expect(usage.today.requests == server.rerankRequests.count)
      #expect(usage.today.costUSD == Double(server.billing.tokens) / 1_000_000)
      try await store.close()
    }
  }

  @Test func searchesArePaidByTheSearch() async throws {
    try await withLoopback(.cohereReranker) { server in
      let user = try User(server)
      let store = try await user.store(
        rerank: { $0.pricePerSearch = NanoDollars(nano: 2_000_000) })
      _ = try await Self.ask(store, depth: 30)
      let usage = try await store.configuration.usage(of: user.provider)
      // The probe is a search too; refused forms cost nothing.
      #expect(server.billing.requests == 2)
      #expect(usage.today.costUSD == 0.004)
      try await store.close()
    }
  }

  @Test func nothingIsSentBeyondTheBudget() async throws {
    try await withLoopback(.jinaReranker) { server in
      let user = try User(server)
      let store = try await user.store(
        mode: .hybrid, budget: { $0.dailyCostLimit = .atMost(NanoDollars(nano: 1_999_999)) },
        rerank: { $0.pricePerSearch = NanoDollars(nano: 2_000_000) })
      let result = try await Self.ask(store)
      #expect(result.hits[0].source == "short")
      #expect(result.rerankFailure?.contains("daily") == true, "\(result.rerankFailure ?? "")")
      #expect(server.rerankRequests.isEmpty)
      store.mode = .real
      let error = await #expect(throws: StoreError.self) { try await Self.ask(store) }
      #expect(error?.code == .budgetExceeded)
      try await store.close()
    }
  }

  @Test func aServerElsewhereNeedsAPrice() {
    let rerank = RerankConfiguration(baseURL: "https://api.jina.ai", model: "jina-reranker-v2")
    let error = #expect(throws: OpenAIConfigurationError.self) {
      try RerankService(configuration: rerank)
    }
    #expect(error?.setting == "price")
    #expect(
      error?.message.hasSuffix("pricePerSearch is for a server that charges by the search")
        == true)
  }

  // MARK: - In code

  /// Likes long passages.
  private struct OwnReranker: Reranker {
    let provider = "me"
    let model = "length"

    func scores(of passages: [String], for question: String) async throws -> RerankScores {
      RerankScores(scores: passages.map { Float($0.utf8.count) })
    }
  }

  private static func ownStore(_ folder: TemporaryFolder) async throws -> Store {
    var configuration = StoreConfiguration(mode: .hybrid)
    configuration.reranker = OwnReranker()
    return try await Store(path: folder.path("own.db"), configuration: configuration)
  }

  @Test func aRerankerOfOnesOwnRanks() async throws {
    let folder = try TemporaryFolder()
    let store = try await Self.ownStore(folder)
    try await store.add(Self.documents)
    try await store.add(
      [Document(id: "elsewhere", text: "The sky. " + String(repeating: "x", count: 300))], to: "b")
    let result = try await Self.ask(store)
    #expect(result.hits[0].source == "answer")
    #expect(result.hits[0].score == Double(Self.documents[1].text?.utf8.count ?? 0))
    // Hits of two collections are reranked together.
    let both = try await store.query(
      [Self.question], in: ["default", "b"], options: Self.options())
    #expect(both[0].hits.map(\.source).prefix(2) == ["elsewhere", "answer"])
    // What is shown is at least what is asked for.
    #expect(
      try await store.query(Self.question, options: Self.options(depth: 1, limit: 5)).hits.count
        == 5)
    let error = await #expect(throws: StoreError.self) {
      try await store.query(vectors: [[1]], options: Self.options(limit: 1))
    }
    #expect(error?.code == .invalidArgument)
    store.mode = .mock
    let mock = try await Self.ask(store)
    #expect(mock.hits[0].source == "short")
    #expect(mock.rerankFailure == "these results are not reranked: the mode is MOCK")
    try await store.close()
  }

  @Test func neighboursAreShownAndNotRead() async throws {
    let folder = try TemporaryFolder()
    let store = try await Self.ownStore(folder)
    var options = AddOptions()
    options.chunking = ChunkingOptions(maximumTokens: 16, overlapTokens: 0)
    let text = (0..<6).map { "Paragraph \($0) is about the sky." }.joined(separator: "\n\n")
    try await store.add([Document(id: "long", text: text)], options: options)
    var query = Self.options(limit: 1)
    query.neighbours = 1
    let hit = try await store.query("paragraph 3 sky", options: query).hits[0]
    #expect(Double(hit.text?.utf8.count ?? 0) > hit.score)
    try await store.close()
  }

  @Test func withoutARerankerThatIsSaid() async throws {
    let folder = try TemporaryFolder()
    let store = try await Store(path: folder.path("none.db"))
    try await store.add(Self.documents)
    let error = await #expect(throws: StoreError.self) { try await Self.ask(store) }
    #expect(error?.message == "there is no reranker to rank passages again; configure one")
    try await store.close()
  }
}
