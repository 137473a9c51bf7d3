import Foundation
import TestSupport
import Testing

@testable import VectorStore

@Suite struct UsageReaderTests {
  typealias Fixture = LedgerFixture

  /// Requests of two days and two models, one of each outcome today.
  static func filled() async throws -> Fixture {
    let fixture = try Fixture()
    fixture.clock.advance(by: -86_400)
    let old = try await fixture.grant(Fixture.attempt("old", nano: 1000, model: "large"))
    try await fixture.ledger.settle(old, as: .answered(1000, tokens: 50))
    fixture.clock.advance(by: 86_400 - 7200)
    let outcomes: [(String, AttemptOutcome)] = [
      ("answered", .answered(60)), ("possible", .failed(.network, .possible)),
      ("refused", .failed(.input, .refused)), ("given up", .cancelled(wasSent: true)),
    ]
    for (name, outcome) in outcomes {
      try await fixture.ledger.settle(try await fixture.grant(Fixture.attempt(name)), as: outcome)
    }
    fixture.clock.advance(by: 5400)
    try await fixture.grant(Fixture.attempt("left behind", nano: 30))
    fixture.clock.advance(by: 1800)
    try await fixture.grant(Fixture.attempt("in flight", nano: 7))
    return fixture
  }

  @Test func sumsUpByDayModelAndSpan() async throws {
    let fixture = try await Self.filled()
    let report = try await fixture.ledger.usage(account: "openai", limits: nil, days: 30)
    #expect(report.at.formatted(.iso8601) == "2026-03-01T12:00:00Z")
    #expect(report.accounts == ["openai"])
    let today = report.today
    #expect(today.requests == 6 && today.answered == 1 && today.failed == 2)
    #expect(today.texts == 2 && today.tokens == 7)
    #expect(today.costNanoUSD == 60 && today.costUSD == 6e-8)
    #expect(today.possiblyBilledRequests == 3 && today.possiblyBilledCostNanoUSD == 230)
    #expect(today.possiblyBilledCostUSD == 2.3e-7)
    #expect(today.inFlightRequests == 1 && today.inFlightCostNanoUSD == 7)
    #expect(today.inFlightCostUSD == 7e-9)

    #expect(report.days.map(\.day) == ["2026-02-28", "2026-03-01"])
    #expect(report.days.map(\.usage.costNanoUSD) == [1000, 60])
    #expect(report.days.last?.usage == today)
    #expect(report.models.map(\.model) == ["large", "small"])
    #expect(report.models.map(\.usage.costNanoUSD) == [1000, 60])
    #expect(report.models.last?.usage == today)

    #expect(report.lastHour.requests == 2 && report.lastHour.costNanoUSD == 0)
    #expect(report.lastHour.possiblyBilledCostNanoUSD == 30)
    #expect(report.lastHour.inFlightCostNanoUSD == 7)
    #expect(report.lastMinute.requests == 1 && report.lastMinute.inFlightRequests == 1)
    #expect(report.lastMinute.possiblyBilledRequests == 0)
    #expect(report.failures.map(\.kind) == ["input", "network"])
    #expect(report.failures.map(\.requests) == [1, 1])
  }

  @Test func anHourOfAnswersIsSummedFromTheAttempts() async throws {
    let fixture = try Fixture()
    for outcome in [AttemptOutcome.answered(60), .failed(.server, .possible)] {
      try await fixture.ledger.settle(try await fixture.grant(), as: outcome)
    }
    let report = try await fixture.ledger.usage(account: nil, limits: nil, days: 1)
    #expect(report.lastHour == report.today)
    #expect(report.lastMinute == report.today)
    #expect(report.today.answered == 1 && report.today.possiblyBilledCostNanoUSD == 100)
  }

  @Test func comparesWithTheLimitsOfAnAccount() async throws {
    let fixture = try await Self.filled()
    let limits = Fixture.limits(nano: 1000, hourly: 100)
    let report = try await fixture.ledger.usage(account: "openai", limits: limits, days: 1)
    let cost = try #require(report.dailyCost)
    #expect(cost.usedNanoUSD == 297 && cost.limitNanoUSD == 1000 && cost.leftNanoUSD == 703)
    #expect(cost.usedUSD == 2.97e-7 && cost.limitUSD == 1e-6 && cost.leftUSD == 7.03e-7)
    #expect(cost.opensAt.formatted(.iso8601) == "2026-03-02T00:00:00Z")
    #expect(
      report.hourlyRequests
        == UsageReport.RequestLimit(
          used: 2, limit: 100, left: 98,
          opensAt: try Date("2026-03-01T12:30:00Z", strategy: .iso8601)))
    #expect(report.days.map(\.day) == ["2026-03-01"])

    let exceeded = try await fixture.ledger.usage(
      account: "openai", limits: Fixture.limits(nano: 100, hourly: 1), days: 1)
    #expect(exceeded.dailyCost?.leftNanoUSD == 0)
    #expect(exceeded.hourlyRequests?.left == 0)
  }

  @Test func sumsAccountsUpWithoutLimits() async throws {
    let fixture = try await Self.filled()
    try await fixture.grant(Fixture.attempt("other", nano: 5, account: "localhost:8000"))
    let limits = Fixture.limits(nano: 1000, hourly: 100)
    let all = try await fixture.ledger.usage(account: nil, limits: limits, days: 1)
    #expect(all.accounts == ["localhost:8000", "openai"])
    #expect(all.today.requests == 7 && all.today.inFlightCostNanoUSD == 12)
    #expect(all.dailyCost == nil && all.hourlyRequests == nil)
    let one = try await fixture.ledger.usage(account: "localhost:8000", limits: nil, days: 1)
    #expect(one.today.requests == 1 && one.failures.isEmpty)
  }

  @Test func anAccountThatSentNothingHasItsLimits() async throws {
    let fixture = try Fixture()
    let report = try await fixture.ledger.usage(
      account: "openai", limits: Fixture.limits(nano: 1000, hourly: 100), days: 30)
    #expect(report.today.requests == 0 && report.models.isEmpty)
    #expect(report.dailyCost?.leftNanoUSD == 1000)
    #expect(
      report.hourlyRequests
        == UsageReport.RequestLimit(used: 0, limit: 100, left: 100, opensAt: nil))
  }

  @Test func isJSONOfPlainKeys() async throws {
    let fixture = try await Self.filled()
    let report = try await fixture.ledger.usage(
      account: "openai", limits: Fixture.limits(nano: 1000, hourly: 100), days: 30)
    let json = try JSONEncoder().encode(report)
    #expect(try JSONDecoder().decode(UsageReport.self, from: json) == report)
    let object = try #require(try JSONSerialization.jsonObject(with: json) as? [String: Any])
    #expect(
      object.keys.sorted() == [
        "accounts", "at", "dailyCost", "days", "failures", "hourlyRequests", "lastHour",
        "lastMinute", "models", "today",
      ])
    let today = try #require(object["today"] as? [String: Any])
    #expect(
      today.keys.sorted() == [
        "answered", "costNanoUSD", "costUSD", "failed", "inFlightCostNanoUSD", "inFlightCostUSD",
        "inFlightRequests", "possiblyBilledCostNanoUSD", "possiblyBilledCostUSD",
        "possiblyBilledRequests", "requests", "texts", "tokens",
      ])
  }
}
