// Whether attempts may be sent, and what their outcomes change.

import Foundation
import Testing

@testable import VectorStoreEmbedding

@Suite struct SpendingRulesTests {
  /// 2027-01-15 08:00:00 UTC.
  private let now = Date(timeIntervalSince1970: 1_800_000_000)
  private let midnight = Date(timeIntervalSince1970: 1_800_057_600)

  private func attempt(cost: Int64 = 100, tokens: Int = 1000) -> SpendingAttempt {
    SpendingAttempt(
      account: "a", model: "m", runID: "r", requestID: "q", number: 1, texts: 1, tokens: tokens,
      cost: NanoDollars(nano: cost))
  }

  private func verdict(
    cost: Int64 = 100, tokens: Int = 1000, _ limits: SpendingLimits, _ activity: AccountActivity
  ) -> SpendingRules.Verdict {
    let attempt = attempt(cost: cost, tokens: tokens)
    return SpendingRules.decide(attempt, under: limits, activity: activity, now: now).verdict
  }

  private func activity(
    billed: Int64 = 0, reserved: Int64 = 0, inHour: Int = 0, oldest: Date? = nil
  ) -> AccountActivity {
    var activity = AccountActivity()
    activity.billedToday = NanoDollars(nano: billed)
    activity.reservedToday = NanoDollars(nano: reserved)
    activity.requestsInHour = inHour
    activity.oldestInHour = oldest
    return activity
  }

  /// The state of an account whose breaker opened so many seconds ago.
  private func openState(secondsAgo: Double) -> AccountState {
    var state = AccountState()
    let error = ServiceError(.network, code: "timeout", message: "no answer")
    for number in 0..<10 {
      state = SpendingRules.settle(
        .failed(error), reservedAt: now - secondsAgo - 1, state: state,
        now: now - secondsAgo - (number == 0 ? 2 : 0))
    }
    return state
  }

  // MARK: - Money

  @Test func grantsToTheLastNanoDollarAndRefusesBeyond() {
    let limits = SpendingLimits(dailyCost: .atMost(NanoDollars(nano: 1000)))
    let use = BudgetUse(limit: .dailyCost, used: 1000, allowed: 1000, opensAt: midnight)
    #expect(verdict(limits, activity(billed: 900)) == .grant(warnings: [use]))
    let refused = BudgetUse(limit: .dailyCost, used: 901, allowed: 1000, opensAt: midnight)
    #expect(verdict(limits, activity(billed: 901)) == .refuse(refused))
    #expect(refused.left == 99)
    #expect(verdict(cost: 99, limits, activity(billed: 901)) != .refuse(refused))
  }

  @Test func waitsWhereOnlyAttemptsInFlightAreInTheWay() {
    let limits = SpendingLimits(dailyCost: .atMost(NanoDollars(nano: 1000)))
    let busy = activity(billed: 500, reserved: 401)
    #expect(verdict(limits, busy) == .wait(seconds: 0.25, reason: .reservations))
  }

  @Test func refusalCountsAsUsedWhatIsBilledOnlySoThatASmallerAttemptCanWaitForTheRest() {
    let limits = SpendingLimits(dailyCost: .atMost(NanoDollars(nano: 1000)))
    let spent = activity(billed: 950, reserved: 40)
    let use = BudgetUse(limit: .dailyCost, used: 950, allowed: 1000, opensAt: midnight)
    #expect(verdict(limits, spent) == .refuse(use))
    #expect(verdict(cost: 50, limits, spent) == .wait(seconds: 0.25, reason: .reservations))
  }

  @Test func neverRefusesForMoneyWhatCostsNothing() {
    let limits = SpendingLimits(dailyCost: .atMost(.zero))
    #expect(verdict(cost: 0, limits, activity(billed: 5000)) == .grant(warnings: []))
    let use = BudgetUse(limit: .dailyCost, used: 0, allowed: 0, opensAt: midnight)
    #expect(verdict(cost: 1, limits, activity()) == .refuse(use))
  }

  @Test func largestAmountsDoNotOverflow() {
    let limits = SpendingLimits(dailyCost: .atMost(NanoDollars(nano: .max)))
    #expect(verdict(cost: .max, limits, activity(billed: 1)) != .grant(warnings: []))
    guard case .refuse = verdict(cost: .max, limits, activity(billed: 1)) else {
      Issue.record("not refused")
      return
    }
  }

  // MARK: - Requests

  @Test func refusesMoreRequestsThanAnHourHasUntilTheOldestIsAnHourOld() {
    let limits = SpendingLimits(hourlyRequests: 100)
    let oldest = now - 3000
    #expect(verdict(limits, activity(inHour: 78, oldest: oldest)) == .grant(warnings: []))
    let full = BudgetUse(limit: .hourlyRequests, used: 100, allowed: 100, opensAt: now + 600)
    #expect(verdict(limits, activity(inHour: 99, oldest: oldest)) == .grant(warnings: [full]))
    #expect(verdict(limits, activity(inHour: 100, oldest: oldest)) == .refuse(full))
  }

  @Test func limitOfNoRequestsRefusesTheFirst() {
    let use = BudgetUse(limit: .hourlyRequests, used: 0, allowed: 0, opensAt: now + 3600)
    #expect(verdict(SpendingLimits(hourlyRequests: 0), activity()) == .refuse(use))
  }

  @Test func warnsFromFourFifthsOnTheAttemptIncluded() {
    let limits = SpendingLimits(dailyCost: .atMost(NanoDollars(nano: 1000)), hourlyRequests: 9)
    #expect(
      verdict(cost: 99, limits, activity(billed: 500, reserved: 200, inHour: 6))
        == .grant(warnings: []))
    let money = BudgetUse(limit: .dailyCost, used: 800, allowed: 1000, opensAt: midnight)
    let requests = BudgetUse(
      limit: .hourlyRequests, used: 8, allowed: 9, opensAt: now - 60 + 3600)
    #expect(
      verdict(limits, activity(billed: 500, reserved: 200, inHour: 7, oldest: now - 60))
        == .grant(warnings: [money, requests]))
  }

  @Test func nothingIsLimitedWithoutLimits() {
    let busy = activity(billed: .max / 4, reserved: .max / 4, inHour: 1_000_000)
    #expect(verdict(cost: .max / 4, SpendingLimits(), busy) == .grant(warnings: []))
  }

  // MARK: - Rate

  @Test func waitsForTheMinuteOnlyWhereTheBudgetAllowsTheAttempt() {
    var busy = activity(inHour: 5)
    busy.lastMinute = [AccountActivity.Second(second: 1_799_999_990, requests: 5, tokens: 5000)]
    var limits = SpendingLimits(requestsPerMinute: 5)
    #expect(verdict(limits, busy) == .wait(seconds: 51, reason: .rate))
    limits = SpendingLimits(tokensPerMinute: 5999)
    #expect(verdict(limits, busy) == .wait(seconds: 51, reason: .rate))
    #expect(verdict(tokens: 999, limits, busy) == .grant(warnings: []))
    limits.hourlyRequests = 5
    guard case .refuse = verdict(limits, busy) else {
      Issue.record("waited for nothing")
      return
    }
  }

  // MARK: - Breaker

  @Test func openBreakerComesBeforeTheBudget() {
    var account = activity(billed: 5000)
    account.state = openState(secondsAgo: 5)
    let limits = SpendingLimits(dailyCost: .atMost(.zero), hourlyRequests: 0)
    let last = LastError(kind: .network, code: "timeout", message: "no answer", at: now - 5)
    #expect(verdict(limits, account) == .breakerOpen(until: now + 10, lastError: last))
  }

  @Test func grantedAttemptIsTheProbeAndTheOthersWait() {
    var account = activity()
    account.state = openState(secondsAgo: 20)
    let first = SpendingRules.decide(
      attempt(), under: SpendingLimits(), activity: account, now: now)
    #expect(first.verdict == .grant(warnings: []))
    #expect(first.state.breaker != account.state.breaker)
    account.state = first.state
    #expect(verdict(SpendingLimits(), account) == .wait(seconds: 0.25, reason: .probe))
    account.state = SpendingRules.settle(
      .answered(tokens: 1, cost: .zero, rateLimits: nil), reservedAt: now, state: account.state,
      now: now + 1)
    #expect(account.state.breaker.state(now: now + 1) == .closed)
    #expect(verdict(SpendingLimits(), account) == .grant(warnings: []))
  }

  @Test func attemptThatIsNotGrantedDoesNotTakeTheProbesPlace() {
    var account = activity(inHour: 1)
    account.state = openState(secondsAgo: 20)
    for limits in [
      SpendingLimits(dailyCost: .atMost(.zero)), SpendingLimits(hourlyRequests: 1),
      SpendingLimits(tokensPerMinute: 1),
    ] {
      account.lastMinute = [AccountActivity.Second(second: 1_800_000_000, requests: 1, tokens: 1)]
      let decision = SpendingRules.decide(attempt(), under: limits, activity: account, now: now)
      #expect(decision.verdict != .grant(warnings: []))
      #expect(decision.state == account.state)
    }
  }

  // MARK: - Outcomes

  @Test func failureIsTheLastErrorAndTeachesTheLimiter() {
    let error = ServiceError(
      .rate, code: "rate_limit_exceeded", message: "too fast", status: 429, retryAfter: 7)
    let state = SpendingRules.settle(
      .failed(error), reservedAt: now - 1, state: AccountState(), now: now)
    #expect(
      state.lastError
        == LastError(kind: .rate, code: "rate_limit_exceeded", message: "too fast", at: now))
    var account = activity()
    account.state = state
    #expect(verdict(SpendingLimits(), account) == .wait(seconds: 7, reason: .rate))
  }

  @Test(arguments: [ServiceError.Kind.input, .requestTooLarge])
  func refusedTextIsNoErrorOfTheService(kind: ServiceError.Kind) {
    let error = ServiceError(kind, message: "bad text", status: 400)
    let state = SpendingRules.settle(
      .failed(error), reservedAt: now - 1, state: AccountState(), now: now)
    #expect(state == AccountState())
  }

  @Test func answerTeachesTheLimiterAndKeepsTheLastError() {
    var headers = RateLimitHeaders()
    headers.limitRequests = 1
    let before = openState(secondsAgo: 1)
    let after = SpendingRules.settle(
      .answered(tokens: 1, cost: .zero, rateLimits: headers), reservedAt: now, state: before,
      now: now)
    #expect(after.lastError == before.lastError)
    var account = activity()
    account.state.limiter = after.limiter
    account.lastMinute = [AccountActivity.Second(second: 1_800_000_000, requests: 1, tokens: 1)]
    #expect(verdict(SpendingLimits(), account) == .wait(seconds: 60, reason: .rate))
  }

  @Test(arguments: [true, false])
  func cancelledProbeGivesItsPlaceBack(wasSent: Bool) {
    var account = activity()
    account.state = openState(secondsAgo: 20)
    let probe = SpendingRules.decide(
      attempt(), under: SpendingLimits(), activity: account, now: now)
    account.state = SpendingRules.settle(
      .cancelled(wasSent: wasSent), reservedAt: now, state: probe.state, now: now)
    #expect(verdict(SpendingLimits(), account) == .grant(warnings: []))
  }

  // MARK: - Days

  @Test(
    arguments: [
      (1_800_000_000, 1_799_971_200), (1_799_971_200, 1_799_971_200),
      (1_800_057_599.999, 1_799_971_200), (1_800_057_600, 1_800_057_600), (0, 0), (-0.5, -86_400),
      (-86_400, -86_400),
    ] as [(Double, Double)])
  func daysBeginAtMidnightUTC(time: Double, midnight: Double) {
    let date = Date(timeIntervalSince1970: time)
    #expect(SpendingRules.startOfUTCDay(date) == Date(timeIntervalSince1970: midnight))
    #expect(SpendingRules.nextUTCMidnight(date) == Date(timeIntervalSince1970: midnight + 86_400))
  }
}
