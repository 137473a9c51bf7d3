// TCP sockets as the server uses them, on Linux and macOS.

import Foundation
import Synchronization

#if canImport(Glibc)
  private let stream = Int32(SOCK_STREAM.rawValue)
#else
  private let stream = SOCK_STREAM
#endif

/// A socket that takes connections.
final class ListeningSocket: Sendable {
  let port: Int
  private let socket: Int32
  /// What ends the wait for a connection.
  private let waking: (reading: Int32, writing: Int32)
  private let isClosed = Mutex(false)

  /// - Throws: ``SettingsError`` if the address cannot be used.
  init(host: String, port: Int) throws {
    let info = try Self.addresses(of: host, port: port)
    defer { freeaddrinfo(info) }
    let socket = Foundation.socket(info.pointee.ai_family, stream, 0)
    func failure(_ error: Int32) -> SettingsError {
      let reason = String(cString: strerror(error))
      let remedy =
        error == EADDRINUSE
        ? "another program has it; end that one, or choose another with --port"
        : error == EACCES
          ? "ports below 1024 need rights of their own; choose another with --port"
          : "check --host and --port"
      return SettingsError(
        message: "\(host) port \(port) cannot be listened on: \(reason); \(remedy)")
    }
    guard socket >= 0 else { throw failure(errno) }
    var yes: Int32 = 1
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
    _ = fcntl(socket, F_SETFL, O_NONBLOCK)
    guard bind(socket, info.pointee.ai_addr, info.pointee.ai_addrlen) == 0, listen(socket, 256) == 0
    else {
      let error = errno
      Foundation.close(socket)
      throw failure(error)
    }
    var (address, size) = (sockaddr_storage(), socklen_t(MemoryLayout<sockaddr_storage>.size))
    var ends: [Int32] = [-1, -1]
    let isKnown = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &size) == 0 }
    }
    guard isKnown, pipe(&ends) == 0 else {
      let error = errno
      Foundation.close(socket)
      throw failure(error)
    }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    // The port stands at the same place in addresses of both kinds.
    self.port = withUnsafeBytes(of: &address) { Int($0[2]) << 8 | Int($0[3]) }
    self.socket = socket
    waking = (ends[0], ends[1])
  }

  /// Whether a name or address is this machine's own, to be reached from nowhere else.
  ///
  /// - Throws: ``SettingsError`` if it is no address of any machine.
  static func isLoopback(_ host: String) throws -> Bool {
    let info = try addresses(of: host, port: 0)
    defer { freeaddrinfo(info) }
    guard let address = info.pointee.ai_addr else { return false }
    let bytes = UnsafeRawBufferPointer(start: address, count: Int(info.pointee.ai_addrlen))
    return info.pointee.ai_family == AF_INET
      ? bytes.count > 4 && bytes[4] == 127
      : bytes.count >= 24 && bytes[8..<23].allSatisfy { $0 == 0 } && bytes[23] == 1
  }

  private static func addresses(of host: String, port: Int) throws -> UnsafeMutablePointer<addrinfo>
  {
    var (hints, found) = (addrinfo(), UnsafeMutablePointer<addrinfo>?.none)
    hints.ai_socktype = stream
    hints.ai_flags = AI_PASSIVE
    let status = getaddrinfo(host, String(port), &hints, &found)
    guard status == 0, let found else {
      throw SettingsError(
        message:
          "--host is \(host), which is not an address of this machine (\(String(cString: gai_strerror(status)))); "
          + "give one such as 127.0.0.1 or ::1")
    }
    return found
  }

  /// The next connection; nil once it is closed. It is called on one thread alone.
  func next() -> Int32? {
    while true {
      var waits = [
        pollfd(fd: socket, events: Int16(POLLIN), revents: 0),
        pollfd(fd: waking.reading, events: Int16(POLLIN), revents: 0),
      ]
      _ = poll(&waits, 2, -1)
      guard !isClosed.withLock({ $0 }) else {
        for descriptor in [socket, waking.reading, waking.writing] { Foundation.close(descriptor) }
        return nil
      }
      let taken = accept(socket, nil, nil)
      guard taken >= 0 else {
        // Without this, a process that has no file left would turn in circles.
        if errno == EMFILE || errno == ENFILE || errno == ENOBUFS { usleep(20_000) }
        continue
      }
      _ = fcntl(taken, F_SETFD, FD_CLOEXEC)
      _ = fcntl(taken, F_SETFL, O_NONBLOCK)
      var yes: Int32 = 1
      setsockopt(taken, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
      return taken
    }
  }

  /// Takes no more connections.
  func close() {
    let isFirst = isClosed.withLock { isClosed in
      defer { isClosed = true }
      return !isClosed
    }
    var byte: UInt8 = 1
    if isFirst { _ = write(waking.writing, &byte, 1) }
  }
}

/// A connection. Its socket is closed by whoever opened it.
struct Connection: Sendable {
  let socket: Int32

  /// The next bytes that come before a moment.
  func receive(until deadline: ContinuousClock.Instant) -> HTTPReader.Received {
    while true {
      guard wait(for: POLLIN, until: deadline) else { return .timeout }
      var block = [UInt8](repeating: 0, count: 1 << 16)
      let count = recv(socket, &block, block.count, 0)
      if count > 0 { return .bytes(Array(block[..<count])) }
      guard count < 0, errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK else {
        return .end
      }
    }
  }

  /// Sends all bytes; false if the client is gone or takes none for so many seconds.
  @discardableResult
  func send(_ data: Data, within seconds: Double = 30) -> Bool {
    data.withUnsafeBytes { bytes in
      var bytes = bytes[...]
      while !bytes.isEmpty {
        guard wait(for: POLLOUT, until: .now + .seconds(seconds)) else { return false }
        let sent = Foundation.send(
          socket, UnsafeRawBufferPointer(rebasing: bytes).baseAddress, bytes.count, 0)
        if sent > 0 {
          bytes = bytes.dropFirst(sent)
        } else if errno != EINTR, errno != EAGAIN, errno != EWOULDBLOCK {
          return false
        }
      }
      return true
    }
  }

  /// Whether the client sends no more.
  var hasEnded: Bool {
    var byte: UInt8 = 0
    let count = recv(socket, &byte, 1, Int32(MSG_PEEK))
    return count == 0 || count < 0 && ![EINTR, EAGAIN, EWOULDBLOCK].contains(errno)
  }

  /// Ends the sending side and passes over what still comes, for a second: a client that is still sending would
  /// else lose the answer it got.
  func linger() {
    shutdown(socket, Int32(SHUT_WR))
    let deadline = ContinuousClock.now + .seconds(1)
    var left = 64 << 20
    while left > 0, case .bytes(let bytes) = receive(until: deadline) { left -= bytes.count }
  }

  /// Ends the sending side and passes over what has come, without waiting.
  func endSoon() {
    shutdown(socket, Int32(SHUT_WR))
    var block = [UInt8](repeating: 0, count: 1 << 16)
    for _ in 0..<16 { guard recv(socket, &block, block.count, 0) > 0 else { return } }
  }

  func close() { Foundation.close(socket) }

  private func wait(for event: Int32, until deadline: ContinuousClock.Instant) -> Bool {
    while true {
      let left = (deadline - .now) / .milliseconds(1)
      guard left > 0 else { return false }
      var waits = pollfd(fd: socket, events: Int16(event), revents: 0)
      let count = poll(&waits, 1, Int32(min(left.rounded(.up), 1_000_000)))
      if count > 0 { return true }
      guard count == 0 || errno == EINTR else { return true }
    }
  }
}

/// Threads for sockets, on which a client that is gone raises no signal.
enum SocketThread {
  /// Runs a function on a thread of its own; false if there can be no more threads.
  @discardableResult
  static func start(_ body: @escaping @Sendable () -> Void) -> Bool {
    var attributes = pthread_attr_t()
    guard pthread_attr_init(&attributes) == 0 else { return false }
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setstacksize(&attributes, 512 << 10)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    let context = Unmanaged.passRetained(Body(body))
    #if canImport(Glibc)
      var thread = pthread_t()
    #else
      var thread: pthread_t?
    #endif
    let status = pthread_create(&thread, &attributes, { Self.run($0) }, context.toOpaque())
    if status != 0 { context.release() }
    return status == 0
  }

  private final class Body: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  #if canImport(Glibc)
    private static func run(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
      if let context { start(context) }
      return nil
    }
  #else
    private static func run(_ context: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
      start(context)
      return nil
    }
  #endif

  private static func start(_ context: UnsafeMutableRawPointer) {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGPIPE)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
  }
}
