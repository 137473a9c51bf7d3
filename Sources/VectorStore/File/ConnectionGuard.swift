// Debug builds watch that one thread at a time uses an SQLite connection. Release builds do nothing here.

import Foundation
import GRDB
import GRDBSQLite
import Synchronization

/// The rule for raw statements: GRDB opens connections without SQLite's own mutex, so a second thread inside
/// one corrupts memory without a sign. The thread sanitizer cannot see it, since SQLite is not instrumented.
enum ConnectionGuard {
  /// Runs `body`, which uses the connection. May be nested on one thread.
  ///
  /// Debug builds trap if another thread is inside the same connection.
  @inline(__always)
  static func inside<T>(
    _ connection: SQLiteConnection?, _ body: () throws -> T
  ) rethrows -> T {
    #if DEBUG
      enter(connection)
      defer { leave(connection) }
    #endif
    return try body()
  }

  #if DEBUG
    private struct Holder {
      let thread: Int
      var depth: Int
    }

    /// By the connection's address.
    private static let holders = Mutex<[Int: Holder]>([:])

    private static func enter(_ connection: SQLiteConnection?) {
      let (connection, thread) = (Int(bitPattern: connection), pthread_self().hashValue)
      let isFree = holders.withLock { holders in
        let depth = holders[connection]?.depth ?? 0
        guard depth == 0 || holders[connection]?.thread == thread else { return false }
        holders[connection] = Holder(thread: thread, depth: depth + 1)
        return true
      }
      precondition(isFree, "two threads are inside one SQLite connection")
    }

    private static func leave(_ connection: SQLiteConnection?) {
      let connection = Int(bitPattern: connection)
      holders.withLock { holders in
        guard let holder = holders[connection] else { return }
        let depth = holder.depth - 1
        holders[connection] = depth == 0 ? nil : Holder(thread: holder.thread, depth: depth)
      }
    }
  #endif
}
