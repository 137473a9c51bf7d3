// The rate limits of a LoopbackServer: two buckets that fill evenly, and the headers that tell of
// them. A value, driven by LoopbackState with times handed in.

/// Requests and tokens left of a ``LoopbackRateLimits``.
struct LoopbackRates: Sendable {
  /// What is over the limit, and for how long.
  struct Excess: Sendable {
    /// `requests` or `tokens`.
    var what: String
    /// Seconds until the same request would pass.
    var wait: Double
    var limit: Int
  }

  private struct Bucket {
    let limit: Int
    let perSecond: Double
    var level: Double
    var time: Double

    init(limit: Int, minute: Double, time: Double) {
      self.limit = limit
      self.time = time
      perSecond = Double(limit) / minute
      level = Double(limit)
    }

    mutating func fill(at now: Double) {
      level = min(Double(limit), level + (now - time) * perSecond)
      time = now
    }

    func wait(for amount: Double) -> Double { max(0, (amount - level) / perSecond) }
    var reset: Double { (Double(limit) - level) / perSecond }
  }

  let limits: LoopbackRateLimits?
  private var requests: Bucket?
  private var tokens: Bucket?

  init(_ limits: LoopbackRateLimits?, now: Double) {
    self.limits = limits
    guard let limits else { return }
    requests = limits.requestsPerMinute.map {
      Bucket(limit: $0, minute: limits.minute, time: now)
    }
    tokens = limits.tokensPerMinute.map { Bucket(limit: $0, minute: limits.minute, time: now) }
  }

  /// Counts a request. One over the limit of tokens counts as a request.
  mutating func charge(tokens amount: Int, now: Double) -> Excess? {
    requests?.fill(at: now)
    tokens?.fill(at: now)
    if let bucket = requests, bucket.level < 1 {
      return Excess(what: "requests", wait: bucket.wait(for: 1), limit: bucket.limit)
    }
    requests?.level -= 1
    if let bucket = tokens, bucket.level < Double(amount) {
      return Excess(what: "tokens", wait: bucket.wait(for: Double(amount)), limit: bucket.limit)
    }
    tokens?.level -= Double(amount)
    return nil
  }

  /// The `x-ratelimit-…` headers.
  func headers(_ kind: LoopbackBehaviour.RateHeaders) -> [String: String] {
    var headers: [String: String] = [:]
    switch kind {
    case .absent: break
    case .fixed(let fixed): headers = fixed
    case .always(let value):
      for part in ["limit", "remaining", "reset"] {
        for what in ["requests", "tokens"] { headers["x-ratelimit-\(part)-\(what)"] = value }
      }
    case .honest:
      for (what, bucket) in [("requests", requests), ("tokens", tokens)] {
        guard let bucket else { continue }
        headers["x-ratelimit-limit-\(what)"] = "\(bucket.limit)"
        headers["x-ratelimit-remaining-\(what)"] = "\(Int(max(0, bucket.level)))"
        headers["x-ratelimit-reset-\(what)"] = Self.duration(bucket.reset)
      }
    }
    return headers
  }

  /// Seconds as the API writes them: `12ms`, `1s`, `6m0s`; rounded up.
  static func duration(_ seconds: Double) -> String {
    let milliseconds = Int((seconds * 1000).rounded(.up))
    if milliseconds < 1000 { return "\(milliseconds)ms" }
    let whole = (milliseconds + 999) / 1000
    return whole < 60 ? "\(whole)s" : "\(whole / 60)m\(whole % 60)s"
  }
}
