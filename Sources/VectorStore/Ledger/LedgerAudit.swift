// Whether the ledger's totals are those of its attempts, and which reservations nobody waits for.

import Foundation
import GRDB

/// Looks into an open ledger.
struct LedgerAudit {
  /// Attempts of so many days back are all there.
  private static let decidableDays = AttemptsTable.lifetime / 86_400 - 1

  let db: Database
  let now: LedgerTime

  /// The totals of a day that its attempts do not come to.
  struct Difference {
    let account: String
    let day: Int64
    let model: String
    let stored: UsageTotals
    let summed: UsageTotals

    /// Whether the totals know less than the attempts, so that too much could be spent.
    var isShort: Bool { stored.requests < summed.requests || stored.counted < summed.counted }
  }

  /// A reservation whose process is gone, or that is too old for it to be at work on it.
  struct Abandoned {
    let id: Int64
    let account: String
    let day: Int64
    let model: String
    let cost: Int64
  }

  /// Days, of those whose attempts have not been forgotten yet, that differ from the sums of attempts.
  func differences() throws -> [Difference] {
    let first = now.day - Self.decidableDays
    let columns = UsageTotals.columns.map { "COALESCE(d.\($0), 0)" }.joined(separator: ", ")
    let sums = """
      SELECT account, at / 86400000 AS day, model, COUNT(*) AS requests,
        SUM(state = 'billed') AS answered, SUM(error_kind IS NOT NULL) AS failed,
        SUM(IIF(state = 'billed', texts, 0)) AS texts, SUM(IIF(state = 'billed', tokens, 0)) AS tokens,
        SUM(IIF(state = 'billed', cost_nano, 0)) AS cost_nano,
        SUM(state = 'possibly_billed') AS possible,
        SUM(IIF(state = 'possibly_billed', cost_nano, 0)) AS possible_nano,
        SUM(state = 'reserved') AS reserved,
        SUM(IIF(state = 'reserved', cost_reserved_nano, 0)) AS reserved_nano
      FROM attempts WHERE at >= ?1 * 86400000 GROUP BY 1, 2, 3
      """
    let keys = """
      SELECT account, day, model FROM days WHERE day >= ?1
      UNION SELECT account, day, model FROM a
      """
    let summed = UsageTotals.columns.map { "COALESCE(a.\($0), 0)" }.joined(separator: ", ")
    var differences: [Difference] = []
    try db.forEachRawRow(
      bulk: """
        WITH a AS (\(sums)) SELECT k.account, k.day, k.model, \(columns), \(summed) FROM (\(keys)) k
        LEFT JOIN days d USING (account, day, model) LEFT JOIN a USING (account, day, model)
        """, .integer(first)
    ) { row in
      let stored = UsageTotals(row, from: 3)
      let summed = UsageTotals(row, from: 3 + Int32(UsageTotals.columns.count))
      guard stored != summed else { return }
      differences.append(
        Difference(
          account: row.text(0) ?? "", day: row.integer(1), model: row.text(2) ?? "",
          stored: stored, summed: summed))
    }
    return differences
  }

  /// Reservations that nobody settles any more.
  func abandoned() throws -> [Abandoned] {
    var abandoned: [Abandoned] = []
    try db.forEachRawRow(
      bulk: """
        SELECT id, account, at, model, cost_reserved_nano, host, process_id FROM attempts
        WHERE state = 'reserved'
        """
    ) { row in
      let at = LedgerTime(milliseconds: row.integer(2))
      let process = ProcessName(
        host: row.text(5) ?? "", number: Int32(clamping: row.integer(6)))
      let isBatch = process.number == 0
      let longest = isBatch ? AttemptsTable.longestBatch : AttemptsTable.longestFlight
      let mayBeAtWork =
        (isBatch || process.mayBeRunning)
        && now.span(ofSeconds: longest).contains(at.milliseconds)
      guard !mayBeAtWork else { return }
      abandoned.append(
        Abandoned(
          id: row.integer(0), account: row.text(1) ?? "", day: at.day, model: row.text(3) ?? "",
          cost: row.integer(4)))
    }
    return abandoned
  }

  /// Settles a reservation as possibly billed, as it has counted all along.
  func settle(_ attempt: Abandoned) throws {
    try db.execute(
      sql: """
        UPDATE attempts SET state = 'possibly_billed', settled_at = ? WHERE id = ? AND state = 'reserved'
        """, arguments: [now.milliseconds, attempt.id])
    guard db.changesCount == 1 else { return }
    var change = UsageTotals()
    change.reserved = -1
    change.reservedCost = 0 - max(attempt.cost, -.max)
    change.possible = 1
    change.possibleCost = attempt.cost
    try DaysTable.add(
      change, account: attempt.account, day: attempt.day, model: attempt.model, db)
  }

  /// Sets the totals of a day to what its attempts come to.
  func correct(_ difference: Difference) throws {
    try db.execute(
      sql: "DELETE FROM days WHERE account = ? AND day = ? AND model = ?",
      arguments: [difference.account, difference.day, difference.model])
    try DaysTable.add(
      difference.summed, account: difference.account, day: difference.day, model: difference.model,
      db)
  }
}
