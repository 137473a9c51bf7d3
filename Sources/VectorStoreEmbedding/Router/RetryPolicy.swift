// What is done after a request has failed.

import Foundation

/// Decides by the kind of a failure whether its request is sent again, when, or what instead.
///
/// A request that may pass the next time is sent again after the wait that the server asks for, up
/// to two minutes; without one, after half a second, doubled with each try up to 8 s, less up to a
/// quarter at random. The server's word whether to retry (`x-should-retry`) is obeyed, except for a
/// refused key or an empty account, which no wait brings back.
///
/// A request of several texts that is not answered in time, or fails for a second time as servers do
/// for one text or for too many (500, 501, 424), is split instead: no larger one is sent again.
package struct RetryPolicy: Sendable {
  /// What to do with the texts of the request.
  package enum Action: Sendable, Equatable {
    /// Send them again after so many seconds.
    case retry(after: Double)
    /// The tries are used up, or the wait is too long: to the end of the queue.
    case giveUp
    /// No request of anybody's can be answered: stop.
    case stop
    /// Send each half of them by itself.
    case split
    /// The only text there is cannot be embedded.
    case refuse
  }

  /// The longest wait that a server is granted, in seconds.
  static let longestWait = 120.0
  /// The first and the longest wait of this side's own, in seconds.
  static let firstWait = 0.5
  static let longestOwnWait = 8.0

  /// How often a request is sent again.
  package let maximumRetries: Int

  /// Creates a policy.
  package init(maximumRetries: Int) { self.maximumRetries = max(0, maximumRetries) }

  /// What to do after a failure.
  ///
  /// - Parameters:
  ///   - tryNumber: the try that failed, from 1.
  ///   - texts: the texts of the request.
  ///   - hasAnswer: whether the server answers other requests, so that it may be the size or a text that
  ///     it fails for.
  ///   - maySplit: whether splitting has not been tried in vain.
  ///   - random: at least 0 and below 1; it spreads the waits of callers that failed together.
  package func action(
    after error: ServiceError, tryNumber: Int, texts: Int, random: Double, hasAnswer: Bool = false,
    maySplit: Bool = true
  ) -> Action {
    if error.isSettled { return .stop }
    let isPerhapsAboutText =
      hasAnswer && tryNumber > 1 && error.kind == .server && error.isPerhapsAboutText
    if maySplit, texts > 1, error.isTimeout || isPerhapsAboutText { return .split }
    let isRetriable: Bool
    let otherwise: Action
    switch error.kind {
    case .authentication, .quota: return .stop
    case .input, .requestTooLarge: (isRetriable, otherwise) = (false, texts > 1 ? .split : .refuse)
    default: (isRetriable, otherwise) = (true, .giveUp)
    }
    guard error.shouldRetry ?? isRetriable, tryNumber <= maximumRetries else { return otherwise }
    if let wait = error.waitAsked {
      return wait <= Self.longestWait ? .retry(after: wait) : otherwise
    }
    let doublings = Double(min(max(tryNumber, 1) - 1, 30))
    let wait = min(Self.firstWait * pow(2, doublings), Self.longestOwnWait)
    return .retry(after: wait * (1 - 0.25 * random))
  }
}

extension ServiceError {
  /// Whether the time was up after the request had been sent.
  var isTimeout: Bool { kind == .network && code == "timeout" && billing == .possible }

  /// Whether some servers answer so for one text, or for too many.
  var isPerhapsAboutText: Bool { [424, 500, 501].contains(status) }

  /// The seconds that the server asks to wait: what it says, else, when it refuses for the rate, the
  /// later of the two resets of which nothing is left.
  var waitAsked: Double? {
    if let retryAfter, retryAfter >= 0 { return retryAfter }
    guard kind == .rate, let rateLimits else { return nil }
    let resets = [
      rateLimits.remainingRequests == 0 ? rateLimits.resetRequests : nil,
      rateLimits.remainingTokens == 0 ? rateLimits.resetTokens : nil,
    ]
    return resets.compactMap { $0 }.filter { $0 >= 0 }.max()
  }
}
