// The ledger's schema, its accounts and days, and time as it is stored there.

import Foundation
import GRDB
import VectorStoreEmbedding

enum LedgerSchema {
  /// `application_id` of a ledger: "VLgr" in ASCII.
  static let applicationID: Int32 = 0x564C_6772

  /// What a ledger is. In TRUNCATE mode with `synchronous = FULL` a committed transaction survives
  /// the loss of power; in DELETE mode the last one may be rolled back by it.
  static let form = UserDatabase.Form(
    label: "vector-store.ledger", applicationID: applicationID, migrations: [attempts],
    settings: """
      PRAGMA journal_mode = TRUNCATE;
      PRAGMA synchronous = FULL;
      """,
    patience: 30_000)

  // Times are milliseconds since 1970, days are days since then, money is nano-dollars.
  // `attempts` has one row an attempt and is forgotten by and by; `days` has the totals, for good.
  private static let attempts = """
    CREATE TABLE attempts (
      id INTEGER PRIMARY KEY,
      account TEXT NOT NULL,
      at INTEGER NOT NULL,
      model TEXT NOT NULL,
      run_id TEXT NOT NULL,
      request_id TEXT NOT NULL,
      number INTEGER NOT NULL,
      texts INTEGER NOT NULL,
      host TEXT NOT NULL,
      process_id INTEGER NOT NULL,
      state TEXT NOT NULL
        CHECK (state IN ('reserved', 'billed', 'possibly_billed', 'not_billed')),
      tokens_reserved INTEGER NOT NULL,
      cost_reserved_nano INTEGER NOT NULL,
      -- What counts: what was reserved, until it is known better.
      tokens INTEGER NOT NULL,
      cost_nano INTEGER NOT NULL,
      settled_at INTEGER,
      error_kind TEXT,
      error_code TEXT
    ) STRICT;
    CREATE INDEX attempts_by_time ON attempts(account, at, tokens);
    CREATE INDEX attempts_reserved ON attempts(account, at) WHERE state = 'reserved';
    CREATE INDEX attempts_failed ON attempts(account, at, error_kind)
      WHERE error_kind IS NOT NULL;

    CREATE TABLE days (
      account TEXT NOT NULL,
      day INTEGER NOT NULL,
      model TEXT NOT NULL,
      requests INTEGER NOT NULL,
      answered INTEGER NOT NULL,
      failed INTEGER NOT NULL,
      texts INTEGER NOT NULL,
      tokens INTEGER NOT NULL,
      cost_nano INTEGER NOT NULL,
      possible INTEGER NOT NULL,
      possible_nano INTEGER NOT NULL,
      reserved INTEGER NOT NULL,
      reserved_nano INTEGER NOT NULL,
      PRIMARY KEY (account, day, model)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE accounts (
      account TEXT PRIMARY KEY,
      state TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    """
}

enum AccountsTable {
  /// The state of an account. One that this version cannot read starts empty: it is learned again
  /// from the next answers.
  static func state(of account: String, _ db: any SQLTransaction) throws -> AccountState {
    var json = Data()
    try db.forEachRawRow(bulk: "SELECT state FROM accounts WHERE account = ?", .text(account)) {
      json = Data(($0.text(0) ?? "").utf8)
    }
    guard isPossible(try? JSONSerialization.jsonObject(with: json)),
      let state = try? JSONDecoder().decode(AccountState.self, from: json)
    else { return AccountState() }
    return state
  }

  /// Whether all numbers are such as times in seconds, limits and counts can be.
  private static func isPossible(_ value: Any?) -> Bool {
    switch value {
    case let number as NSNumber: abs(number.doubleValue) <= 1e11
    case let values as [Any]: values.allSatisfy(isPossible)
    case let members as [String: Any]: members.values.allSatisfy(isPossible)
    default: true
    }
  }

  static func store(_ state: AccountState, of account: String, _ db: any SQLTransaction) throws {
    let json = String(decoding: try JSONEncoder().encode(state), as: UTF8.self)
    try db.run(
      bulk: """
        INSERT INTO accounts(account, state) VALUES (?, ?)
        ON CONFLICT (account) DO UPDATE SET state = excluded.state
        """, .text(account), .text(json))
  }
}

enum DaysTable {
  private static let addition = """
    INSERT INTO days(account, day, model, \(UsageTotals.columns.joined(separator: ", ")))
    VALUES (?, ?, ?, \(UsageTotals.columns.map { _ in "?" }.joined(separator: ", ")))
    ON CONFLICT (account, day, model) DO UPDATE SET
    \(UsageTotals.columns.map { "\($0) = days.\($0) + excluded.\($0)" }.joined(separator: ", "))
    """

  private static let sums = UsageTotals.columns.map { "SUM(\($0))" }.joined(separator: ", ")

  /// Adds to the totals of a day.
  static func add(
    _ change: UsageTotals, account: String, day: Int64, model: String, _ db: any SQLTransaction
  ) throws {
    try db.run(
      bulk: addition,
      [.text(account), .integer(day), .text(model)] + change.values.map(BulkValue.integer))
  }

  /// The totals of a day.
  static func totals(account: String, day: Int64, _ db: any SQLTransaction) throws -> UsageTotals {
    try db.firstRow(
      bulk: "SELECT \(sums) FROM days WHERE account = ? AND day = ?", .text(account), .integer(day)
    ) { try UsageTotals($0, from: 0) } ?? UsageTotals()
  }

  /// The totals of each day and model from a day on, oldest first.
  static func rows(
    account: String, from day: Int64, _ db: any SQLTransaction
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
  static func accounts(_ db: any SQLTransaction) throws -> [String] {
    try String.fetchAll(db, sql: "SELECT DISTINCT account FROM days ORDER BY account")
  }
}

/// A time in whole milliseconds since 1970.
struct LedgerTime: Sendable, Equatable {
  var milliseconds: Int64

  /// The days from 1970 to the year 9999: others are damage.
  static let possibleDays: ClosedRange<Int64> = 0...2_932_896

  init(milliseconds: Int64) { self.milliseconds = milliseconds }

  /// Rounds to the nearest millisecond, so that sums of whole ones come out whole.
  init(_ date: Date) { milliseconds = Int64((date.timeIntervalSince1970 * 1000).rounded()) }

  var date: Date { Date(timeIntervalSince1970: Double(milliseconds) / 1000) }

  /// The UTC day, in days since 1970.
  var day: Int64 { Int64((Double(milliseconds) / 86_400_000).rounded(.down)) }

  /// A time so many seconds later.
  func advanced(by seconds: Int64) -> LedgerTime {
    LedgerTime(milliseconds: milliseconds + seconds * 1000)
  }

  /// The milliseconds of the last so many seconds, and of as many that lie ahead: other times there
  /// are from a clock that once ran far ahead.
  func span(ofSeconds seconds: Int64) -> Range<Int64> {
    advanced(by: -seconds).milliseconds + 1..<advanced(by: seconds).milliseconds + 1
  }
}

extension BulkRow {
  /// A time of the ledger's.
  func time(_ column: Int32) throws(DamagedValue) -> LedgerTime {
    let days = LedgerTime.possibleDays
    return LedgerTime(
      milliseconds: try integer(
        column, in: days.lowerBound * 86_400_000...(days.upperBound + 1) * 86_400_000))
  }

  /// A count or an amount of money of the ledger's: so many that sums of them cannot overflow. A ledger
  /// with another one is damaged, and nothing is spent by it.
  func amount(_ column: Int32) throws(DamagedValue) -> Int64 {
    try integer(column, in: 0...1 << 53)
  }
}
