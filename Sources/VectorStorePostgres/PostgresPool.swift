// Connections to one server that are used again.

#if Postgres
  import CLibpq
  import Foundation

  /// Connections to one address, for blocking work on several threads.
  ///
  /// ```swift
  /// let pool = PostgresPool("postgres://me@host/database", timeouts: .init(), limit: 8)
  /// let count = try pool.withConnection { try $0.run("DELETE FROM notes", []) }
  /// ```
  package final class PostgresPool: Sendable {
    /// An idle connection that was used so recently is taken to be whole unless its socket says otherwise.
    private static let trusted = Duration.seconds(30)
    /// How often one who waits for a connection is asked whether it still wants one.
    private static let pause = 0.05

    private struct Idle {
      let connection: PostgresConnection
      let since: ContinuousClock.Instant
    }

    private let uri: String
    private let timeouts: PostgresTimeouts
    private let limit: Int
    private let notices: (@Sendable (String) -> Void)?
    private let prepare: (@Sendable (PostgresConnection) throws -> Void)?
    private let condition = NSCondition()
    // Both are touched under the condition's lock only.
    nonisolated(unsafe) private var idle: [Idle] = []
    nonisolated(unsafe) private var open = 0
    nonisolated(unsafe) private var isClosed = false

    /// A pool that has not connected yet.
    ///
    /// - Parameters:
    ///   - limit: how many connections are open at once, idle ones included.
    ///   - prepare: what each new connection does first, such as setting its `search_path`. If it throws, the
    ///     connection is closed.
    package init(
      _ uri: String, timeouts: PostgresTimeouts, limit: Int,
      notices: (@Sendable (String) -> Void)? = nil,
      prepare: (@Sendable (PostgresConnection) throws -> Void)? = nil
    ) {
      precondition(limit > 0, "a pool has at least one connection")
      self.uri = uri
      self.timeouts = timeouts
      self.limit = limit
      self.notices = notices
      self.prepare = prepare
    }

    deinit { idle.forEach { $0.connection.close() } }

    /// Lends a connection to some work and takes it back.
    ///
    /// - Throws: as ``take(within:check:)``; what `body` throws.
    package func withConnection<T>(
      within duration: Duration = .seconds(60), check: () throws -> Void = {},
      _ body: (PostgresConnection) throws -> T
    ) throws -> T {
      let connection = try take(within: duration, check: check)
      defer { giveBack(connection) }
      return try body(connection)
    }

    /// Takes a connection: an idle one that is whole, else a new one, else the next that is given back.
    ///
    /// - Parameter check: throws if the caller no longer wants a connection; asked while it waits.
    /// - Throws: ``PostgresError`` of kind `timeout` if none becomes free in time; as
    ///   `PostgresConnection.init`; what `check` throws.
    package func take(
      within duration: Duration = .seconds(60), check: () throws -> Void = {}
    ) throws -> PostgresConnection {
      let deadline = ContinuousClock.now + duration
      while let found = try reserve(until: deadline, check) {
        if isWhole(found) { return renewed(found.connection) }
        found.connection.close()
        // Its place is taken by the next idle one, or by a new one.
        condition.withLock { open -= 1 }
      }
      do {
        let connection = try PostgresConnection(uri, timeouts: timeouts, notices: notices)
        try prepare?(connection)
        return connection
      } catch {
        release()
        throw error
      }
    }

    /// Gives a connection back. What it still has to say is waited for, and an open transaction is rolled back.
    package func giveBack(_ connection: PostgresConnection) {
      let isFit = clean(connection)
      if !isFit { connection.close() }
      let isKept = condition.withLock {
        let isKept = isFit && !isClosed
        if isKept { idle.append(Idle(connection: connection, since: .now)) } else { open -= 1 }
        condition.signal()
        return isKept
      }
      if isFit, !isKept { connection.close() }
    }

    /// Closes the idle connections, and the others once they are given back.
    package func close() {
      let connections = condition.withLock {
        isClosed = true
        defer { idle = [] }
        open -= idle.count
        condition.broadcast()
        return idle
      }
      connections.forEach { $0.connection.close() }
    }

    // MARK: - The parts

    /// An idle connection, or nil with a place for a new one.
    private func reserve(
      until deadline: ContinuousClock.Instant, _ check: () throws -> Void
    ) throws -> Idle? {
      condition.lock()
      defer { condition.unlock() }
      while true {
        guard !isClosed else {
          throw PostgresError(.closed, "the pool of connections was closed")
        }
        if let last = idle.popLast() { return last }
        if open < limit {
          open += 1
          return nil
        }
        try check()
        guard ContinuousClock.now < deadline else {
          throw PostgresError(
            .timeout,
            "all \(limit) connections to the PostgreSQL server were in use for too long; try again, or do less at once"
          )
        }
        _ = condition.wait(until: Date(timeIntervalSinceNow: Self.pause))
      }
    }

    private func release() {
      condition.withLock {
        open -= 1
        condition.signal()
      }
    }

    private func isWhole(_ idle: Idle) -> Bool {
      guard !idle.connection.hasEndedQuietly else { return false }
      guard .now - idle.since > Self.trusted else { return true }
      return (try? idle.connection.sync()) != nil
    }

    /// A connection as it was when it was new.
    private func renewed(_ connection: PostgresConnection) -> PostgresConnection {
      connection.timeouts = timeouts
      return connection
    }

    /// Whether a connection can be used again, with nothing left of its last use.
    private func clean(_ connection: PostgresConnection) -> Bool {
      // Errors of what was sent and never waited for; the one who sent it does not ask.
      if connection.hasPending { try? connection.sync() }
      if !connection.isBroken, connection.inTransaction { _ = try? connection.run("ROLLBACK") }
      return !connection.isBroken && !connection.inTransaction
    }
  }

  extension PostgresConnection {
    /// Whether something was sent that no one has waited for.
    var hasPending: Bool { !expected.isEmpty || firstError != nil }

    /// Whether the server has ended an idle connection. Asks the socket, not the server.
    var hasEndedQuietly: Bool {
      guard let handle, loss == nil else { return true }
      // A notice, perhaps, or why the server ends the connection; at the end there is nothing to read.
      while Poll.wait(PQsocket(handle), reads: true, writes: false, milliseconds: 0).isReadable {
        if PQconsumeInput(handle) == 0 { return true }
      }
      return PQstatus(handle) == CONNECTION_BAD
    }
  }
#endif
