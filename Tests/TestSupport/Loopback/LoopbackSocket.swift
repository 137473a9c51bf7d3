// Sockets of loopback for the servers of tests: a port with a thread a connection, and HTTP/1.1 on it.

import Foundation
import Synchronization

/// A port of this machine. Each connection to it is served on a thread of its own.
final class LoopbackPort: Sendable {
  let number: Int
  private let listener: Int32
  private let state = Mutex(State())
  /// The threads that are at work.
  private let threads = DispatchGroup()

  private struct State {
    var isClosed = false
    var connections: [ObjectIdentifier: LoopbackConnection] = [:]
  }

  /// Listens on a port; 0 is any free one.
  ///
  /// - Parameter serve: serves one connection, which is closed when it returns.
  init(_ port: Int = 0, serve: @escaping @Sendable (LoopbackConnection) -> Void) throws {
    (listener, number) = try Self.listen(port)
    threads.enter()
    Thread.detachNewThread { [self] in
      while !state.withLock(\.isClosed) {
        let socket = accept(listener, nil, nil)
        guard socket >= 0 else { break }
        start(LoopbackConnection(socket), serve)
      }
      // Closed by the thread that uses it: its number may be another socket's at once.
      Foundation.close(listener)
      threads.leave()
    }
  }

  private func start(
    _ connection: LoopbackConnection, _ serve: @escaping @Sendable (LoopbackConnection) -> Void
  ) {
    let isOpen = state.withLock { state in
      if !state.isClosed { state.connections[ObjectIdentifier(connection)] = connection }
      return !state.isClosed
    }
    guard isOpen else { return connection.close() }
    threads.enter()
    Thread.detachNewThread { [self] in
      serve(connection)
      connection.close()
      state.withLock { _ = $0.connections.removeValue(forKey: ObjectIdentifier(connection)) }
      threads.leave()
    }
  }

  /// Ends the connections that are open. The port stays open.
  func closeConnections() {
    for connection in state.withLock({ Array($0.connections.values) }) { connection.end() }
  }

  /// Closes the port and all connections, and waits for their threads.
  func close() async {
    end()
    await withCheckedContinuation { waiting in
      threads.notify(queue: .global()) { waiting.resume() }
    }
  }

  /// Has the port and all connections closed, and waits for nothing.
  func end() {
    let wasClosed = state.withLock { state in
      defer { state.isClosed = true }
      return state.isClosed
    }
    // Wakes the thread that waits for a connection.
    if !wasClosed, let socket = try? Self.connect(number) { Foundation.close(socket) }
    closeConnections()
  }

  // MARK: - Sockets

  #if canImport(Darwin)
    private static let stream = SOCK_STREAM
  #else
    private static let stream = Int32(SOCK_STREAM.rawValue)
  #endif

  /// A port of loopback that nothing listens on.
  static func free() throws -> Int {
    let (socket, port) = try listen(0)
    Foundation.close(socket)
    return port
  }

  static func listen(_ port: Int) throws -> (socket: Int32, port: Int) {
    let listener = socket(AF_INET, stream, 0)
    var yes: Int32 = 1
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    // A program that a test starts must not keep the port open.
    _ = fcntl(listener, F_SETFD, FD_CLOEXEC)
    var address = loopback(port)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isListening = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, length) == 0 && Foundation.listen(listener, 256) == 0
          && getsockname(listener, $0, &length) == 0
      }
    }
    guard isListening else {
      let error = POSIXErrorCode(rawValue: errno) ?? .EADDRNOTAVAIL
      Foundation.close(listener)
      throw POSIXError(error)
    }
    return (listener, Int(in_port_t(bigEndian: address.sin_port)))
  }

  static func connect(_ port: Int) throws -> Int32 {
    let client = socket(AF_INET, stream, 0)
    var address = loopback(port)
    let isConnected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Foundation.connect(client, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
    guard isConnected else {
      Foundation.close(client)
      throw POSIXError(.ECONNREFUSED)
    }
    return client
  }

  private static func loopback(_ port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    return address
  }
}

/// One connection, used by the thread that serves it; others may only end it.
final class LoopbackConnection: Sendable {
  #if canImport(Darwin)
    static let noSignal: Int32 = 0
  #else
    static let noSignal = Int32(MSG_NOSIGNAL)
  #endif

  let socket: Int32
  private let isClosed = Mutex(false)
  /// Bytes that came after the last request.
  private let rest = Mutex<[UInt8]>([])

  init(_ socket: Int32) {
    self.socket = socket
    var yes: Int32 = 1
    setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
    _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
    #if canImport(Darwin)
      setsockopt(socket, SOL_SOCKET, SO_NOSIGPIPE, &yes, socklen_t(MemoryLayout<Int32>.size))
    #endif
  }

  // MARK: - Its end

  /// Ends it for both sides: its thread sees that at once.
  func end() {
    isClosed.withLock { if !$0 { _ = shutdown(socket, Int32(SHUT_RDWR)) } }
  }

  func close() {
    isClosed.withLock { isClosed in
      if !isClosed { _ = Foundation.close(socket) }
      isClosed = true
    }
  }

  /// Closes so that the client gets a reset: lingering for no time discards what is under way.
  func reset() {
    var none = linger(l_onoff: 1, l_linger: 0)
    setsockopt(socket, SOL_SOCKET, SO_LINGER, &none, socklen_t(MemoryLayout<linger>.size))
    close()
  }

  /// Waits for so many seconds, or without end. Returns false as soon as the client has gone.
  func wait(_ seconds: Double) -> Bool {
    let deadline = ContinuousClock.now + .seconds(min(seconds, 1e9))
    while true {
      let left = (deadline - ContinuousClock.now) / .milliseconds(1)
      guard left > 0 else { return true }
      var polled = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
      guard poll(&polled, 1, Int32(min(left.rounded(.up), 60_000))) > 0 else { continue }
      guard receive() else { return false }
    }
  }

  // MARK: - Bytes

  /// Sends bytes. Returns false if the connection has ended.
  @discardableResult
  func send(_ bytes: some ContiguousBytes) -> Bool {
    bytes.withUnsafeBytes { bytes in
      var sent = 0
      while sent < bytes.count {
        let count = Foundation.send(
          socket, bytes.baseAddress.map { $0 + sent }, bytes.count - sent, Self.noSignal)
        guard count > 0 else { return false }
        sent += count
      }
      return true
    }
  }

  /// Takes what the client sends, at least a byte. Returns false at the end.
  func receive() -> Bool {
    rest.withLock { rest in
      var buffer = [UInt8](repeating: 0, count: 65_536)
      let count = recv(socket, &buffer, buffer.count, 0)
      guard count > 0 else { return false }
      rest += buffer[..<count]
      return true
    }
  }

  /// The next request with its body; nil at the end, or if it is not HTTP.
  func request() -> HTTPRequest? {
    let blank = Array("\r\n\r\n".utf8)
    while true {
      let head = rest.withLock { rest in
        rest.firstRange(of: blank).map { Array(rest[..<$0.lowerBound]) }
      }
      if let head {
        guard var request = HTTPRequest(head: String(decoding: head, as: UTF8.self)) else {
          return nil
        }
        let start = head.count + blank.count
        let length = Int(request.header("content-length") ?? "0") ?? 0
        while rest.withLock({ $0.count < start + length }) {
          guard receive() else { return nil }
        }
        rest.withLock { rest in
          request.body = Array(rest[start..<start + length])
          rest.removeFirst(start + length)
        }
        return request
      }
      // As every server of HTTP answers one that speaks TLS.
      if let first = rest.withLock(\.first),
        !(UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(first)
      {
        send(HTTPRequest.head(400, length: 0, keepsAlive: false))
        return nil
      }
      guard receive() else { return nil }
    }
  }
}

/// A request with a length or without a body; its answers' heads.
struct HTTPRequest: Sendable {
  var method: String
  /// The path and what follows it.
  var target: String
  var headers: [(name: String, value: String)] = []
  var body: [UInt8] = []

  /// Reads the lines before the body.
  fileprivate init?(head: String) {
    var lines = head.split(separator: "\r\n")
    guard !lines.isEmpty else { return nil }
    let first = lines.removeFirst().split(separator: " ")
    guard first.count == 3, first[2].hasPrefix("HTTP/1.") else { return nil }
    (method, target) = (String(first[0]), String(first[1]))
    for line in lines {
      guard let colon = line.firstIndex(of: ":") else { return nil }
      headers.append(
        (
          String(line[..<colon]),
          line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        ))
    }
  }

  /// The value of a header; names are compared without case.
  func header(_ name: String) -> String? {
    headers.first { $0.name.lowercased() == name.lowercased() }?.value
  }

  /// Whether the client goes on with the connection.
  var keepsAlive: Bool { header("connection")?.lowercased() != "close" }

  /// The head of an answer; without a length its body comes in chunks.
  static func head(
    _ status: Int, _ headers: [(name: String, value: String)] = [], length: Int?,
    keepsAlive: Bool = true
  ) -> [UInt8] {
    var lines = ["HTTP/1.1 \(status) \(status == 200 ? "OK" : "As Told")"]
    lines += headers.map { "\($0.name): \($0.value)" }
    lines.append(length.map { "content-length: \($0)" } ?? "transfer-encoding: chunked")
    if !keepsAlive { lines.append("connection: close") }
    return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
  }

  /// A chunk of an answer without a length; an empty one is its end.
  static func chunk(_ bytes: [UInt8]) -> [UInt8] {
    Array((String(bytes.count, radix: 16) + "\r\n").utf8) + bytes + Array("\r\n".utf8)
  }
}
