// What was spent: usage by key, day and model.

import Foundation
import GRDB
import VectorStoreEmbedding

/// One report: of which account, with which limits, how many days back.
struct UsageReader: Sendable {
  private let account: String?
  private let limits: SpendingLimits
  private let now: LedgerTime
  private let firstDay: Int64
  private let lastHour: Range<Int64>
  private let lastMinute: Range<Int64>

  /// - Parameter days: UTC days, today included; at least 1.
  init(account: String?, limits: SpendingLimits?, days: Int, now: Date) {
    self.account = account
    self.limits = limits ?? SpendingLimits()
    self.now = LedgerTime(now)
    firstDay = self.now.day - Int64(max(1, days)) + 1
    lastHour = self.now.span(ofSeconds: 3600)
    lastMinute = self.now.span(ofSeconds: 60)
  }

  /// Sums in nano-dollars and counts, before they are put into words.
  private struct Sums {
    var accounts: [String] = []
    var lastHour = UsageTotals()
    var lastMinute = UsageTotals()
    var days: [Int64: UsageTotals] = [:]
    var models: [String: UsageTotals] = [:]
    var failures: [String: Int] = [:]
    var inFlight: [InFlight] = []
    var requestsInHour = 0
    var oldestInHour: LedgerTime?
  }

  /// The report on what the ledger holds.
  func report(_ db: any SQLTransaction) throws -> UsageReport {
    var sums = Sums()
    sums.accounts = try DaysTable.accounts(db).filter { account == nil || $0 == account }
    for account in sums.accounts { try add(account, to: &sums, db) }
    return report(sums)
  }

  /// The report where there is no ledger yet.
  func emptyReport() -> UsageReport { report(Sums()) }

  private func add(_ account: String, to sums: inout Sums, _ db: any SQLTransaction) throws {
    for row in try DaysTable.rows(account: account, from: firstDay, db) {
      sums.days[row.day, default: UsageTotals()] += row.totals
      sums.models[row.model, default: UsageTotals()] += row.totals
    }
    sums.lastHour += try AttemptsTable.totals(of: account, in: lastHour, db)
    sums.lastMinute += try AttemptsTable.totals(of: account, in: lastMinute, db)
    sums.inFlight += try AttemptsTable.inFlight(of: account, now: now, db)
    sums.inFlight += try AttemptsTable.inBatches(of: account, now: now, db)
    (sums.requestsInHour, sums.oldestInHour) =
      try AttemptsTable.inLastHour(of: account, now: now, db)
    let start = LedgerTime(milliseconds: firstDay * 86_400_000)
    for failure in try AttemptsTable.failures(of: account, since: start, db) {
      sums.failures[failure.kind, default: 0] += failure.requests
    }
  }

  private func report(_ sums: Sums) -> UsageReport {
    let usage = { (totals: UsageTotals?, isIn: (InFlight) -> Bool) in
      UsageReport.Usage(totals ?? UsageTotals(), inFlight: sums.inFlight.filter(isIn))
    }
    return UsageReport(
      at: now.date,
      accounts: sums.accounts,
      today: usage(sums.days[now.day]) { $0.at.day == now.day },
      lastHour: usage(sums.lastHour) { lastHour.contains($0.at.milliseconds) },
      lastMinute: usage(sums.lastMinute) { lastMinute.contains($0.at.milliseconds) },
      dailyCost: dailyCost(sums),
      hourlyRequests: hourlyRequests(sums),
      days: sums.days.sorted { $0.key < $1.key }.map { day, totals in
        UsageReport.Day(day: Self.name(ofDay: day), usage: usage(totals) { $0.at.day == day })
      },
      models: sums.models.sorted { $0.key < $1.key }.map { model, totals in
        UsageReport.Model(
          model: model,
          usage: usage(totals) { $0.model == model && $0.at.day >= firstDay })
      },
      failures: sums.failures.sorted { $0.key < $1.key }
        .map { UsageReport.Failure(kind: $0.key, requests: $0.value) })
  }

  private func dailyCost(_ sums: Sums) -> UsageReport.CostLimit? {
    guard account != nil, let limit = limits.dailyCost.amount else { return nil }
    let used = NanoDollars(nano: sums.days[now.day]?.counted ?? 0)
    let left = max(.zero, limit - used)
    return UsageReport.CostLimit(
      usedUSD: used.usd, usedNanoUSD: used.nano, limitUSD: limit.usd, limitNanoUSD: limit.nano,
      leftUSD: left.usd, leftNanoUSD: left.nano,
      opensAt: SpendingRules.nextUTCMidnight(now.date))
  }

  private func hourlyRequests(_ sums: Sums) -> UsageReport.RequestLimit? {
    guard account != nil, let limit = limits.hourlyRequests.amount else { return nil }
    return UsageReport.RequestLimit(
      used: sums.requestsInHour, limit: limit, left: max(0, limit - sums.requestsInHour),
      opensAt: sums.oldestInHour?.advanced(by: 3600).date)
  }

  static func name(ofDay day: Int64) -> String {
    Date(timeIntervalSince1970: Double(day) * 86_400)
      .formatted(.iso8601.year().month().day())
  }
}

extension UsageReport.Usage {
  /// Puts totals into words; of the reservations in them, those in flight are given, and the others
  /// are possibly billed: their processes are gone.
  fileprivate init(_ totals: UsageTotals, inFlight: [InFlight]) {
    let flying = NanoDollars(nano: inFlight.reduce(0) { $0 + $1.cost })
    let cost = NanoDollars(nano: totals.cost)
    let possible = NanoDollars(nano: totals.possibleCost + totals.reservedCost) - flying
    self.init(
      requests: Int(totals.requests), answered: Int(totals.answered), failed: Int(totals.failed),
      texts: Int(totals.texts), tokens: Int(totals.tokens), costUSD: cost.usd,
      costNanoUSD: cost.nano,
      possiblyBilledRequests: Int(totals.possible + totals.reserved) - inFlight.count,
      possiblyBilledCostUSD: possible.usd, possiblyBilledCostNanoUSD: possible.nano,
      inFlightRequests: inFlight.count, inFlightCostUSD: flying.usd,
      inFlightCostNanoUSD: flying.nano)
  }
}

/// Counts of requests, and money in nano-dollars.
struct UsageTotals: Sendable, Equatable {
  /// All requests: each attempt is one.
  var requests: Int64 = 0
  /// Those that were answered, with their texts, tokens and cost.
  var answered: Int64 = 0
  var failed: Int64 = 0
  var texts: Int64 = 0
  var tokens: Int64 = 0
  var cost: Int64 = 0
  /// Those that may be on the bill, at their reserved cost.
  var possible: Int64 = 0
  var possibleCost: Int64 = 0
  /// Those that have not been settled.
  var reserved: Int64 = 0
  var reservedCost: Int64 = 0

  /// The names of the columns, in the order of ``values``.
  static let columns = [
    "requests", "answered", "failed", "texts", "tokens", "cost_nano", "possible", "possible_nano",
    "reserved", "reserved_nano",
  ]

  private static let fields: [any WritableKeyPath<UsageTotals, Int64> & Sendable] = [
    \.requests, \.answered, \.failed, \.texts, \.tokens, \.cost, \.possible, \.possibleCost,
    \.reserved, \.reservedCost,
  ]

  init() {}

  /// Reads the columns of a row from a place on, in the order of ``columns``; sums of nothing are 0.
  init(_ row: BulkRow, from first: Int32) throws(DamagedValue) {
    for (offset, field) in Self.fields.enumerated() {
      let column = first + Int32(offset)
      self[keyPath: field] = try row.isNull(column) ? 0 : row.amount(column)
    }
  }

  /// The same of a row that may hold anything, for what looks at damage.
  init(_ row: RawRow, from first: Int32) {
    for (offset, field) in Self.fields.enumerated() {
      self[keyPath: field] = row.integer(first + Int32(offset))
    }
  }

  /// The values of the columns.
  var values: [Int64] { Self.fields.map { self[keyPath: $0] } }

  /// All that counts against a limit.
  var counted: Int64 { Self.sum(Self.sum(cost, possibleCost), reservedCost) }

  static func += (left: inout UsageTotals, right: UsageTotals) {
    for field in fields {
      left[keyPath: field] = sum(left[keyPath: field], right[keyPath: field])
    }
  }

  /// The sum, or the greatest or least number there is.
  private static func sum(_ one: Int64, _ other: Int64) -> Int64 {
    let (sum, overflows) = one.addingReportingOverflow(other)
    return overflows ? (other > 0 ? .max : .min) : sum
  }
}
