// What is done after each kind of failure.

import Testing

@testable import VectorStoreEmbedding

@Suite struct RetryPolicyTests {
  private let policy = RetryPolicy(maximumRetries: 3)

  private func action(
    _ error: ServiceError, tryNumber: Int = 1, texts: Int = 256, random: Double = 0
  ) -> RetryPolicy.Action {
    policy.action(after: error, tryNumber: tryNumber, texts: texts, random: random)
  }

  private func error(
    _ kind: ServiceError.Kind, retryAfter: Double? = nil, shouldRetry: Bool? = nil,
    rateLimits: RateLimitHeaders? = nil
  ) -> ServiceError {
    ServiceError(
      kind, message: "no", retryAfter: retryAfter, shouldRetry: shouldRetry,
      rateLimits: rateLimits)
  }

  @Test(arguments: [ServiceError.Kind.rate, .network, .server, .badAnswer])
  func waitsTwiceAsLongEachTimeUpToEightSeconds(kind: ServiceError.Kind) {
    let patient = RetryPolicy(maximumRetries: 100)
    for (tryNumber, wait) in [(1, 0.5), (2, 1), (3, 2), (4, 4), (5, 8), (6, 8), (100, 8)] {
      let action = patient.action(
        after: error(kind), tryNumber: tryNumber, texts: 1, random: 0)
      #expect(action == .retry(after: wait))
    }
  }

  @Test func randomTakesUpToAQuarterOffTheWait() {
    #expect(action(error(.server), tryNumber: 3, random: 0.5) == .retry(after: 1.75))
    guard case .retry(let wait) = action(error(.server), tryNumber: 3, random: 0.999) else {
      Issue.record("not retried")
      return
    }
    #expect(wait > 1.5 && wait < 1.502)
  }

  @Test(arguments: [
    ServiceError.Kind.rate, .network, .server, .badAnswer, .init(rawValue: "of_another_service"),
  ])
  func givesUpWhenTheTriesAreUsedUp(kind: ServiceError.Kind) {
    #expect(action(error(kind), tryNumber: 3) == .retry(after: 2))
    #expect(action(error(kind), tryNumber: 4) == .giveUp)
    #expect(action(error(kind, retryAfter: 1), tryNumber: 4) == .giveUp)
    #expect(action(error(kind, shouldRetry: true), tryNumber: 4) == .giveUp)
    let impatient = RetryPolicy(maximumRetries: 0)
    #expect(impatient.action(after: error(kind), tryNumber: 1, texts: 1, random: 0) == .giveUp)
  }

  @Test(arguments: [ServiceError.Kind.rate, .server])
  func waitsAsLongAsTheServerSaysUpToTwoMinutes(kind: ServiceError.Kind) {
    for wait in [0, 0.012, 7, 119.9, 120] {
      #expect(action(error(kind, retryAfter: wait), random: 0.9) == .retry(after: wait))
    }
    #expect(action(error(kind, retryAfter: 120.1)) == .giveUp)
    #expect(action(error(kind, retryAfter: -1)) == .retry(after: 0.5))
    #expect(action(error(kind, retryAfter: .nan)) == .retry(after: 0.5))
  }

  @Test func waitsForTheLaterResetOfWhatIsUsedUp() {
    var limits = RateLimitHeaders()
    limits.resetRequests = 3
    limits.resetTokens = 9
    limits.remainingRequests = 0
    limits.remainingTokens = 500
    #expect(action(error(.rate, rateLimits: limits)) == .retry(after: 3))
    limits.remainingTokens = 0
    #expect(action(error(.rate, rateLimits: limits)) == .retry(after: 9))
    #expect(action(error(.rate, retryAfter: 1, rateLimits: limits)) == .retry(after: 1))
    #expect(action(error(.server, rateLimits: limits)) == .retry(after: 0.5))
    limits.resetTokens = 3600
    #expect(action(error(.rate, rateLimits: limits)) == .giveUp)
    limits.resetTokens = nil
    limits.resetRequests = nil
    #expect(action(error(.rate, rateLimits: limits)) == .retry(after: 0.5))
  }

  @Test(arguments: [ServiceError.Kind.authentication, .quota])
  func stopsWhereNoWaitHelps(kind: ServiceError.Kind) {
    #expect(action(error(kind)) == .stop)
    #expect(action(error(kind, retryAfter: 1, shouldRetry: true)) == .stop)
  }

  @Test(arguments: [ServiceError.Kind.input, .requestTooLarge])
  func halvesARefusedRequestDownToTheTextAtFault(kind: ServiceError.Kind) {
    #expect(action(error(kind), texts: 256) == .split)
    #expect(action(error(kind), texts: 2) == .split)
    #expect(action(error(kind), texts: 1) == .refuse)
    #expect(action(error(kind, retryAfter: 1, shouldRetry: false), texts: 2) == .split)
  }

  @Test func obeysTheServersWordWhetherToRetry() {
    #expect(action(error(.server, shouldRetry: false)) == .giveUp)
    #expect(action(error(.rate, retryAfter: 1, shouldRetry: false)) == .giveUp)
    #expect(action(error(.input, shouldRetry: true)) == .retry(after: 0.5))
    #expect(action(error(.input, shouldRetry: true), tryNumber: 4) == .split)
    #expect(action(error(.input, shouldRetry: true), tryNumber: 4, texts: 1) == .refuse)
  }
}
