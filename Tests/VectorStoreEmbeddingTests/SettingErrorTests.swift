// Spaces, prices and the settings of OpenAI's service with numbers that none of them expects: an error
// that names the setting, never a trap.

import Foundation
import Testing

@testable import VectorStoreEmbedding
import VectorStoreText

@Suite struct SettingErrorTests {
  static let integers = [0, -1, 1, Int.min, Int.min + 1, Int.max, Int.max - 1, 1 << 40, -(1 << 40)]
  static let numbers: [Double] = [
    0, -0.0, -1, .nan, .signalingNaN, .infinity, -.infinity, .greatestFiniteMagnitude,
    -.greatestFiniteMagnitude, 1e300, 9.3e18, Double(Int.max),
  ]

  @Test(arguments: integers + [32, 63, 4097])
  func aSpaceOfOtherDimensionsIsAnError(dimensions: Int) throws {
    let expected = SettingError(
      "dimensions", found: "\(dimensions)", expected: "64 to 4096")
    #expect(throws: expected) {
      try EmbeddingSpace(provider: "me", model: "m", dimensions: dimensions, kind: .real)
    }
    #expect(throws: expected) { try MockService(dimensions: dimensions) }
    #expect(EmbeddingSpace("me/m/\(dimensions)") == nil)
    let json = Data(
      #"{"provider": "me", "model": "m", "dimensions": \#(dimensions), "kind": "real"}"#.utf8)
    #expect(throws: expected) { try JSONDecoder().decode(EmbeddingSpace.self, from: json) }
  }

  @Test func aSpaceHasNames() throws {
    for (provider, model) in [("", "m"), ("a/b", "m"), ("me", "")] {
      #expect(throws: SettingError.self) {
        try EmbeddingSpace(provider: provider, model: model, dimensions: 64, kind: .real)
      }
    }
    let space = try EmbeddingSpace(provider: "me", model: "a/b", dimensions: 64, kind: .real)
    let copy = try JSONDecoder().decode(
      EmbeddingSpace.self, from: JSONEncoder().encode(space))
    #expect(copy == space)
  }

  static let settings:
    [(
      name: String, allowed: ClosedRange<Int>,
      set: @Sendable (inout OpenAIConfiguration, Int) -> Void
    )] = [
      ("dimensions", 64...1536, { $0.dimensions = $1 }),
      ("requestsPerMinute", 1...1_000_000_000, { $0.requestsPerMinute = $1 }),
      ("tokensPerMinute", 1...1_000_000_000, { $0.tokensPerMinute = $1 }),
      ("maximumConcurrentRequests", 1...64, { $0.maximumConcurrentRequests = $1 }),
      ("maximumRetries", 0...10, { $0.maximumRetries = $1 }),
      ("maximumBatchSize", 1...2048, { $0.maximumBatchSize = $1 }),
      ("maximumTokensPerText", 1...1_000_000_000, { $0.maximumTokensPerText = $1 }),
    ]

  @Test func numbersOfOpenAIsServiceAreInTheirRange() {
    for (name, allowed, set) in Self.settings {
      for value in Self.integers {
        var configuration = OpenAIConfiguration()
        set(&configuration, value)
        do {
          _ = try OpenAIService(configuration: configuration)
          #expect(allowed.contains(value), "\(name) = \(value)")
        } catch {
          #expect(!allowed.contains(value), "\(name) = \(value)")
          #expect(error.message.hasPrefix("\(name) is \(value)"), "\(error)")
        }
      }
    }
    for value in Self.numbers {
      var configuration = OpenAIConfiguration()
      configuration.timeout = value
      let error = #expect(throws: OpenAIConfigurationError.self) {
        _ = try OpenAIService(configuration: configuration)
      }
      #expect(error?.message.hasPrefix("timeout is \(value) s") == true)
    }
    for nano in [Int64.min, -1, .max] {
      var configuration = OpenAIConfiguration()
      configuration.price = TokenPrice(perMillionTokens: NanoDollars(nano: nano))
      let error = #expect(throws: OpenAIConfigurationError.self) {
        _ = try OpenAIService(configuration: configuration)
      }
      #expect(error?.setting == "price.perMillionTokens")
    }
  }

  @Test func costsNeverOverflow() {
    for nano in [Int64.min, -1, 0, 1, .max] {
      for tokens in Self.integers {
        let cost = TokenPrice(perMillionTokens: NanoDollars(nano: nano)).cost(ofTokens: tokens)
        #expect(cost >= .zero)
        #expect(nano > 0 && tokens > 0 || cost == .zero)
      }
    }
    #expect(TokenPrice(perMillionTokens: NanoDollars(nano: .max)).cost(ofTokens: .max).nano == .max)
  }

  @Test(arguments: integers)
  func aCounterSaysWhatCanBe(tokens: Int) {
    let counter = TokenCounter(isExact: true) { _ in tokens }
    #expect((0...1032).contains(counter.count("a text.")))
  }
}
