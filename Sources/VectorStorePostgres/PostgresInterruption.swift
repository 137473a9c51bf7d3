// Cancels what a connection runs, from any thread.

#if Postgres
  import CLibpq
  import Dispatch
  import Synchronization

  /// The requests to cancel a connection's statements.
  ///
  /// PostgreSQL takes a request over a connection of its own and forgets one that comes between two statements.
  /// So a request is repeated until the call ends, and a call that was cancelled does not end before the server
  /// has no request left that could hit the next one.
  final class PostgresInterruption: Sendable {
    /// `@unchecked Sendable`: libpq lets any thread send the request, and `isSending` lets one at a time.
    private final class Request: @unchecked Sendable {
      private let pointer: UnsafeMutableRawPointer

      init?(_ connection: OpaquePointer) {
        guard let pointer = clibpq_cancel_create(connection) else { return nil }
        self.pointer = pointer
      }

      deinit { clibpq_cancel_free(pointer) }

      func send() { _ = clibpq_cancel_send(pointer) }
    }

    private struct State {
      var request: Request?
      var isRunning = false
      /// When someone cancelled the call that runs.
      var cancelledAt: ContinuousClock.Instant?
      var isSending = false
      var wasSent = false
      var lastSent: ContinuousClock.Instant?
    }

    /// How long the server gets before it is asked again.
    private static let pause = Duration.milliseconds(200)
    private static let queue = DispatchQueue(
      label: "vector-store.postgres.cancel", attributes: .concurrent)

    private let state = Mutex(State())
    private let sending = DispatchGroup()

    /// Once the connection is there.
    func open(_ connection: OpaquePointer) {
      let request = Request(connection)
      state.withLock { $0.request = request }
    }

    func close() {
      state.withLock { $0.request = nil }
    }

    /// A call begins.
    func begin() {
      state.withLock {
        $0.isRunning = true
        $0.cancelledAt = nil
        $0.wasSent = false
      }
    }

    /// A call ends. What is cancelled from now on is not meant for it.
    ///
    /// - Returns: whether the server may still have a request to cancel something.
    func end() -> Bool {
      state.withLock {
        $0.isRunning = false
        return $0.wasSent
      }
    }

    /// Waits until no request is on its way. Returns false if one still is after the time.
    func waitUntilSent(_ duration: Duration) -> Bool {
      sending.wait(timeout: .now() + .milliseconds(Int(duration.milliseconds))) == .success
    }

    /// Whether, and when, the call that runs was cancelled.
    var cancelledAt: ContinuousClock.Instant? {
      state.withLock { $0.cancelledAt }
    }

    /// Cancels the call that runs, if one does.
    func cancel() {
      let isRunning = state.withLock {
        if $0.isRunning, $0.cancelledAt == nil { $0.cancelledAt = .now }
        return $0.isRunning
      }
      if isRunning { send() }
    }

    /// Asks the server, unless it was asked just now.
    func send() {
      let request: Request? = state.withLock {
        guard $0.isRunning, !$0.isSending, let request = $0.request else { return nil }
        if let last = $0.lastSent, $0.wasSent, ContinuousClock.now - last < Self.pause {
          return nil
        }
        $0.isSending = true
        $0.wasSent = true
        sending.enter()
        return request
      }
      guard let request else { return }
      Self.queue.async {
        request.send()
        self.state.withLock {
          $0.isSending = false
          $0.lastSent = .now
        }
        self.sending.leave()
      }
    }
  }
#endif
