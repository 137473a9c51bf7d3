// What goes wrong on the way to an embedding service or in its answer, classified. Thrown by
// services; RetryPolicy decides by it.

/// A request that an embedding service did not answer well.
///
/// A service of your own may throw it too: the router then retries as it does for OpenAI's.
public struct ServiceError: Error, Sendable {
  /// What kind of trouble it is. It decides what is done next.
  ///
  /// New kinds may be added, so switch with a default. One that the router does not know is taken for
  /// ``server``.
  public struct Kind: RawRepresentable, Hashable, Sendable, Codable, CustomStringConvertible {
    /// The kind as text, as it stands in JSON.
    public let rawValue: String

    /// Creates a kind from its text.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The kind as text.
    public var description: String { rawValue }

    /// The key, address, country or model is refused. Never retried.
    public static let authentication = Kind(rawValue: "authentication")
    /// The account has no money or a spending limit is reached. Never retried.
    public static let quota = Kind(rawValue: "quota")
    /// Too many requests or tokens a minute. Retried after the wait it names.
    public static let rate = Kind(rawValue: "rate")
    /// An input is refused. Never retried as it is; the input at fault is found and named.
    public static let input = Kind(rawValue: "input")
    /// The request sums to too many tokens. Never retried as it is; split.
    public static let requestTooLarge = Kind(rawValue: "request_too_large")
    /// No connection, a reset or a timeout. Retried.
    public static let network = Kind(rawValue: "network")
    /// The server failed. Retried.
    public static let server = Kind(rawValue: "server")
    /// An answer that cannot be used: broken JSON, wrong count, NaN. Retried.
    public static let badAnswer = Kind(rawValue: "bad_answer")
  }

  /// Whether the request may be on the bill.
  public enum Billing: String, Sendable, Codable {
    /// It never left this machine.
    case notSent = "not_sent"
    /// The server refused it.
    case refused
    /// It was written and no whole answer came back: it may have been computed.
    case possible
  }

  /// What kind of trouble it is.
  public var kind: Kind
  /// The server's `error.code`, or one of this program's: `timeout`, `connection_reset`.
  public var code: String?
  /// What failed, what was found, what was expected, and the next step. Never a key.
  public var message: String
  /// The HTTP status, if there was an answer.
  public var status: Int?
  /// Whether the request may be on the bill.
  public var billing: Billing
  /// How long the server asks to wait, in seconds.
  public var retryAfter: Double?
  /// The server's word whether to retry (`x-should-retry`), if it gave one.
  public var shouldRetry: Bool?
  /// The rate limits that came with the answer.
  public var rateLimits: RateLimitHeaders?
  /// The server's own name for the request (`x-request-id`).
  public var serverRequestID: String?
  /// The limit that the request passed, if the server said so.
  package var limit: RequestLimit?
  /// Whether the service asks in another way from now on: the same request is worth sending again at
  /// once, and this failure says nothing about it.
  package var hasAdapted = false
  /// Whether no other answer is to be expected, however often it is asked.
  package var isSettled = false
  /// Whether the failure may be about the size or the texts of the request. Then it says nothing about
  /// the service.
  package var isAboutRequest = false
  /// The router's name for the request, by which it is found in the ledger and in the log.
  public internal(set) var requestID: String?

  /// Creates an error.
  public init(
    _ kind: Kind, code: String? = nil, message: String, status: Int? = nil,
    billing: Billing = .refused, retryAfter: Double? = nil, shouldRetry: Bool? = nil,
    rateLimits: RateLimitHeaders? = nil, serverRequestID: String? = nil
  ) {
    self.kind = kind
    self.code = code
    self.message = message
    self.status = status
    self.billing = billing
    self.retryAfter = retryAfter
    self.shouldRetry = shouldRetry
    self.rateLimits = rateLimits
    self.serverRequestID = serverRequestID
  }
}

extension ServiceError {
  /// Whether a text is longer than the server takes.
  package var isTooLong: Bool {
    if case .textTokens = limit { true } else { false }
  }

  /// The most tokens that the server takes of a text, if it named them.
  package var tokensPerText: Int? {
    if case .textTokens(let most) = limit { most } else { nil }
  }
}

extension ServiceError: CustomStringConvertible {
  /// The message, with the name of the request.
  public var description: String {
    requestID.map { "\(message) (request \($0))" } ?? message
  }
}

/// The rate limits a server tells with its answers (`x-ratelimit-…`). What is missing, 0 or -1 where
/// that says nothing, is nil.
public struct RateLimitHeaders: Sendable, Hashable, Codable {
  /// Requests a minute.
  public var limitRequests: Int?
  /// Requests left now; 0 means none.
  public var remainingRequests: Int?
  /// Seconds until all requests are there again.
  public var resetRequests: Double?
  /// Tokens a minute.
  public var limitTokens: Int?
  /// Tokens left now; 0 means none.
  public var remainingTokens: Int?
  /// Seconds until all tokens are there again.
  public var resetTokens: Double?

  /// Creates limits; of those that are not named nothing is known.
  public init(
    limitRequests: Int? = nil, remainingRequests: Int? = nil, resetRequests: Double? = nil,
    limitTokens: Int? = nil, remainingTokens: Int? = nil, resetTokens: Double? = nil
  ) {
    self.limitRequests = limitRequests
    self.remainingRequests = remainingRequests
    self.resetRequests = resetRequests
    self.limitTokens = limitTokens
    self.remainingTokens = remainingTokens
    self.resetTokens = resetTokens
  }
}
