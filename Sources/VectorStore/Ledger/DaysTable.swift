// days: running totals by account, UTC day and model, so that what a day has cost is one look-up
// however many requests there were. Called by SQLiteLedger and UsageReader.

import GRDB

enum DaysTable {
  private static let addition = """
    INSERT INTO days(account, day, model, \(UsageTotals.columns.joined(separator: ", ")))
    VALUES (?, ?, ?, \(UsageTotals.columns.map { _ in "?" }.joined(separator: ", ")))
    ON CONFLICT(account, day, model) DO UPDATE SET
    \(UsageTotals.columns.map { "\($0) = \($0) + excluded.\($0)" }.joined(separator: ", "))
    """

  private static let sums = UsageTotals.columns.map { "SUM(\($0))" }.joined(separator: ", ")

  /// Adds to the totals of a day.
  static func add(
    _ change: UsageTotals, account: String, day: Int64, model: String, _ db: Database
  ) throws {
    let key: StatementArguments = [account, day, model]
    try db.cachedStatement(sql: addition)
      .execute(arguments: key + StatementArguments(change.values))
  }

  /// The totals of a day.
  static func totals(account: String, day: Int64, _ db: Database) throws -> UsageTotals {
    try db.firstRow(
      bulk: "SELECT \(sums) FROM days WHERE account = ? AND day = ?", .text(account), .integer(day)
    ) { try UsageTotals($0, from: 0) } ?? UsageTotals()
  }

  /// The totals of each day and model from a day on, oldest first.
  static func rows(
    account: String, from day: Int64, _ db: Database
  ) throws -> [(day: Int64, model: String, totals: UsageTotals)] {
    try db.rows(
      bulk: """
        SELECT day, model, \(UsageTotals.columns.joined(separator: ", ")) FROM days
        WHERE account = ? AND day >= ? ORDER BY day, model
        """, .text(account), .integer(day)
    ) { row in
      (
        try row.integer(0, in: LedgerTime.possibleDays), try row.text(1),
        try UsageTotals(row, from: 2)
      )
    }
  }

  /// All accounts that ever sent a request, by name.
  static func accounts(_ db: Database) throws -> [String] {
    try String.fetchAll(db, sql: "SELECT DISTINCT account FROM days ORDER BY account")
  }
}
