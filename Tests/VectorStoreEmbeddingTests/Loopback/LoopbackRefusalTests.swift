// What the loopback server refuses on its own account: requests that break the API's description,
// keys, limits.

import Foundation
import Testing

@testable import TestSupport

@Suite struct LoopbackRefusalTests {
  @Test(arguments: [
    (
      "{\"input\": [\"a\"], \"model\": \"text-embedding-3-small\", \"foo\": 1}",
      "unknown property 'foo'"
    ),
    ("{\"input\": [\"a\"]}", "required property 'model' is missing"),
    ("{\"model\": \"text-embedding-3-small\"}", "required property 'input' is missing"),
    ("{\"input\": [\"a\", 1], \"model\": \"text-embedding-3-small\"}", "input is neither"),
    ("{\"input\": [], \"model\": \"text-embedding-3-small\"}", "input is empty"),
    ("{\"input\": [\"a\", \"\"], \"model\": \"text-embedding-3-small\"}", "input 1 is empty"),
    ("{\"input\": \"a\", \"model\": 3}", "model is not of type String"),
    ("{\"input\": \"a\", \"model\": \"text-embedding-3-small\", \"dimensions\": 0}", "less than 1"),
    (
      "{\"input\": \"a\", \"model\": \"text-embedding-3-small\", \"dimensions\": \"8\"}",
      "dimensions is not"
    ),
    (
      "{\"input\": \"a\", \"model\": \"text-embedding-3-small\", \"dimensions\": null}",
      "dimensions is not"
    ),
    (
      "{\"input\": \"a\", \"model\": \"text-embedding-3-small\", \"encoding_format\": \"hex\"}",
      "not float or base64"
    ),
    (
      "{\"input\": \"a\", \"model\": \"text-embedding-3-small\", \"user\": 7}",
      "user is not of type String"
    ),
    (
      "{\"input\": \"a\", \"model\": \"text-embedding-ada-002\", \"dimensions\": 8}",
      "dimensions for text-embedding-ada-002"
    ),
    ("{\"input\": \"a\"", "the body is not a JSON object"),
  ]) func refusesWhatBreaksTheDescription(_ body: String, _ violation: String) async throws {
    try await withLoopback { server in
      let answer = try await server.exchange(body)
      #expect(answer.status == 400)
      #expect(try answer.code() == nil)
      #expect(server.violations.count == 1)
      #expect(server.violations.first?.contains(violation) == true, "\(server.violations)")
      #expect(server.billing.requests == 0)
    }
  }

  @Test func refusesOtherHeadersThanTheDescribed() async throws {
    try await withLoopback { server in
      let body = try embeddingsBody(["a"])
      #expect(try await server.exchange(body, headers: []).status == 400)
      #expect(try await server.exchange(body, key: nil).status == 401)
      #expect(try await server.exchange(body, key: "two words").status == 401)
      #expect(server.violations.count == 3)
      #expect(try await server.exchange(body, path: "/v1/v1/embeddings").status == 404)
      server.update { $0.needsKey = false }
      #expect(try await server.exchange(body, key: nil).status == 200)
      server.update { $0.keys = [] }
      #expect(try await server.exchange(body).status == 401)
    }
  }

  @Test func takesTokensAndSingleStringsAsDescribed() async throws {
    try await withLoopback { server in
      for input in ["\"a\"", "[1212, 318]", "[[1212], [318, 257]]"] {
        let body = "{\"input\": \(input), \"model\": \"text-embedding-3-small\"}"
        let answer = try await server.exchange(body)
        #expect(answer.status == 200)
      }
      #expect(server.billing.tokens == 1 + 2 + 3)
      #expect(server.violations.isEmpty)
    }
  }

  @Test func refusesWhatIsOverTheLimits() async throws {
    let behaviour = LoopbackBehaviour {
      $0.tokens = { Int($0) ?? 1 }
      $0.refuses = { $0 == "bad" }
      $0.balance = 400_000
    }
    try await withLoopback(behaviour) { server in
      let long = try await server.exchange(embeddingsBody(["8193"]))
      #expect(long.status == 400)
      #expect(try long.code() == nil)
      #expect(try await server.exchange(embeddingsBody(["8192"])).status == 200)
      let sum = try await server.exchange(
        embeddingsBody([String](repeating: "8000", count: 37) + ["4001"]))
      #expect(sum.status == 400)
      #expect(try sum.code() == "max_tokens_per_request")
      #expect(
        try await server.exchange(embeddingsBody([String](repeating: "8000", count: 37) + ["4000"]))
          .status == 200)
      let bad = try await server.exchange(embeddingsBody(["good", "bad"]))
      #expect(bad.status == 400)
      #expect(try bad.code() == nil)
      #expect(server.violations.isEmpty)
      let many = try await server.exchange(embeddingsBody([String](repeating: "a", count: 2049)))
      #expect(many.status == 400)
      #expect(server.violations.count == 1)
      #expect(server.billing.tokens == 308_192)
      let unpaid = try await server.exchange(embeddingsBody([String](repeating: "8000", count: 12)))
      #expect(unpaid.status == 429)
      #expect(try unpaid.code() == "insufficient_quota")
      server.update { $0.balance = nil }
      let paid = try await server.exchange(embeddingsBody([String](repeating: "8000", count: 12)))
      #expect(paid.status == 200)
    }
  }

  @Test func refusesWhatAServerOfAnotherMakeDoesNotKnow() async throws {
    try await withLoopback(LoopbackBehaviour { $0.base64 = .refused }) { server in
      let base64 = try embeddingsBody(["a"], ", \"encoding_format\": \"base64\"")
      #expect(try await server.exchange(base64).status == 400)
      server.update { $0.base64 = .ignored }
      let answer = try await server.exchange(base64)
      #expect(try answer.reply().data[0].embedding?.isBase64 == false)
      server.update { $0.knowsDimensions = false }
      #expect(try await server.exchange(embeddingsBody(["a"], ", \"dimensions\": 8")).status == 400)
      #expect(try await server.exchange(embeddingsBody(["a"], model: "other")).status == 404)
      #expect(server.violations.isEmpty)
    }
  }

  @Test func holdsToItsRateLimitsAndSaysSo() async throws {
    let behaviour = LoopbackBehaviour {
      $0.rateLimits = .init(requestsPerMinute: 3, tokensPerMinute: 100, minute: 600)
      $0.tokens = { Int($0) ?? 1 }
    }
    try await withLoopback(behaviour) { server in
      let first = try await server.exchange(embeddingsBody(["10"]))
      #expect(first.status == 200)
      #expect(first.headers["x-ratelimit-limit-requests"] == "3")
      #expect(first.headers["x-ratelimit-remaining-requests"] == "2")
      #expect(first.headers["x-ratelimit-reset-requests"] == "3m20s")
      #expect(first.headers["x-ratelimit-remaining-tokens"] == "90")
      #expect(first.headers["x-ratelimit-reset-tokens"] == "1m0s")
      let tokens = try await server.exchange(embeddingsBody(["95"]))
      #expect(tokens.status == 429)
      #expect(try tokens.code() == "rate_limit_exceeded")
      let wait = try #require(tokens.headers["retry-after-ms"].flatMap { Int($0) })
      #expect((20_000...30_000).contains(wait))
      #expect(try await server.exchange(embeddingsBody(["1"])).status == 200)
      #expect(try await server.exchange(embeddingsBody(["1"])).status == 429)
      #expect(server.billing.tokens == 11)
      server.update { $0.rateLimits = nil }
      let free = try await server.exchange(embeddingsBody(["1"]))
      #expect(free.headers.keys.allSatisfy { !$0.hasPrefix("x-ratelimit") })
      server.update { $0.rateHeaders = .always("-1") }
      let odd = try await server.exchange(embeddingsBody(["1"]))
      #expect(odd.headers["x-ratelimit-reset-tokens"] == "-1")
    }
  }

  @Test func writesDurationsAsTheAPIDoes() {
    let seconds = [0, 0.0115, 0.9999, 1, 1.2, 59.5, 360]
    #expect(
      seconds.map(LoopbackRates.duration)
        == ["0ms", "12ms", "1s", "1s", "2s", "1m0s", "6m0s"])
  }
}
