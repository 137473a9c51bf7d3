// What `health` tells: each embedding service, its breaker, its last error, and what is left of the
// budget. Built by StoreConfiguration+Health, printed by the command; as JSON its keys are public.

/// How the services of a configuration are.
public struct HealthReport: Sendable, Codable, Equatable {
  /// What went wrong with a service.
  public struct Problem: Sendable, Codable, Equatable {
    /// The class: `authentication`, `quota`, `rate`, `input`, `network`, `server`, `bad_answer`.
    public var kind: String
    /// The server's own code, or this program's.
    public var code: String?
    /// What was found and the next step.
    public var message: String
    /// When, ISO 8601, UTC; nil for just now.
    public var at: String?
  }

  /// A limit of the budget and what is left of it.
  public struct Limit: Sendable, Codable, Equatable {
    /// `daily_cost`, in US dollars, or `hourly_requests`.
    public var limit: String
    /// What is used of it, what may be billed besides included.
    public var used: Double
    /// All of it.
    public var allowed: Double
    /// What is left of it, not below 0.
    public var left: Double
    /// When it opens again, ISO 8601, UTC.
    public var opensAt: String
  }

  /// How one service is.
  public struct Service: Sendable, Codable, Equatable {
    /// The space of its vectors.
    public var space: String
    /// Whether it answered a call that costs nothing, and its budget is not used up.
    public var isWell: Bool
    /// How long that took, in seconds.
    public var latency: Double?
    /// Why it did not.
    public var problem: Problem?
    /// `closed`: requests pass; `open`: it is left alone; `half-open`: the next request decides.
    public var breaker: String
    /// Until when it is left alone, ISO 8601, UTC.
    public var breakerOpenUntil: String?
    /// The last thing that went wrong, in any process.
    public var lastError: Problem?
    /// What is left of its budget; empty where nothing is limited.
    public var budget: [Limit]
  }

  /// The mode.
  public var mode: ServiceMode
  /// The services, the one for new collections first; empty where there is none.
  public var services: [Service] = []
  /// Whether texts can be embedded as the mode has it: in mode REAL by a service, in HYBRID by a
  /// service or, where none is configured, by stand-ins.
  public var isWell: Bool
  /// Why the ledger cannot be used, if it cannot: then nothing is sent.
  public var ledgerProblem: String?
}
