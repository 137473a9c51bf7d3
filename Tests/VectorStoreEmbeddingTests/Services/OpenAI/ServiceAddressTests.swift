// ServiceAddress: what is taken as an address, which spellings are one, and what follows from it.

import Testing

@testable import VectorStoreEmbedding

@Suite struct ServiceAddressTests {
  @Test(arguments: [
    ("https://api.openai.com", "https://api.openai.com/v1/embeddings"),
    ("https://api.openai.com/", "https://api.openai.com/v1/embeddings"),
    ("https://api.openai.com/v1", "https://api.openai.com/v1/embeddings"),
    ("https://api.openai.com/v1/", "https://api.openai.com/v1/embeddings"),
    ("https://API.OpenAI.com//v1//", "https://api.openai.com/v1/embeddings"),
    ("https://api.openai.com./v1/embeddings", "https://api.openai.com/v1/embeddings"),
    ("HTTP://127.0.0.1:8080", "http://127.0.0.1:8080/v1/embeddings"),
    ("http://[::1]:8080/v1", "http://[::1]:8080/v1/embeddings"),
    ("https://openrouter.ai/api/v1", "https://openrouter.ai/api/v1/embeddings"),
    ("https://host/a%20b", "https://host/a%20b/v1/embeddings"),
    ("https://host/v1beta", "https://host/v1beta/v1/embeddings"),
  ])
  func findsEmbeddingsWithOrWithoutVersion(text: String, url: String) throws {
    #expect(try ServiceAddress(text).embeddings.first == url)
  }

  @Test(arguments: [
    (
      "https://api.openai.com",
      ["https://api.openai.com/v1/embeddings", "https://api.openai.com/embeddings"]
    ),
    ("https://host/v1", ["https://host/v1/embeddings"]),
    ("http://host/v3", ["http://host/v3/v1/embeddings", "http://host/v3/embeddings"]),
    ("http://host:7997/embeddings", ["http://host:7997/embeddings"]),
    (
      "https://me.openai.azure.com/openai/deployments/small/embeddings?api-version=2024-10-21",
      ["https://me.openai.azure.com/openai/deployments/small/embeddings?api-version=2024-10-21"]
    ),
  ])
  func triesTheVersionFirstAndUsesWholeAddressesAsTheyAre(text: String, urls: [String]) throws {
    #expect(try ServiceAddress(text).embeddings == urls)
  }

  @Test func knowsAzure() throws {
    #expect(try ServiceAddress("https://me.openai.azure.com/openai/v1").isAzure)
    #expect(try !ServiceAddress("https://openai.azure.com.evil.example").isAzure)
  }

  @Test(
    arguments: [
      ("/v1/embeddings/", "http://host:1/v1/embeddings/"),
      ("http://HOST:1/other", "http://HOST:1/other"),
      ("https://host:1/other", nil), ("http://host:2/other", nil), ("http://thief/x", nil),
      ("//thief/x", nil), ("", nil),
    ] as [(String, String?)])
  func followsRedirectsToTheSameServerOnly(location: String, url: String?) throws {
    let address = try ServiceAddress("http://host:1")
    let found = address.redirected(from: "http://host:1/v1/embeddings", to: location)
    #expect(found == url)
  }

  @Test func writesModelsAsOnePartOfThePath() throws {
    let address = try ServiceAddress("http://localhost:11434/v1")
    #expect(address.model("BAAI/bge-m3 x") == "http://localhost:11434/v1/models/BAAI%2Fbge-m3%20x")
  }

  @Test(arguments: [
    ("https://api.openai.com", "https://api.openai.com"),
    ("HTTPS://API.OpenAI.com:443/v1/", "https://api.openai.com/v1"),
    ("http://localhost:11434/v1", "http://localhost:11434/v1"),
    ("http://nas:80//", "http://nas"), ("http://nas.:80", "http://nas"),
    ("http://[::1]:8080", "http://[::1]:8080"), ("http://[0:0::0001]", "http://[::1]"),
    ("http://[2001:DB8::A]", "http://[2001:db8::a]"),
    ("https://a_b-c.example:8443/x/%20y/@z", "https://a_b-c.example:8443/x/%20y/@z"),
  ])
  func writesAddressesInTheirShortestForm(text: String, shortest: String) throws {
    #expect(try ServiceAddress(text).description == shortest)
  }

  /// All spellings of a line are one address and one provider, and no two lines have any in common.
  @Test func spellingsOfOneAddressAreEqual() throws {
    let spellings = [
      [
        "http://localhost:8080", "HTTP://LOCALHOST:8080/", "http://localhost.:8080/v1",
        "http://127.0.0.1:8080", "http://127.0.0.1.:8080/v1/", "http://[::1]:8080//v1//",
        "http://[0:0:0:0:0:0:0:1]:8080/v1/embeddings",
      ],
      ["http://localhost:8081", "http://127.0.0.1:8081/v1"],
      ["http://127.0.0.2:8080"], ["http://a.localhost:8080"],
      ["https://localhost:8080", "https://127.0.0.1:8080"],
      ["http://localhost", "http://127.0.0.1:80/", "http://[::1]:80/v1"],
      ["https://api.openai.com", "https://API.openai.com.:443/v1/"],
      ["https://api.openai.com:8443"],
      ["https://eu.api.openai.com"],
      ["https://llm.example", "https://LLM.Example.:443/v1/"],
      ["https://llm.example:444"], ["http://llm.example", "http://llm.example:80"],
      ["https://llm.example/a", "https://llm.example/a/v1", "https://llm.example/a/v1/embeddings"],
      ["https://llm.example/b"], ["https://llm.example/a/embeddings"],
      ["https://llm.example/a/embeddings?api-version=1"],
    ]
    let parsed = try spellings.map { try $0.map { try ServiceAddress($0) } }
    for (line, addresses) in zip(spellings, parsed) {
      #expect(Set(addresses).count == 1, "\(line)")
      #expect(Set(addresses.map(\.provider)).count == 1, "\(line)")
    }
    #expect(Set(parsed.joined()).count == spellings.count)
  }

  @Test(arguments: [
    ("https://api.openai.com/v1", "openai"), ("https://api.openai.com:443", "openai"),
    ("https://api.openai.com.", "openai"), ("https://EU.api.openai.com/v1", "openai"),
    ("https://api.openai.com:8443", "api.openai.com:8443"),
    ("https://Models.Example.com", "models.example.com:443"),
    ("https://models.example.com:8443/v1", "models.example.com:8443"),
    ("http://NAS:8080/v1", "nas:8080"), ("http://openai", "openai:80"), ("http://mock", "mock:80"),
    ("http://127.0.0.1:80", "localhost:80"), ("http://[::1]:8080", "localhost:8080"),
    ("https://api.openai.com.example.com", "api.openai.com.example.com:443"),
  ])
  func namesTheProvider(text: String, provider: String) throws {
    #expect(try ServiceAddress(text).provider == provider)
  }

  @Test(arguments: [
    "https://api.openai.com.evil.example", "https://evil-api.openai.com",
    "https://evilapi.openai.com", "https://api.openai.com:8443", "https://openai.com",
    "https://evil.example/api.openai.com",
  ])
  func takesNoOtherServerForOpenAI(text: String) throws {
    #expect(try !ServiceAddress(text).isOpenAI)
    #expect(try ServiceAddress(text).provider != "openai")
  }

  @Test(arguments: [
    "http://localhost", "http://LOCALHOST:1", "http://127.0.0.1:8080", "http://127.9.9.9",
    "http://[::1]:8080", "http://a.localhost", "http://127.0.0.1.",
  ])
  func knowsThisMachine(text: String) throws {
    #expect(try ServiceAddress(text).isLoopback)
  }

  @Test(arguments: [
    "https://api.openai.com", "http://10.0.0.1", "http://128.0.0.1", "http://127.0.0.1.example.com",
    "http://127.0.0.256", "http://notlocalhost", "http://localhost.example.com", "http://[::2]",
    "http://127.evil", "http://0.0.0.0", "http://192.168.0.1",
  ])
  func knowsOtherMachines(text: String) throws {
    #expect(try !ServiceAddress(text).isLoopback)
  }

  @Test(arguments: [
    "", "api.openai.com", "localhost:8080", "://host", "https://", "https:///v1", "https:host",
    "https://host:", "https://host:+80", "https://host:80:80", "https://host:99999999999999999999",
    "https://host /v1", " https://host", "https://host ", "https://ho st", "https://host/a b",
    "https://h%6fst", "https://hóst", "https://host/é", "https://.host", "https://.",
    "https://host..", "https://[::1", "https://[host]", "https://[::1]x", "https://[::1%25lo]",
    "https://ho\nst", "https://host/\u{1B}[0m", "https://a;b", "https://host\\evil.example",
    "https://host/%", "https://host/%zz", "https://host/\u{0301}",
  ])
  func refusesWhatIsNoPlainAddress(text: String) {
    let error = #expect(throws: OpenAIConfigurationError.self) { try ServiceAddress(text) }
    #expect(
      error?.message == "\(Self.name) is not a URL; expected one like https://api.openai.com")
  }

  private static let name = "baseURL"

  @Test(arguments: [
    ("ftp://host", "has the scheme \"ftp\"; expected https, or http"),
    (
      "https://user:hunter2@host",
      "holds a user or a password; take it out; the key is a setting of its own"
    ),
    (
      "https://hunter2@host",
      "holds a user or a password; take it out; the key is a setting of its own"
    ),
    (
      "https://host\\@evil.example",
      "holds a user or a password; take it out; the key is a setting of its own"
    ),
    (
      "https://host/v1?key=hunter2",
      "has a query, but does not end in /embeddings; expected the whole address, or no query"
    ),
    (
      "https://host?key=hunter2",
      "has a query, but does not end in /embeddings; expected the whole address, or no query"
    ),
    (
      "https://host/embeddings?api-key=hunter2",
      "holds a key in its query; take it out, the key has a setting of its own"
    ),
    ("https://host/#hunter2", "ends in a fragment; expected the address alone"),
    ("https://host:0", "names the port 0; expected 1 to 65535"),
    ("https://host:65536", "names the port 65536; expected 1 to 65535"),
    (
      "http://api.openai.com/v1",
      "is http://api.openai.com, which would send the key in clear; expected https"
    ),
  ])
  func saysWhatIsWrongWithoutShowingSecrets(text: String, problem: String) {
    let error = #expect(throws: OpenAIConfigurationError.self) { try ServiceAddress(text) }
    #expect(error?.message == "\(Self.name) \(problem)")
    #expect(error?.setting == "baseURL")
    #expect(error?.message.contains("hunter2") == false)
  }
}
