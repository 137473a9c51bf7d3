// What every reranker does: it reads a question and passages together, and says how well they fit.

public import VectorStoreText

/// A model that scores passages for a question by reading both at once, which is slower than comparing
/// vectors and finds better what answers.
///
/// Give one to a store's configuration and ask with its options. ``RerankService`` is one on a server,
/// ``LocalReranker`` one that runs here. For your own, ``provider``, ``model`` and ``scores(of:for:)`` are enough. A call is one request: a conformer does not retry, the router does.
public protocol Reranker: Sendable {
  /// Who serves it, without slashes: the account of its requests in the ledger.
  var provider: String { get }

  /// The model's name.
  var model: String { get }

  /// What a request may hold, how many may be sent, and what they cost. ``ServiceTerms/tokensPerText`` holds
  /// for a passage and the question together; longer passages are cut before they are sent.
  var terms: ServiceTerms { get }

  /// How questions and passages are counted before they are sent.
  func tokenCounter() async -> TokenCounter

  /// Scores passages, one score a passage, in their order.
  ///
  /// - Parameter passages: at least one.
  /// - Throws: ``ServiceError`` where it knows what went wrong, or anything else.
  /// - Complexity: one request, which can cost money.
  func scores(of passages: [String], for question: String) async throws -> RerankScores

  /// The same, with the name by which the request is found again in the ledger, the log and the
  /// server's own log. This is what a store calls.
  func scores(
    of passages: [String], for question: String, requestID: String
  ) async throws -> RerankScores
}

extension Reranker {
  /// Terms of a model that costs nothing and takes one request of 256 passages at a time.
  public var terms: ServiceTerms { ServiceTerms() }

  /// The upper bound.
  public func tokenCounter() async -> TokenCounter { .upperBound }

  /// Scores passages; the name of the request is not used.
  public func scores(
    of passages: [String], for question: String, requestID: String
  ) async throws -> RerankScores {
    try await scores(of: passages, for: question)
  }
}

/// The answer of a ``Reranker``: one score a passage, and what it used.
public struct RerankScores: Sendable {
  /// One finite score a passage, in the order of the passages; higher is better. Scores of two questions or
  /// two models cannot be compared.
  public var scores: [Float]
  /// The tokens that the service counted, 0 where nothing is billed.
  public var tokens: Int
  /// The rate limits that came with the answer.
  public var rateLimits: RateLimitHeaders?
  /// The server's own name for the request.
  public var serverRequestID: String?

  /// Creates an answer.
  public init(
    scores: [Float], tokens: Int = 0, rateLimits: RateLimitHeaders? = nil,
    serverRequestID: String? = nil
  ) {
    self.scores = scores
    self.tokens = tokens
    self.rateLimits = rateLimits
    self.serverRequestID = serverRequestID
  }
}

/// A reranker with its question, as the router sends to services: the passages are the texts, and each one's
/// score is a vector of one component.
package struct RerankedQuestion: AdaptiveService {
  package let reranker: any Reranker
  package let question: String

  package init(_ reranker: any Reranker, _ question: String) {
    self.reranker = reranker
    self.question = question
  }

  private var server: RerankService? { reranker as? RerankService }

  package var space: EmbeddingSpace {
    .scores(provider: reranker.provider, model: reranker.model)
  }
  package var terms: ServiceTerms { reranker.terms }
  package var isKnown: Bool { server == nil }
  package var isUnknown: Bool { server?.isUnknown ?? false }
  package var profile: ServerProfile? { server?.profile }
  package var choosesRoles: Bool { true }
  package var reference: ServiceReference {
    ServiceReference(address: reranker.provider, wantsKey: false, keyHeader: nil, price: nil)
  }

  package func tokenCounter() async -> TokenCounter { await reranker.tokenCounter() }

  package func remember(in profiles: any ServerProfiles) async {
    await server?.remember(in: profiles)
  }

  package func learn(_ change: @Sendable (inout ServerProfile) -> Void) async {
    await server?.learn(change)
  }

  package func embed(_ texts: [String]) async throws -> EmbeddingBatch {
    try await attempt(texts, as: EmbeddingRole(), requestID: "")
  }

  package func attempt(
    _ texts: [String], as role: EmbeddingRole, requestID: String
  ) async throws -> EmbeddingBatch {
    let answer =
      if let server {
        try await server.attempt(texts, for: question, requestID: requestID)
      } else {
        try await reranker.scores(of: texts, for: question, requestID: requestID)
      }
    guard answer.scores.count == texts.count, answer.scores.allSatisfy(\.isFinite) else {
      throw ServiceError(
        .badAnswer, code: "wrong_scores",
        message:
          "\(reranker.model) gave \(answer.scores.count { $0.isFinite }) finite scores; expected "
          + "\(texts.count), one a passage", billing: .possible)
    }
    return EmbeddingBatch(
      vectors: answer.scores.map { [$0] }, tokens: answer.tokens, rateLimits: answer.rateLimits,
      serverRequestID: answer.serverRequestID)
  }
}
