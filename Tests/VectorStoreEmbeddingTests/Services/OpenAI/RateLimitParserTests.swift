// RateLimitParser: durations, limits and waits as servers write them, and garbage.

import Foundation
import Testing

@testable import VectorStoreEmbedding

@Suite struct RateLimitParserTests {
  @Test(arguments: [
    ("1s", 1), ("6m0s", 360), ("12ms", 0.012), ("1h2m3.5s", 3723.5), ("1d", 86_400), ("20", 20),
    ("1.5", 1.5), (" 2s ", 2), ("500µs", 0.0005), ("500us", 0.0005), ("250ns", 2.5e-7),
    ("1m12ms", 60.012),
  ])
  func readsDurations(text: String, seconds: Double) throws {
    let read = try #require(RateLimitParser.duration(text))
    #expect(abs(read - seconds) < 1e-9)
  }

  @Test(arguments: [
    nil, "", "0", "0s", "0ms", "-1", "-1s", "s", "1x", "1 s 2", "soon", "1..2s", "1e5s", "٣s",
    "1s2",
    "NaN", "inf",
  ])
  func takesNoDurationFromGarbage(text: String?) {
    #expect(RateLimitParser.duration(text) == nil)
  }

  @Test func readsAllSixHeaders() {
    let limits = RateLimitParser.limits([
      "x-ratelimit-limit-requests": "3500", "x-ratelimit-remaining-requests": "3499",
      "x-ratelimit-reset-requests": "17ms", "x-ratelimit-limit-tokens": "1000000",
      "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "6m0s",
    ])
    var expected = RateLimitHeaders()
    expected.limitRequests = 3500
    expected.remainingRequests = 3499
    expected.resetRequests = 0.017
    expected.limitTokens = 1_000_000
    expected.remainingTokens = 0
    expected.resetTokens = 360
    #expect(limits == expected)
  }

  @Test(arguments: ["0", "-1", "", "many", "99999999999999999999"])
  func findsNothingInHeadersThatSayNothing(value: String) {
    let names = ["limit", "remaining", "reset"].flatMap { kind in
      ["requests", "tokens"].map { "x-ratelimit-\(kind)-\($0)" }
    }
    let headers = Dictionary(uniqueKeysWithValues: names.map { ($0, value) })
    var limits = RateLimitParser.limits(headers)
    // As a duration, the large number is one.
    limits?.resetRequests = nil
    limits?.resetTokens = nil
    #expect(limits == nil || limits == RateLimitHeaders())
    #expect(RateLimitParser.limits([:]) == nil)
  }

  @Test func believesThatNothingRemainsOnlyWhereThereIsALimit() {
    let unknown = RateLimitParser.limits([
      "x-ratelimit-remaining-requests": "0", "x-ratelimit-limit-requests": "0",
      "x-ratelimit-remaining-tokens": "7",
    ])
    #expect(unknown?.remainingRequests == nil)
    #expect(unknown?.remainingTokens == 7)
    let known = RateLimitParser.limits([
      "x-ratelimit-remaining-requests": "0", "x-ratelimit-limit-requests": "60",
    ])
    #expect(known?.remainingRequests == 0)
  }

  /// 1994-11-06 08:49:37 UTC.
  private static let now = Date(timeIntervalSince1970: 784_111_777)

  @Test(
    arguments: [
      (["retry-after-ms": "1500"], 1.5), (["retry-after": "20"], 20), (["retry-after": "0.5"], 0.5),
      (["retry-after": "0"], 0), (["retry-after-ms": "250", "retry-after": "20"], 0.25),
      (["retry-after-ms": "soon", "retry-after": "20"], 20),
      (["retry-after-ms": "-5", "retry-after": "20"], 20),
      (["retry-after": "Sun, 06 Nov 1994 08:49:37 GMT"], 0),
      (["retry-after": "Sun, 06 Nov 1994 08:50:07 GMT"], 30),
      (["retry-after": "Tue, 28 Feb 1995 00:00:00 GMT"], 9_817_823),
      (["retry-after": "Thu, 29 Feb 1996 00:00:00 GMT"], 41_440_223),
    ] as [([String: String], Double)])
  func readsWaits(headers: [String: String], seconds: Double) {
    #expect(RateLimitParser.wait(headers, now: Self.now) == seconds)
  }

  @Test(
    arguments: [
      [:], ["retry-after": ""], ["retry-after": "-5"], ["retry-after": "later"],
      ["retry-after": "Sun, 06 Nov 1994 08:49:36 GMT"],
      ["retry-after": "Sun, 06 Nov 1994 08:49:37 CET"],
      ["retry-after": "Sun, 06 Foo 1994 08:49:37 GMT"],
      ["retry-after": "Sun, 06 Nov 1994 25:00:00 GMT"],
      ["retry-after": "Sunday, 06-Nov-94 08:49:37 GMT"], ["retry-after": "inf"],
      ["retry-after-ms": "nan"],
    ] as [[String: String]])
  func waitsForNothingElse(headers: [String: String]) {
    #expect(RateLimitParser.wait(headers, now: Self.now) == nil)
  }
}
