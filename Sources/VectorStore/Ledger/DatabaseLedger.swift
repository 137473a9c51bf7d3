// The ledger of all of a user's processes, apart from any store, since a budget belongs to a provider: one SQLite
// file, or for a team a schema of a PostgreSQL database.

package import Foundation
import GRDB
package import VectorStoreEmbedding

/// What keeps a ledger.
protocol LedgerDatabase: Sendable {
  /// Its path, or its address without a password.
  var path: String { get }
  /// Runs `body` in one transaction that no other writer runs beside, on the disk when it returns; on an error
  /// nothing is changed.
  func write<T: Sendable>(
    _ body: @escaping @Sendable (any SQLTransaction) throws -> T
  ) async throws -> T
  /// Runs `body` on what is there, or returns nil where there is nothing yet.
  func read<T: Sendable>(
    _ body: @escaping @Sendable (any SQLTransaction) throws -> T
  ) async throws -> T?
}

extension UserDatabase: LedgerDatabase {
  func write<T: Sendable>(
    _ body: @escaping @Sendable (any SQLTransaction) throws -> T
  ) async throws -> T {
    try await write { (db: Database) in try body(db) }
  }

  func read<T: Sendable>(
    _ body: @escaping @Sendable (any SQLTransaction) throws -> T
  ) async throws -> T? {
    try await read { (db: Database) in try body(db) }
  }
}

/// The ledger on the disk, shared by all processes that name the same file or address.
///
/// Each call is one transaction, on the disk when it returns. The file is made at the first
/// reservation; looking at one that is not there shows an account that has used nothing.
package final class DatabaseLedger: SpendingLedger {
  private let database: any LedgerDatabase
  private let now: @Sendable () -> Date

  /// Names the ledger's file or its address, and the clock it goes by. Opens nothing yet.
  package init(path: String, now: @escaping @Sendable () -> Date = { Date() }) {
    database = StorePlace(path).ledger
    self.now = now
  }

  /// Enters an attempt if the rules allow it now.
  ///
  /// - Throws: ``StoreError`` with `readOnly`, `diskFull`, `inputOutput`, `damaged`, `tooNew`,
  ///   `notAStore`, `cannotOpen`, `locked`; nothing may then be sent.
  /// - Complexity: O(requests in the last hour), out of an index; history costs nothing.
  package func reserve(
    _ attempt: SpendingAttempt, under limits: SpendingLimits
  ) async throws -> ReservationDecision {
    try await write(.reserving) { db, now in
      let activity = try Self.activity(of: attempt.account, now: now, db)
      let (verdict, state) = SpendingRules.decide(
        attempt, under: limits, activity: activity, now: now)
      if state != activity.state { try AccountsTable.store(state, of: attempt.account, db) }
      switch verdict {
      case .wait(let seconds, let reason): return .wait(seconds: seconds, reason: reason)
      case .refuse(let use): return .refused(use)
      case .breakerOpen(let until, let lastError):
        return .breakerOpen(until: until, lastError: lastError)
      case .grant(let warnings):
        let id = try Self.enter(attempt, at: LedgerTime(now), db)
        return .granted(Reservation(id: id, attempt: attempt, warnings: warnings))
      }
    }
  }

  /// Enters what became of an attempt. One that is not in the ledger, or settled already, changes
  /// nothing.
  ///
  /// - Throws: ``StoreError`` as ``reserve(_:under:)``; the attempt then stays as possibly billed.
  package func settle(_ reservation: Reservation, as outcome: AttemptOutcome) async throws {
    // What was spent is entered though the run is cancelled meanwhile, unless others hold the ledger for long.
    try await withReprieve { try await self.enter(outcome, of: reservation) }
  }

  private func enter(_ outcome: AttemptOutcome, of reservation: Reservation) async throws {
    try await write(.settling) { db, now in
      guard let (attempt, at) = try AttemptsTable.reserved(reservation, db) else { return }
      let settlement = Settlement(attempt, outcome)
      try AttemptsTable.settle(reservation.id, as: settlement, at: LedgerTime(now), db)
      try DaysTable.add(
        settlement.change, account: attempt.account, day: at.day, model: attempt.model, db)
      let state = try AccountsTable.state(of: attempt.account, db)
      let settled = SpendingRules.settle(outcome, reservedAt: at.date, state: state, now: now)
      if settled != state { try AccountsTable.store(settled, of: attempt.account, db) }
    }
  }

  /// What an account has used and how its service is.
  ///
  /// - Throws: ``StoreError`` where there is a ledger that cannot be read.
  package func activity(of account: String) async throws -> AccountActivity {
    try await read { try Self.activity(of: account, now: $1, $0) } ?? AccountActivity()
  }

  package func reservation(
    named requestID: String, of account: String
  ) async throws -> Reservation? {
    try await read { db, _ in try AttemptsTable.reserved(named: requestID, of: account, db) } ?? nil
  }

  /// What was sent and what it cost, for people.
  ///
  /// - Parameters:
  ///   - account: the account, or nil for the sum of all.
  ///   - limits: limits of the account to be compared with what is used.
  ///   - days: how many UTC days to go back, today included.
  /// - Throws: ``StoreError`` where there is a ledger that cannot be read.
  /// - Complexity: O(requests in the last hour + days × models + failures in these days).
  package func usage(
    account: String?, limits: SpendingLimits?, days: Int
  ) async throws -> UsageReport {
    let report = try await read { db, now in
      try UsageReader(account: account, limits: limits, days: days, now: now).report(db)
    }
    if let report { return report }
    return UsageReader(account: account, limits: limits, days: days, now: now()).emptyReport()
  }

  private static func activity(
    of account: String, now: Date, _ db: any SQLTransaction
  ) throws -> AccountActivity {
    let now = LedgerTime(now)
    var activity = AccountActivity()
    let flying = try AttemptsTable.inFlight(of: account, now: now, db)
      .reduce(0) { $0 + ($1.at.day == now.day ? $1.cost : 0) }
    let counted = try DaysTable.totals(account: account, day: now.day, db).counted
    activity.reservedToday = NanoDollars(nano: flying)
    activity.billedToday = NanoDollars(nano: counted - flying)
    let hour = try AttemptsTable.inLastHour(of: account, now: now, db)
    activity.requestsInHour = hour.count
    activity.oldestInHour = hour.oldest?.date
    activity.lastMinute = try AttemptsTable.lastMinute(of: account, now: now, db)
    activity.state = try AccountsTable.state(of: account, db)
    return activity
  }

  private static func enter(
    _ attempt: SpendingAttempt, at time: LedgerTime, _ db: any SQLTransaction
  ) throws -> Int64 {
    let id = try AttemptsTable.insert(attempt, at: time, db)
    var change = UsageTotals()
    change.requests = 1
    change.reserved = 1
    change.reservedCost = attempt.cost.nano
    try DaysTable.add(change, account: attempt.account, day: time.day, model: attempt.model, db)
    try AttemptsTable.forgetOld(afterEntering: id, now: time, db)
    return id
  }

  private func write<T: Sendable>(
    _ call: LedgerCall, _ body: @escaping @Sendable (any SQLTransaction, Date) throws -> T
  ) async throws -> T {
    do {
      // The clock is read inside: those who waited for one another then agree on their order.
      return try await database.write { [now] in try body($0, now()) }
    } catch {
      throw StoreError.ledger(error, path: database.path, during: call)
    }
  }

  private func read<T: Sendable>(
    _ body: @escaping @Sendable (any SQLTransaction, Date) throws -> T
  ) async throws -> T? {
    do {
      return try await database.read { [now] in try body($0, now()) }
    } catch {
      throw StoreError.ledger(error, path: database.path, during: .reading)
    }
  }
}
