// One connection to PostgreSQL, for blocking work on a thread of its own.

#if Postgres
  import CLibpq
  import Foundation
  import Synchronization

  /// A connection to a PostgreSQL server.
  ///
  /// ```swift
  /// let connection = try PostgresConnection("postgres://me@host/database", timeouts: .init())
  /// try connection.run("INSERT INTO notes (id, text) VALUES ($1, $2)", [.integer(1), .text("tea")])
  /// try connection.query("SELECT text FROM notes WHERE id > $1", [.integer(0)]) { row in
  ///   print(try row.text(0))
  ///   return true
  /// }
  /// ```
  ///
  /// Calls block, each no longer than its ``PostgresTimeouts`` let it, and must not overlap: one thread at a
  /// time, no call in the body of another. ``cancel()`` alone comes from any thread. After an error with
  /// `isConnectionLost` every further call fails.
  ///
  /// What ``send(_:_:)`` sends is not waited for. What is sent between two waits is one transaction, if no
  /// other is open.
  ///
  /// `@unchecked Sendable`: a connection goes from thread to thread, as in a pool, but is used by one at a
  /// time, which each call checks.
  package final class PostgresConnection: @unchecked Sendable {
    /// Statements that one connection keeps prepared.
    static let preparedStatements = 300

    /// How long calls wait. It may be changed between calls, as before a statement that says nothing for hours.
    package var timeouts: PostgresTimeouts

    /// Where the connection goes, without the password.
    package let address: String

    var handle: OpaquePointer?
    /// Set once the connection is of no more use: what each further call throws.
    var loss: PostgresError?
    var statements = PostgresStatements(limit: PostgresConnection.preparedStatements)
    let parameters = PostgresParameters()
    /// What was sent in the pipeline and is not answered yet.
    var expected = PostgresPipeline()
    /// Bytes that were queued since the last packet went out, roughly.
    var unflushed = 0
    /// The first error since the last wait.
    var firstError: PostgresError?
    /// The state of the transaction when the server was last waited for.
    var transaction = PQTRANS_IDLE
    /// The numbers of pgvector's type; nil until it was asked for.
    var vectorTypes: Set<UInt32>?
    let interruption = PostgresInterruption()
    let usesTLS: Bool
    private let notices: NoticeHandler
    private let isInCall = Atomic(false)

    /// Connects.
    ///
    /// - Parameters:
    ///   - uri: a URI or `name=value` pairs, as libpq takes them. The password may also come from `PGPASSWORD`,
    ///     a pass file or a service file, which libpq reads.
    ///   - notices: gets the server's notices, on the thread of the call; nil drops them.
    /// - Throws: ``PostgresError`` of kind `address`, `connection` or `timeout`.
    package init(
      _ uri: String, timeouts: PostgresTimeouts,
      notices: (@Sendable (String) -> Void)? = nil
    ) throws {
      let settings = try PostgresSettings(uri)
      self.timeouts = timeouts
      self.notices = NoticeHandler(notices)
      address = settings.description
      let opened = try Self.connect(settings, timeouts, self.notices)
      handle = opened
      usesTLS = PQsslInUse(opened) != 0
      interruption.open(opened)
      do { try call { try findVectorTypes($0) } } catch {
        close()
        throw error
      }
    }

    deinit { close() }

    /// Ends the connection. Further calls throw.
    package func close() {
      guard let handle else { return }
      interruption.close()
      PQfinish(handle)
      self.handle = nil
      if loss == nil { loss = lossError("the connection was closed") }
    }

    /// Ends what runs: the running call throws a ``PostgresError`` with `sqlState` 57014, unless it has done its
    /// work by then. Any thread may call this, at any time; it does not wait. If no call runs, it does nothing.
    package func cancel() { interruption.cancel() }

    /// Whether the connection is of no more use.
    package var isBroken: Bool { loss != nil }

    /// The server's version, such as 180003 for 18.3.
    package var serverVersion: Int { handle.map { Int(PQserverVersion($0)) } ?? 0 }

    /// Whether a transaction was open when the server was last waited for, also one that failed.
    package var inTransaction: Bool {
      transaction == PQTRANS_INTRANS || transaction == PQTRANS_INERROR
    }

    // MARK: - The frame of a call

    /// Runs one call: it may be cancelled, and leaves no request to cancel after it.
    func call<T>(_ body: (OpaquePointer) throws -> T) throws -> T {
      precondition(
        isInCall.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged,
        "a PostgresConnection is used by two threads at once, or in the body of its own call")
      defer { isInCall.store(false, ordering: .releasing) }
      guard let handle, loss == nil else { throw loss ?? lossError("the connection was closed") }
      interruption.begin()
      let result = Result { try body(handle) }
      if interruption.end() { try settle(handle, hadSucceeded: (try? result.get()) != nil) }
      return try result.get()
    }

    /// Waits until no request to cancel can hit the next call.
    private func settle(_ handle: OpaquePointer, hadSucceeded: Bool) throws {
      guard loss == nil else { return }
      guard interruption.waitUntilSent(timeouts.cancel) else {
        lose(lossError("a request to cancel a statement was not taken"))
        return
      }
      // The server handles what it was asked before the next message.
      let wasOpen = transaction == PQTRANS_INTRANS
      let (earlier, hasPending) = (firstError, !expected.isEmpty)
      try? roundTrip(handle)
      // An error of what was sent before surfaces at the next wait; that of the empty message does not.
      if !hasPending { firstError = earlier }
      // The late request hit the empty message, and with it the transaction that was open.
      if hadSucceeded, wasOpen, transaction == PQTRANS_INERROR { throw PostgresError.cancelled }
    }

    /// Notes that the connection is of no more use. The first reason stays.
    func lose(_ error: PostgresError) {
      if loss == nil { loss = error }
      interruption.close()
    }

    func lossError(_ reason: String) -> PostgresError {
      var error = PostgresError(
        .connection,
        "the connection to \(address) ended: \(reason); connect again, and see the server's log if it ends again"
      )
      error.isConnectionLost = true
      return error
    }
  }

  /// Where the server's notices go. libpq keeps its address.
  final class NoticeHandler: Sendable {
    let handle: (@Sendable (String) -> Void)?

    init(_ handle: (@Sendable (String) -> Void)?) {
      self.handle = handle
    }
  }
#endif
