// The server: a listening socket, a thread for each connection, and an end that lets requests finish.

import Foundation
import Synchronization

/// Serves HTTP/1.1. It reads and writes on threads of its own, one a connection, and asks for answers in tasks.
final class HTTPServer: Sendable {
  /// What is done with requests.
  struct Handler: Sendable {
    /// Decides by a head whether its body is read at all.
    let admit: @Sendable (HTTPHead) throws(HTTPError) -> Void
    let answer: @Sendable (HTTPRequest) async -> HTTPResponse
    /// Called with each answer that was sent.
    let log: @Sendable (HTTPExchange) -> Void
  }

  private enum Activity {
    case idle(since: ContinuousClock.Instant)
    /// A request is read to its end and answered.
    case busy
  }

  private struct State {
    /// The sockets of open connections.
    var connections: [Int32: Activity] = [:]
    /// The bytes of all bodies that are read or answered.
    var bodies = 0
    var isStopping = false
    /// Whether requests that are being answered are to be given up.
    var givesUp = false
  }

  private let handler: Handler
  private let limits: HTTPLimits
  private let listener: ListeningSocket
  private let state = Mutex(State())

  /// How long a connection idles before it may be ended to make room for a new one.
  private static let idleBeforeEnd = Duration.seconds(1)

  /// Takes connections from now on.
  ///
  /// - Parameters:
  ///   - host: an address of this machine, or a name of one.
  ///   - port: 0 takes any that is free.
  /// - Throws: ``SettingsError`` if the address cannot be used.
  init(host: String, port: Int, limits: HTTPLimits = HTTPLimits(), handler: Handler) throws {
    self.handler = handler
    self.limits = limits
    listener = try ListeningSocket(host: host, port: port)
    SocketThread.start { [self] in accept() }
  }

  /// The port that it listens on.
  var port: Int { listener.port }
  /// How many connections are open.
  var connections: Int { state.withLock { $0.connections.count } }

  /// Takes no more requests, and waits for those that are being answered.
  ///
  /// - Parameter patience: how long to wait; what is not answered by then is cancelled.
  func stop(patience: Duration) async {
    state.withLock { state in
      state.isStopping = true
      for (socket, activity) in state.connections {
        if case .idle = activity { shutdown(socket, Int32(SHUT_RD)) }
      }
    }
    listener.close()
    func isOver(within time: Duration) async -> Bool {
      let end = ContinuousClock.now + time
      while connections > 0, ContinuousClock.now < end {
        // The task that stops the server may itself be cancelled, which would end each sleep at once.
        await Task.detached { try? await Task.sleep(for: .milliseconds(10)) }.value
      }
      return connections == 0
    }
    if await isOver(within: patience) { return }
    state.withLock { $0.givesUp = true }
    if await isOver(within: .seconds(1)) { return }
    state.withLock { state in
      for socket in state.connections.keys { shutdown(socket, Int32(SHUT_RDWR)) }
    }
    _ = await isOver(within: .seconds(1))
  }

  // MARK: - Connections

  private func accept() {
    while let socket = listener.next() {
      let isTaken = state.withLock { state in
        guard !state.isStopping else { return false }
        guard state.connections.count < limits.connections || Self.endIdle(of: state) else {
          return false
        }
        state.connections[socket] = .idle(since: .now)
        return true
      }
      let isStarted =
        isTaken
        && SocketThread.start { [self] in
          serve(Connection(socket: socket))
          // Under the lock: a number that was closed is soon another connection's.
          state.withLock { state in
            state.connections[socket] = nil
            Connection(socket: socket).close()
          }
        }
      if !isStarted { refuse(socket) }
    }
  }

  /// Ends the connection that has idled longest, if one has for long enough.
  private static func endIdle(of state: State) -> Bool {
    var oldest: (socket: Int32, since: ContinuousClock.Instant)?
    for (socket, activity) in state.connections {
      if case .idle(let since) = activity, since < oldest?.since ?? .now {
        oldest = (socket, since)
      }
    }
    guard let oldest, .now - oldest.since > idleBeforeEnd else { return false }
    shutdown(oldest.socket, Int32(SHUT_RD))
    return true
  }

  private func refuse(_ socket: Int32) {
    var error = HTTPError(
      503, "too_many_connections",
      "the server has \(limits.connections) connections already; try again in a second")
    error.headers["Retry-After"] = "1"
    let (id, response, connection) = (HTTPHead.id(), error.response, Connection(socket: socket))
    connection.send(response.encoded(id: id, closes: true, withBody: true), within: 0.2)
    connection.endSoon()
    state.withLock { state in
      state.connections[socket] = nil
      connection.close()
    }
    handler.log(HTTPExchange(id: id, method: "-", path: "-", response: response, seconds: 0))
  }

  private func serve(_ connection: Connection) {
    var reader = HTTPReader(limits: limits) { connection.receive(until: $0) }
    while true {
      let head: HTTPHead
      do throws(HTTPError) {
        guard let next = try reader.head() else { return }
        head = next
      } catch {
        let (id, response) = (HTTPHead.id(), error.response)
        connection.send(response.encoded(id: id, closes: true, withBody: true))
        handler.log(HTTPExchange(id: id, method: "-", path: "-", response: response, seconds: 0))
        return connection.linger()
      }
      let started = ContinuousClock.now
      let isStopping = state.withLock { state in
        state.connections[connection.socket] = .busy
        return state.isStopping
      }
      let (response, isWhole) = answer(head, &reader, connection)
      let closes = !isWhole || isStopping || !head.keepsAlive
      let isSent = connection.send(
        response.encoded(id: head.id, closes: closes, withBody: head.method != "HEAD"))
      handler.log(
        HTTPExchange(
          id: head.id, method: head.method, path: head.path, response: response,
          seconds: (ContinuousClock.now - started) / .seconds(1)))
      let goesOn = state.withLock { state in
        state.connections[connection.socket] = .idle(since: .now)
        return isSent && !closes && !state.isStopping
      }
      guard goesOn else { return isWhole ? () : connection.linger() }
    }
  }

  /// The answer to a request, and whether its body was read to its end.
  private func answer(
    _ head: HTTPHead, _ reader: inout HTTPReader, _ connection: Connection
  ) -> (HTTPResponse, isWhole: Bool) {
    var (reserved, isWhole) = (0, false)
    defer { state.withLock { $0.bodies -= reserved } }
    do throws(HTTPError) {
      let length = try reader.length(of: head)
      isWhole = length == .bytes(0)
      try handler.admit(head)
      if !isWhole, head.headers["expect"]?.lowercased() == "100-continue" {
        connection.send(Data("HTTP/1.1 100 Continue\r\n\r\n".utf8))
      }
      let body = try reader.body(length) { count throws(HTTPError) in
        let hasRoom = state.withLock { state in
          guard state.bodies + count <= limits.bodies else { return false }
          state.bodies += count
          return true
        }
        guard hasRoom else {
          throw HTTPError(
            503, "too_many_bodies",
            "other requests send more than the server takes at once; try again in a moment")
        }
        reserved += count
      }
      isWhole = true
      return (wait(for: HTTPRequest(head: head, body: body), connection), true)
    } catch {
      return (error.response, isWhole)
    }
  }

  /// The answer of a task. It is cancelled when the client goes away, and when the server gives up.
  private func wait(for request: HTTPRequest, _ connection: Connection) -> HTTPResponse {
    let pending = PendingAnswer()
    let task = Task { [handler] in pending.give(await handler.answer(request)) }
    var looks = 0
    while true {
      if let response = pending.wait(seconds: 0.1) { return response }
      looks += 1
      // A client that has only ended its side, as a pipe into netcat, waits for a quick answer all the same.
      if connection.hasEnded && looks > 5 || state.withLock({ $0.givesUp }) { task.cancel() }
    }
  }
}

/// An answer that a thread waits for.
private final class PendingAnswer: Sendable {
  private let response = Mutex<HTTPResponse?>(nil)
  private let isThere = DispatchSemaphore(value: 0)

  func give(_ answer: HTTPResponse) {
    response.withLock { $0 = answer }
    isThere.signal()
  }

  func wait(seconds: Double) -> HTTPResponse? {
    _ = isThere.wait(timeout: .now() + seconds)
    return response.withLock { $0 }
  }
}

/// A request and what became of it, for the log and the metrics.
struct HTTPExchange: Sendable {
  let id: String
  let method: String
  let path: String
  let route: String
  let status: Int
  let bytes: Int
  let seconds: Double

  init(id: String, method: String, path: String, response: HTTPResponse, seconds: Double) {
    (self.id, self.method, self.path, self.seconds) = (id, method, path, seconds)
    (route, status, bytes) = (response.route, response.status, response.body.count)
  }
}
