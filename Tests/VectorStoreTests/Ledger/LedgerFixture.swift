// A ledger in a folder of its own that goes by a clock of its own, and a look into its file.

import Foundation
import GRDB
import Synchronization
import TestSupport
import Testing

@testable import VectorStore

/// A clock that a test sets, in whole milliseconds.
final class VirtualClock: Sendable {
  private let time: Mutex<Date>

  /// 2026-03-01 12:00:00 UTC.
  static let noon = Date(timeIntervalSince1970: 1_772_366_400)

  init(_ time: Date = noon) { self.time = Mutex(time) }

  var now: Date { time.withLock { $0 } }

  func advance(by seconds: Double) { time.withLock { $0 = LedgerTime($0 + seconds).date } }

  func set(_ date: Date) { time.withLock { $0 = date } }
}

struct LedgerFixture: Sendable {
  let folder: TemporaryFolder
  let clock = VirtualClock()
  let path: String
  let ledger: DatabaseLedger

  init() throws {
    folder = try TemporaryFolder()
    path = folder.path("state/ledger.db")
    ledger = DatabaseLedger(path: path) { [clock] in clock.now }
  }

  /// The ledger as another process sees it.
  func reopened() -> DatabaseLedger { DatabaseLedger(path: path) { [clock] in clock.now } }

  static func attempt(
    _ name: String = "request", nano: Int64 = 100, tokens: Int = 10, account: String = "openai",
    model: String = "small"
  ) -> SpendingAttempt {
    SpendingAttempt(
      account: account, model: model, runID: "run", requestID: name, number: 1, texts: 2,
      tokens: tokens, cost: NanoDollars(nano: nano))
  }

  static func limits(nano: Int64? = nil, hourly: Int? = nil, minute: Int? = nil) -> SpendingLimits {
    SpendingLimits(
      dailyCost: nano.map { .atMost(NanoDollars(nano: $0)) } ?? .unlimited,
      hourlyRequests: hourly.map { .atMost($0) } ?? .unlimited,
      requestsPerMinute: minute.map { .atMost($0) } ?? .unlimited)
  }

  /// Reserves an attempt that must be granted.
  @discardableResult
  func grant(
    _ attempt: SpendingAttempt = attempt(), under limits: SpendingLimits = SpendingLimits(),
    _ location: SourceLocation = #_sourceLocation
  ) async throws -> Reservation {
    let decision = try await ledger.reserve(attempt, under: limits)
    guard case .granted(let reservation) = decision else {
      Issue.record("\(decision)", sourceLocation: location)
      throw CancellationError()
    }
    return reservation
  }

  /// Runs SQL on the ledger's file, as another program would.
  func execute(_ sql: String) async throws {
    try await DatabaseQueue(path: path).write { try $0.execute(sql: sql) }
  }

  /// The one value of a query.
  func value<T: DatabaseValueConvertible & Sendable>(_ sql: String, as: T.Type = T.self)
    async throws
    -> T?
  {
    try await DatabaseQueue(path: path).read { try T.fetchOne($0, sql: sql) }
  }

  /// Expects SQLite to find the file whole, and each day's totals to be those of its attempts.
  func expectWhole(_ location: SourceLocation = #_sourceLocation) async throws {
    #expect(try await value("PRAGMA integrity_check") == "ok", sourceLocation: location)
    let differing = try await value(
      """
      SELECT COUNT(*) FROM days d JOIN (
        SELECT account, at / 86400000 AS day, model, COUNT(*) AS requests,
          SUM(cost_nano) AS counted, SUM(state = 'billed') AS answered,
          SUM(state = 'reserved') AS reserved, SUM(error_kind IS NOT NULL) AS failed
        FROM attempts GROUP BY 1, 2, 3) a USING (account, day, model)
      WHERE d.requests <> a.requests OR d.answered <> a.answered OR d.reserved <> a.reserved
        OR d.failed <> a.failed OR d.cost_nano + d.possible_nano + d.reserved_nano <> a.counted
      """, as: Int.self)
    #expect(differing == 0, sourceLocation: location)
  }
}

/// A lock on a database file, as of another program.
struct HeldLock {
  private let queue: DatabaseQueue

  /// - Parameter kind: `EXCLUSIVE` keeps readers out too, `IMMEDIATE` only writers.
  init(_ path: String, kind: String) async throws {
    var configuration = Configuration()
    configuration.allowsUnsafeTransactions = true
    queue = try DatabaseQueue(path: path, configuration: configuration)
    try await queue.writeWithoutTransaction { try $0.execute(sql: "BEGIN \(kind)") }
  }

  func release() async throws {
    try await queue.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
  }
}

extension AttemptOutcome {
  static func answered(_ nano: Int64, tokens: Int = 7) -> AttemptOutcome {
    .answered(tokens: tokens, cost: NanoDollars(nano: nano), rateLimits: nil)
  }

  static func failed(_ kind: ServiceError.Kind, _ billing: ServiceError.Billing) -> AttemptOutcome {
    .failed(ServiceError(kind, code: "the_code", message: "it failed", billing: billing))
  }
}

/// The permission bits of a file or folder.
func permissions(_ path: String) throws -> Int {
  let attributes = try FileManager.default.attributesOfItem(atPath: path)
  return try #require(attributes[.posixPermissions] as? Int)
}
