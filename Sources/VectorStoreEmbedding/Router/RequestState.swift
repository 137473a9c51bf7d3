// What a run has sent to one service, and what follows from that. It decides and does nothing.

import Synchronization

/// What a run has sent so far.
package struct RunTotals: Sendable, Equatable {
  package var requests = 0
  package var tokens = 0
  package var cost = NanoDollars.zero
  /// What may be billed besides, at its reserved cost.
  package var possibleCost = NanoDollars.zero
  /// Batches that the service has, with their texts and what they cost at most, which is in ``cost`` and
  /// ``tokens`` too.
  package var batches = 0
  package var batchedTexts = 0
  package var batchedTokens = 0
  package var batchedCost = NanoDollars.zero
  /// Limits of which 80 % were reached.
  package var warnings: [BudgetUse] = []

  package init() {}
}

/// The state of a run's requests.
struct RequestState {
  /// Whether an attempt is within the run's own limit.
  enum Reservation {
    case granted
    /// What is in flight may come to less.
    case later
    case refused(left: NanoDollars, of: NanoDollars)
  }

  /// A run that never had a good answer stops at so many bad ones of a kind: each may be billed.
  private static let badAnswersAtMost = 4
  /// And of a kind that no other answer can follow, at so many.
  private static let settledAnswersAtMost = 2

  var totals = RunTotals()
  /// Why nothing more is sent.
  private(set) var stopped: StopReason?
  /// Whether any request of the run had a good answer.
  private(set) var hasAnswer = false
  /// Requests that were to be split without a word of the server that it is their size, since the
  /// last answer.
  var splitsInRow = 0
  private(set) var lastError: ServiceError?
  /// Reserved by attempts in flight.
  private var reserved = NanoDollars.zero
  /// Which part of it is for jobs, by the request that began each.
  private var jobs: [String: NanoDollars] = [:]
  private var sequence = 0
  /// When the user was last told that the run waits.
  private var toldWaiting: ContinuousClock.Instant?
  /// Answers that could not be used, by code, before the first good one.
  private var badAnswers: [String: Int] = [:]

  /// The number of the next request.
  mutating func nextSequence() -> Int {
    sequence += 1
    return sequence
  }

  /// What is spent, or may be, and what is reserved.
  var share: RunPurse.Share {
    RunPurse.Share(spent: totals.cost + totals.possibleCost, reserved: reserved)
  }

  /// Reserves the cost of an attempt, unless the run may not spend it.
  ///
  /// - Parameter others: what the run's requests to other services have.
  mutating func reserve(
    _ cost: NanoDollars, within limit: SpendingLimit<NanoDollars>, beside others: RunPurse.Share
  ) -> Reservation {
    if case .atMost(let maximum) = limit {
      let left = maximum - share.spent - others.spent
      if cost > left { return .refused(left: left, of: maximum) }
      if cost + reserved + others.reserved > left { return .later }
    }
    reserved = reserved + cost
    return .granted
  }

  /// Notes that what was reserved for an attempt stays so until its job is settled.
  mutating func begin(job: SpendingAttempt) { jobs[job.requestID] = job.cost }

  /// Takes over what another run reserved for a job.
  mutating func hold(job: SpendingAttempt) {
    guard jobs[job.requestID] == nil else { return }
    begin(job: job)
    reserved = reserved + job.cost
  }

  /// Lets a job go on without this run, to which it may have cost what was reserved.
  mutating func leave(job requestID: String) {
    guard let cost = jobs.removeValue(forKey: requestID) else { return }
    release(cost)
    totals.possibleCost = totals.possibleCost + cost
  }

  /// Gives back what an attempt that was not sent had reserved.
  mutating func release(_ cost: NanoDollars) { reserved = reserved - cost }

  /// Counts what an attempt came to, in place of what it had reserved.
  mutating func count(_ outcome: AttemptOutcome, of attempt: SpendingAttempt) {
    release(attempt.cost)
    jobs[attempt.requestID] = nil
    switch outcome {
    case .answered(let tokens, let cost, _):
      hasAnswer = true
      splitsInRow = 0
      totals.tokens += tokens
      totals.cost = totals.cost + cost
    case .failed(let error) where error.billing != .possible: break
    case .cancelled(wasSent: false): break
    case .failed, .cancelled: totals.possibleCost = totals.possibleCost + attempt.cost
    }
  }

  /// Counts a batch that the service has, in place of what it had reserved.
  mutating func count(batch: SpendingAttempt) {
    release(batch.cost)
    totals.requests += 1
    totals.tokens += batch.tokens
    totals.cost = totals.cost + batch.cost
    totals.batches += 1
    totals.batchedTexts += batch.texts
    totals.batchedTokens += batch.tokens
    totals.batchedCost = totals.batchedCost + batch.cost
  }

  /// Whether a failure shows that no answer of this service will ever do: such answers are paid for.
  mutating func isHopeless(_ error: ServiceError) -> Bool {
    lastError = error
    guard error.kind == .badAnswer, !hasAnswer else { return false }
    let code = error.code ?? ""
    badAnswers[code, default: 0] += 1
    let isSettled = ["wrong_dimensions", "no_data"].contains(code)
    return badAnswers[code, default: 0]
      >= (isSettled ? Self.settledAnswersAtMost : Self.badAnswersAtMost)
  }

  /// Stops the run; the first reason stays.
  mutating func stop(_ reason: StopReason) -> StopReason {
    let first = stopped ?? reason
    stopped = first
    return first
  }

  /// Whether it is the first time that this limit is nearly used up.
  mutating func isNews(_ use: BudgetUse) -> Bool {
    guard !totals.warnings.contains(where: { $0.limit == use.limit }) else { return false }
    totals.warnings.append(use)
    return true
  }

  /// Whether the user is to be told that the run waits: once a minute.
  mutating func tellsOfWait() -> Bool {
    let now = ContinuousClock.now
    if let toldWaiting, now - toldWaiting <= .seconds(59) { return false }
    toldWaiting = now
    return true
  }
}

/// What the requests of one run have spent and reserved at all its services, so that the run's own limit holds for
/// all of them together.
package final class RunPurse: Sendable {
  /// What requests to one service have.
  struct Share: Sendable {
    /// Billed, or possibly billed.
    var spent = NanoDollars.zero
    /// Reserved by attempts on their way.
    var reserved = NanoDollars.zero
  }

  private let shares = Mutex<[ObjectIdentifier: Share]>([:])

  /// Creates the purse of a new run.
  package init() {}

  /// Changes one owner's share. The change sees what the others have, and nobody else changes anything meanwhile.
  func change<Result>(
    _ owner: AnyObject, _ body: (_ others: Share) -> (result: Result, share: Share)
  ) -> Result {
    let owner = ObjectIdentifier(owner)
    return shares.withLock { shares in
      var others = Share()
      for (other, share) in shares where other != owner {
        others.spent = others.spent + share.spent
        others.reserved = others.reserved + share.reserved
      }
      let (result, share) = body(others)
      shares[owner] = share
      return result
    }
  }
}
