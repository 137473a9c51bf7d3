// What `usage` and `health` tell about requests, money and limits. Made by Ledger/UsageReader.swift,
// printed by the command; as JSON its keys are public.

/// What was sent to embedding services and what it cost.
///
/// Money is given twice: in US dollars, and exactly in whole nano-dollars (`…NanoUSD`), in which
/// sums are made.
public struct UsageReport: Sendable, Codable, Equatable {
  /// What the requests of a span of time came to. Each attempt is a request.
  public struct Usage: Sendable, Codable, Equatable {
    /// All requests.
    public var requests: Int
    /// Requests that were answered, and so billed.
    public var answered: Int
    /// Requests that failed.
    public var failed: Int
    /// Texts embedded by the requests that were answered.
    public var texts: Int
    /// Tokens billed.
    public var tokens: Int
    /// What they cost, in US dollars.
    public var costUSD: Double
    /// What they cost, in nano-dollars.
    public var costNanoUSD: Int64
    /// Requests that may be on the bill: sent, and no whole answer came back, or their process died.
    public var possiblyBilledRequests: Int
    /// What these cost at most, in US dollars. It counts against the limit.
    public var possiblyBilledCostUSD: Double
    /// What these cost at most, in nano-dollars.
    public var possiblyBilledCostNanoUSD: Int64
    /// Requests on their way now.
    public var inFlightRequests: Int
    /// What these cost at most, in US dollars. It counts against the limit.
    public var inFlightCostUSD: Double
    /// What these cost at most, in nano-dollars.
    public var inFlightCostNanoUSD: Int64
  }

  /// What a UTC day came to.
  public struct Day: Sendable, Codable, Equatable {
    /// The day, as `2026-02-28`.
    public var day: String
    /// What its requests came to.
    public var usage: Usage
  }

  /// What a model came to.
  public struct Model: Sendable, Codable, Equatable {
    /// The model's name.
    public var model: String
    /// What its requests came to.
    public var usage: Usage
  }

  /// How many requests failed by one kind of trouble.
  public struct Failure: Sendable, Codable, Equatable {
    /// The kind, a raw value of ``ServiceError/Kind``.
    public var kind: String
    /// How many requests.
    public var requests: Int
  }

  /// A limit of money a UTC day.
  public struct CostLimit: Sendable, Codable, Equatable {
    /// Billed, possibly billed and in flight today, in US dollars.
    public var usedUSD: Double
    /// The same in nano-dollars.
    public var usedNanoUSD: Int64
    /// What may be spent a day, in US dollars.
    public var limitUSD: Double
    /// The same in nano-dollars.
    public var limitNanoUSD: Int64
    /// What is left of it, not below 0, in US dollars.
    public var leftUSD: Double
    /// The same in nano-dollars.
    public var leftNanoUSD: Int64
    /// When the next day begins, ISO 8601, UTC.
    public var opensAt: String
  }

  /// A limit of requests in a rolling hour.
  public struct RequestLimit: Sendable, Codable, Equatable {
    /// Requests in the last 3,600 s.
    public var used: Int
    /// How many there may be.
    public var limit: Int
    /// How many may be sent now, not below 0.
    public var left: Int
    /// When the oldest of them is an hour old, ISO 8601, UTC; nil where there is none.
    public var opensAt: String?
  }

  /// When the report was made, ISO 8601, UTC.
  public var at: String
  /// The accounts it sums up, by name: those that ever sent a request.
  public var accounts: [String]
  /// This UTC day.
  public var today: Usage
  /// The last 3,600 s.
  public var lastHour: Usage
  /// The last 60 s.
  public var lastMinute: Usage
  /// Money a day; nil where there is no limit, or several accounts.
  public var dailyCost: CostLimit?
  /// Requests an hour; nil where there is no limit, or several accounts.
  public var hourlyRequests: RequestLimit?
  /// The days asked for, oldest first; those without a request are left out.
  public var days: [Day]
  /// The same by model, by name.
  public var models: [Model]
  /// The requests of these days that failed, by kind; of the last 90 days at most.
  public var failures: [Failure]
}
