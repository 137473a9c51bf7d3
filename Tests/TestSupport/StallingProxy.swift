// A network that stalls, on loopback.

#if Postgres
  import Foundation

  /// Passes all bytes between its port and another port of this machine on. A test can have it hold them back, or
  /// cut the connections.
  package final class StallingProxy: Sendable {
    private struct State {
      var isStalled = false
      var isClosed = false
      var sockets: [Int32] = []
      /// Bytes that went through, both ways.
      var bytes = 0
      /// Stalls after so many more bytes.
      var budget: Int?
    }

    /// The port to connect to.
    package let port: Int
    private let target: Int
    private let condition = NSCondition()
    // Touched under the condition's lock only.
    nonisolated(unsafe) private var state = State()

    package init(to target: Int) throws {
      self.target = target
      let (listener, port) = try LoopbackPort.listen(0)
      self.port = port
      Thread.detachNewThread { [weak self] in
        while true {
          let socket = accept(listener, nil, nil)
          guard socket >= 0 else { break }
          guard let self, !self.condition.withLock({ self.state.isClosed }) else {
            Foundation.close(socket)
            break
          }
          self.forward(socket)
        }
        // Closed by the thread that uses it: its number may be another socket's at once.
        Foundation.close(listener)
      }
    }

    deinit { close() }

    /// Holds all bytes back from now on, both ways, or after some more bytes.
    package func stall(after bytes: Int = 0) {
      condition.withLock {
        if bytes > 0 { state.budget = bytes } else { state.isStalled = true }
      }
    }

    /// Lets the bytes through again.
    package func resume() {
      condition.withLock {
        state.isStalled = false
        state.budget = nil
        condition.broadcast()
      }
    }

    /// Cuts all connections; new ones are let through.
    package func cut() {
      condition.withLock {
        state.sockets.forEach { _ = shutdown($0, Int32(SHUT_RDWR)) }
      }
    }

    /// Bytes that went through so far.
    package var bytes: Int { condition.withLock { state.bytes } }

    package func close() {
      let wasClosed = condition.withLock {
        defer { state.isClosed = true }
        condition.broadcast()
        return state.isClosed
      }
      guard !wasClosed else { return }
      // Wakes the thread that waits for a connection.
      if let socket = try? LoopbackPort.connect(port) { Foundation.close(socket) }
      cut()
    }

    // MARK: - The bytes

    private func forward(_ client: Int32) {
      guard let server = try? LoopbackPort.connect(target) else {
        Foundation.close(client)
        return
      }
      condition.withLock { state.sockets += [client, server] }
      let done = DispatchGroup()
      for (source, sink) in [(client, server), (server, client)] {
        done.enter()
        Thread.detachNewThread {
          self.pump(source, sink)
          shutdown(source, Int32(SHUT_RDWR))
          shutdown(sink, Int32(SHUT_RDWR))
          done.leave()
        }
      }
      done.notify(queue: .global()) {
        self.condition.withLock {
          self.state.sockets.removeAll { $0 == client || $0 == server }
          Foundation.close(client)
          Foundation.close(server)
        }
      }
    }

    private func pump(_ source: Int32, _ sink: Int32) {
      var buffer = [UInt8](repeating: 0, count: 16_384)
      while true {
        let count = recv(source, &buffer, buffer.count, 0)
        guard count > 0, isLet(through: count) else { return }
        var sent = 0
        while sent < count {
          let more = buffer[sent..<count].withUnsafeBytes {
            send(sink, $0.baseAddress, $0.count, LoopbackConnection.noSignal)
          }
          guard more > 0 else { return }
          sent += more
        }
      }
    }

    /// Waits while bytes are held back. Returns false once the proxy is closed.
    private func isLet(through count: Int) -> Bool {
      condition.withLock {
        if let budget = state.budget {
          state.budget = budget - count
          if budget < count { state.isStalled = true }
        }
        while state.isStalled, !state.isClosed { condition.wait() }
        state.bytes += count
        return !state.isClosed
      }
    }

    /// A port of loopback that nothing listens on.
    package static func freePort() throws -> Int { try LoopbackPort.free() }
  }
#endif
