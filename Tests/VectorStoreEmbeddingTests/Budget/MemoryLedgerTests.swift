// The ledger in memory: what it grants, counts and forgets.

import Foundation
import Testing

@testable import VectorStoreEmbedding

@Suite struct MemoryLedgerTests {
  private let clock = CountedClock(Date(timeIntervalSince1970: 1_800_000_000))

  private func makeLedger() -> MemoryLedger { MemoryLedger { [clock] in clock.now } }

  private func attempt(
    _ account: String = "a", tokens: Int = 100, cost: Int64 = 100
  ) -> SpendingAttempt {
    SpendingAttempt(
      account: account, model: "m", runID: "r", requestID: "q", number: 1, texts: 1,
      tokens: tokens, cost: NanoDollars(nano: cost))
  }

  private func grant(
    _ ledger: MemoryLedger, _ attempt: SpendingAttempt, _ limits: SpendingLimits = SpendingLimits()
  ) async throws -> Reservation {
    let decision = try await ledger.reserve(attempt, under: limits)
    guard case .granted(let reservation) = decision else {
      throw NotGranted(decision: decision)
    }
    return reservation
  }

  private struct NotGranted: Error { let decision: ReservationDecision }

  @Test func attemptIsReservedAndThenBilledAtWhatItCost() async throws {
    let ledger = makeLedger()
    let reservation = try await grant(ledger, attempt(cost: 100))
    #expect(reservation.attempt == attempt(cost: 100))
    var activity = try await ledger.activity(of: "a")
    #expect(activity.reservedToday.nano == 100)
    #expect(activity.billedToday == .zero)
    let outcome = AttemptOutcome.answered(
      tokens: 60, cost: NanoDollars(nano: 60), rateLimits: nil)
    try await ledger.settle(reservation, as: outcome)
    try await ledger.settle(reservation, as: outcome)
    activity = try await ledger.activity(of: "a")
    #expect(activity.reservedToday == .zero)
    #expect(activity.billedToday.nano == 60)
    #expect(activity.requestsInHour == 1)
    let second = AccountActivity.Second(second: 1_800_000_000, requests: 1, tokens: 60)
    #expect(activity.lastMinute == [second])
  }

  @Test(
    arguments: [
      (AttemptOutcome.failed(ServiceError(.network, message: "-", billing: .notSent)), 0),
      (.failed(ServiceError(.rate, message: "-", billing: .refused)), 0),
      (.failed(ServiceError(.network, message: "-", billing: .possible)), 100),
      (.cancelled(wasSent: false), 0), (.cancelled(wasSent: true), 100),
    ] as [(AttemptOutcome, Int64)])
  func whatMayBeOnTheBillCountsAtItsReservedCost(outcome: AttemptOutcome, nano: Int64) async throws
  {
    let ledger = makeLedger()
    try await ledger.settle(try await grant(ledger, attempt(cost: 100)), as: outcome)
    let activity = try await ledger.activity(of: "a")
    #expect(activity.billedToday.nano == nano)
    #expect(activity.reservedToday == .zero)
    #expect(activity.requestsInHour == 1)
  }

  @Test func refusesWhatTheRulesRefuseAndEntersNothing() async throws {
    let ledger = makeLedger()
    let limits = SpendingLimits(dailyCost: .atMost(NanoDollars(nano: 150)), hourlyRequests: 10)
    let first = try await grant(ledger, attempt(cost: 100), limits)
    #expect(
      try await ledger.reserve(attempt(cost: 100), under: limits)
        == .wait(seconds: 0.25, reason: .reservations))
    try await ledger.settle(
      first, as: .answered(tokens: 100, cost: NanoDollars(nano: 100), rateLimits: nil))
    let use = BudgetUse(
      limit: .dailyCost, used: 100, allowed: 150, opensAt: SpendingRules.nextUTCMidnight(clock.now))
    #expect(try await ledger.reserve(attempt(cost: 100), under: limits) == .refused(use))
    #expect(try await ledger.activity(of: "a").requestsInHour == 1)
    let second = try await grant(ledger, attempt(cost: 50), limits)
    #expect(second.warnings.map(\.used) == [150])
    #expect(second.id != first.id)
  }

  @Test func accountsAreApart() async throws {
    let ledger = makeLedger()
    let limits = SpendingLimits(hourlyRequests: 1)
    _ = try await grant(ledger, attempt("a"), limits)
    _ = try await grant(ledger, attempt("b"), limits)
    let use = BudgetUse(
      limit: .hourlyRequests, used: 1, allowed: 1, opensAt: clock.now + 3600)
    #expect(try await ledger.reserve(attempt("a"), under: limits) == .refused(use))
    #expect(try await ledger.activity(of: "c") == AccountActivity())
  }

  @Test func requestsAreForgottenAfterAnHourAndMoneyAtMidnight() async throws {
    let ledger = makeLedger()
    let billed = AttemptOutcome.answered(
      tokens: 100, cost: NanoDollars(nano: 100), rateLimits: nil)
    try await ledger.settle(try await grant(ledger, attempt()), as: billed)
    clock.advance(59)
    _ = try await grant(ledger, attempt())
    var activity = try await ledger.activity(of: "a")
    #expect(activity.lastMinute.map(\.second) == [1_800_000_000, 1_800_000_059])
    #expect(activity.oldestInHour == Date(timeIntervalSince1970: 1_800_000_000))
    clock.advance(2)
    activity = try await ledger.activity(of: "a")
    #expect(activity.lastMinute.map(\.second) == [1_800_000_059])
    clock.advance(3599 - 61)
    #expect(try await ledger.activity(of: "a").requestsInHour == 2)
    clock.advance(1)
    activity = try await ledger.activity(of: "a")
    #expect(activity.requestsInHour == 1)
    #expect(activity.oldestInHour == Date(timeIntervalSince1970: 1_800_000_059))
    #expect(activity.billedToday.nano == 100)
    #expect(activity.reservedToday.nano == 100)
    clock.now = SpendingRules.nextUTCMidnight(clock.now)
    activity = try await ledger.activity(of: "a")
    #expect(activity.billedToday == .zero)
    #expect(activity.reservedToday == .zero)
    #expect(activity.requestsInHour == 0)
  }

  @Test func attemptOfYesterdayIsNotOnTodaysBill() async throws {
    let ledger = makeLedger()
    let reservation = try await grant(ledger, attempt())
    clock.now = SpendingRules.nextUTCMidnight(clock.now)
    try await ledger.settle(reservation, as: .cancelled(wasSent: true))
    #expect(try await ledger.activity(of: "a").billedToday == .zero)
  }

  @Test func breakerOpensAndItsProbeIsGrantedOnce() async throws {
    let ledger = makeLedger()
    let error = ServiceError(.server, code: "overloaded", message: "overloaded", status: 503)
    for number in 0..<10 {
      try await ledger.settle(try await grant(ledger, attempt()), as: .failed(error))
      if number == 0 { clock.advance(2) }
    }
    let last = LastError(
      kind: .server, code: "overloaded", message: "overloaded", at: clock.now)
    #expect(
      try await ledger.reserve(attempt(), under: SpendingLimits())
        == .breakerOpen(until: clock.now + 15, lastError: last))
    clock.advance(15)
    let probe = try await grant(ledger, attempt())
    #expect(
      try await ledger.reserve(attempt(), under: SpendingLimits())
        == .wait(seconds: 0.25, reason: .probe))
    try await ledger.settle(probe, as: .answered(tokens: 1, cost: .zero, rateLimits: nil))
    _ = try await grant(ledger, attempt())
  }
}
