// The table of attempts: one row for each request, from its reservation to its settlement.

import Foundation
import GRDB
import VectorStoreEmbedding

enum AttemptsTable {
  /// How long an attempt may be in flight, in seconds. After that, as when its process has gone, it
  /// is possibly billed: nobody waits for it any more.
  static let longestFlight: Int64 = 600
  /// How long a batch may be out, in seconds: so long its answers are kept for it. It is entered without a
  /// process, since any may fetch it.
  static let longestBatch: Int64 = 30 * 86_400
  /// How long attempts are kept, in seconds; ``DaysTable`` keeps the totals.
  static let lifetime: Int64 = 90 * 86_400

  /// Enters an attempt. Returns its id.
  static func insert(_ attempt: SpendingAttempt, at time: LedgerTime, _ db: any SQLTransaction)
    throws
    -> Int64
  {
    let process = ProcessName.current
    let id = try db.insert(
      sql: """
        INSERT INTO attempts(account, at, model, run_id, request_id, number, texts, host, process_id,
          state, tokens_reserved, cost_reserved_nano, tokens, cost_nano)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'reserved', ?10, ?11, ?10, ?11)
        """,
      arguments: [
        attempt.account, time.milliseconds, attempt.model, attempt.runID, attempt.requestID,
        attempt.number, attempt.texts, process.host, attempt.isBatch ? 0 : Int(process.number),
        attempt.tokens, attempt.cost.nano,
      ])
    return id ?? 0
  }

  /// An attempt as it was entered, and when, or nil where it is not in the ledger or has been
  /// settled.
  static func reserved(
    _ reservation: Reservation, _ db: any SQLTransaction
  ) throws -> (attempt: SpendingAttempt, at: LedgerTime)? {
    // Not by the id alone: the ledger may have been deleted and a new one made.
    var attempt = reservation.attempt
    return try db.firstRow(
      bulk: """
        SELECT at, model, texts, tokens_reserved, cost_reserved_nano FROM attempts
        WHERE id = ? AND state = 'reserved' AND account = ? AND request_id = ? AND number = ?
        """,
      .integer(reservation.id), .text(attempt.account), .text(attempt.requestID),
      .integer(Int64(attempt.number))
    ) { row in
      attempt.model = try row.text(1)
      attempt.texts = Int(try row.amount(2))
      attempt.tokens = Int(try row.amount(3))
      attempt.cost = NanoDollars(nano: try row.amount(4))
      return (attempt, try row.time(0))
    }
  }

  /// Enters what became of an attempt.
  static func settle(
    _ id: Int64, as settlement: Settlement, at time: LedgerTime, _ db: any SQLTransaction
  ) throws {
    try db.execute(
      sql: """
        UPDATE attempts SET state = ?, tokens = ?, cost_nano = ?, settled_at = ?, error_kind = ?,
          error_code = ? WHERE id = ?
        """,
      arguments: [
        settlement.state.rawValue, settlement.tokens, settlement.cost.nano, time.milliseconds,
        settlement.errorKind?.rawValue, settlement.errorCode, id,
      ])
  }

  /// Forgets old attempts, a few hundred at a time, with one in 64 that are entered.
  static func forgetOld(afterEntering id: Int64, now: LedgerTime, _ db: any SQLTransaction) throws {
    guard id % 64 == 0 else { return }
    try db.run(
      bulk: """
        DELETE FROM attempts WHERE id IN (SELECT id FROM attempts ORDER BY id LIMIT 256) AND at < ?
        """, .integer(now.advanced(by: -lifetime).milliseconds))
  }

  /// How many attempts there were in the last 3,600 s, and when the oldest of them was made.
  ///
  /// - Complexity: O(attempts in the hour), out of an index.
  static func inLastHour(
    of account: String, now: LedgerTime, _ db: any SQLTransaction
  ) throws -> (count: Int, oldest: LedgerTime?) {
    let span = now.span(ofSeconds: 3600)
    return try db.firstRow(
      bulk: """
        SELECT COUNT(*), MIN(at) FROM attempts INDEXED BY attempts_by_time
        WHERE account = ? AND at >= ? AND at < ?
        """, .text(account), .integer(span.lowerBound), .integer(span.upperBound)
    ) { row in
      (Int(try row.integer(0)), try row.isNull(1) ? nil : row.time(1))
    } ?? (0, nil)
  }

  /// The requests and tokens of each second of the last minute, oldest first, without those of batches.
  static func lastMinute(
    of account: String, now: LedgerTime, _ db: any SQLTransaction
  ) throws -> [AccountActivity.Second] {
    let second = now.milliseconds / 1000
    return try db.rows(
      bulk: """
        SELECT at / 1000, COUNT(*), SUM(tokens) FROM attempts INDEXED BY attempts_by_time
        WHERE account = ? AND at >= ? AND at < ? AND process_id > 0
        GROUP BY at / 1000 ORDER BY at / 1000
        """, .text(account), .integer((second - 60) * 1000), .integer((second + 60) * 1000)
    ) { row in
      AccountActivity.Second(
        second: try row.integer(0), requests: Int(try row.integer(1)),
        tokens: Int(try row.amount(2)))
    }
  }

  /// Attempts that have not been settled and may yet be.
  ///
  /// - Complexity: O(attempts in flight or left behind in the last ten minutes).
  static func inFlight(of account: String, now: LedgerTime, _ db: any SQLTransaction) throws
    -> [InFlight]
  {
    let span = now.span(ofSeconds: longestFlight)
    return try db.rows(
      bulk: """
        SELECT at, model, cost_reserved_nano, host, process_id
        FROM attempts INDEXED BY attempts_reserved
        WHERE account = ? AND state = 'reserved' AND at >= ? AND at < ?
        """, .text(account), .integer(span.lowerBound), .integer(span.upperBound)
    ) { row -> InFlight? in
      let process = ProcessName(
        host: try row.text(3), number: Int32(clamping: try row.integer(4)))
      guard process.mayBeRunning else { return nil }
      return InFlight(at: try row.time(0), model: try row.text(1), cost: try row.amount(2))
    }.compactMap(\.self)
  }

  /// Batches that have not been settled and may yet be. For the limits they count as billed: nobody waits
  /// for them to come to less.
  static func inBatches(of account: String, now: LedgerTime, _ db: any SQLTransaction) throws
    -> [InFlight]
  {
    let span = now.span(ofSeconds: longestBatch)
    return try db.rows(
      bulk: """
        SELECT at, model, cost_reserved_nano FROM attempts INDEXED BY attempts_reserved
        WHERE account = ? AND state = 'reserved' AND at >= ? AND at < ? AND process_id = 0
        """, .text(account), .integer(span.lowerBound), .integer(span.upperBound)
    ) { InFlight(at: try $0.time(0), model: try $0.text(1), cost: try $0.amount(2)) }
  }

  /// The attempt of a name that has not been settled.
  static func reserved(
    named requestID: String, of account: String, _ db: any SQLTransaction
  ) throws -> Reservation? {
    try db.firstRow(
      bulk: """
        SELECT id, model, run_id, number, texts, tokens_reserved, cost_reserved_nano
        FROM attempts INDEXED BY attempts_reserved
        WHERE account = ? AND state = 'reserved' AND request_id = ?
        """, .text(account), .text(requestID)
    ) { row in
      Reservation(
        id: try row.integer(0),
        attempt: SpendingAttempt(
          account: account, model: try row.text(1), runID: try row.text(2), requestID: requestID,
          number: Int(try row.amount(3)), texts: Int(try row.amount(4)),
          tokens: Int(try row.amount(5)), cost: NanoDollars(nano: try row.amount(6))))
    }
  }

  /// What the attempts of a span of time came to.
  ///
  /// - Complexity: O(attempts in it).
  static func totals(
    of account: String, in span: Range<Int64>, _ db: any SQLTransaction
  ) throws -> UsageTotals {
    try db.firstRow(
      bulk: """
        SELECT COUNT(*), COUNT(*) FILTER (WHERE state = 'billed'), COUNT(error_kind),
          SUM(texts) FILTER (WHERE state = 'billed'), SUM(tokens) FILTER (WHERE state = 'billed'),
          SUM(cost_nano) FILTER (WHERE state = 'billed'),
          COUNT(*) FILTER (WHERE state = 'possibly_billed'),
          SUM(cost_nano) FILTER (WHERE state = 'possibly_billed'),
          COUNT(*) FILTER (WHERE state = 'reserved'), SUM(cost_nano) FILTER (WHERE state = 'reserved')
        FROM attempts INDEXED BY attempts_by_time WHERE account = ? AND at >= ? AND at < ?
        """, .text(account), .integer(span.lowerBound), .integer(span.upperBound)
    ) { try UsageTotals($0, from: 0) } ?? UsageTotals()
  }

  /// How many attempts since a time failed, by kind.
  ///
  /// - Complexity: O(failures since then), out of an index.
  static func failures(
    of account: String, since time: LedgerTime, _ db: any SQLTransaction
  ) throws -> [(kind: String, requests: Int)] {
    try db.rows(
      bulk: """
        SELECT error_kind, COUNT(*) FROM attempts INDEXED BY attempts_failed
        WHERE account = ? AND at >= ? AND error_kind IS NOT NULL GROUP BY error_kind
        """, .text(account), .integer(time.milliseconds)
    ) { (try $0.text(0), Int(try $0.integer(1))) }
  }
}

/// An attempt that is on its way.
struct InFlight: Sendable {
  var at: LedgerTime
  var model: String
  /// Nano-dollars.
  var cost: Int64
}

/// An attempt's outcome, as it is entered.
struct Settlement: Sendable, Equatable {
  /// The states of an attempt, beside `reserved`.
  enum State: String, Sendable {
    case billed
    case possiblyBilled = "possibly_billed"
    case notBilled = "not_billed"
  }

  var state: State
  /// The tokens that count for the rate: the server counts what it refused too.
  var tokens: Int
  var cost: NanoDollars
  var errorKind: ServiceError.Kind?
  var errorCode: String?
  private var texts: Int
  private var costReserved: NanoDollars

  init(_ attempt: SpendingAttempt, _ outcome: AttemptOutcome) {
    tokens = attempt.tokens
    texts = attempt.texts
    costReserved = attempt.cost
    cost = outcome.bill(reserved: attempt.cost)
    switch outcome {
    case .answered(let tokens, _, _):
      state = .billed
      self.tokens = tokens
    case .failed(let error):
      state = error.billing == .possible ? .possiblyBilled : .notBilled
      errorKind = error.kind
      errorCode = error.code
    case .cancelled(let wasSent):
      state = wasSent ? .possiblyBilled : .notBilled
    }
  }

  /// What it changes in the totals of the attempt's day.
  var change: UsageTotals {
    var change = UsageTotals()
    change.reserved = -1
    change.reservedCost = -costReserved.nano
    change.failed = errorKind == nil ? 0 : 1
    switch state {
    case .billed:
      change.answered = 1
      change.texts = Int64(texts)
      change.tokens = Int64(tokens)
      change.cost = cost.nano
    case .possiblyBilled:
      change.possible = 1
      change.possibleCost = cost.nano
    case .notBilled: break
    }
    return change
  }
}

/// A process by its host and number.
struct ProcessName: Sendable, Equatable {
  var host: String
  var number: Int32

  /// This process.
  static let current = ProcessName(
    host: {
      var name = [CChar](repeating: 0, count: 256)
      guard gethostname(&name, name.count - 1) == 0 else { return "" }
      return name.withUnsafeBufferPointer { name in
        String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      }
    }(), number: getpid())

  /// Whether the process may be running: that of another host, as a container has its own, is not
  /// to be seen from here. A number may also have been given to another process since.
  var mayBeRunning: Bool {
    guard host == Self.current.host else { return true }
    return number > 0 && (kill(number, 0) == 0 || errno == EPERM)
  }
}
