// Whether an attempt may be sent: the breaker, the budget and the rate in one decision. Pure; called
// by every ledger inside its transaction.

package import Foundation

/// The rules by which a ledger decides.
package enum SpendingRules {
  /// What to do with an attempt now.
  package enum Verdict: Sendable, Equatable {
    /// Enter it.
    case grant(warnings: [BudgetUse])
    /// As ``ReservationDecision``, nothing entered.
    case wait(seconds: Double, reason: ReservationDecision.WaitReason)
    case refuse(BudgetUse)
    case breakerOpen(until: Date, lastError: LastError?)
  }

  /// How long is waited for attempts in flight to come back, in seconds.
  static let waitForOthers = 0.25

  /// What to do with an attempt, and the account's state after that.
  ///
  /// The state is to be stored in the same transaction wherever it differs from the activity's, most
  /// of all with a granted attempt, which may hold the breaker's place for a probe. An attempt that
  /// is not granted never holds it.
  ///
  /// - Complexity: O(seconds in ``AccountActivity/lastMinute``).
  package static func decide(
    _ attempt: SpendingAttempt, under limits: SpendingLimits, activity: AccountActivity, now: Date
  ) -> (verdict: Verdict, state: AccountState) {
    var admitted = activity.state
    switch admitted.breaker.admit(now: now) {
    case .pass, .probe: break
    case .open(let until):
      let error = activity.state.lastError
      return (.breakerOpen(until: until, lastError: error), admitted)
    case .probing(let until):
      let seconds = min(until.timeIntervalSince(now), waitForOthers)
      return (.wait(seconds: max(seconds, 0.01), reason: .probe), admitted)
    }
    let verdict =
      moneyVerdict(attempt, limits, activity, now)
      ?? requestVerdict(limits, activity, now)
      ?? (attempt.isBatch
        ? nil
        : activity.state.limiter.wait(
          tokens: attempt.tokens, lastMinute: activity.lastMinute, limits: limits, now: now
        ).map { .wait(seconds: $0, reason: .rate) })
    if let verdict { return (verdict, activity.state) }
    if !attempt.isBatch {
      admitted.limiter.enter(tokens: attempt.tokens, lastMinute: activity.lastMinute, now: now)
    }
    return (.grant(warnings: warnings(attempt, limits, activity, now)), admitted)
  }

  /// The account's state after what became of an attempt, to be stored with it.
  ///
  /// - Parameter reservedAt: when the attempt was granted; whole seconds are enough. By it the
  ///   breaker knows its probe, and what is too old to say anything.
  package static func settle(
    _ outcome: AttemptOutcome, reservedAt: Date, state: AccountState, now: Date
  ) -> AccountState {
    var state = state
    switch outcome {
    case .answered(_, _, let rateLimits):
      state.breaker.succeed(admittedAt: reservedAt, now: now)
      state.limiter.succeed()
      if let rateLimits { state.limiter.learn(from: rateLimits, now: now) }
    case .failed(let error):
      // A refused text or size says nothing about the service, but that it is there.
      let kind = error.isAboutRequest ? .input : error.kind
      state.breaker.fail(kind, admittedAt: reservedAt, now: now)
      state.limiter.learn(from: error, now: now)
      if kind != .input, kind != .requestTooLarge {
        state.lastError = LastError(
          kind: error.kind, code: error.code, message: error.message, at: now)
      }
    case .cancelled:
      state.breaker.cancel(admittedAt: reservedAt, now: now)
    }
    return state
  }

  /// The midnight, in UTC, at which the day of a time began.
  package static func startOfUTCDay(_ date: Date) -> Date {
    let seconds = Int64(date.timeIntervalSince1970.rounded(.down))
    let ofDay = (seconds % 86_400 + 86_400) % 86_400
    return Date(timeIntervalSince1970: Double(seconds - ofDay))
  }

  /// The midnight, in UTC, at which the day of a time ends.
  package static func nextUTCMidnight(_ date: Date) -> Date { startOfUTCDay(date) + 86_400 }

  /// What a day's money says against an attempt. What costs nothing is never refused for money.
  private static func moneyVerdict(
    _ attempt: SpendingAttempt, _ limits: SpendingLimits, _ activity: AccountActivity, _ now: Date
  ) -> Verdict? {
    guard var use = moneyUse(limits, activity, now), attempt.cost > .zero else { return nil }
    let left = use.allowed - activity.billedToday.nano
    if attempt.cost.nano > left {
      // What is in flight may come to less: a smaller attempt is worth waiting for it.
      use.used = activity.billedToday.nano
      return .refuse(use)
    }
    if attempt.cost.nano > left - activity.reservedToday.nano {
      return .wait(seconds: waitForOthers, reason: .reservations)
    }
    return nil
  }

  /// What an hour's requests say against another.
  private static func requestVerdict(
    _ limits: SpendingLimits, _ activity: AccountActivity, _ now: Date
  ) -> Verdict? {
    guard let use = requestUse(limits, activity, now), use.used >= use.allowed else { return nil }
    return .refuse(use)
  }

  /// The limits of which an attempt reaches 80 %, itself included.
  private static func warnings(
    _ attempt: SpendingAttempt, _ limits: SpendingLimits, _ activity: AccountActivity, _ now: Date
  ) -> [BudgetUse] {
    var uses: [BudgetUse] = []
    if var use = moneyUse(limits, activity, now), attempt.cost > .zero {
      use.used += attempt.cost.nano
      uses.append(use)
    }
    if var use = requestUse(limits, activity, now) {
      use.used += 1
      uses.append(use)
    }
    return uses.filter { $0.used >= $0.allowed - $0.allowed / 5 }
  }

  private static func moneyUse(
    _ limits: SpendingLimits, _ activity: AccountActivity, _ now: Date
  ) -> BudgetUse? {
    limits.dailyCost.amount.map {
      BudgetUse(
        limit: .dailyCost, used: (activity.billedToday + activity.reservedToday).nano,
        allowed: $0.nano, opensAt: nextUTCMidnight(now))
    }
  }

  private static func requestUse(
    _ limits: SpendingLimits, _ activity: AccountActivity, _ now: Date
  ) -> BudgetUse? {
    limits.hourlyRequests.amount.map {
      BudgetUse(
        limit: .hourlyRequests, used: Int64(activity.requestsInHour), allowed: Int64($0),
        opensAt: (activity.oldestInHour ?? now) + 3600)
    }
  }
}
