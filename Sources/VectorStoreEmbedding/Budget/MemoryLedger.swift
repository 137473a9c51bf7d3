// The ledger of a process of its own: for services that cost nothing, and for tests.

package import Foundation
import Synchronization

/// A ledger that is kept in memory and gone with its process.
///
/// It decides by the same rules as one on the disk. What it knows of single requests is an hour old
/// at most, of money a day.
package final class MemoryLedger: SpendingLedger {
  fileprivate struct Row {
    var id: Int64
    var at: Date
    var tokens: Int
  }

  fileprivate struct InFlight {
    var at: Date
    var cost: NanoDollars
  }

  fileprivate struct Account {
    /// The requests of the last hour, oldest first.
    var rows: [Row] = []
    var inFlight: [Int64: InFlight] = [:]
    var day = Date.distantPast
    /// Billed on that day.
    var billed = NanoDollars.zero
    var state = AccountState()
  }

  private let accounts = Mutex<[String: Account]>([:])
  private let lastID = Atomic<Int64>(0)
  private let now: @Sendable () -> Date

  /// Creates an empty ledger that goes by a clock.
  package init(now: @escaping @Sendable () -> Date = { Date() }) { self.now = now }

  /// Enters an attempt if the rules allow it now.
  ///
  /// - Complexity: O(requests in the last hour).
  package func reserve(
    _ attempt: SpendingAttempt, under limits: SpendingLimits
  ) async throws -> ReservationDecision {
    accounts.withLock { accounts in
      let now = now()
      var account = accounts[attempt.account] ?? Account()
      defer { accounts[attempt.account] = account }
      account.forget(before: now)
      let decision = SpendingRules.decide(
        attempt, under: limits, activity: account.activity(now), now: now)
      account.state = decision.state
      switch decision.verdict {
      case .wait(let seconds, let reason): return .wait(seconds: seconds, reason: reason)
      case .refuse(let use): return .refused(use)
      case .breakerOpen(let until, let lastError):
        return .breakerOpen(until: until, lastError: lastError)
      case .grant(let warnings):
        let id = lastID.add(1, ordering: .relaxed).newValue
        account.rows.append(Row(id: id, at: now, tokens: attempt.tokens))
        account.inFlight[id] = InFlight(at: now, cost: attempt.cost)
        return .granted(Reservation(id: id, attempt: attempt, warnings: warnings))
      }
    }
  }

  /// Enters what became of an attempt. One that is not in flight is passed over.
  ///
  /// - Complexity: O(requests since the attempt).
  package func settle(_ reservation: Reservation, as outcome: AttemptOutcome) async throws {
    accounts.withLock { accounts in
      let now = now()
      guard var account = accounts[reservation.attempt.account],
        let attempt = account.inFlight.removeValue(forKey: reservation.id)
      else { return }
      account.forget(before: now)
      if case .answered(let tokens, _, _) = outcome,
        let row = account.rows.lastIndex(where: { $0.id == reservation.id })
      {
        account.rows[row].tokens = tokens
      }
      if SpendingRules.startOfUTCDay(attempt.at) == account.day {
        account.billed = account.billed + outcome.bill(reserved: attempt.cost)
      }
      account.state = SpendingRules.settle(
        outcome, reservedAt: attempt.at, state: account.state, now: now)
      accounts[reservation.attempt.account] = account
    }
  }

  /// What an account has used and how its service is.
  ///
  /// - Complexity: O(requests in the last hour).
  package func activity(of account: String) async throws -> AccountActivity {
    accounts.withLock { accounts in
      let now = now()
      var account = accounts[account] ?? Account()
      account.forget(before: now)
      return account.activity(now)
    }
  }
}

extension MemoryLedger.Account {
  /// Forgets requests older than an hour and the money of another day.
  fileprivate mutating func forget(before now: Date) {
    let young = rows.firstIndex { now.timeIntervalSince($0.at) < 3600 } ?? rows.endIndex
    rows.removeFirst(young)
    let today = SpendingRules.startOfUTCDay(now)
    if day != today {
      day = today
      billed = .zero
    }
  }

  fileprivate func activity(_ now: Date) -> AccountActivity {
    var activity = AccountActivity()
    activity.billedToday = billed
    for attempt in inFlight.values where SpendingRules.startOfUTCDay(attempt.at) == day {
      activity.reservedToday = activity.reservedToday + attempt.cost
    }
    activity.requestsInHour = rows.count
    activity.oldestInHour = rows.first?.at
    activity.state = state
    let second = { (date: Date) in Int64(date.timeIntervalSince1970.rounded(.down)) }
    let recent = rows.reversed().prefix { second($0.at) >= second(now) - 60 }
    for row in recent.reversed() {
      if activity.lastMinute.last?.second != second(row.at) {
        activity.lastMinute.append(
          AccountActivity.Second(second: second(row.at), requests: 0, tokens: 0))
      }
      activity.lastMinute[activity.lastMinute.count - 1].requests += 1
      activity.lastMinute[activity.lastMinute.count - 1].tokens += row.tokens
    }
    return activity
  }
}

extension AttemptOutcome {
  /// What an attempt came to: what may be on the bill counts at its reserved cost.
  package func bill(reserved: NanoDollars) -> NanoDollars {
    switch self {
    case .answered(_, let cost, _): cost
    case .failed(let error): error.billing == .possible ? reserved : .zero
    case .cancelled(let wasSent): wasSent ? reserved : .zero
    }
  }
}
