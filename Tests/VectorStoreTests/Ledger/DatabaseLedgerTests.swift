import Foundation
import TestSupport
import Testing

@testable import VectorStore

/// What the ledger grants and what it enters.
@Suite struct DatabaseLedgerTests {
  typealias Fixture = LedgerFixture

  /// A run that is cancelled still enters what it has spent.
  @Test func aSettlementIsEnteredThoughTheTaskIsCancelled() async throws {
    let fixture = try LedgerFixture()
    let reservation = try await fixture.grant(LedgerFixture.attempt(nano: 100))
    let ledger = fixture.ledger
    let settling = Task {
      while !Task.isCancelled { await Task.yield() }
      try await ledger.settle(reservation, as: .answered(80))
    }
    settling.cancel()
    try await settling.value
    #expect(try await ledger.activity(of: "openai").billedToday == NanoDollars(nano: 80))
  }

  @Test func lookingAtALedgerThatIsNotThereMakesNone() async throws {
    let fixture = try Fixture()
    #expect(try await fixture.ledger.activity(of: "openai") == AccountActivity())
    let report = try await fixture.ledger.usage(account: nil, limits: nil, days: 30)
    #expect(report.accounts.isEmpty && report.days.isEmpty)
    #expect(!FileManager.default.fileExists(atPath: fixture.folder.path("state")))
  }

  @Test func anAttemptIsEnteredBeforeItIsSent() async throws {
    let fixture = try Fixture()
    let reservation = try await fixture.grant(Fixture.attempt(nano: 100, tokens: 10))
    let activity = try await fixture.reopened().activity(of: "openai")
    #expect(activity.reservedToday == NanoDollars(nano: 100))
    #expect(activity.billedToday == .zero)
    #expect(activity.requestsInHour == 1)
    #expect(activity.oldestInHour == VirtualClock.noon)
    let second = Int64(VirtualClock.noon.timeIntervalSince1970)
    #expect(
      activity.lastMinute == [AccountActivity.Second(second: second, requests: 1, tokens: 10)])
    #expect(reservation.attempt == Fixture.attempt(nano: 100, tokens: 10))
    #expect(try await fixture.ledger.activity(of: "another") == AccountActivity())
    try await fixture.expectWhole()
  }

  @Test func anAnswerIsBilledAtWhatItCost() async throws {
    let fixture = try Fixture()
    let cheap = try await fixture.grant(Fixture.attempt("cheap", nano: 100))
    try await fixture.ledger.settle(cheap, as: .answered(60, tokens: 6))
    let dear = try await fixture.grant(Fixture.attempt("dear", nano: 100))
    try await fixture.ledger.settle(dear, as: .answered(150, tokens: 15))
    let activity = try await fixture.ledger.activity(of: "openai")
    #expect(activity.billedToday == NanoDollars(nano: 210))
    #expect(activity.reservedToday == .zero)
    #expect(activity.lastMinute.map(\.tokens) == [21])
    try await fixture.expectWhole()
  }

  @Test(arguments: [
    (AttemptOutcome.failed(.network, .notSent), 0, "not_billed"),
    (.failed(.rate, .refused), 0, "not_billed"),
    (.failed(.network, .possible), 100, "possibly_billed"),
    (.cancelled(wasSent: false), 0, "not_billed"),
    (.cancelled(wasSent: true), 100, "possibly_billed"),
  ])
  func whatIsNotAnsweredCountsWhereItMayBeOnTheBill(
    outcome: AttemptOutcome, nano: Int, state: String
  ) async throws {
    let fixture = try Fixture()
    try await fixture.ledger.settle(try await fixture.grant(), as: outcome)
    let activity = try await fixture.ledger.activity(of: "openai")
    #expect(activity.billedToday.nano == Int64(nano))
    #expect(activity.reservedToday == .zero)
    #expect(activity.requestsInHour == 1)
    #expect(activity.lastMinute.map(\.tokens) == [10])
    #expect(try await fixture.value("SELECT state FROM attempts") == state)
    try await fixture.expectWhole()
  }

  @Test func settlingTwiceChangesNothingMore() async throws {
    let fixture = try Fixture()
    let reservation = try await fixture.grant()
    try await fixture.ledger.settle(reservation, as: .answered(60))
    let before = try await fixture.ledger.activity(of: "openai")
    try await fixture.ledger.settle(reservation, as: .answered(90))
    try await fixture.ledger.settle(reservation, as: .failed(.server, .possible))
    #expect(try await fixture.ledger.activity(of: "openai") == before)
    try await fixture.expectWhole()
  }

  @Test func whatIsNotInTheLedgerIsPassedOver() async throws {
    let fixture = try Fixture()
    let reservation = try await fixture.grant()
    var other = reservation
    other.id = 4711
    try await fixture.ledger.settle(other, as: .answered(60))
    // The number of an attempt of another ledger, which was deleted.
    other = reservation
    other.attempt.requestID = "of another ledger"
    try await fixture.ledger.settle(other, as: .answered(60))
    let activity = try await fixture.ledger.activity(of: "openai")
    #expect(activity.reservedToday == NanoDollars(nano: 100))
    try await fixture.expectWhole()
  }

  @Test func whatWasEnteredCountsWhateverTheCallerSaysLater() async throws {
    let fixture = try Fixture()
    var reservation = try await fixture.grant()
    reservation.attempt.cost = NanoDollars(nano: 5)
    reservation.attempt.model = "another"
    try await fixture.ledger.settle(reservation, as: .failed(.network, .possible))
    #expect(try await fixture.ledger.activity(of: "openai").billedToday == NanoDollars(nano: 100))
    try await fixture.expectWhole()
  }

  @Test func theDailyLimitHoldsAndOpensAtMidnight() async throws {
    let fixture = try Fixture()
    let limits = Fixture.limits(nano: 250)
    let first = try await fixture.grant(under: limits)
    try await fixture.grant(Fixture.attempt("second"), under: limits)
    // What is in flight may come to less.
    #expect(
      try await fixture.ledger.reserve(Fixture.attempt("third"), under: limits)
        == .wait(seconds: 0.25, reason: .reservations))
    try await fixture.ledger.settle(first, as: .answered(90))
    let midnight = Date(timeIntervalSince1970: 1_772_409_600)
    let use = BudgetUse(limit: .dailyCost, used: 90, allowed: 250, opensAt: midnight)
    #expect(
      try await fixture.ledger.reserve(Fixture.attempt("big", nano: 170), under: limits)
        == .refused(use))
    // A smaller one fits.
    try await fixture.grant(Fixture.attempt("small", nano: 60), under: limits)
    fixture.clock.set(midnight)
    try await fixture.grant(Fixture.attempt("next day", nano: 250), under: limits)
    try await fixture.expectWhole()
  }

  @Test func anAttemptBelongsToTheDayInWhichItWasReserved() async throws {
    let fixture = try Fixture()
    fixture.clock.advance(by: 43_199)
    let reservation = try await fixture.grant()
    fixture.clock.advance(by: 2)
    #expect(try await fixture.ledger.activity(of: "openai").reservedToday == .zero)
    try await fixture.ledger.settle(reservation, as: .answered(80))
    #expect(try await fixture.ledger.activity(of: "openai").billedToday == .zero)
    let report = try await fixture.ledger.usage(account: "openai", limits: nil, days: 2)
    #expect(report.days.map(\.day) == ["2026-03-01"])
    #expect(report.days.map(\.usage.costNanoUSD) == [80])
    try await fixture.expectWhole()
  }

  @Test func anHoursRequestsRoll() async throws {
    let fixture = try Fixture()
    let limits = Fixture.limits(hourly: 3)
    for name in ["1", "2", "3"] {
      let reservation = try await fixture.grant(Fixture.attempt(name), under: limits)
      // A request that was refused counts as well.
      try await fixture.ledger.settle(reservation, as: .failed(.input, .refused))
      fixture.clock.advance(by: 600)
    }
    let opensAt = VirtualClock.noon + 3600
    let use = BudgetUse(limit: .hourlyRequests, used: 3, allowed: 3, opensAt: opensAt)
    #expect(
      try await fixture.ledger.reserve(Fixture.attempt("4"), under: limits) == .refused(use))
    fixture.clock.set(opensAt - 0.001)
    #expect(
      try await fixture.ledger.reserve(Fixture.attempt("4"), under: limits) == .refused(use))
    fixture.clock.set(opensAt)
    try await fixture.grant(Fixture.attempt("4"), under: limits)
  }

  @Test func aMinutesRequestsAreSpaced() async throws {
    let fixture = try Fixture()
    let limits = Fixture.limits(minute: 1)
    try await fixture.grant(under: limits)
    let decision = try await fixture.ledger.reserve(Fixture.attempt("next"), under: limits)
    guard case .wait(let seconds, .rate) = decision else {
      Issue.record("\(decision)")
      return
    }
    #expect((0.01...61).contains(seconds))
    #expect(try await fixture.value("SELECT COUNT(*) FROM attempts") == 1)
    fixture.clock.advance(by: 61)
    try await fixture.grant(Fixture.attempt("next"), under: limits)
  }

  @Test func aGrantTellsWhichLimitsAreNear() async throws {
    let fixture = try Fixture()
    let reservation = try await fixture.grant(under: Fixture.limits(nano: 125, hourly: 100))
    #expect(reservation.warnings.map(\.limit) == [.dailyCost])
    #expect(reservation.warnings.map(\.used) == [100])
  }

  @Test func processesShareTheBreaker() async throws {
    let fixture = try Fixture()
    for number in 0..<10 {
      let reservation = try await fixture.grant(Fixture.attempt("\(number)"))
      try await fixture.ledger.settle(reservation, as: .failed(.network, .notSent))
      if number == 0 { fixture.clock.advance(by: 2) }
    }
    let other = fixture.reopened()
    let decision = try await other.reserve(Fixture.attempt("next"), under: SpendingLimits())
    guard case .breakerOpen(let until, let lastError) = decision else {
      Issue.record("\(decision)")
      return
    }
    #expect(until == VirtualClock.noon + 17)
    #expect(lastError?.code == "the_code" && lastError?.at == VirtualClock.noon + 2)
    fixture.clock.advance(by: 15)
    let probe = try await fixture.grant(Fixture.attempt("probe"))
    let meanwhile = try await other.reserve(Fixture.attempt("next"), under: SpendingLimits())
    #expect(meanwhile == .wait(seconds: 0.25, reason: .probe))
    try await fixture.ledger.settle(probe, as: .answered(60))
    let after = try await other.reserve(Fixture.attempt("next"), under: SpendingLimits())
    guard case .granted = after else {
      Issue.record("\(after)")
      return
    }
  }

  @Test func aStateThatCannotBeReadIsBegunAnew() async throws {
    let fixture = try Fixture()
    try await fixture.grant()
    try await fixture.execute(
      "INSERT OR REPLACE INTO accounts VALUES ('openai', '{\"breaker\":7}')")
    #expect(try await fixture.ledger.activity(of: "openai").state == AccountState())
    let reservation = try await fixture.grant(Fixture.attempt("next"))
    try await fixture.ledger.settle(reservation, as: .failed(.server, .possible))
    #expect(try await fixture.ledger.activity(of: "openai").state.lastError?.kind == .server)
  }

  @Test func whatADeadProcessReservedIsPossiblyBilledAtOnce() async throws {
    let fixture = try Fixture()
    let limits = Fixture.limits(nano: 150)
    try await fixture.grant(under: limits)
    // No process has this number.
    try await fixture.execute("UPDATE attempts SET process_id = \(Int32.max)")
    let activity = try await fixture.ledger.activity(of: "openai")
    #expect(activity.billedToday == NanoDollars(nano: 100))
    #expect(activity.reservedToday == .zero)
    let decision = try await fixture.ledger.reserve(Fixture.attempt("next"), under: limits)
    guard case .refused(let use) = decision else {
      Issue.record("\(decision)")
      return
    }
    #expect(use.used == 100)
  }

  @Test(arguments: ["", "UPDATE attempts SET host = 'another', process_id = 1"])
  func afterTenMinutesNobodyWaitsForAReservation(change: String) async throws {
    let fixture = try Fixture()
    let limits = Fixture.limits(nano: 150)
    let reservation = try await fixture.grant(under: limits)
    if !change.isEmpty { try await fixture.execute(change) }
    fixture.clock.advance(by: 599.999)
    #expect(
      try await fixture.ledger.reserve(Fixture.attempt("next"), under: limits)
        == .wait(seconds: 0.25, reason: .reservations))
    fixture.clock.advance(by: 0.001)
    let decision = try await fixture.ledger.reserve(Fixture.attempt("next"), under: limits)
    guard case .refused = decision else {
      Issue.record("\(decision)")
      return
    }
    // Its process was only slow: what it cost is entered all the same.
    try await fixture.ledger.settle(reservation, as: .answered(40))
    #expect(try await fixture.ledger.activity(of: "openai").billedToday == NanoDollars(nano: 40))
    try await fixture.grant(Fixture.attempt("next"), under: limits)
    try await fixture.expectWhole()
  }

  @Test func aClockThatOnceRanAheadBlocksNothing() async throws {
    let fixture = try Fixture()
    let limits = Fixture.limits(nano: 100, hourly: 1, minute: 1)
    fixture.clock.advance(by: 86_400 * 365)
    try await fixture.grant(under: limits)
    fixture.clock.set(VirtualClock.noon)
    try await fixture.grant(Fixture.attempt("now"), under: limits)
    #expect(try await fixture.ledger.activity(of: "openai").requestsInHour == 1)
  }

  @Test func aLedgerThatWasDeletedIsBegunAnew() async throws {
    let fixture = try Fixture()
    let reservation = try await fixture.grant()
    try FileManager.default.removeItem(atPath: fixture.path)
    try await fixture.grant(Fixture.attempt("next"))
    try await fixture.ledger.settle(reservation, as: .answered(1))
    #expect(try await fixture.value("SELECT COUNT(*) FROM attempts") == 1)
    #expect(try await fixture.ledger.activity(of: "openai").reservedToday.nano == 100)
  }

  @Test func oldAttemptsAreForgottenAndTheirDaysAreKept() async throws {
    let fixture = try Fixture()
    for number in 0..<66 { try await fixture.grant(Fixture.attempt("\(number)")) }
    fixture.clock.advance(by: Double(AttemptsTable.lifetime) + 1)
    for number in 66..<128 { try await fixture.grant(Fixture.attempt("\(number)")) }
    #expect(try await fixture.value("SELECT COUNT(*) FROM attempts") == 62)
    let report = try await fixture.ledger.usage(account: nil, limits: nil, days: 100)
    #expect(report.days.map(\.usage.requests) == [66, 62])
    #expect(report.days.map(\.usage.possiblyBilledCostNanoUSD) == [6600, 0])
  }
}
