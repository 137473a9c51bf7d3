// What the router asks before it spends and tells after: the ledger. Implemented on SQLite by the
// store's Ledger/, in memory by MemoryLedger for services that cost nothing.

package import Foundation

/// The book in which every attempt at a request is entered before it is sent, shared by all
/// processes of a user, so that a budget holds whatever happens to any of them.
///
/// Each call is one transaction. An attempt that is never settled, since its process died, stays as
/// possibly billed: at its reserved cost it counts against its day.
package protocol SpendingLedger: Sendable {
  /// Enters an attempt if the limits, the rate and the breaker of its account allow it now.
  ///
  /// - Throws: where the ledger cannot be written; nothing may then be sent.
  func reserve(
    _ attempt: SpendingAttempt, under limits: SpendingLimits
  ) async throws -> ReservationDecision

  /// Enters what became of an attempt: its cost, the breaker's and the limiter's new state.
  func settle(_ reservation: Reservation, as outcome: AttemptOutcome) async throws

  /// What an account has used and how its service is, without changing anything.
  func activity(of account: String) async throws -> AccountActivity

  /// The attempt of a name that has not been settled yet, which another process may have entered; nil if
  /// there is none.
  func reservation(named requestID: String, of account: String) async throws -> Reservation?
}

extension SpendingLedger {
  /// None: a ledger in memory knows of no other process.
  package func reservation(named: String, of account: String) async throws -> Reservation? { nil }
}

/// One attempt at a request, before it is sent.
package struct SpendingAttempt: Sendable, Equatable {
  /// The account: the provider of the service's space.
  package var account: String
  package var model: String
  /// The run it belongs to, and its own name; both are in the log and in errors.
  package var runID: String
  package var requestID: String
  /// The number of the try, from 1.
  package var number: Int
  package var texts: Int
  /// Tokens, exact or an upper bound.
  package var tokens: Int
  /// What these tokens cost.
  package var cost: NanoDollars
  /// Whether it is a batch, which is answered within a day, whichever process waits for it, and to which
  /// the limits of a minute do not apply.
  package var isBatch = false

  package init(
    account: String, model: String, runID: String, requestID: String, number: Int, texts: Int,
    tokens: Int, cost: NanoDollars
  ) {
    self.account = account
    self.model = model
    self.runID = runID
    self.requestID = requestID
    self.number = number
    self.texts = texts
    self.tokens = tokens
    self.cost = cost
  }
}

/// What may be spent and sent.
package struct SpendingLimits: Sendable, Equatable {
  /// Money a UTC day.
  package var dailyCost: SpendingLimit<NanoDollars>
  /// Requests in a rolling hour; every attempt counts.
  package var hourlyRequests: SpendingLimit<Int>
  /// Requests in a rolling minute, unless the server allows fewer.
  package var requestsPerMinute: SpendingLimit<Int>
  /// Tokens in a rolling minute, unless the server allows fewer.
  package var tokensPerMinute: SpendingLimit<Int>
  /// Whether a server that refuses again and again without naming a limit is taken to have one.
  package var concludesLimits = true

  package init(
    dailyCost: SpendingLimit<NanoDollars> = .unlimited,
    hourlyRequests: SpendingLimit<Int> = .unlimited,
    requestsPerMinute: SpendingLimit<Int> = .unlimited,
    tokensPerMinute: SpendingLimit<Int> = .unlimited
  ) {
    self.dailyCost = dailyCost
    self.hourlyRequests = hourlyRequests
    self.requestsPerMinute = requestsPerMinute
    self.tokensPerMinute = tokensPerMinute
  }
}

/// An attempt that may be sent.
package struct Reservation: Sendable, Equatable {
  /// Its row in the ledger.
  package var id: Int64
  package var attempt: SpendingAttempt
  /// Limits of which this attempt reached 80 %, to be told once a run.
  package var warnings: [BudgetUse]

  package init(id: Int64, attempt: SpendingAttempt, warnings: [BudgetUse] = []) {
    self.id = id
    self.attempt = attempt
    self.warnings = warnings
  }
}

/// How much of a limit is used.
package struct BudgetUse: Sendable, Equatable {
  package enum Limit: String, Sendable, Codable {
    case dailyCost = "daily_cost"
    case hourlyRequests = "hourly_requests"
  }

  package var limit: Limit
  /// Billed, possibly billed and reserved: nano-dollars or requests.
  package var used: Int64
  /// The limit: nano-dollars or requests.
  package var allowed: Int64
  /// When the limit opens again: the next UTC midnight, or when the oldest request is an hour old.
  package var opensAt: Date

  package init(limit: Limit, used: Int64, allowed: Int64, opensAt: Date) {
    self.limit = limit
    self.used = used
    self.allowed = allowed
    self.opensAt = opensAt
  }

  /// What is left of the limit, not below 0.
  package var left: Int64 { max(0, allowed - used) }
}

/// Whether an attempt may be sent.
package enum ReservationDecision: Sendable, Equatable {
  /// Yes, and it is entered.
  case granted(Reservation)
  /// Not yet: ask again after so many seconds. Nothing is entered.
  case wait(seconds: Double, reason: WaitReason)
  /// Not in this window: the attempt does not fit into what is left of a limit. A smaller one may.
  /// Nothing is entered.
  case refused(BudgetUse)
  /// The breaker is open until then: nothing is sent. Nothing is entered.
  case breakerOpen(until: Date, lastError: LastError?)

  package enum WaitReason: String, Sendable, Equatable {
    /// The requests or tokens of the minute are used up.
    case rate
    /// What is left of a limit is reserved by attempts in flight, which may come to less.
    case reservations
    /// Another attempt is probing whether the service is back.
    case probe
  }
}

/// What became of an attempt.
package enum AttemptOutcome: Sendable {
  /// Answered and billed.
  case answered(tokens: Int, cost: NanoDollars, rateLimits: RateLimitHeaders?)
  /// Failed; ``ServiceError/billing`` says whether it may be on the bill.
  case failed(ServiceError)
  /// Given up by this side; possibly billed if it had been sent.
  case cancelled(wasSent: Bool)
}

/// The last thing that went wrong with a service.
package struct LastError: Sendable, Codable, Equatable {
  package var kind: ServiceError.Kind
  package var code: String?
  package var message: String
  package var at: Date

  package init(kind: ServiceError.Kind, code: String?, message: String, at: Date) {
    self.kind = kind
    self.code = code
    self.message = message
    self.at = at
  }
}

/// What the processes of a user share about a service besides its bill.
package struct AccountState: Sendable, Codable, Equatable {
  package var breaker = CircuitBreaker()
  package var limiter = RateLimiter()
  package var lastError: LastError?

  package init() {}
}

/// What an account has used, as decisions need it.
package struct AccountActivity: Sendable, Equatable {
  /// The requests and tokens of a second.
  package struct Second: Sendable, Equatable {
    /// Whole seconds since 1970.
    package var second: Int64
    package var requests: Int
    package var tokens: Int

    package init(second: Int64, requests: Int, tokens: Int) {
      self.second = second
      self.requests = requests
      self.tokens = tokens
    }
  }

  /// Billed since the last UTC midnight, what is possibly billed at its reserved cost included.
  package var billedToday = NanoDollars.zero
  /// Reserved by attempts that are in flight.
  package var reservedToday = NanoDollars.zero
  /// Attempts in the last 3,600 s.
  package var requestsInHour = 0
  /// When the oldest of them was made.
  package var oldestInHour: Date?
  /// The last 60 s, oldest first; seconds without a request are left out.
  package var lastMinute: [Second] = []
  package var state = AccountState()

  package init() {}
}
