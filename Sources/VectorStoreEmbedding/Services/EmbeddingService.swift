// What every embedding service does. Conformers stand beside this file; the router calls them.

public import VectorStoreText

/// A service that turns texts into vectors of one space.
///
/// Conform to it to bring your own embedder: ``space`` and ``embed(_:)`` are enough. A model that wants
/// questions and documents told apart implements ``embed(_:purpose:)`` and ``roles`` too. Vectors come back in the
/// order of the texts and are checked by the caller before use: right dimensions, finite, not zero. A
/// call is one request: a conformer does not retry, the router does.
public protocol EmbeddingService: Sendable {
  /// The space of every vector that this service makes.
  var space: EmbeddingSpace { get }

  /// What a request may hold, how many may be sent, and what they cost.
  var terms: ServiceTerms { get }

  /// How the model tells questions and documents apart. The service itself gives each text what is its
  /// part; a store keeps the roles with its vectors, and counts prefixes with the tokens of texts.
  var roles: EmbeddingRoles { get }

  /// How texts are counted before they are sent, without what their role puts before them.
  ///
  /// - Throws: nothing that keeps texts from being counted: without a tokenizer's vocabulary it is
  ///   ``TokenCounter/upperBound``.
  func tokenCounter() async -> TokenCounter

  /// Embeds texts, one vector a text, in order.
  ///
  /// - Parameter texts: at least one text, none of them empty.
  /// - Throws: ``ServiceError`` where it knows what went wrong, or anything else; no vector of the
  ///   batch is then to be used.
  /// - Complexity: one request of the service, which can cost money unless ``space`` is a mock one.
  func embed(_ texts: [String]) async throws -> EmbeddingBatch

  /// The same for a model that embeds questions and documents apart, as E5 does with a prefix. By
  /// default the purpose makes no difference.
  func embed(_ texts: [String], purpose: EmbeddingPurpose) async throws -> EmbeddingBatch

  /// The same, with the name by which the request is found again in the ledger, the log and the
  /// server's own log. This is what a store calls.
  func embed(
    _ texts: [String], purpose: EmbeddingPurpose, requestID: String
  ) async throws -> EmbeddingBatch

  /// Asks the service for a sign of life that costs nothing.
  ///
  /// - Throws: ``ServiceError`` as a request for vectors would.
  func checkHealth() async throws
}

extension EmbeddingService {
  /// Terms of a service that costs nothing and takes one request of 256 texts at a time.
  public var terms: ServiceTerms { ServiceTerms() }

  /// Questions and documents are embedded alike.
  public var roles: EmbeddingRoles { .none }

  /// The upper bound.
  public func tokenCounter() async -> TokenCounter { .upperBound }

  /// Embeds texts, whatever they are embedded for.
  public func embed(_ texts: [String], purpose: EmbeddingPurpose) async throws -> EmbeddingBatch {
    try await embed(texts)
  }

  /// Embeds texts; the name of the request is not used.
  public func embed(
    _ texts: [String], purpose: EmbeddingPurpose, requestID: String
  ) async throws -> EmbeddingBatch {
    try await embed(texts, purpose: purpose)
  }

  /// Does nothing: a service in this process is well.
  public func checkHealth() async throws {}
}

/// What a text is embedded for.
public enum EmbeddingPurpose: String, Sendable, Codable, CaseIterable {
  /// To be found.
  case document
  /// To find with.
  case query
}

/// The answer of an ``EmbeddingService``: one vector a text, and what it used.
public struct EmbeddingBatch: Sendable {
  /// One vector of ``EmbeddingSpace/dimensions`` components a text, in the order of the texts.
  public var vectors: [[Float]]
  /// The tokens that the service counted, 0 where nothing is billed.
  public var tokens: Int
  /// The rate limits that came with the answer.
  public var rateLimits: RateLimitHeaders?
  /// The server's own name for the request.
  public var serverRequestID: String?

  /// Creates an answer.
  public init(
    vectors: [[Float]], tokens: Int = 0, rateLimits: RateLimitHeaders? = nil,
    serverRequestID: String? = nil
  ) {
    self.vectors = vectors
    self.tokens = tokens
    self.rateLimits = rateLimits
    self.serverRequestID = serverRequestID
  }
}

/// What a request of a service may hold, how many may be sent, and what they cost.
public struct ServiceTerms: Sendable, Hashable {
  /// The most texts of a request, 1 to 100,000.
  public var textsPerRequest = 256
  /// The most tokens of a request, summed: 1 to 1,000,000,000.
  public var tokensPerRequest = 300_000
  /// The most tokens of a text, 1 to 1,000,000,000.
  public var tokensPerText = 8191
  /// The most requests in flight at once, 1 to 64.
  public var concurrentRequests = 1
  /// The most requests in a minute, before the server says otherwise, at least 1.
  public var requestsPerMinute = SpendingLimit<Int>.unlimited
  /// The most tokens in a minute, before the server says otherwise, at least 1.
  public var tokensPerMinute = SpendingLimit<Int>.unlimited
  /// How often a request is sent again before its texts are put off, 0 to 10.
  public var retries = 3
  /// What tokens cost. What costs anything is entered in the ledger and held to the budget.
  public var price = TokenPrice.free
  /// What a request costs besides, whatever is in it: some rerankers are paid by the search.
  public var pricePerRequest = NanoDollars.zero
  /// Whether requests that cost nothing are entered in the ledger and held to its limits too.
  public var isMeteredWhereFree = false
  /// Whether neither the budget nor the rates hold, though requests are entered in the ledger: for a
  /// server on this machine that costs nothing.
  package var isUnlimited = false
  /// Whether a text of more than ``tokensPerText`` is embedded too, part by part. New documents are cut to
  /// fit all the same.
  package var takesLongerTexts = false
  /// The texts of a request before more are known to be taken in time; nil are as many as are allowed.
  package var firstTextsPerRequest: Int?
  /// The seconds that a request may take; infinite if there is no limit.
  package var secondsPerRequest = Double.infinity
  /// Whether requests are entered in the ledger and held to the budget.
  public var isMetered: Bool { isMeteredWhereFree || !isFree }
  /// Whether requests cost nothing.
  public var isFree: Bool { price == .free && pricePerRequest == .zero }

  /// What a request of so many tokens costs.
  func cost(ofTokens tokens: Int) -> NanoDollars { price.cost(ofTokens: tokens) + pricePerRequest }

  /// Creates terms; without any, those of a free service.
  public init(
    textsPerRequest: Int = 256, tokensPerRequest: Int = 300_000, tokensPerText: Int = 8191,
    concurrentRequests: Int = 1,
    requestsPerMinute: SpendingLimit<Int> = SpendingLimit<Int>.unlimited,
    tokensPerMinute: SpendingLimit<Int> = SpendingLimit<Int>.unlimited, retries: Int = 3,
    price: TokenPrice = TokenPrice.free, pricePerRequest: NanoDollars = NanoDollars.zero,
    isMeteredWhereFree: Bool = false
  ) {
    self.textsPerRequest = textsPerRequest
    self.tokensPerRequest = tokensPerRequest
    self.tokensPerText = tokensPerText
    self.concurrentRequests = concurrentRequests
    self.requestsPerMinute = requestsPerMinute
    self.tokensPerMinute = tokensPerMinute
    self.retries = retries
    self.price = price
    self.pricePerRequest = pricePerRequest
    self.isMeteredWhereFree = isMeteredWhereFree
  }

  /// Checks all terms. A store does so when it is opened.
  ///
  /// - Throws: ``SettingError`` for the first that is out of its range.
  public func validate() throws(SettingError) {
    try SettingError.check("textsPerRequest", textsPerRequest, SettingRange.textsPerRequest)
    try SettingError.check("tokensPerRequest", tokensPerRequest, SettingRange.tokens)
    try SettingError.check("tokensPerText", tokensPerText, SettingRange.tokens)
    try SettingError.check(
      "concurrentRequests", concurrentRequests, SettingRange.concurrentRequests)
    if case .atMost(let requestsPerMinute) = requestsPerMinute {
      try SettingError.check(
        "requestsPerMinute", requestsPerMinute, SettingRange.requestsPerMinute)
    }
    if case .atMost(let tokensPerMinute) = tokensPerMinute {
      try SettingError.check("tokensPerMinute", tokensPerMinute, SettingRange.tokensPerMinute)
    }
    try SettingError.check("retries", retries, SettingRange.retries)
    try price.validate()
    let dearest = SettingRange.dearestMillionTokens
    guard pricePerRequest >= .zero, pricePerRequest <= dearest else {
      throw SettingError(
        "pricePerRequest", found: "\(pricePerRequest)", expected: "$0.00 to \(dearest)")
    }
  }
}
