// Connects without blocking for longer than is allowed.

#if Postgres
  import CLibpq
  import Foundation

  extension PostgresConnection {
    /// Connects (`PQconnectStartParams`, `PQconnectPoll`).
    static func connect(
      _ settings: PostgresSettings, _ timeouts: PostgresTimeouts, _ notices: NoticeHandler
    ) throws -> OpaquePointer {
      var parameters = timeouts.parameters
      parameters["fallback_application_name"] = "vector-store"
      parameters.merge(settings.values) { $1 }
      parameters["client_encoding"] = "UTF8"
      var limit = timeouts.connect
      if let seconds = settings.values["connect_timeout"].flatMap({ Int64($0) }), seconds > 0 {
        limit = .seconds(seconds)
      }
      guard let handle = start(parameters) else {
        throw PostgresError(.connection, "there is no memory for a connection")
      }
      do {
        PQsetNoticeReceiver(
          handle,
          { context, result in
            guard let context, let result else { return }
            let handler = Unmanaged<NoticeHandler>.fromOpaque(context).takeUnretainedValue()
            handler.handle?(PostgresError.notice(result))
          }, Unmanaged.passUnretained(notices).toOpaque())
        try finish(handle, settings, limit)
        guard PQsetnonblocking(handle, 1) == 0 else {
          throw failure(handle, settings, .connection)
        }
        guard PQserverVersion(handle) >= 120_000 else {
          throw PostgresError(
            .connection,
            "the server at \(settings.description) is PostgreSQL \(PQserverVersion(handle) / 10000); version 12 or newer is needed"
          )
        }
        return handle
      } catch {
        PQfinish(handle)
        throw error
      }
    }

    private static func start(_ parameters: [String: String]) -> OpaquePointer? {
      let pairs = parameters.map { (strdup($0.key), strdup($0.value)) }
      defer {
        for (name, value) in pairs {
          free(name)
          free(value)
        }
      }
      let names = pairs.map { UnsafePointer($0.0) } + [nil]
      let values = pairs.map { UnsafePointer($0.1) } + [nil]
      return PQconnectStartParams(names, values, 0)
    }

    private static func finish(
      _ handle: OpaquePointer, _ settings: PostgresSettings, _ limit: Duration
    ) throws {
      let deadline = ContinuousClock.now + limit
      var state = PGRES_POLLING_WRITING
      guard PQstatus(handle) != CONNECTION_BAD else {
        throw failure(handle, settings, .connection)
      }
      while state != PGRES_POLLING_OK {
        guard state != PGRES_POLLING_FAILED else { throw failure(handle, settings, .connection) }
        let left = (deadline - .now).milliseconds
        guard left > 0 else { throw late(settings, limit) }
        _ = Poll.wait(
          PQsocket(handle), reads: state == PGRES_POLLING_READING,
          writes: state == PGRES_POLLING_WRITING, milliseconds: left)
        guard ContinuousClock.now < deadline else { throw late(settings, limit) }
        state = PQconnectPoll(handle)
      }
    }

    private static func late(_ settings: PostgresSettings, _ limit: Duration) -> PostgresError {
      var error = PostgresError(
        .timeout,
        "the PostgreSQL server at \(settings.description) did not let the connection in within \(limit.milliseconds / 1000) s; check that it is reachable from this machine, or allow more with connect_timeout"
      )
      error.isConnectionLost = true
      return error
    }

    private static func failure(
      _ handle: OpaquePointer, _ settings: PostgresSettings, _ kind: PostgresError.Kind
    ) -> PostgresError {
      var error = PostgresError(
        kind,
        "cannot connect to PostgreSQL at \(settings.description): \(PostgresError.oneLine(String(cString: PQerrorMessage(handle)))); check that the server runs there and lets this user in"
      )
      error.isConnectionLost = true
      return error
    }
  }

  /// The system's `poll`.
  enum Poll {
    /// Waits until a socket can be read or written. Returns what it can, neither if the time is up.
    static func wait(
      _ socket: Int32, reads: Bool, writes: Bool, milliseconds: Int64
    ) -> (isReadable: Bool, isWritable: Bool) {
      let events = (reads ? Int16(POLLIN) : 0) | (writes ? Int16(POLLOUT) : 0)
      var entry = pollfd(fd: socket, events: events, revents: 0)
      let count = poll(&entry, 1, Int32(clamping: milliseconds))
      guard count > 0 else { return (false, false) }
      // An error or the end shows when it is read.
      let hasEnded = entry.revents & Int16(POLLERR | POLLHUP | POLLNVAL) != 0
      return (
        entry.revents & Int16(POLLIN) != 0 || hasEnded, entry.revents & Int16(POLLOUT) != 0
      )
    }
  }
#endif
