// The sign that a run is at work on a store on PostgreSQL.

#if Postgres
  import Dispatch
  import Foundation
  import Synchronization
  import VectorStorePostgres

  /// An advisory lock, at the run's number, of a connection of its own: the server takes it back however the run's
  /// process ends.
  ///
  /// Whoever loses a connection, as all do if the server restarts, has its lock again within seconds. So a run is
  /// over only if its lock was missing for longer, as seen by one that did not lose its own.
  final class PostgresPresence: RunPresence {
    /// How often a run looks whether it still has its lock.
    private static let interval = DispatchTimeInterval.seconds(2)
    /// For how long a lock must be missing.
    private static let grace = Duration.seconds(10)
    /// How long it waits for the server, which whoever asks it does too.
    private static let patience = Duration.seconds(5)

    private let address: PostgresAddress
    private let lockSpace: Int64
    private let run: Int64
    private let state: Mutex<State>
    /// Set up once, before anybody else has it.
    nonisolated(unsafe) private let timer: any DispatchSourceTimer

    private struct State {
      var connection: PostgresConnection
      /// When this run had its own lock, at the latest.
      var since = ContinuousClock.now
      /// From when on the locks of others were missing.
      var missing: [Int64: ContinuousClock.Instant] = [:]
    }

    /// - Parameter lockSpace: the first number of the store's locks.
    init(_ address: PostgresAddress, lockSpace: Int64, run: Int64) throws {
      (self.address, self.lockSpace, self.run) = (address, lockSpace, run)
      state = Mutex(State(connection: try Self.connect(address, lockSpace, run)))
      timer = DispatchSource.makeTimerSource(
        queue: DispatchQueue(label: "vector-store.presence"))
      timer.setEventHandler { [weak self] in self?.renew() }
      timer.schedule(deadline: .now() + Self.interval, repeating: Self.interval)
      timer.activate()
    }

    deinit {
      timer.cancel()
      state.withLock { $0.connection.close() }
    }

    private static func connect(
      _ address: PostgresAddress, _ lockSpace: Int64, _ run: Int64
    ) throws -> PostgresConnection {
      var timeouts = address.timeouts
      (timeouts.connect, timeouts.answer) = (patience, patience)
      let connection = try PostgresConnection(address.connection, timeouts: timeouts)
      _ = try? connection.run("SET idle_session_timeout = 0")
      try connection.run(
        "SELECT pg_advisory_lock_shared($1::int, $2::int)", [.integer(lockSpace), .integer(run)])
      return connection
    }

    /// Takes the lock again if it went with its connection.
    private func renew() {
      state.withLock { state in
        _ = try? state.connection.run("SELECT 1")
        reconnect(&state)
      }
    }

    private func reconnect(_ state: inout State) {
      guard state.connection.isBroken, let new = try? Self.connect(address, lockSpace, run) else {
        return
      }
      state = State(connection: new)
    }

    func isAtWork(_ other: Int64) -> Bool {
      guard other != run else { return true }
      return state.withLock { state in
        reconnect(&state)
        // Who cannot be asked about may be at work: its claim is heeded for ten minutes.
        guard let isHeld = isHeld(other, state.connection), !isHeld else {
          state.missing[other] = nil
          return true
        }
        let now = ContinuousClock.now
        let since = state.missing[other] ?? now
        state.missing[other] = since
        return now - max(since, state.since) < Self.grace
      }
    }

    private func isHeld(_ other: Int64, _ connection: PostgresConnection) -> Bool? {
      var isHeld: Bool?
      try? connection.query(
        """
        SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND classid::bigint = $1::bigint AND objid::bigint = $2::bigint AND objsubid = 2)
        """, [.integer(lockSpace & 0xFFFF_FFFF), .integer(other)]
      ) {
        isHeld = try $0.integer(0) != 0
        return true
      }
      return isHeld
    }
  }
#endif
