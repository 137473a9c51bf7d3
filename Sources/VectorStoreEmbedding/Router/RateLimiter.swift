// When the next attempt fits into the rate of an account. A value kept in the ledger and so shared by
// all processes; called by SpendingRules, calls RateMeter.

package import Foundation

/// What is learned about the rate of an account from its server, and the wait that follows.
///
/// Attempts are held to the limits of a rolling minute, the smaller of the configured ones and those
/// the server told in the last ten minutes; to what the server said is left, since others may use
/// the account too; and to the waits it asked for. Where it refuses five times more than it
/// answers and tells no limit, what it took in the minute before is the limit. A server that says `slow_down` gets attempts evenly spaced at
/// half the pace, a quarter if it says so again, and so on; each minute later the pace doubles.
package struct RateLimiter: Sendable, Codable, Equatable {
  /// The longest wait that is taken from a server, in seconds.
  static let longestHold = 120.0
  /// The wait after a refusal that names none, in seconds.
  static let holdUnasked = 1.0
  /// The shortest and the longest wait that is returned, in seconds.
  static let waits = 0.01...60.0
  /// The lowest pace is one over two to the power of this.
  static let mostHalvings = 4
  /// How long a pace is kept before it doubles, in seconds.
  static let slowness = 60.0
  /// Refusals within so many seconds are one, as attempts in flight together are refused together.
  static let refusalSpan = 2.0
  /// A limit is concluded from no fewer refusals than these, less the answers between them: a few may
  /// be accidents.
  static let refusalsToConclude = 5
  /// And from no fewer requests than these.
  static let requestsToConclude = 5

  private var requests = RateMeter()
  private var tokens = RateMeter()
  private var notBefore = Date.distantPast
  private var halvings = 0
  private var slowedAt = Date.distantPast
  /// Refusals, less the answers since.
  private var refusals = 0

  /// Creates a limiter that has learned nothing.
  package init() {}

  /// The seconds until an attempt fits, from 0.01 to 60; then is to be asked again. Nil is now.
  ///
  /// An attempt of more tokens than a minute has goes when the minute is empty.
  ///
  /// - Parameters:
  ///   - tokens: the tokens of the attempt.
  ///   - lastMinute: what was sent, oldest first, from the second now - 60 on.
  /// - Complexity: O(seconds in `lastMinute`).
  package func wait(
    tokens amount: Int, lastMinute: [AccountActivity.Second], limits: SpendingLimits, now: Date
  ) -> Double? {
    let sent = Self.recent(lastMinute, now)
    let concludes = limits.concludesLimits
    let requestLimit = requests.limit(
      configured: limits.requestsPerMinute.amount, concludes: concludes, now: now)
    let tokenLimit = tokens.limit(
      configured: limits.tokensPerMinute.amount, concludes: concludes, now: now)
    var seconds = max(
      requests.wait(
        for: 1, after: sent.map { ($0.second, $0.requests) }, limit: requestLimit, now: now),
      tokens.wait(
        for: amount, after: sent.map { ($0.second, $0.tokens) }, limit: tokenLimit, now: now))
    let hold = notBefore.timeIntervalSince(now)
    // A hold that lies further ahead is from before the clock was set back.
    if hold <= Self.longestHold { seconds = max(seconds, hold) }
    if let last = sent.last, let slowdown = slowdown(now) {
      let share = max(
        requestLimit.map { Double(last.requests) / Double($0) } ?? 0,
        tokenLimit.map { Double(last.tokens) / Double($0) } ?? 0)
      let next = Double(last.second) + share * 60 * slowdown
      seconds = max(seconds, next - now.timeIntervalSince1970)
    }
    guard seconds > 0 else { return nil }
    return min(max(seconds, Self.waits.lowerBound), Self.waits.upperBound)
  }

  /// Enters an attempt that is sent now.
  ///
  /// - Complexity: O(seconds in `lastMinute`).
  package mutating func enter(
    tokens amount: Int, lastMinute: [AccountActivity.Second], now: Date
  ) {
    let sent = Self.recent(lastMinute, now)
    requests.enter(1, after: sent.map { ($0.second, $0.requests) })
    tokens.enter(amount, after: sent.map { ($0.second, $0.tokens) })
  }

  /// Enters that a request was answered.
  package mutating func succeed() { refusals = max(0, refusals - 1) }

  /// Enters what a server tells with an answer.
  package mutating func learn(from headers: RateLimitHeaders, now: Date) {
    requests.learn(
      limit: headers.limitRequests, remaining: headers.remainingRequests,
      reset: headers.resetRequests, now: now)
    tokens.learn(
      limit: headers.limitTokens, remaining: headers.remainingTokens,
      reset: headers.resetTokens, now: now)
  }

  /// Enters what a server tells with a failure: its limits, and if it was the rate, the wait.
  package mutating func learn(from error: ServiceError, now: Date) {
    if let headers = error.rateLimits { learn(from: headers, now: now) }
    guard error.kind == .rate else { return }
    refusals += 1
    if error.code == "slow_down" {
      slowDown(now)
    } else if refusals >= Self.refusalsToConclude, !requests.isToldLimit(now),
      !tokens.isToldLimit(now)
    {
      concludeLimits(now)
    }
    let hold = now + min(error.waitAsked ?? Self.holdUnasked, Self.longestHold)
    let isStale = notBefore.timeIntervalSince(now) > Self.longestHold
    notBefore = isStale ? hold : max(notBefore, hold)
  }

  /// The seconds of the last minute; those that lie ahead, since the clock was set back, are not.
  private static func recent(
    _ lastMinute: [AccountActivity.Second], _ now: Date
  ) -> [AccountActivity.Second] {
    let newest = Int64(now.timeIntervalSince1970.rounded(.down))
    return lastMinute.filter { ($0.second...($0.second + 60)).contains(newest) }
  }

  /// Takes what was sent in the minute, less the request that was refused, for the limits.
  private mutating func concludeLimits(_ now: Date) {
    let count = requests.newestMinute
    guard count >= Self.requestsToConclude else { return }
    let part = Double(count - 1) / Double(count)
    requests.concludeLimit(part, now)
    tokens.concludeLimit(part, now)
  }

  /// How many times slower than allowed attempts are sent; nil is as fast as allowed.
  private func slowdown(_ now: Date) -> Double? {
    let minutes = now.timeIntervalSince(slowedAt) / Self.slowness
    guard minutes >= 0, minutes < Double(halvings) else { return nil }
    return Double(1 << (halvings - Int(minutes)))
  }

  private mutating func slowDown(_ now: Date) {
    let current = slowdown(now)
    let isSameRefusal = (0..<Self.refusalSpan).contains(now.timeIntervalSince(slowedAt))
    guard current == nil || !isSameRefusal else { return }
    halvings = min(Int(current ?? 1).trailingZeroBitCount + 1, Self.mostHalvings)
    slowedAt = now
  }
}
