// What `health` tells: each embedding service, its breaker, its last error, and what is left of the
// budget. Built by StoreConfiguration+Health, printed by the command; as JSON its keys are public.

public import Foundation

/// How the services of a configuration are.
public struct HealthReport: Sendable, Codable, Hashable {
  /// What went wrong with a service.
  public struct Problem: Sendable, Codable, Hashable {
    /// The class.
    public var kind: ServiceError.Kind
    /// The server's own code, or this program's.
    public var code: String?
    /// What was found and the next step.
    public var message: String
    /// When; nil for just now.
    public var at: Date?

    /// Creates a value from its parts.
    public init(kind: ServiceError.Kind, code: String? = nil, message: String, at: Date? = nil) {
      self.kind = kind
      self.code = code
      self.message = message
      self.at = at
    }
  }

  /// A limit of the budget and what is left of it.
  public struct Limit: Sendable, Codable, Hashable {
    /// What is limited.
    public enum Kind: String, Sendable, Codable {
      /// US dollars a UTC day.
      case dailyCost = "daily_cost"
      /// Requests in a rolling hour.
      case hourlyRequests = "hourly_requests"
    }

    /// What is limited.
    public var limit: Kind
    /// What is used of it, what may be billed besides included.
    public var used: Double
    /// All of it.
    public var allowed: Double
    /// What is left of it, not below 0.
    public var left: Double
    /// When it opens again.
    public var opensAt: Date

    /// Creates a value from its parts.
    public init(limit: Kind, used: Double, allowed: Double, left: Double, opensAt: Date) {
      self.limit = limit
      self.used = used
      self.allowed = allowed
      self.left = left
      self.opensAt = opensAt
    }
  }

  /// Whether requests to a service pass after failures.
  public enum Breaker: String, Sendable, Codable {
    /// They pass.
    case closed
    /// The service is left alone.
    case open
    /// The next request decides.
    case halfOpen = "half-open"
  }

  /// What was learned of a server, in this process or before.
  public struct Learned: Sendable, Codable, Hashable {
    /// The path of embeddings.
    public var path: String
    /// How vectors are asked for: `base64`, `float`, or `unsaid` if the server decides.
    public var encoding: String
    /// The length of its vectors.
    public var dimensions: Int
    /// The most texts of a request; nil if it takes all that are allowed.
    public var textsPerRequest: Int?
    /// The most tokens of a request, as they are counted here; nil if it takes all that are allowed.
    public var tokensPerRequest: Int?
    /// The most tokens of a text that it named.
    public var tokensPerText: Int?
    /// The seconds that a text takes.
    public var secondsPerText: Double?
    /// When the last of it was learned.
    public var at: Date

    /// Creates a value from its parts.
    public init(
      path: String, encoding: String, dimensions: Int, textsPerRequest: Int? = nil,
      tokensPerRequest: Int? = nil, tokensPerText: Int? = nil, secondsPerText: Double? = nil,
      at: Date
    ) {
      self.path = path
      self.encoding = encoding
      self.dimensions = dimensions
      self.textsPerRequest = textsPerRequest
      self.tokensPerRequest = tokensPerRequest
      self.tokensPerText = tokensPerText
      self.secondsPerText = secondsPerText
      self.at = at
    }
  }

  /// How one service is.
  public struct Service: Sendable, Codable, Hashable {
    /// The space of its vectors.
    public var space: EmbeddingSpace
    /// Whether it answered a call that costs nothing, and its budget is not used up.
    public var isWell: Bool
    /// How long that took; as JSON in seconds.
    public var latency: Duration?
    /// Whether that call made an embedding. It does if embeddings cost nothing; else whether texts can
    /// be embedded is not checked.
    public var hasEmbedded = false
    /// What is known of the server.
    public var learned: Learned?
    /// Why it did not.
    public var problem: Problem?
    /// Whether requests pass.
    public var breaker: Breaker
    /// Until when it is left alone.
    public var breakerOpenUntil: Date?
    /// The last thing that went wrong, in any process.
    public var lastError: Problem?
    /// What is left of its budget; empty where nothing is limited.
    public var budget: [Limit]

    /// Creates a value from its parts.
    public init(
      space: EmbeddingSpace, isWell: Bool, latency: Duration? = nil, hasEmbedded: Bool = false,
      learned: Learned? = nil, problem: Problem? = nil, breaker: Breaker,
      breakerOpenUntil: Date? = nil, lastError: Problem? = nil, budget: [Limit]
    ) {
      self.space = space
      self.isWell = isWell
      self.latency = latency
      self.hasEmbedded = hasEmbedded
      self.learned = learned
      self.problem = problem
      self.breaker = breaker
      self.breakerOpenUntil = breakerOpenUntil
      self.lastError = lastError
      self.budget = budget
    }
  }

  /// How the service is that parses documents.
  public struct Parser: Sendable, Codable, Hashable {
    /// Its account in the ledger.
    public var provider: String
    /// How well documents are parsed there.
    public var tier: String
    /// Whether it answered a call that costs nothing, and its budget is not used up.
    public var isWell = true
    /// How long that took; as JSON in seconds.
    public var latency: Duration?
    /// Why it did not.
    public var problem: Problem?
    /// Whether requests pass.
    public var breaker: Breaker = .closed
    /// Until when it is left alone.
    public var breakerOpenUntil: Date?
    /// The last thing that went wrong, in any process.
    public var lastError: Problem?
    /// What is left of its budget; empty where nothing is limited.
    public var budget: [Limit] = []

    /// Creates a value from its parts.
    public init(
      provider: String, tier: String, isWell: Bool = true, latency: Duration? = nil,
      problem: Problem? = nil, breaker: Breaker = .closed, breakerOpenUntil: Date? = nil,
      lastError: Problem? = nil, budget: [Limit] = []
    ) {
      self.provider = provider
      self.tier = tier
      self.isWell = isWell
      self.latency = latency
      self.problem = problem
      self.breaker = breaker
      self.breakerOpenUntil = breakerOpenUntil
      self.lastError = lastError
      self.budget = budget
    }
  }

  /// The mode.
  public var mode: ServiceMode
  /// The service that parses documents; nil if there is none.
  public var parser: Parser?
  /// The services, the one for new collections first; empty where there is none.
  public var services: [Service] = []
  /// Whether texts can be embedded as the mode has it: in mode REAL by a service, in HYBRID by a
  /// service or, where none is configured, by stand-ins.
  public var isWell: Bool
  /// Why the ledger cannot be used, if it cannot: then nothing is sent.
  public var ledgerProblem: String?

  /// Creates a value from its parts.
  public init(
    mode: ServiceMode, parser: Parser? = nil, services: [Service] = [], isWell: Bool,
    ledgerProblem: String? = nil
  ) {
    self.mode = mode
    self.parser = parser
    self.services = services
    self.isWell = isWell
    self.ledgerProblem = ledgerProblem
  }
}
