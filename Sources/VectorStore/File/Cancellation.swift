// Blocking work on a thread of its own that ends when the task that waits for it is cancelled.

import Dispatch
import GRDB
import GRDBSQLite
import Synchronization

/// Whether a piece of blocking work is still wanted.
///
/// Swift tells a task of its cancellation, but not the thread that works for it. This does: work that has not
/// begun never begins, SQL is interrupted, and whatever else takes long asks ``check()``.
///
/// GRDB's asynchronous `read` and `write` also interrupt SQL, but do not do for a store:
/// - A cancelled task that waits for a connection goes on waiting until one is free (`Pool.get()`,
///   `SerializedDatabase.execute`), after other reads or after a write of any length.
/// - The interrupt is sent once. SQLite forgets one that comes between two statements; GRDB then stops the
///   next of its own statements, but not those that are stepped through SQLite's C interface, as bulk rows,
///   fine codes and float32 rows are.
/// - A word search that was interrupted leaves the connection interrupted (see `resetStatements`).
/// - Opening, locking, hashing and reading without shared memory block a thread as well, and are not GRDB's.
final class Cancellation: Sendable {
  /// That of the work on this thread; nil where nothing can be cancelled.
  @TaskLocal static var current: Cancellation?

  /// How often SQL is interrupted until the work ends. Once is not enough: SQLite forgets an interrupt that
  /// comes between two statements.
  private static let pause = DispatchTimeInterval.milliseconds(10)
  private static let queue = DispatchQueue(label: "vector-store.cancel", qos: .userInitiated)

  /// `@unchecked Sendable`: SQLite lets any thread interrupt an open connection.
  private struct Connection: @unchecked Sendable {
    let handle: SQLiteConnection?
  }

  /// Ends the SQL that runs, if any does. Any thread may call it, as often as it likes.
  typealias Interrupt = @Sendable () -> Void

  private struct State {
    var isCancelled = false
    var hasEnded = false
    /// Gives up the work; nil once it has begun.
    var refuse: (@Sendable () -> Void)?
    /// Ends the SQL that may be interrupted.
    var interrupt: Interrupt?
  }

  private let state = Mutex(State())

  /// Runs blocking work on a thread of a queue and waits for it.
  ///
  /// - Throws: `CancellationError` if the task is cancelled before the work begins, else what `body` throws.
  static func run<T: Sendable>(
    on queue: DispatchQueue, _ body: @escaping @Sendable () throws -> T
  ) async throws -> T {
    let cancellation = Cancellation()
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let isWanted = cancellation.wait {
          continuation.resume(throwing: CancellationError())
        }
        guard isWanted else { return continuation.resume(throwing: CancellationError()) }
        queue.async {
          guard cancellation.begin() else { return }
          let result = Result { try $current.withValue(cancellation) { try body() } }
          cancellation.end()
          continuation.resume(with: result)
        }
      }
    } onCancel: {
      cancellation.cancel()
    }
  }

  /// Runs SQL that is interrupted if the task that waits for this thread's work is cancelled.
  ///
  /// To be called inside the transaction: what follows the body, as `ROLLBACK`, is never interrupted.
  ///
  /// - Throws: `CancellationError` where the task was cancelled, whatever the interrupt made of the body.
  static func interrupting<T>(_ db: Database, _ body: (Database) throws -> T) throws -> T {
    let connection = Connection(handle: db.sqliteConnection)
    do {
      return try interrupting(by: { sqlite3_interrupt(connection.handle) }) { try body(db) }
    } catch let error as CancellationError {
      resetStatements(of: db)
      throw error
    }
  }

  /// The same for SQL that is interrupted by a call.
  static func interrupting<T>(by interrupt: @escaping Interrupt, _ body: () throws -> T) throws -> T
  {
    guard let current else { return try body() }
    current.state.withLock { $0.interrupt = interrupt }
    let result = Result { try body() }
    current.state.withLock { $0.interrupt = nil }
    guard current.isCancelled else { return try result.get() }
    throw CancellationError()
  }

  /// FTS5 leaves a statement behind that was interrupted, and as long as one is active, SQLite stays
  /// interrupted (https://sqlite.org/forum/forumpost/137c7662b3).
  private static func resetStatements(of db: Database) {
    var statement = sqlite3_next_stmt(db.sqliteConnection, nil)
    while let found = statement {
      if sqlite3_stmt_busy(found) != 0 { sqlite3_reset(found) }
      statement = sqlite3_next_stmt(db.sqliteConnection, found)
    }
  }

  /// Throws `CancellationError` if nobody waits any more for this thread's work.
  static func check() throws { try current?.check() }

  /// Throws `CancellationError` if nobody waits any more. Any thread may ask.
  func check() throws {
    if isCancelled { throw CancellationError() }
  }

  private var isCancelled: Bool { state.withLock { $0.isCancelled } }

  // MARK: - The course of the work

  private func wait(refuse: @escaping @Sendable () -> Void) -> Bool {
    state.withLock { state in
      guard !state.isCancelled else { return false }
      state.refuse = refuse
      return true
    }
  }

  private func begin() -> Bool {
    state.withLock { state in
      state.refuse = nil
      return !state.isCancelled
    }
  }

  private func end() {
    state.withLock { $0.hasEnded = true }
  }

  private func cancel() {
    let refuse = state.withLock { state in
      defer { state.refuse = nil }
      state.isCancelled = true
      state.hasEnded = state.hasEnded || state.refuse != nil
      return state.refuse
    }
    refuse?()
    interrupt()
  }

  private func interrupt() {
    let goesOn = state.withLock { state in
      // Within the lock: afterwards the connection may be another's.
      state.interrupt?()
      return !state.hasEnded
    }
    guard goesOn else { return }
    Self.queue.asyncAfter(deadline: .now() + Self.pause) { self.interrupt() }
  }
}

/// Runs work that must not be lost in a task of its own: once the caller's task is cancelled it has a moment
/// left, as to keep what was paid for.
func withReprieve<T: Sendable>(
  _ body: @escaping @Sendable () async throws -> T
) async throws -> T {
  let work = Task { try await body() }
  return try await withTaskCancellationHandler {
    try await work.value
  } onCancel: {
    Task {
      try await Task.sleep(for: .milliseconds(200))
      work.cancel()
    }
  }
}
