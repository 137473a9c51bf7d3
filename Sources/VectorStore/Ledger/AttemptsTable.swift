// attempts: one row an attempt at a request, from its reservation to what became of it. Called by
// SQLiteLedger and UsageReader.

import Foundation
import GRDB
import VectorStoreEmbedding

enum AttemptsTable {
  /// How long an attempt may be in flight, in seconds. After that, as when its process has gone, it
  /// is possibly billed: nobody waits for it any more.
  static let longestFlight: Int64 = 600
  /// How long attempts are kept, in seconds; ``DaysTable`` keeps the totals.
  static let lifetime: Int64 = 90 * 86_400

  /// Enters an attempt. Returns its id.
  static func insert(_ attempt: SpendingAttempt, at time: LedgerTime, _ db: Database) throws
    -> Int64
  {
    let process = ProcessName.current
    try db.cachedStatement(
      sql: """
        INSERT INTO attempts(account, at, model, run_id, request_id, number, texts, host, process_id,
          state, tokens_reserved, cost_reserved_nano, tokens, cost_nano)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'reserved', ?10, ?11, ?10, ?11)
        """
    ).execute(arguments: [
      attempt.account, time.milliseconds, attempt.model, attempt.runID, attempt.requestID,
      attempt.number, attempt.texts, process.host, process.number, attempt.tokens,
      attempt.cost.nano,
    ])
    return db.lastInsertedRowID
  }

  /// An attempt as it was entered, and when, or nil where it is not in the ledger or has been
  /// settled.
  static func reserved(
    _ reservation: Reservation, _ db: Database
  ) throws -> (attempt: SpendingAttempt, at: LedgerTime)? {
    // Not by the id alone: the ledger may have been deleted and begun anew.
    let statement = try db.cachedStatement(
      sql: """
        SELECT at, model, texts, tokens_reserved, cost_reserved_nano FROM attempts
        WHERE id = ? AND state = 'reserved' AND account = ? AND request_id = ? AND number = ?
        """)
    var attempt = reservation.attempt
    let row = try Row.fetchOne(
      statement, arguments: [reservation.id, attempt.account, attempt.requestID, attempt.number])
    guard let row else { return nil }
    attempt.model = row[1]
    attempt.texts = row[2]
    attempt.tokens = row[3]
    attempt.cost = NanoDollars(nano: row[4])
    return (attempt, LedgerTime(milliseconds: row[0]))
  }

  /// Enters what became of an attempt.
  static func settle(
    _ id: Int64, as settlement: Settlement, at time: LedgerTime, _ db: Database
  ) throws {
    try db.cachedStatement(
      sql: """
        UPDATE attempts SET state = ?, tokens = ?, cost_nano = ?, settled_at = ?, error_kind = ?,
          error_code = ? WHERE id = ?
        """
    ).execute(arguments: [
      settlement.state.rawValue, settlement.tokens, settlement.cost.nano, time.milliseconds,
      settlement.errorKind?.rawValue, settlement.errorCode, id,
    ])
  }

  /// Forgets old attempts, a few hundred at a time, with one in 64 that are entered.
  static func forgetOld(afterEntering id: Int64, now: LedgerTime, _ db: Database) throws {
    guard id % 64 == 0 else { return }
    try db.cachedStatement(
      sql: """
        DELETE FROM attempts WHERE id IN (SELECT id FROM attempts ORDER BY id LIMIT 256) AND at < ?
        """
    ).execute(arguments: [now.advanced(by: -lifetime).milliseconds])
  }

  /// How many attempts there were in the last 3,600 s, and when the oldest of them was made.
  ///
  /// - Complexity: O(attempts in the hour), out of an index.
  static func inLastHour(
    of account: String, now: LedgerTime, _ db: Database
  ) throws -> (count: Int, oldest: LedgerTime?) {
    let statement = try db.cachedStatement(
      sql: """
        SELECT COUNT(*), MIN(at) FROM attempts INDEXED BY attempts_by_time
        WHERE account = ? AND at >= ? AND at < ?
        """)
    let span = now.span(ofSeconds: 3600)
    let row = try Row.fetchOne(
      statement, arguments: [account, span.lowerBound, span.upperBound])
    return (row?[0] ?? 0, (row?[1] as Int64?).map(LedgerTime.init(milliseconds:)))
  }

  /// The requests and tokens of each second of the last minute, oldest first.
  static func lastMinute(
    of account: String, now: LedgerTime, _ db: Database
  ) throws -> [AccountActivity.Second] {
    let statement = try db.cachedStatement(
      sql: """
        SELECT at / 1000, COUNT(*), SUM(tokens) FROM attempts INDEXED BY attempts_by_time
        WHERE account = ? AND at >= ? AND at < ? GROUP BY at / 1000 ORDER BY at / 1000
        """)
    let second = now.milliseconds / 1000
    return try Row.fetchAll(
      statement, arguments: [account, (second - 60) * 1000, (second + 60) * 1000]
    ).map { AccountActivity.Second(second: $0[0], requests: $0[1], tokens: $0[2]) }
  }

  /// Attempts that have not been settled and may yet be.
  ///
  /// - Complexity: O(attempts in flight or left behind in the last ten minutes).
  static func inFlight(of account: String, now: LedgerTime, _ db: Database) throws -> [InFlight] {
    let statement = try db.cachedStatement(
      sql: """
        SELECT at, model, cost_reserved_nano, host, process_id
        FROM attempts INDEXED BY attempts_reserved
        WHERE account = ? AND state = 'reserved' AND at >= ? AND at < ?
        """)
    let span = now.span(ofSeconds: longestFlight)
    let rows = try Row.fetchAll(
      statement, arguments: [account, span.lowerBound, span.upperBound])
    return rows.filter { ProcessName(host: $0[3], number: $0[4]).mayBeRunning }
      .map { InFlight(at: LedgerTime(milliseconds: $0[0]), model: $0[1], cost: $0[2]) }
  }

  /// What the attempts of a span of time came to.
  ///
  /// - Complexity: O(attempts in it).
  static func totals(
    of account: String, in span: Range<Int64>, _ db: Database
  ) throws -> UsageTotals {
    let row = try Row.fetchOne(
      db,
      sql: """
        SELECT COUNT(*), SUM(state = 'billed'), SUM(error_kind IS NOT NULL),
          SUM(texts) FILTER (WHERE state = 'billed'), SUM(tokens) FILTER (WHERE state = 'billed'),
          SUM(cost_nano) FILTER (WHERE state = 'billed'),
          SUM(state = 'possibly_billed'),
          SUM(cost_nano) FILTER (WHERE state = 'possibly_billed'),
          SUM(state = 'reserved'), SUM(cost_nano) FILTER (WHERE state = 'reserved')
        FROM attempts INDEXED BY attempts_by_time WHERE account = ? AND at >= ? AND at < ?
        """, arguments: [account, span.lowerBound, span.upperBound])
    return row.map(UsageTotals.init(endOf:)) ?? UsageTotals()
  }

  /// How many attempts since a time failed, by kind.
  ///
  /// - Complexity: O(failures since then), out of an index.
  static func failures(
    of account: String, since time: LedgerTime, _ db: Database
  ) throws -> [(kind: String, requests: Int)] {
    try Row.fetchAll(
      db,
      sql: """
        SELECT error_kind, COUNT(*) FROM attempts INDEXED BY attempts_failed
        WHERE account = ? AND at >= ? AND error_kind IS NOT NULL GROUP BY error_kind
        """, arguments: [account, time.milliseconds]
    ).map { ($0[0], $0[1]) }
  }
}

/// An attempt that is on its way.
struct InFlight: Sendable {
  var at: LedgerTime
  var model: String
  /// Nano-dollars.
  var cost: Int64
}
