// A server's count of requests and tokens a minute, on a clock that is only counted. Used by
// RateSimulation.

@testable import VectorStoreEmbedding

/// Accepts or refuses requests by one of three ways to count a minute. Refused requests count too.
struct RateServer {
  enum Window: CaseIterable {
    /// From each full minute of its own clock.
    case fixed
    /// The last 60 seconds.
    case rolling
    /// A store that fills evenly, a minute's worth at most.
    case bucket
  }

  /// Requests and tokens.
  private typealias Amounts = (requests: Double, tokens: Double)

  let window: Window
  let requestsPerMinute: Int
  let tokensPerMinute: Int
  /// Where its own minutes begin.
  let offset: Double
  private var sent: [(at: Double, amounts: Amounts)] = []
  private var stored: (at: Double, amounts: Amounts)?

  init(window: Window, requestsPerMinute: Int, tokensPerMinute: Int, offset: Double) {
    self.window = window
    self.requestsPerMinute = requestsPerMinute
    self.tokensPerMinute = tokensPerMinute
    self.offset = offset
  }

  mutating func accepts(tokens: Int, at now: Double) -> Bool {
    let left = left(at: now)
    let isAccepted = left.requests >= 1 && left.tokens >= Double(tokens)
    let taken = Amounts(left.requests >= 1 ? 1 : 0, isAccepted ? Double(tokens) : 0)
    stored = (now, (left.requests - taken.requests, left.tokens - taken.tokens))
    sent.removeAll { $0.at <= now - 60 }
    sent.append((now, taken))
    return isAccepted
  }

  /// Seconds until a request fits.
  func wait(tokens: Int, at now: Double) -> Double {
    switch window {
    case .fixed: return untilMinute(now)
    case .rolling:
      let times = sent.map { $0.at + 60.001 }.filter { time in
        let left = left(at: time)
        return time > now && left.requests >= 1 && left.tokens >= Double(tokens)
      }
      return (times.min() ?? now + 60) - now
    case .bucket:
      let left = left(at: now)
      return max(
        (1 - left.requests) * 60 / Double(requestsPerMinute),
        (Double(tokens) - left.tokens) * 60 / Double(tokensPerMinute), 0)
    }
  }

  func headers(at now: Double) -> RateLimitHeaders {
    let left = left(at: now)
    var headers = RateLimitHeaders()
    headers.limitRequests = requestsPerMinute
    headers.limitTokens = tokensPerMinute
    headers.remainingRequests = Int(left.requests)
    headers.remainingTokens = Int(left.tokens)
    switch window {
    case .fixed: (headers.resetRequests, headers.resetTokens) = (untilMinute(now), untilMinute(now))
    case .rolling: (headers.resetRequests, headers.resetTokens) = (60, 60)
    case .bucket:
      headers.resetRequests = 60 - left.requests * 60 / Double(requestsPerMinute)
      headers.resetTokens = 60 - left.tokens * 60 / Double(tokensPerMinute)
    }
    return headers
  }

  private func left(at now: Double) -> Amounts {
    let all = Amounts(Double(requestsPerMinute), Double(tokensPerMinute))
    guard window == .bucket else {
      let begin = window == .rolling ? now - 60 : now + untilMinute(now) - 60
      return sent.filter { $0.at > begin && $0.at <= now }.reduce(all) {
        ($0.requests - $1.amounts.requests, $0.tokens - $1.amounts.tokens)
      }
    }
    guard let stored else { return all }
    let minutes = (now - stored.at) / 60
    return (
      min(all.requests, stored.amounts.requests + minutes * all.requests),
      min(all.tokens, stored.amounts.tokens + minutes * all.tokens)
    )
  }

  private func untilMinute(_ now: Double) -> Double {
    60 - (now + offset).truncatingRemainder(dividingBy: 60)
  }
}
