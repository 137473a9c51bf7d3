// One of the two rates of an account, requests or tokens a minute: what the server has told about it
// and how long the next attempt waits. Part of RateLimiter.

import Foundation

/// What is known about the requests or the tokens of a minute.
struct RateMeter: Sendable, Codable, Equatable {
  /// The attempts of the last minute, in the unit of the meter, oldest first.
  typealias Sent = [(second: Int64, amount: Int)]

  /// How long the server's word about a limit holds, in seconds.
  static let limitLifetime = 600.0
  /// A second's attempts count until this many seconds after its beginning: a minute, and the second
  /// itself, since the last of them was made at its end.
  static let window: Int64 = 61

  private var limit: Int?
  /// Whether the server told the limit, or it was concluded from a refusal.
  private var isTold = false
  private var limitToldAt = Date.distantPast
  private var remaining: Int?
  private var reset: Double?
  private var remainingToldAt = Date.distantPast
  /// What was sent since then.
  private var sentSince = 0
  /// What was sent in the minute before the newest attempt, itself included.
  private(set) var newestMinute = 0

  /// Enters an attempt that is sent now.
  mutating func enter(_ amount: Int, after sent: Sent) {
    sentSince += amount
    newestMinute = sent.reduce(amount) { $0 + $1.amount }
  }

  /// Enters what a server tells with an answer; what it does not tell stays as it was.
  mutating func learn(limit: Int?, remaining: Int?, reset: Double?, now: Date) {
    if let limit, limit > 0 {
      self.limit = limit
      isTold = true
      limitToldAt = now
    }
    if let remaining, remaining >= 0 {
      self.remaining = remaining
      self.reset = reset
      remainingToldAt = now
      sentSince = 0
    }
  }

  /// Takes a part of what was sent in the minute before the newest attempt for the limit.
  mutating func concludeLimit(_ part: Double, _ now: Date) {
    limit = max(1, Int(Double(newestMinute) * part))
    isTold = false
    limitToldAt = now
  }

  /// Whether the server has told the limit.
  func isToldLimit(_ now: Date) -> Bool { isTold && isLimitKnown(now) }

  /// The limit that holds: the smaller of the configured one and the server's; nil is any number.
  ///
  /// - Parameter concludes: whether a limit counts that was concluded from refusals.
  func limit(configured: Int?, concludes: Bool = true, now: Date) -> Int? {
    [isLimitKnown(now) && (isTold || concludes) ? limit : nil, configured.map { max(1, $0) }]
      .compactMap { $0 }.min()
  }

  /// Seconds until an attempt fits, 0 if it fits now. One that is larger than the limit counts as
  /// large as the limit.
  func wait(for amount: Int, after sent: Sent, limit: Int?, now: Date) -> Double {
    guard let limit else { return waitForServer(amount, limit: nil, now: now) }
    let amount = min(amount, limit)
    return max(
      waitForMinute(amount, after: sent, limit: limit, now: now),
      waitForServer(amount, limit: limit, now: now))
  }

  private func isLimitKnown(_ now: Date) -> Bool {
    (0..<Self.limitLifetime).contains(now.timeIntervalSince(limitToldAt))
  }

  /// Until enough of what was sent is more than a minute old.
  private func waitForMinute(
    _ amount: Int, after sent: Sent, limit: Int, now: Date
  ) -> Double {
    var excess = sent.reduce(amount - limit) { $0 + $1.amount }
    for (second, amount) in sent where excess > 0 {
      excess -= amount
      if excess <= 0 { return Double(second + Self.window) - now.timeIntervalSince1970 }
    }
    return 0
  }

  /// Until what the server had left, less what was sent since, has grown enough: others may use the
  /// account too. It grows by a sixtieth of the limit a second, and is whole at the reset.
  private func waitForServer(_ amount: Int, limit: Int?, now: Date) -> Double {
    let age = now.timeIntervalSince(remainingToldAt)
    guard let remaining, (0..<60).contains(age), limit != nil || reset != nil else { return 0 }
    let missing = amount + sentSince - remaining
    guard missing > 0 else { return 0 }
    let growth = limit.map { Double(missing) * 60 / Double($0) } ?? .infinity
    return max(0, min(growth, reset ?? 60) - age)
  }
}
