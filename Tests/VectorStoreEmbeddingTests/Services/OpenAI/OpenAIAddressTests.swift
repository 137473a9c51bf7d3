// OpenAIAddress: what is taken as a URL, and what follows from it.

import Testing

@testable import VectorStoreEmbedding

@Suite struct OpenAIAddressTests {
  @Test(arguments: [
    ("https://api.openai.com", "https://api.openai.com/v1/embeddings"),
    ("https://api.openai.com/", "https://api.openai.com/v1/embeddings"),
    ("https://api.openai.com/v1", "https://api.openai.com/v1/embeddings"),
    ("https://api.openai.com/v1/", "https://api.openai.com/v1/embeddings"),
    ("https://API.OpenAI.com//v1//", "https://api.openai.com/v1/embeddings"),
    ("HTTP://127.0.0.1:8080", "http://127.0.0.1:8080/v1/embeddings"),
    ("http://[::1]:8080/v1", "http://[::1]:8080/v1/embeddings"),
    ("https://openrouter.ai/api/v1", "https://openrouter.ai/api/v1/embeddings"),
    ("https://host/a%20b", "https://host/a%20b/v1/embeddings"),
    ("https://host/v1beta", "https://host/v1beta/v1/embeddings"),
  ])
  func findsEmbeddingsWithOrWithoutVersion(text: String, url: String) throws {
    #expect(try OpenAIAddress(text).embeddings == url)
  }

  @Test func writesModelsAsOnePartOfThePath() throws {
    let address = try OpenAIAddress("http://localhost:11434/v1")
    #expect(address.model("BAAI/bge-m3 x") == "http://localhost:11434/v1/models/BAAI%2Fbge-m3%20x")
  }

  @Test(arguments: [
    ("https://api.openai.com/v1", "openai"), ("https://api.openai.com:443", "openai"),
    ("https://Models.Example.com", "models.example.com:443"),
    ("https://eu.api.openai.com/v1", "openai"),
    ("https://models.example.com:8443/v1", "models.example.com:8443"),
    ("http://127.0.0.1:80", "127.0.0.1:80"), ("http://[::1]:8080", "[::1]:8080"),
    ("https://api.openai.com.example.com", "api.openai.com.example.com:443"),
  ])
  func namesTheProvider(text: String, provider: String) throws {
    #expect(try OpenAIAddress(text).provider == provider)
  }

  @Test(arguments: [
    "http://localhost", "http://LOCALHOST:1", "http://127.0.0.1:8080", "http://127.9.9.9",
    "http://[::1]:8080", "http://a.localhost",
  ])
  func knowsThisMachine(text: String) throws {
    #expect(try OpenAIAddress(text).isLoopback)
  }

  @Test(arguments: [
    "https://api.openai.com", "http://10.0.0.1", "http://128.0.0.1", "http://127.0.0.1.example.com",
    "http://127.0.0.256", "http://notlocalhost", "http://localhost.example.com", "http://[::2]",
  ])
  func knowsOtherMachines(text: String) throws {
    #expect(try !OpenAIAddress(text).isLoopback)
  }

  private static let name = "baseURL (OPENAI_API_URL)"

  @Test(arguments: [
    ("", "is not a URL; expected one like https://api.openai.com"),
    ("api.openai.com", "is not a URL; expected one like https://api.openai.com"),
    ("https://", "is not a URL; expected one like https://api.openai.com"),
    ("https://a b", "is not a URL; expected one like https://api.openai.com"),
    ("ftp://host", "has the scheme \"ftp\"; expected https, or http"),
    (
      "https://user:hunter2@host",
      "holds a user or a password; take it out, the key goes to OPENAI_API_KEY"
    ),
    (
      "https://hunter2@host",
      "holds a user or a password; take it out, the key goes to OPENAI_API_KEY"
    ),
    ("https://host/v1?key=hunter2", "ends in a query or a fragment; expected the address alone"),
    ("https://host/#hunter2", "ends in a query or a fragment; expected the address alone"),
    ("https://host:0", "names the port 0; expected 1 to 65535"),
    ("https://host:65536", "names the port 65536; expected 1 to 65535"),
    (
      "http://api.openai.com",
      "is http://api.openai.com, which would send the key in clear; expected https"
    ),
  ])
  func refusesWhatIsNoAddress(text: String, problem: String) {
    let error = #expect(throws: OpenAIConfigurationError.self) { try OpenAIAddress(text) }
    #expect(error?.message == "\(Self.name) \(problem)")
    #expect(error?.variable == "OPENAI_API_URL")
    #expect(error?.message.contains("hunter2") == false)
  }
}
