// OpenAIConfiguration+Checks: what settings may be, and what their errors say.

import Testing

@testable import VectorStoreEmbedding

@Suite struct OpenAIConfigurationChecksTests {
  private static func configuration(
    _ model: String = "text-embedding-3-small", _ dimensions: Int = 1536
  ) -> OpenAIConfiguration {
    var configuration = OpenAIConfiguration()
    configuration.model = model
    configuration.dimensions = dimensions
    return configuration
  }

  @Test(
    arguments: [
      ("text-embedding-3-small", 64, 64), ("text-embedding-3-small", 1536, nil),
      ("text-embedding-3-large", 1536, 1536), ("text-embedding-3-large", 3072, nil),
      ("text-embedding-ada-002", 1536, nil),
    ] as [(String, Int, Int?)])
  func asksOnlyForDimensionsThatAreNotTheModelsOwn(
    model: String, dimensions: Int, asked: Int?
  ) throws {
    let configuration = Self.configuration(model, dimensions)
    try configuration.validate()
    #expect(configuration.asksForDimensionsFirst == (asked != nil))
    #expect(try configuration.space.name == "openai/\(model)/\(dimensions)")
  }

  @Test func asksForDimensionsOfOpenAIsModelsUnderTheNamesOfGateways() {
    #expect(Self.configuration("openai/text-embedding-3-small", 512).asksForDimensionsFirst)
    #expect(!Self.configuration("openai/text-embedding-3-small", 1536).asksForDimensionsFirst)
  }

  @Test(arguments: [
    ("all-minilm:l6-v2", 384, 256), ("BAAI/bge-m3", 1024, 8192), ("nomic-embed-text", 768, 2048),
    ("Qwen/Qwen3-Embedding-0.6B", 1024, 32_768),
  ])
  func knowsModelsByTheirNames(model: String, dimensions: Int, tokens: Int) throws {
    var configuration = OpenAIConfiguration()
    configuration.model = model
    configuration.baseURL = "http://127.0.0.1:8080"
    #expect(try configuration.space.dimensions == dimensions)
    #expect(try configuration.terms.tokensPerText == tokens)
  }

  @Test(arguments: [
    ("https://generativelanguage.googleapis.com/v1beta/openai/", 100),
    ("https://dashscope-intl.aliyuncs.com/compatible-mode/v1", 10), ("https://nas.example", 256),
  ])
  func knowsTheCapsOfServicesByTheirHosts(url: String, texts: Int) throws {
    var configuration = OpenAIConfiguration()
    configuration.model = "own"
    configuration.price = .free
    configuration.baseURL = url
    #expect(try configuration.terms.textsPerRequest == texts)
    configuration.maximumBatchSize = 50
    #expect(try configuration.terms.textsPerRequest == 50)
  }

  @Test func aFreeServerOnThisMachineIsNotLimitedAndStartsSmall() throws {
    var configuration = OpenAIConfiguration()
    configuration.model = "all-minilm"
    configuration.baseURL = "http://127.0.0.1:8080"
    var terms = try configuration.terms
    #expect(terms.isUnlimited && terms.isMetered)
    #expect(terms.firstTextsPerRequest == 32 && terms.concurrentRequests == 2)
    #expect(terms.secondsPerRequest == 600)
    configuration.baseURL = "http://nas:8080"
    configuration.price = .free
    terms = try configuration.terms
    #expect(!terms.isUnlimited && terms.firstTextsPerRequest == nil)
    #expect(terms.concurrentRequests == 4 && terms.secondsPerRequest == 30)
  }

  @Test(
    arguments: [
      (nil, "https://host", "Authorization", "Bearer "),
      (nil, "https://me.openai.azure.com/openai/v1", "api-key", ""),
      ("x-api-key", "https://host", "x-api-key", ""),
      ("Authorization: Key", "https://host", "Authorization", "Key "),
    ] as [(String?, String, String, String)])
  func findsTheHeaderOfTheKey(set: String?, url: String, name: String, prefix: String) throws {
    var configuration = OpenAIConfiguration()
    configuration.baseURL = url
    configuration.keyHeader = set
    #expect(try configuration.resolvedKeyHeader == (name, prefix))
  }

  @Test(arguments: ["", ": x", "a b", "a\r\nb", "a: x\ny"])
  func refusesHeadersThatCannotBeSent(header: String) {
    var configuration = OpenAIConfiguration()
    configuration.keyHeader = header
    let error = #expect(throws: OpenAIConfigurationError.self) { try configuration.validate() }
    #expect(error?.setting == "keyHeader")
  }

  @Test(arguments: ["", "[]", "1", "{\"input\":1}", "{\"model\":\"x\"}", "{"])
  func refusesExtraFieldsThatAreNone(body: String) {
    var configuration = OpenAIConfiguration()
    configuration.extraBody = body
    let error = #expect(throws: OpenAIConfigurationError.self) { try configuration.validate() }
    #expect(error?.setting == "extraBody")
  }

  @Test func leavesDimensionsToModelsItDoesNotKnow() throws {
    var configuration = Self.configuration("BAAI/bge-m3", 1024)
    configuration.baseURL = "http://127.0.0.1:8080/v1"
    try configuration.validate()
    #expect(!configuration.asksForDimensionsFirst)
    #expect(try configuration.space.name == "localhost:8080/BAAI/bge-m3/1024")
  }

  @Test(arguments: [
    (
      "text-embedding-3-small", 1537,
      "text-embedding-3-small makes vectors of 64 to 1536 dimensions"
    ),
    (
      "text-embedding-3-large", 3073,
      "text-embedding-3-large makes vectors of 64 to 3072 dimensions"
    ),
    (
      "text-embedding-ada-002", 1024, "text-embedding-ada-002 makes vectors of 1536 dimensions only"
    ),
  ])
  func refusesDimensionsThatTheModelCannotMake(model: String, dimensions: Int, problem: String) {
    let error = #expect(throws: OpenAIConfigurationError.self) {
      try Self.configuration(model, dimensions).validate()
    }
    #expect(
      error?.message == "dimensions is \(dimensions), but \(problem)")
  }

  @Test func takesAGivenProvider() throws {
    var configuration = Self.configuration()
    configuration.baseURL = "http://127.0.0.1:8080"
    configuration.provider = "openai"
    #expect(try configuration.space == .openAI3Small)
  }

  @Test func isFreeOnThisMachineOnly() throws {
    var configuration = Self.configuration("bge-m3", 1024)
    configuration.baseURL = "http://localhost:8080"
    #expect(try configuration.resolvedPrice == .free)
    configuration.model = "text-embedding-3-large"
    #expect(try configuration.resolvedPrice.perMillionTokens == NanoDollars(usd: "0.13"))
    configuration.price = TokenPrice(perMillionTokens: NanoDollars(nano: 7))
    #expect(try configuration.resolvedPrice.perMillionTokens.nano == 7)
  }

  @Test func asksForThePriceOfAnUnknownModel() {
    var configuration = Self.configuration("bge-m3", 1024)
    configuration.baseURL = "https://models.example.com"
    let error = #expect(throws: OpenAIConfigurationError.self) { try configuration.validate() }
    #expect(error?.setting == "price")
    #expect(
      error?.description
        == "price is not set, and what bge-m3 costs is not known; "
        + "set it, in US dollars a million tokens, 0 if it is free")
  }

  @Test func refusesAKeyThatNoHeaderCanHoldWithoutShowingIt() {
    let configuration = OpenAIConfiguration(apiKey: APIKey("sk-secret\r\nX-Evil: 1"))
    let error = #expect(throws: OpenAIConfigurationError.self) { try configuration.validate() }
    #expect(
      error?.message
        == "apiKey is empty or holds blanks, line ends or other signs that no key "
        + "has; copy it again")
  }

  /// A change of the defaults, and what is said of it.
  struct Wrong: Sendable {
    var message: String
    var change: @Sendable (inout OpenAIConfiguration) -> Void

    init(_ message: String, _ change: @escaping @Sendable (inout OpenAIConfiguration) -> Void) {
      self.message = message
      self.change = change
    }
  }

  @Test(arguments: [
    Wrong("dimensions is 63; expected 64 to 4096") { $0.dimensions = 63 },
    Wrong("dimensions is 4097; expected 64 to 4096") { $0.dimensions = 4097 },
    Wrong("requestsPerMinute is 0; expected 1 to 1000000000") {
      $0.requestsPerMinute = 0
    },
    Wrong("tokensPerMinute is -5; expected 1 to 1000000000") {
      $0.tokensPerMinute = -5
    },
    Wrong("maximumConcurrentRequests is 0; expected 1 to 64") {
      $0.maximumConcurrentRequests = 0
    },
    Wrong("maximumRetries is -1; expected 0 to 10") {
      $0.maximumRetries = -1
    },
    Wrong("maximumBatchSize is 2049; expected 1 to 2048") {
      $0.maximumBatchSize = 2049
    },
    Wrong("timeout is 0.0 s; expected more than 0, at most 600") {
      $0.timeout = 0
    },
    Wrong("timeout is nan s; expected more than 0, at most 600") {
      $0.timeout = .nan
    },
    Wrong(
      "model is \"\"; expected a model's name, such as text-embedding-3-small"
    ) { $0.model = "" },
    Wrong(
      "provider is \"mock\"; expected a name without slashes and blanks, other "
        + "than mock and local"
    ) { $0.provider = "mock" },
    Wrong(
      "provider is \"local\", which names the models that run in this program; give the server another "
        + "name, such as its maker's"
    ) { $0.provider = "local" },
    Wrong(
      "provider is \"a/b\"; expected a name without slashes and blanks, other than "
        + "mock and local"
    ) { $0.provider = "a/b" },
    Wrong(
      "organization is empty or holds signs that no identifier has; copy it "
        + "again"
    ) { $0.organization = "org\n1" },
    Wrong("project is empty or holds signs that no identifier has; copy it again") {
      $0.project = ""
    },
  ])
  func refusesSettingsOutsideTheirLimits(wrong: Wrong) {
    var configuration = OpenAIConfiguration()
    wrong.change(&configuration)
    let error = #expect(throws: OpenAIConfigurationError.self) { try configuration.validate() }
    #expect(error?.message == wrong.message)
    #expect(error.map { wrong.message.hasPrefix("\($0.setting) ") } == true)
    #expect(error?.message.contains("OPENAI_") == false)
  }
}
