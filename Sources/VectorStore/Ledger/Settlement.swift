// What becomes of an attempt's row and of its day's totals when it is settled. Pure; called by
// SQLiteLedger.

import VectorStoreEmbedding

/// An attempt's outcome, as it is entered.
struct Settlement: Sendable, Equatable {
  /// The states of an attempt, beside `reserved`.
  enum State: String, Sendable {
    case billed
    case possiblyBilled = "possibly_billed"
    case notBilled = "not_billed"
  }

  var state: State
  /// The tokens that count for the rate: the server counts what it refused too.
  var tokens: Int
  var cost: NanoDollars
  var errorKind: ServiceError.Kind?
  var errorCode: String?
  private var texts: Int
  private var costReserved: NanoDollars

  init(_ attempt: SpendingAttempt, _ outcome: AttemptOutcome) {
    tokens = attempt.tokens
    texts = attempt.texts
    costReserved = attempt.cost
    cost = outcome.bill(reserved: attempt.cost)
    switch outcome {
    case .answered(let tokens, _, _):
      state = .billed
      self.tokens = tokens
    case .failed(let error):
      state = error.billing == .possible ? .possiblyBilled : .notBilled
      errorKind = error.kind
      errorCode = error.code
    case .cancelled(let wasSent):
      state = wasSent ? .possiblyBilled : .notBilled
    }
  }

  /// What it changes in the totals of the attempt's day.
  var change: UsageTotals {
    var change = UsageTotals()
    change.reserved = -1
    change.reservedCost = -costReserved.nano
    change.failed = errorKind == nil ? 0 : 1
    switch state {
    case .billed:
      change.answered = 1
      change.texts = Int64(texts)
      change.tokens = Int64(tokens)
      change.cost = cost.nano
    case .possiblyBilled:
      change.possible = 1
      change.possibleCost = cost.nano
    case .notBilled: break
    }
    return change
  }
}
