// What tokens cost, to the nano-dollar.

import Testing

@testable import VectorStoreEmbedding

@Suite struct TokenPriceTests {
  @Test(arguments: [
    ("text-embedding-3-small", "0.02"), ("text-embedding-3-large", "0.13"),
    ("text-embedding-ada-002", "0.10"),
  ])
  func knowsTheModelsOfThePriceList(model: String, usd: String) throws {
    #expect(try TokenPrice.known(model: model)?.perMillionTokens == NanoDollars(usd: usd))
  }

  @Test(arguments: ["", "text-embedding-3", "Text-Embedding-3-Small", "mistral-embed"])
  func knowsNoOtherModel(model: String) {
    #expect(TokenPrice.known(model: model) == nil)
  }

  @Test(
    arguments: [
      (0, 0), (1, 20), (8191, 163_820), (300_000, 6_000_000), (1_000_000, 20_000_000),
      (1_000_000_000_000, 20_000_000_000_000),
    ] as [(Int, Int64)])
  func costsOfTheSmallModelAreExact(tokens: Int, nano: Int64) {
    #expect(
      TokenPrice.known(model: "text-embedding-3-small")?.cost(ofTokens: tokens)
        == NanoDollars(nano: nano))
  }

  @Test func partsOfANanoDollarAreRoundedUp() {
    let price = TokenPrice(perMillionTokens: NanoDollars(nano: 1))
    #expect(price.cost(ofTokens: 0).nano == 0)
    #expect(price.cost(ofTokens: 1).nano == 1)
    #expect(price.cost(ofTokens: 1_000_000).nano == 1)
    #expect(price.cost(ofTokens: 1_000_001).nano == 2)
  }

  @Test func dearestPriceOfAWholeRequestDoesNotOverflow() {
    let price = TokenPrice(perMillionTokens: NanoDollars(nano: .max))
    #expect(price.cost(ofTokens: 1_000_000).nano == .max)
    #expect(price.cost(ofTokens: 300_000).nano == 2_767_011_611_056_432_743)
  }

  @Test func freeIsFree() {
    #expect(TokenPrice.free.cost(ofTokens: 1_000_000) == .zero)
  }
}
