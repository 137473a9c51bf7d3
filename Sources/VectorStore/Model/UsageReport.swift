// What `usage` and `health` tell about requests, money and limits.

public import Foundation

/// What was sent to embedding services and what it cost.
///
/// Money is given twice: in US dollars, and exactly in whole nano-dollars (`…NanoUSD`), in which
/// sums are made.
public struct UsageReport: Sendable, Codable, Hashable {
  /// What the requests of a span of time came to. Each attempt is a request.
  public struct Usage: Sendable, Codable, Hashable {
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

    /// Creates a value from its parts.
    public init(
      requests: Int, answered: Int, failed: Int, texts: Int, tokens: Int, costUSD: Double,
      costNanoUSD: Int64, possiblyBilledRequests: Int, possiblyBilledCostUSD: Double,
      possiblyBilledCostNanoUSD: Int64, inFlightRequests: Int, inFlightCostUSD: Double,
      inFlightCostNanoUSD: Int64
    ) {
      self.requests = requests
      self.answered = answered
      self.failed = failed
      self.texts = texts
      self.tokens = tokens
      self.costUSD = costUSD
      self.costNanoUSD = costNanoUSD
      self.possiblyBilledRequests = possiblyBilledRequests
      self.possiblyBilledCostUSD = possiblyBilledCostUSD
      self.possiblyBilledCostNanoUSD = possiblyBilledCostNanoUSD
      self.inFlightRequests = inFlightRequests
      self.inFlightCostUSD = inFlightCostUSD
      self.inFlightCostNanoUSD = inFlightCostNanoUSD
    }
  }

  /// What a UTC day came to.
  public struct Day: Sendable, Codable, Hashable {
    /// The day, as `2026-02-28`.
    public var day: String
    /// What its requests came to.
    public var usage: Usage

    /// Creates a value from its parts.
    public init(day: String, usage: Usage) {
      self.day = day
      self.usage = usage
    }
  }

  /// What a model came to.
  public struct Model: Sendable, Codable, Hashable {
    /// The model's name.
    public var model: String
    /// What its requests came to.
    public var usage: Usage

    /// Creates a value from its parts.
    public init(model: String, usage: Usage) {
      self.model = model
      self.usage = usage
    }
  }

  /// How many requests failed by one kind of trouble.
  public struct Failure: Sendable, Codable, Hashable {
    /// The kind, a raw value of ``ServiceError/Kind``.
    public var kind: String
    /// How many requests.
    public var requests: Int

    /// Creates a value from its parts.
    public init(kind: String, requests: Int) {
      self.kind = kind
      self.requests = requests
    }
  }

  /// A limit of money a UTC day.
  public struct CostLimit: Sendable, Codable, Hashable {
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
    /// When the next day begins.
    public var opensAt: Date

    /// Creates a value from its parts.
    public init(
      usedUSD: Double, usedNanoUSD: Int64, limitUSD: Double, limitNanoUSD: Int64, leftUSD: Double,
      leftNanoUSD: Int64, opensAt: Date
    ) {
      self.usedUSD = usedUSD
      self.usedNanoUSD = usedNanoUSD
      self.limitUSD = limitUSD
      self.limitNanoUSD = limitNanoUSD
      self.leftUSD = leftUSD
      self.leftNanoUSD = leftNanoUSD
      self.opensAt = opensAt
    }
  }

  /// A limit of requests in a rolling hour.
  public struct RequestLimit: Sendable, Codable, Hashable {
    /// Requests in the last 3,600 s.
    public var used: Int
    /// How many there may be.
    public var limit: Int
    /// How many may be sent now, not below 0.
    public var left: Int
    /// When the oldest of them is an hour old; nil if there is none.
    public var opensAt: Date?

    /// Creates a value from its parts.
    public init(used: Int, limit: Int, left: Int, opensAt: Date? = nil) {
      self.used = used
      self.limit = limit
      self.left = left
      self.opensAt = opensAt
    }
  }

  /// When the report was made.
  public var at: Date
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

  /// Creates a value from its parts.
  public init(
    at: Date, accounts: [String], today: Usage, lastHour: Usage, lastMinute: Usage,
    dailyCost: CostLimit? = nil, hourlyRequests: RequestLimit? = nil, days: [Day], models: [Model],
    failures: [Failure]
  ) {
    self.at = at
    self.accounts = accounts
    self.today = today
    self.lastHour = lastHour
    self.lastMinute = lastMinute
    self.dailyCost = dailyCost
    self.hourlyRequests = hourlyRequests
    self.days = days
    self.models = models
    self.failures = failures
  }
}
