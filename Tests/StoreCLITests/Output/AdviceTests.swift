import Testing
import VectorStore

@testable import StoreCLI

@Suite struct AdviceTests {
  @Test func addsTheSubcommandToAnErrorByItsCode() {
    #expect(
      Advice.message(StoreError(.documentNotFound, "there is no x.md"))
        == "there is no x.md; `store list` shows what it has")
    #expect(Advice.message(StoreError(.diskFull, "no room")) == "no room")
    #expect(Advice.message(CancellationError()) == nil)
  }

  @Test func namesTheVariableOfAWrongSetting() {
    var configuration = OpenAIConfiguration()
    configuration.dimensions = 3072
    let error = #expect(throws: OpenAIConfigurationError.self) { try configuration.space }
    #expect(
      error.flatMap { Advice.message($0) }
        == "OPENAI_DIMENSIONS is 3072, but text-embedding-3-small makes vectors of 64 to 1536 "
        + "dimensions")
  }

  /// A wrong setting and what the command says of it first.
  struct Wrong<Configuration>: Sendable {
    let variable: String
    let change: @Sendable (inout Configuration) -> Void

    init(_ variable: String, _ change: @escaping @Sendable (inout Configuration) -> Void) {
      self.variable = variable
      self.change = change
    }
  }

  @Test(
    arguments: [
      Wrong("OPENAI_API_KEY") { $0.apiKey = APIKey("") },
      Wrong("OPENAI_API_URL") { $0.baseURL = "x" },
      Wrong("OPENAI_PROVIDER") { $0.provider = "a/b" },
      Wrong("OPENAI_ORGANIZATION") { $0.organization = "" },
      Wrong("OPENAI_PROJECT") { $0.project = "" },
      Wrong("OPENAI_MODEL") { $0.model = "" }, Wrong("OPENAI_DIMENSIONS") { $0.dimensions = 63 },
      Wrong("OPENAI_MAX_TOKENS_PER_TEXT") { $0.maximumTokensPerText = 0 },
      Wrong("OPENAI_AUTH_HEADER") { $0.keyHeader = "" },
      Wrong("OPENAI_EXTRA_HEADERS") { $0.extraHeaders = ["a b": "c"] },
      Wrong("OPENAI_EXTRA_BODY") { $0.extraBody = "[]" },
      Wrong("OPENAI_ROLES") {
        $0.roles = EmbeddingRoles(query: EmbeddingRole(fields: ["input": "x"]))
      },
      Wrong("OPENAI_REQUESTS_PER_MINUTE") { $0.requestsPerMinute = 0 },
      Wrong("OPENAI_TOKENS_PER_MINUTE") { $0.tokensPerMinute = -5 },
      Wrong("OPENAI_MAX_CONCURRENT_REQUESTS") { $0.maximumConcurrentRequests = 0 },
      Wrong("OPENAI_TIMEOUT_SECONDS") { $0.timeout = 0 },
      Wrong("OPENAI_MAX_RETRIES") { $0.maximumRetries = -1 },
      Wrong("OPENAI_MAX_BATCH_SIZE") { $0.maximumBatchSize = 2049 },
      Wrong("OPENAI_PRICE_PER_MILLION_TOKENS") {
        $0.price = TokenPrice(perMillionTokens: NanoDollars(nano: -1))
      },
    ] as [Wrong<OpenAIConfiguration>])
  func namesTheVariableOfEachSetting(wrong: Wrong<OpenAIConfiguration>) {
    var configuration = OpenAIConfiguration()
    wrong.change(&configuration)
    let error = #expect(throws: OpenAIConfigurationError.self) { try configuration.validate() }
    let message = error.flatMap { Advice.message($0) }
    #expect(message == error.map { "\(wrong.variable) \($0.problem)" })
  }

  @Test(
    arguments: [
      Wrong("RERANK_API_URL") { $0.baseURL = "x" }, Wrong("RERANK_MODEL") { $0.model = "" },
      Wrong("RERANK_API_KEY") { $0.apiKey = APIKey("") },
      Wrong("RERANK_MAX_TOKENS") { $0.maximumTokens = 0 },
      Wrong("RERANK_TIMEOUT_SECONDS") { $0.timeout = 0 },
    ] as [Wrong<RerankConfiguration>])
  func namesTheVariableOfEachSettingOfAReranker(wrong: Wrong<RerankConfiguration>) {
    var configuration = RerankConfiguration(baseURL: "http://localhost:1", model: "m")
    wrong.change(&configuration)
    let error = #expect(throws: OpenAIConfigurationError.self) {
      try RerankService(configuration: configuration)
    }
    let message = error.flatMap { Advice.message($0) }
    #expect(message == error.map { "\(wrong.variable) \($0.problem)" })
  }

  @Test func namesBothPricesOfAReranker() {
    let configuration = RerankConfiguration(baseURL: "https://api.jina.ai", model: "m")
    let error = #expect(throws: OpenAIConfigurationError.self) {
      try RerankService(configuration: configuration)
    }
    #expect(
      error.flatMap { Advice.message($0) }
        == "RERANK_PRICE_PER_MILLION_TOKENS is not set, and what m costs is not known; set it, in US "
        + "dollars a million tokens, 0 if it is free; RERANK_PRICE_PER_SEARCH is for a server that "
        + "charges by the search")
  }

  @Test(
    arguments: [
      Wrong("LLAMAPARSE_API_KEY") { $0.apiKey = APIKey("") },
      Wrong("LLAMAPARSE_API_URL") { $0.baseURL = "x" },
      Wrong("LLAMAPARSE_TIER") { $0.tier = "best" },
      Wrong("LLAMAPARSE_MAX_PAGES") { $0.maximumPages = 0 },
      Wrong("LLAMAPARSE_TIMEOUT_SECONDS") { $0.timeout = 0 },
      Wrong("LLAMAPARSE_PRICE_PER_PAGE") { $0.pricePerPage = NanoDollars(nano: -1) },
      Wrong("DAILY_COST_LIMIT_LLAMAPARSE") { $0.dailyCostLimit = .atMost(NanoDollars(nano: -1)) },
      Wrong("HOURLY_RATE_LIMIT_LLAMAPARSE") { $0.hourlyRequestLimit = -1 },
    ] as [Wrong<LlamaParseConfiguration>])
  func namesTheVariableOfEachSettingOfAParser(wrong: Wrong<LlamaParseConfiguration>) {
    var configuration = LlamaParseConfiguration()
    wrong.change(&configuration)
    let error = #expect(throws: OpenAIConfigurationError.self) { try configuration.validate() }
    let message = error.flatMap { Advice.message($0) }
    #expect(message == error.map { "\(wrong.variable) \($0.problem)" })
  }

  @Test func everyVariableIsASetting() {
    let codes: [StoreError.Code] = [
      .serviceUnavailable, .authenticationFailed, .rateLimited, .budgetExceeded,
    ]
    let names = codes.compactMap { Advice.advice(on: $0) }.flatMap { advice in
      advice.matches(of: /[A-Z]+_[A-Z_]+/).map { String($0.output) }
    }
    #expect(names.count >= 8)
    for name in names { #expect(SettingName(rawValue: name) != nil, "\(name)") }
  }
}
