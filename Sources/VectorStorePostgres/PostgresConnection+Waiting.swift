// Waits for the server, for no longer than is allowed.

#if Postgres
  import CLibpq
  import Foundation

  extension PostgresConnection {
    /// How long one look at the socket lasts before cancellation and time are looked at.
    private static let slice: Int64 = 200
    /// With TLS, bytes may wait in its buffer while the socket shows none.
    private static let firstSliceOfTLS: Int64 = 5

    /// The next result, or nil at the end of a statement's results. To be cleared by the caller.
    func nextResult(_ handle: OpaquePointer) throws -> OpaquePointer? {
      try waitForResult(handle)
      return PQgetResult(handle)
    }

    private func waitForResult(_ handle: OpaquePointer) throws {
      guard PQisBusy(handle) != 0 else { return }
      var wait = Wait(self)
      while PQisBusy(handle) != 0 {
        try take(handle, &wait, writes: PQflush(handle))
      }
    }

    /// Sends all that is queued; takes in what the server says meanwhile, so that neither waits for the other.
    func flush(_ handle: OpaquePointer) throws {
      var left = PQflush(handle)
      guard left != 0 else { return }
      var wait = Wait(self)
      while left != 0 {
        try take(handle, &wait, writes: left)
        left = PQflush(handle)
      }
    }

    /// One look at the socket: reads what is there.
    func take(_ handle: OpaquePointer, _ wait: inout Wait, writes: Int32) throws {
      guard writes >= 0 else { throw ended(handle) }
      let limit = usesTLS && wait.isFirst ? Self.firstSliceOfTLS : Self.slice
      let ready = Poll.wait(
        PQsocket(handle), reads: true, writes: writes > 0,
        milliseconds: max(0, min(limit, wait.left)))
      if ready.isReadable || usesTLS || !ready.isWritable {
        guard PQconsumeInput(handle) != 0 else { throw ended(handle) }
      }
      try checkCancellation()
      if ready.isReadable || ready.isWritable {
        wait.restart()
      } else {
        wait.isFirst = false
        if wait.left <= 0 { throw silent(wait) }
      }
    }

    /// Asks the server again to end a cancelled call, and gives the connection up if it does not.
    func checkCancellation() throws {
      guard let since = interruption.cancelledAt else { return }
      interruption.send()
      guard ContinuousClock.now - since > timeouts.cancel else { return }
      lose(lossError("the server did not end a cancelled statement"))
      var error = PostgresError.cancelled
      error.isConnectionLost = true
      throw error
    }

    /// The connection has ended: what the server said last, if it said why.
    func ended(_ handle: OpaquePointer) -> PostgresError {
      let words = PostgresError.oneLine(String(cString: PQerrorMessage(handle)))
      var error = lossError(words.isEmpty ? "no reason is known" : words)
      if PQstatus(handle) == CONNECTION_BAD, let result = PQgetResult(handle) {
        if let said = PostgresError(result: result), let state = said.sqlState {
          error.sqlState = state
        }
        PQclear(result)
      }
      lose(error)
      return error
    }

    private func silent(_ wait: Wait) -> PostgresError {
      var error = PostgresError(
        .timeout,
        "the PostgreSQL server at \(address) sent nothing for \(wait.limitText); the connection was given up; check the network, or allow longer for statements that take longer"
      )
      error.isConnectionLost = true
      // The server may still work on what no one waits for any more.
      interruption.send()
      lose(error)
      return error
    }

    /// The error of a failed result; nil if the result is none.
    func error(of result: OpaquePointer) -> PostgresError? {
      var error = PostgresError(result: result)
      // Else it was the server itself that cancelled, as for its `statement_timeout`.
      if error?.sqlState == PostgresError.cancelledState, interruption.cancelledAt != nil {
        error?.kind = .cancelled
      }
      return error
    }

    /// One message to the server and back.
    func roundTrip(_ handle: OpaquePointer) throws {
      if PQpipelineStatus(handle) == PQ_PIPELINE_OFF {
        guard PQsendQuery(handle, "") == 1 else { throw ended(handle) }
        try takeAll(handle)
      } else {
        try sendSync(handle)
        try absorb(handle)
      }
    }

    /// The results of statements outside the pipeline, to their end; rows are dropped.
    ///
    /// - Returns: how many rows the last one changed.
    @discardableResult
    func takeAll(_ handle: OpaquePointer) throws -> Int {
      var count = 0
      var first: PostgresError?
      while let result = try nextResult(handle) {
        defer { PQclear(result) }
        if let found = error(of: result) {
          first = first ?? found
          if found.isConnectionLost { lose(found) }
          if loss != nil { break }
        }
        try refuseCopy(result)
        count = Self.changedRows(result) ?? count
      }
      if loss == nil { transaction = PQtransactionStatus(handle) }
      if let first { throw first }
      return count
    }

    /// Gives the connection up if a statement is a COPY, which no call reads or writes.
    func refuseCopy(_ result: OpaquePointer) throws {
      switch PQresultStatus(result) {
      case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
        let error = PostgresError(
          .statement, "a COPY cannot be run here; the connection was given up")
        lose(error)
        throw error
      default: break
      }
    }
  }

  /// One wait for the server: how long it may last, and since when nothing came.
  struct Wait {
    private let limit: Duration?
    private var deadline: ContinuousClock.Instant?
    /// Nothing came before.
    var isFirst = true

    init(_ connection: PostgresConnection) {
      limit = connection.timeouts.answer
      deadline = limit.map { ContinuousClock.now + $0 }
    }

    mutating func restart() {
      isFirst = true
      deadline = limit.map { ContinuousClock.now + $0 }
    }

    /// Milliseconds that are left.
    var left: Int64 {
      deadline.map { ($0 - .now).milliseconds } ?? .max
    }

    var limitText: String {
      let milliseconds = limit?.milliseconds ?? 0
      return milliseconds < 1000 ? "\(milliseconds) ms" : "\(milliseconds / 1000) s"
    }
  }
#endif
