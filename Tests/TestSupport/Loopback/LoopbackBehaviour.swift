// How a LoopbackServer behaves: which keys, models and limits it knows, how long it takes, and which
// faults it plays. A value; a running server takes a changed one through `update`.

/// What a ``LoopbackServer`` does with requests. The default answers as OpenAI does, at once, to any
/// key, without limits.
package struct LoopbackBehaviour: Sendable {
  /// What a server does with `encoding_format: "base64"`.
  package enum Base64: Sendable {
    /// Answers in base64.
    case known
    /// Answers with status 400.
    case refused
    /// Answers with numbers, as if it had not been asked.
    case ignored
  }

  /// What a server says in its `x-ratelimit-…` headers.
  package enum RateHeaders: Sendable {
    /// The truth, where there are limits; else nothing.
    case honest
    /// Nothing.
    case absent
    /// This in all six: `0`, `-1`.
    case always(String)
    /// Exactly these.
    case fixed([String: String])
  }

  /// The keys that are accepted; nil is any, the empty set none.
  package var keys: Set<String>?
  /// Whether a request without a key is refused.
  package var needsKey = true
  /// The models and their own dimensions.
  package var models = [
    "text-embedding-3-small": 1536, "text-embedding-3-large": 3072, "text-embedding-ada-002": 1536,
  ]
  /// The models that refuse `dimensions`.
  package var fixedModels: Set<String> = ["text-embedding-ada-002"]
  /// Seconds from a request to its answer.
  package var latency = 0.0
  /// The limits a minute; nil is none.
  package var rateLimits: LoopbackRateLimits?
  /// What the headers say of them.
  package var rateHeaders = RateHeaders.honest
  /// What is done with `encoding_format: "base64"`.
  package var base64 = Base64.known
  /// Whether `dimensions` is known; else it is refused with status 400.
  package var knowsDimensions = true
  /// Whether `GET /v1/models` is known; else it is refused with status 404.
  package var knowsModels = true
  /// The tokens the account can still pay for; nil is any number. It falls as the server bills.
  package var balance: Int?
  /// How the server counts the tokens of a text.
  package var tokens: @Sendable (String) -> Int = { ($0.utf8.count + 3) / 4 }
  /// The texts that are refused as bad input (400, code null).
  package var refuses: @Sendable (String) -> Bool = { _ in false }
  /// What differs from OpenAI's own server beside that.
  package var personality = LoopbackPersonality()
  /// The faults of requests for vectors, numbered from 0 in order of arrival.
  package var fault: LoopbackFault.Plan = { _, _ in nil }
  /// What is done with files and batches.
  package var batches = LoopbackBatchBehaviour()
  /// The faults of requests for models, numbered from 0 for themselves.
  package var modelsFault: LoopbackFault.Plan = { _, _ in nil }

  /// Creates the default behaviour.
  package init() {}

  /// Creates the default behaviour with a change.
  package init(_ change: (inout LoopbackBehaviour) -> Void) {
    change(&self)
  }

  /// Creates the default behaviour with faults.
  package init(fault: @escaping LoopbackFault.Plan) {
    self.fault = fault
  }
}

/// Requests and tokens a minute that a ``LoopbackServer`` enforces with 429 `rate_limit_exceeded`.
/// Each is a bucket that starts full and fills evenly. Requests that meet a fault count too.
package struct LoopbackRateLimits: Sendable, Hashable {
  /// Requests a minute; nil is any number.
  package var requestsPerMinute: Int?
  /// Tokens a minute; nil is any number.
  package var tokensPerMinute: Int?
  /// How many seconds this server's minute has, so that a test need not wait for a real one.
  package var minute: Double
  /// Whether a refusal carries `retry-after` and `retry-after-ms`.
  package var tellsWait: Bool

  /// Creates limits.
  package init(
    requestsPerMinute: Int? = nil, tokensPerMinute: Int? = nil, minute: Double = 60,
    tellsWait: Bool = true
  ) {
    self.requestsPerMinute = requestsPerMinute
    self.tokensPerMinute = tokensPerMinute
    self.minute = minute
    self.tellsWait = tellsWait
  }
}
