import Testing
import VectorStore

@testable import StoreCLI

@Suite struct OpenAISettingsTests {
  private static func settings(_ environment: [String: String]) throws -> Settings {
    try SettingsFixture(environment: environment).settings()
  }

  @Test func hasTheDefaultsOfTheDesign() throws {
    let settings = try Self.settings([:])
    #expect(try settings.key() == nil && !settings.hasService && settings.origins.isEmpty)
    #expect(settings.address == .openAI)
    #expect(try settings.space == .openAI3Small)
    let openAI = settings.openAI
    #expect(openAI.organization == nil && openAI.project == nil)
    #expect(openAI.requestsPerMinute == 3500 && openAI.tokensPerMinute == 1_000_000)
    // Left to the library, which knows the server.
    #expect(openAI.maximumConcurrentRequests == nil && openAI.timeout == nil)
    #expect(openAI.maximumRetries == 3 && openAI.maximumBatchSize == nil)
    #expect(openAI.dimensions == nil && openAI.maximumTokensPerText == nil)
    let terms = try openAI.terms
    #expect(terms.concurrentRequests == 4 && terms.secondsPerRequest == 30)
    #expect(terms.textsPerRequest == 256)
    #expect(try openAI.resolvedPrice.perMillionTokens.nano == 20_000_000)
  }

  @Test func readsEverySetting() throws {
    let settings = try Self.settings([
      "OPENAI_API_KEY": SettingsFixture.key, "OPENAI_API_URL": "http://localhost:8080/v1",
      "OPENAI_PROVIDER": "Local", "OPENAI_ORGANIZATION": "org-1", "OPENAI_PROJECT": "proj_2",
      "OPENAI_MODEL": "BAAI/bge-m3", "OPENAI_DIMENSIONS": "1024",
      "OPENAI_MAX_TOKENS_PER_TEXT": "512", "OPENAI_AUTH_HEADER": "x-key: Token",
      "OPENAI_EXTRA_BODY": #"{"truncate":"END"}"#,
      "OPENAI_REQUESTS_PER_MINUTE": "10", "OPENAI_TOKENS_PER_MINUTE": "20",
      "OPENAI_MAX_CONCURRENT_REQUESTS": "64", "OPENAI_TIMEOUT_SECONDS": "2.5",
      "OPENAI_MAX_RETRIES": "0", "OPENAI_MAX_BATCH_SIZE": "2048",
      "OPENAI_PRICE_PER_MILLION_TOKENS": "0.000000001",
    ])
    #expect(try settings.key()?.revealed == SettingsFixture.key)
    #expect(settings.origin(of: .apiKey) == .environment && settings.hasService)
    #expect(settings.address.description == "http://localhost:8080/v1")
    let openAI = settings.openAI
    #expect(openAI.baseURL == "http://localhost:8080/v1" && openAI.apiKey == nil)
    #expect(openAI.provider == "local" && settings.origin(of: .provider) == .environment)
    #expect(openAI.organization == "org-1" && openAI.project == "proj_2")
    #expect(openAI.model == "BAAI/bge-m3" && openAI.dimensions == 1024)
    #expect(openAI.requestsPerMinute == 10 && openAI.tokensPerMinute == 20)
    #expect(openAI.maximumTokensPerText == 512 && openAI.keyHeader == "x-key: Token")
    #expect(openAI.extraBody == #"{"truncate":"END"}"#)
    #expect(openAI.maximumConcurrentRequests == 64 && openAI.timeout == 2.5)
    #expect(openAI.maximumRetries == 0 && openAI.maximumBatchSize == 2048)
    #expect(openAI.price?.perMillionTokens.nano == 1)
  }

  @Test func readsTheAddressUnderTheNameOfTheSDKs() throws {
    let url = "http://localhost:8080"
    #expect(try Self.settings(["OPENAI_BASE_URL": url]).address.description == url)
    let both = ["OPENAI_BASE_URL": "http://other", "OPENAI_API_URL": url]
    #expect(try Self.settings(both).address.description == url)
    let file = try SettingsFixture(base: "OPENAI_BASE_URL=\(url)").settings()
    #expect(file.address.description == url && file.origin(of: .apiURL).file == ".env.base")
  }

  /// Texts a setting refuses, the form it expects, and its default.
  struct Malformed {
    let name: String
    let texts: [String]
    let expected: String
    let fallback: String?

    init(_ name: String, _ texts: [String], _ expected: String, _ fallback: String? = nil) {
      self.name = name
      self.texts = texts
      self.expected = expected
      self.fallback = fallback
    }
  }

  static let malformed: [Malformed] = [
    Malformed("OPENAI_DIMENSIONS", ["63", "4097", "x"], "a whole number from 64 to 4096", "1536"),
    Malformed(
      "OPENAI_REQUESTS_PER_MINUTE", ["0", "-1"], "a whole number from 1 to 1000000000", "3500"),
    Malformed(
      "OPENAI_TOKENS_PER_MINUTE", ["0", "1e6"], "a whole number from 1 to 1000000000", "1000000"),
    Malformed("OPENAI_MAX_CONCURRENT_REQUESTS", ["0", "65"], "a whole number from 1 to 64", "4"),
    Malformed(
      "OPENAI_TIMEOUT_SECONDS", ["0", "601", "30s"],
      "a number of seconds above 0 and at most 600, as 30 or 2.5", "30"),
    Malformed("OPENAI_MAX_RETRIES", ["11", "-1"], "a whole number from 0 to 10", "3"),
    Malformed("OPENAI_MAX_BATCH_SIZE", ["0", "2049"], "a whole number from 1 to 2048", "256"),
    Malformed(
      "OPENAI_MODEL", ["a b"], "the name of a model, without spaces", "text-embedding-3-small"),
    Malformed(
      "OPENAI_API_URL", ["api.openai.com", "http://api.openai.com"],
      "an address such as https://api.openai.com or http://localhost:8080/v1, without a user or "
        + "a fragment, a query only after /embeddings, and with https for OpenAI's own",
      "https://api.openai.com"),
    Malformed(
      "OPENAI_BASE_URL", ["nonsense"],
      "an address such as https://api.openai.com or http://localhost:8080/v1, without a user or "
        + "a fragment, a query only after /embeddings, and with https for OpenAI's own",
      "https://api.openai.com"),
    Malformed(
      "OPENAI_PRICE_PER_MILLION_TOKENS", ["-1", "$1", "1.2.3"],
      "US dollars as a decimal number without a sign and with at most 9 decimals, as 5.00"),
    Malformed(
      "OPENAI_PROVIDER", ["a/b", "mock"],
      "a name of letters, digits and . _ - : that is not \"mock\""),
    Malformed("OPENAI_ORGANIZATION", ["org 1"], "visible ASCII characters without spaces"),
    Malformed("OPENAI_PROJECT", ["é"], "visible ASCII characters without spaces"),
  ]

  @Test(arguments: malformed)
  func refusesWhatIsMalformed(setting: Malformed) throws {
    let name = setting.name
    let expected = setting.expected
    let hint = setting.fallback.map { " (default: \($0))" } ?? ""
    for text in setting.texts {
      #expect(
        try SettingsFixture(environment: [name: text]).message()
          == "\(name) is \"\(text)\" in the environment; expected \(expected); correct or unset it"
          + hint)
      #expect(
        try SettingsFixture(base: "A=1\n\(name)='\(text)'").message()
          == "\(name) is \"\(text)\" in .env.base, line 2; expected \(expected); correct or remove "
          + "the line" + hint)
    }
  }

  @Test func aKeyThatCannotBeSentIsRefusedUnseen() throws {
    for text in ["Bearer walrus", "walrus\u{2026}", "walrus\r\nX-Header: x"] {
      #expect(
        try SettingsFixture(environment: ["OPENAI_API_KEY": text]).message()
          == "OPENAI_API_KEY is not usable (its text is not shown) in the environment; expected a "
          + "key of visible ASCII characters without spaces; correct or unset it")
    }
    #expect(
      try SettingsFixture(environment: ["OPENAI_API_URL": "https://me:walrus@host"]).message()?
        .hasPrefix(
          "OPENAI_API_URL is not usable (its text is not shown) in the environment; expected an ")
        == true)
  }

  @Test func theProviderIsTheAddressUnlessNamed() throws {
    func provider(_ environment: [String: String]) throws -> String {
      let settings = try Self.settings(environment)
      let row = settings.rows.first { $0.name == "OPENAI_PROVIDER" }
      #expect(try row?.value == settings.space.provider)
      return try settings.space.provider
    }
    #expect(try provider(["OPENAI_API_URL": "https://api.openai.com/v1"]) == "openai")
    #expect(try provider(["OPENAI_API_URL": "http://nas:8080"]) == "nas:8080")
    #expect(
      try provider(["OPENAI_API_URL": "http://nas:8080", "OPENAI_PROVIDER": "openai"]) == "openai")
  }

  @Test func aFileCannotDisguiseAServerAsOpenAI() throws {
    let url = "OPENAI_API_URL=https://llm.example\n"
    #expect(
      try SettingsFixture(development: url + "OPENAI_PROVIDER=OpenAI\n").message()
        == "OPENAI_PROVIDER is \"openai\" in .env.development, line 2, but OPENAI_API_URL is "
        + "https://llm.example (.env.development, line 1); a .env file cannot give another "
        + "server's vectors out as OpenAI's; remove the line, or set OPENAI_PROVIDER in the "
        + "environment if the server passes requests on to OpenAI")
    #expect(
      try SettingsFixture(
        environment: ["OPENAI_API_URL": "https://llm.example"], base: "OPENAI_PROVIDER=openai"
      ).message()?.contains("https://llm.example (environment)") == true)
    #expect(
      try SettingsFixture(environment: ["OPENAI_PROVIDER": "openai"], base: url).message() == nil)
    #expect(try SettingsFixture(base: "OPENAI_PROVIDER=openai").message() == nil)
    #expect(try SettingsFixture(base: url + "OPENAI_PROVIDER=mine").message() == nil)
  }

  @Test func anUnknownModelNeedsAPriceUnlessItIsOnThisMachine() throws {
    #expect(
      try Self.settings(["OPENAI_MODEL": "text-embedding-3-large"]).openAI.resolvedPrice
        .perMillionTokens.nano == 130_000_000)
    let unknown = ["OPENAI_MODEL": "new", "OPENAI_API_URL": "https://llm.example"]
    let settings = try Self.settings(unknown)
    #expect(settings.rows.first { $0.name == SettingName.price.rawValue }?.value == "not known")
    let error = #expect(throws: OpenAIConfigurationError.self) {
      try settings.openAI.resolvedPrice
    }
    #expect(
      error.flatMap { Advice.message($0) }
        == "OPENAI_PRICE_PER_MILLION_TOKENS is not set, and what new costs is not known; set it, in US "
        + "dollars a million tokens, 0 if it is free")
    #expect(
      try Self.settings(unknown.merging(["OPENAI_PRICE_PER_MILLION_TOKENS": "0"]) { $1 })
        .openAI.resolvedPrice == .free)
    #expect(
      try Self.settings(["OPENAI_MODEL": "new", "OPENAI_API_URL": "http://127.0.0.1:1"])
        .openAI.resolvedPrice == .free)
  }

  @Test func anotherServerNeedsNoKey() throws {
    #expect(try Self.settings(["OPENAI_API_URL": "http://localhost:1"]).hasService)
    #expect(try !Self.settings(["OPENAI_API_URL": "https://api.openai.com/v1"]).hasService)
    #expect(try Self.settings(["OPENAI_API_KEY": "k"]).hasService)
  }
}
