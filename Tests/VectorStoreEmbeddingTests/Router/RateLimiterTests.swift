// When attempts fit into the rate, by hand and in simulations.

import Foundation
import Testing

@testable import VectorStoreEmbedding

@Suite struct RateLimiterTests {
  private typealias Second = AccountActivity.Second

  private let start: Int64 = 1_800_000_000
  private let limits = SpendingLimits(requestsPerMinute: 10, tokensPerMinute: 1000)

  private func time(_ seconds: Double) -> Date {
    Date(timeIntervalSince1970: Double(start) + seconds)
  }

  /// What was sent in seconds after the start.
  private func sent(_ rows: (second: Int64, requests: Int, tokens: Int)...) -> [Second] {
    rows.map { Second(second: start + $0.second, requests: $0.requests, tokens: $0.tokens) }
  }

  private func refusal(
    code: String? = nil, retryAfter: Double? = nil, rateLimits: RateLimitHeaders? = nil
  ) -> ServiceError {
    ServiceError(
      .rate, code: code, message: "too fast", status: 429, retryAfter: retryAfter,
      rateLimits: rateLimits)
  }

  // MARK: - The rolling minute

  @Test func lastRequestOfTheMinuteGoesNowAndTheNextWaitsForTheOldest() {
    let limiter = RateLimiter()
    let nine = sent((0, 4, 0), (2, 5, 0))
    #expect(limiter.wait(tokens: 1, lastMinute: nine, limits: limits, now: time(5)) == nil)
    let ten = sent((0, 4, 0), (2, 6, 0))
    // The four of second 0 are a minute old at 61, as the last of them was sent at 0.999.
    #expect(limiter.wait(tokens: 1, lastMinute: ten, limits: limits, now: time(5)) == 56)
    #expect(limiter.wait(tokens: 1, lastMinute: ten, limits: limits, now: time(61)) == nil)
  }

  @Test func tokensWaitUntilEnoughOfThemIsOld() {
    let limiter = RateLimiter()
    let lastMinute = sent((0, 1, 300), (10, 1, 300), (20, 1, 300))
    let wait = { (tokens: Int) in
      limiter.wait(tokens: tokens, lastMinute: lastMinute, limits: limits, now: time(30))
    }
    #expect(wait(100) == nil)
    #expect(wait(101) == 31)
    #expect(wait(400) == 31)
    #expect(wait(401) == 41)
    #expect(wait(701) == 51)
  }

  @Test func attemptLargerThanTheMinuteGoesWhenTheMinuteIsEmpty() {
    let limiter = RateLimiter()
    let wait = { (lastMinute: [Second]) in
      limiter.wait(tokens: 50_000, lastMinute: lastMinute, limits: limits, now: time(30))
    }
    #expect(wait([]) == nil)
    #expect(wait(sent((0, 1, 1), (7, 1, 1))) == 38)
  }

  @Test func noLimitsMakeNoWait() {
    let busy = sent((29, 1_000_000, 1_000_000_000))
    let wait = RateLimiter().wait(
      tokens: 300_000, lastMinute: busy, limits: SpendingLimits(), now: time(30))
    #expect(wait == nil)
  }

  @Test func waitsAreFromAHundredthOfASecondToAMinute() {
    let limiter = RateLimiter()
    let full = sent((0, 10, 0))
    #expect(limiter.wait(tokens: 1, lastMinute: full, limits: limits, now: time(60.999)) == 0.01)
    #expect(limiter.wait(tokens: 1, lastMinute: full, limits: limits, now: time(0.5)) == 60)
  }

  @Test func secondsAheadOfAClockThatWasSetBackAreNotWaitedFor() {
    let ahead = sent((500, 10, 1000))
    let wait = RateLimiter().wait(tokens: 1, lastMinute: ahead, limits: limits, now: time(30))
    #expect(wait == nil)
  }

  // MARK: - What the server tells

  @Test func smallerOfConfiguredAndToldLimitHoldsForTenMinutes() {
    var limiter = RateLimiter()
    var headers = RateLimitHeaders()
    headers.limitRequests = 5
    headers.limitTokens = 5000
    limiter.learn(from: headers, now: time(0))
    let later: (Double, Int, Int) -> Double? = { [limiter] seconds, requests, tokens in
      limiter.wait(
        tokens: tokens, lastMinute: sent((Int64(seconds) - 1, requests, 0)), limits: limits,
        now: time(seconds))
    }
    #expect(later(30, 5, 1) == 60)
    #expect(later(30, 4, 1) == nil)
    #expect(later(599, 5, 1) == 60)
    #expect(later(600, 5, 1) == nil)
    #expect(later(600, 10, 1) == 60)
  }

  @Test func newerHeadersReplaceTheLimit() {
    var limiter = RateLimiter()
    var headers = RateLimitHeaders()
    headers.limitRequests = 5
    limiter.learn(from: headers, now: time(0))
    headers.limitRequests = 8
    limiter.learn(from: headers, now: time(1))
    limiter.learn(from: RateLimitHeaders(), now: time(2))
    let wait = { (requests: Int) in
      limiter.wait(tokens: 1, lastMinute: sent((2, requests, 0)), limits: limits, now: time(3))
    }
    #expect(wait(7) == nil)
    #expect(wait(8) == 60)
  }

  @Test func whatIsLeftFlowsBackByTheSecondAndIsWholeAtTheReset() {
    var limiter = RateLimiter()
    var headers = RateLimitHeaders()
    headers.limitTokens = 600
    headers.remainingTokens = 100
    headers.resetTokens = 50
    limiter.learn(from: headers, now: time(0))
    let wait = { (tokens: Int, now: Double, limiter: RateLimiter) in
      limiter.wait(tokens: tokens, lastMinute: [], limits: SpendingLimits(), now: time(now))
    }
    #expect(wait(100, 0, limiter) == nil)
    #expect(wait(300, 0, limiter) == 20)
    #expect(wait(300, 5, limiter) == 15)
    #expect(wait(300, 20, limiter) == nil)
    #expect(wait(600, 0, limiter) == 50)
    limiter.enter(tokens: 100, lastMinute: [], now: time(0))
    #expect(wait(100, 0, limiter) == 10)
    headers.resetTokens = 3
    limiter.learn(from: headers, now: time(0))
    #expect(wait(600, 0, limiter) == 3)
  }

  @Test func noRequestsLeftWithoutALimitWaitForTheReset() {
    var limiter = RateLimiter()
    var headers = RateLimitHeaders()
    headers.remainingRequests = 0
    limiter.learn(from: headers, now: time(0))
    let wait = { (limiter: RateLimiter) in
      limiter.wait(tokens: 1, lastMinute: [], limits: SpendingLimits(), now: time(1))
    }
    #expect(wait(limiter) == nil, "nothing says when they come back")
    headers.resetRequests = 12
    limiter.learn(from: headers, now: time(0))
    #expect(wait(limiter) == 11)
  }

  // MARK: - Refusals

  @Test func refusalHoldsAllAttemptsAsLongAsItSays() {
    var limiter = RateLimiter()
    limiter.learn(from: refusal(retryAfter: 20), now: time(0))
    limiter.learn(from: refusal(retryAfter: 5), now: time(1))
    let wait = { (now: Double) in
      limiter.wait(tokens: 1, lastMinute: [], limits: limits, now: time(now))
    }
    #expect(wait(1) == 19)
    #expect(wait(20) == nil)
  }

  @Test func refusalHoldsForTwoMinutesAtMostAndASecondWhereItNamesNoWait() {
    let wait = { (error: ServiceError, now: Double) in
      var limiter = RateLimiter()
      limiter.learn(from: error, now: time(0))
      return limiter.wait(tokens: 1, lastMinute: [], limits: limits, now: time(now))
    }
    #expect(wait(refusal(retryAfter: 3600), 0) == 60)
    #expect(wait(refusal(retryAfter: 3600), 100) == 20)
    #expect(wait(refusal(retryAfter: 3600), 120) == nil)
    #expect(wait(refusal(), 0) == 1)
  }

  @Test func holdAheadOfAClockThatWasSetBackIsForgotten() {
    var limiter = RateLimiter()
    limiter.learn(from: refusal(retryAfter: 20), now: time(5000))
    let wait = { (limiter: RateLimiter, now: Double) in
      limiter.wait(tokens: 1, lastMinute: [], limits: limits, now: time(now))
    }
    #expect(wait(limiter, 0) == nil)
    limiter.learn(from: refusal(retryAfter: 20), now: time(0))
    #expect(wait(limiter, 0) == 20)
  }

  @Test func otherErrorsHoldNobodyButTheirHeadersAreLearned() {
    var limiter = RateLimiter()
    var headers = RateLimitHeaders()
    headers.limitRequests = 2
    let error = ServiceError(
      .server, message: "overloaded", status: 503, retryAfter: 30, rateLimits: headers)
    limiter.learn(from: error, now: time(0))
    #expect(limiter.wait(tokens: 1, lastMinute: [], limits: limits, now: time(0)) == nil)
    let two = sent((0, 2, 0))
    #expect(limiter.wait(tokens: 1, lastMinute: two, limits: limits, now: time(1)) == 60)
  }

  @Test func slowDownHalvesThePaceAndEachMinuteLaterItDoubles() {
    var limiter = RateLimiter()
    let minute = SpendingLimits(requestsPerMinute: 60, tokensPerMinute: 60_000)
    let wait = { (limiter: RateLimiter, now: Double, tokens: Int) in
      limiter.wait(
        tokens: 1, lastMinute: sent((Int64(now), 1, tokens)), limits: minute, now: time(now))
    }
    limiter.learn(from: refusal(code: "slow_down", retryAfter: 0), now: time(0))
    #expect(wait(limiter, 10, 1) == 2)
    #expect(wait(limiter, 10, 5000) == 10)
    #expect(wait(limiter, 60, 1) == nil)
    // Another one of the same moment.
    limiter.learn(from: refusal(code: "slow_down", retryAfter: 0), now: time(1))
    #expect(wait(limiter, 10, 1) == 2)
    limiter.learn(from: refusal(code: "slow_down", retryAfter: 0), now: time(20))
    #expect(wait(limiter, 30, 1) == 4)
    #expect(wait(limiter, 90, 1) == 2)
    #expect(wait(limiter, 140, 1) == nil)
    for second in 0..<10 {
      let now = time(200 + 3 * Double(second))
      limiter.learn(from: refusal(code: "slow_down", retryAfter: 0), now: now)
    }
    #expect(wait(limiter, 240, 1) == 16)
  }

  @Test func fiveRefusalsThatTellNoLimitMakeWhatWasTakenTheLimit() {
    var limiter = RateLimiter()
    let nine = sent((0, 4, 400), (1, 5, 500))
    limiter.enter(tokens: 100, lastMinute: nine, now: time(2))
    for _ in 0..<4 { limiter.learn(from: refusal(retryAfter: 0), now: time(2)) }
    var accident = limiter
    accident.succeed()
    accident.learn(from: refusal(retryAfter: 0), now: time(2))
    #expect(
      accident.wait(tokens: 1, lastMinute: sent((100, 9, 0)), limits: .init(), now: time(100))
        == nil)
    limiter.learn(from: refusal(retryAfter: 0), now: time(2))
    let wait = { (requests: Int, now: Double) in
      let sent = sent((Int64(now), requests, 0))
      return limiter.wait(tokens: 1, lastMinute: sent, limits: SpendingLimits(), now: time(now))
    }
    #expect(wait(8, 100) == nil)
    #expect(wait(9, 100) == 60)
    #expect(wait(1000, 602) == nil)
  }

  @Test func nothingIsConcludedFromFewRequestsOrBesideAToldLimit() {
    let many = sent((0, 3, 1), (30, 60, 1))
    var few = RateLimiter()
    few.enter(tokens: 1, lastMinute: sent((0, 3, 1)), now: time(2))
    few.learn(from: refusal(retryAfter: 0), now: time(2))
    #expect(few.wait(tokens: 1, lastMinute: many, limits: SpendingLimits(), now: time(40)) == nil)
    var told = RateLimiter()
    var headers = RateLimitHeaders()
    headers.limitTokens = 1_000_000
    told.enter(tokens: 1, lastMinute: sent((0, 9, 1)), now: time(2))
    told.learn(from: refusal(retryAfter: 0, rateLimits: headers), now: time(2))
    #expect(told.wait(tokens: 1, lastMinute: many, limits: SpendingLimits(), now: time(40)) == nil)
  }

  @Test func stateIsTheSameAfterItWasStored() throws {
    var limiter = RateLimiter()
    limiter.learn(from: refusal(code: "slow_down", retryAfter: 7.25), now: time(0.125))
    limiter.enter(tokens: 5, lastMinute: sent((0, 9, 1)), now: time(2))
    let stored = try JSONEncoder().encode(limiter)
    #expect(try JSONDecoder().decode(RateLimiter.self, from: stored) == limiter)
    #expect(limiter != RateLimiter())
  }

  // MARK: - Simulations

  @Test(arguments: RateServer.Window.allCases)
  func callersAtFullSpeedUseTheTokensAndAreHardlyRefused(window: RateServer.Window) async throws {
    var simulation = RateSimulation(window: window)
    for telling in [RateSimulation.Telling.headers, .retryAfter, .nothing] {
      simulation.telling = telling
      for seed in 0..<2 {
        let outcome = try await simulation.run(seed: UInt64(seed))
        #expect(outcome.refusals <= 0.02, "seed \(seed), \(telling)")
        #expect(outcome.answeredTokens >= 9_000_000, "seed \(seed), \(telling)")
        #expect(outcome.asked < 4 * outcome.answered, "seed \(seed), \(telling)")
      }
    }
  }

  @Test(arguments: RateServer.Window.allCases)
  func callersAtFullSpeedUseTheRequestsAndAreHardlyRefused(window: RateServer.Window) async throws {
    var simulation = RateSimulation(window: window, requestsPerMinute: 100)
    simulation.configured.requestsPerMinute = 100
    simulation.tokensPerRequest = 100...2000
    for seed in 0..<2 {
      let outcome = try await simulation.run(seed: UInt64(seed))
      #expect(outcome.refusals <= 0.02, "seed \(seed)")
      #expect(outcome.answered >= 900, "seed \(seed)")
      #expect(outcome.asked < 4 * outcome.answered, "seed \(seed)")
    }
  }

  @Test(arguments: RateServer.Window.allCases)
  func lowerLimitsAreLearnedFromHeaders(window: RateServer.Window) async throws {
    let simulation = RateSimulation(
      window: window, requestsPerMinute: 60, tokensPerMinute: 500_000)
    for seed in 0..<2 {
      let outcome = try await simulation.run(seed: UInt64(seed))
      #expect(outcome.refusals <= 0.02, "seed \(seed)")
      #expect(outcome.answeredTokens >= 4_500_000, "seed \(seed)")
    }
  }

  @Test(arguments: RateServer.Window.allCases)
  func lowerLimitsAreLearnedFromRefusals(window: RateServer.Window) async throws {
    var simulation = RateSimulation(window: window, requestsPerMinute: 30)
    simulation.tokensPerRequest = 100...2000
    for telling in [RateSimulation.Telling.retryAfter, .nothing] {
      simulation.telling = telling
      for seed in 0..<2 {
        let outcome = try await simulation.run(seed: UInt64(seed))
        #expect(outcome.refusals <= 0.17, "seed \(seed), \(telling)")
        #expect(outcome.answered >= 240, "seed \(seed), \(telling)")
      }
    }
  }
}
