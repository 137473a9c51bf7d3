// OpenAIConfiguration: its defaults.

import Testing

@testable import VectorStoreEmbedding

@Suite struct OpenAIConfigurationTests {
  @Test func startsFromTheDefaults() throws {
    let configuration = OpenAIConfiguration()
    try configuration.validate()
    #expect(try configuration.space == .openAI3Small)
    let terms = try configuration.terms
    #expect(terms.textsPerRequest == 256)
    #expect(terms.tokensPerRequest == 300_000)
    #expect(terms.tokensPerText == 8191)
    #expect(terms.concurrentRequests == 4)
    #expect(terms.requestsPerMinute == 3500)
    #expect(terms.tokensPerMinute == 1_000_000)
    #expect(terms.retries == 3)
    #expect(terms.price == TokenPrice.known(model: "text-embedding-3-small"))
    #expect(terms.isMetered)
    #expect(terms.secondsPerRequest == 30)
    #expect(!configuration.asksForDimensionsFirst)
  }
}
