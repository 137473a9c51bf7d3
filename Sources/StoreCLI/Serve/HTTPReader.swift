// Requests out of the bytes of a connection, within limits. It knows no sockets.

import Foundation

/// What the server takes. What is over a limit is answered by its status, and the connection closes.
struct HTTPLimits: Sendable {
  /// The most bytes of a head (431).
  var head = 16 << 10
  /// The most headers of a request (431).
  var headers = 100
  /// The most bytes of a body (413).
  var body = 128 << 20
  /// The most bytes of the bodies of all requests at once (503).
  var bodies = 512 << 20
  /// The most connections at once (503).
  var connections = 128
  /// How long a head may take from its first byte (408).
  var headTime = Duration.seconds(10)
  /// How long a body may stand still (408).
  var stallTime = Duration.seconds(20)
  /// How long a body may take (408).
  var bodyTime = Duration.seconds(600)
  /// How long a connection stays open between two requests.
  var idleTime = Duration.seconds(75)
}

/// Reads requests one after the other. Anything that is not plain HTTP/1.1 is refused, so that no proxy can
/// read the same bytes as other requests than this server does.
struct HTTPReader {
  /// What comes from the other side.
  enum Received {
    case bytes([UInt8])
    /// The other side sends no more.
    case end
    case timeout
  }

  private let limits: HTTPLimits
  private let receive: (ContinuousClock.Instant) -> Received
  /// What was received and not yet taken.
  private var buffer: [UInt8] = []

  /// - Parameter receive: gives the next bytes that come before a moment.
  init(limits: HTTPLimits, receive: @escaping (ContinuousClock.Instant) -> Received) {
    self.limits = limits
    self.receive = receive
  }

  // MARK: - Head

  /// The next request's head; nil if there is none before the connection ends or has idled too long.
  mutating func head() throws(HTTPError) -> HTTPHead? {
    var deadline = ContinuousClock.now + (buffer.isEmpty ? limits.idleTime : limits.headTime)
    var looked = 0
    while true {
      // Old clients send an empty line after a body.
      while buffer.starts(with: [0x0D, 0x0A]) { (buffer, looked) = (Array(buffer.dropFirst(2)), 0) }
      if let end = Self.endOfHead(buffer, from: max(0, looked - 3)) {
        guard end <= limits.head else { throw tooLong() }
        let bytes = buffer[..<end]
        buffer.removeFirst(end + 4)
        return try head(bytes)
      }
      looked = buffer.count
      guard buffer.count <= limits.head else { throw tooLong() }
      switch receive(deadline) {
      case .bytes(let bytes):
        if buffer.isEmpty { deadline = ContinuousClock.now + limits.headTime }
        buffer += bytes
      case .end:
        guard !buffer.isEmpty else { return nil }
        throw HTTPError(400, "bad_request", "the connection ended within a request's head")
      case .timeout:
        guard !buffer.isEmpty else { return nil }
        throw HTTPError(
          408, "timeout",
          "the request's head was not there after \(limits.headTime.components.seconds) seconds; send it faster"
        )
      }
    }
  }

  private func tooLong() -> HTTPError {
    HTTPError(
      431, "head_too_large",
      "the request's head is longer than \(limits.head) bytes; send fewer or shorter headers")
  }

  /// Where the empty line begins that ends a head.
  private static func endOfHead(_ bytes: [UInt8], from start: Int) -> Int? {
    var index = start
    while index + 3 < bytes.count {
      if bytes[index] == 0x0D, bytes[index + 1] == 0x0A, bytes[index + 2] == 0x0D,
        bytes[index + 3] == 0x0A
      {
        return index
      }
      index += 1
    }
    return nil
  }

  private func head(_ bytes: ArraySlice<UInt8>) throws(HTTPError) -> HTTPHead {
    func malformed(_ what: String) -> HTTPError {
      HTTPError(400, "bad_request", "the request is not plain HTTP/1.1: \(what)")
    }
    var lines: [ArraySlice<UInt8>] = []
    for line in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
      lines.append(line.last == 0x0D && line.endIndex < bytes.endIndex ? line.dropLast() : line)
      let isLast = line.endIndex == bytes.endIndex
      guard isLast || line.last == 0x0D,
        lines.last?.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) == true
      else { throw malformed("a line of the head holds a control character") }
    }
    let parts = (lines.first ?? []).split(separator: 0x20, omittingEmptySubsequences: false)
    guard parts.count == 3, (1...16).contains(parts[0].count), parts[0].allSatisfy(Self.isToken)
    else { throw malformed("expected a line such as GET /path HTTP/1.1") }
    let version = String(decoding: parts[2], as: UTF8.self)
    guard version == "HTTP/1.1" || version == "HTTP/1.0" else {
      throw HTTPError(
        505, "bad_version", "the request's version is not HTTP/1.1 or HTTP/1.0; use one of them")
    }
    guard parts[1].first == UInt8(ascii: "/"),
      parts[1].allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") })
    else { throw malformed("expected a path that begins with / and is percent-encoded") }
    guard lines.count - 1 <= limits.headers else {
      throw HTTPError(
        431, "too_many_headers",
        "the request has \(lines.count - 1) headers; send at most \(limits.headers)")
    }
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
        line[..<colon].allSatisfy(Self.isToken)
      else { throw malformed("a header has no name, or its name has a wrong character") }
      let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
      let value = String(decoding: line[(colon + 1)...], as: UTF8.self)
        .trimmingCharacters(in: .whitespaces)
      if let other = headers[name] {
        guard !["host", "content-length", "transfer-encoding", "authorization"].contains(name)
        else { throw malformed("the header \(name) comes twice") }
        headers[name] = "\(other), \(value)"
      } else {
        headers[name] = value
      }
    }
    let target = parts[1].split(
      separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
    return HTTPHead(
      method: String(decoding: parts[0], as: UTF8.self),
      path: String(decoding: target[0], as: UTF8.self),
      query: try Self.query(target.count > 1 ? String(decoding: target[1], as: UTF8.self) : ""),
      headers: headers, isVersion11: version == "HTTP/1.1", id: HTTPHead.id(given: headers))
  }

  private static func query(_ text: String) throws(HTTPError) -> [String: String] {
    var values: [String: String] = [:]
    for pair in text.split(separator: "&") {
      let parts = pair.replacing("+", with: " ").split(
        separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = parts[0].removingPercentEncoding,
        let value = (parts.count > 1 ? String(parts[1]) : "").removingPercentEncoding
      else {
        throw HTTPError(
          400, "bad_request", "the query after ? is not percent-encoded UTF-8; encode it")
      }
      values[name] = value
    }
    return values
  }

  private static func isToken(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "a")...UInt8(ascii: "z"):
      true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
  }

  // MARK: - Body

  /// How long the body of a request is.
  enum BodyLength: Equatable {
    case bytes(Int)
    case chunked
  }

  /// How long a body is, by its head.
  func length(of head: HTTPHead) throws(HTTPError) -> BodyLength {
    if let coding = head.headers["transfer-encoding"] {
      guard head.isVersion11, head.headers["content-length"] == nil else {
        throw HTTPError(
          400, "bad_request",
          "the request has Transfer-Encoding and Content-Length, or is HTTP/1.0; send one of the two"
        )
      }
      guard coding.lowercased() == "chunked" else {
        throw HTTPError(
          501, "unknown_coding", "the body's Transfer-Encoding is not \"chunked\"; use that or none"
        )
      }
      return .chunked
    }
    guard let text = head.headers["content-length"] else { return .bytes(0) }
    guard (1...18).contains(text.utf8.count),
      text.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }),
      let length = Int(text)
    else {
      throw HTTPError(400, "bad_request", "Content-Length is not a number of bytes; send one")
    }
    guard length <= limits.body else { throw tooLarge() }
    return .bytes(length)
  }

  private func tooLarge() -> HTTPError {
    HTTPError(
      413, "body_too_large",
      "the body is larger than \(limits.body >> 20) MB (\(limits.body) bytes); send it in parts")
  }

  /// The body of a request whose head was read last.
  ///
  /// - Parameter reserve: asks for room for so many more bytes, before they are read.
  mutating func body(
    _ length: BodyLength, reserve: (Int) throws(HTTPError) -> Void
  ) throws(HTTPError) -> Data {
    let deadline = ContinuousClock.now + limits.bodyTime
    switch length {
    case .bytes(let count):
      try reserve(count)
      return Data(try take(count, deadline))
    case .chunked:
      var body = Data()
      while true {
        let line = try line(deadline, most: 256)
        let digits = line.prefix { $0 != UInt8(ascii: ";") }
        guard (1...8).contains(digits.count),
          let size = Int(String(decoding: digits, as: UTF8.self), radix: 16), size >= 0,
          digits.first != UInt8(ascii: "+")
        else {
          throw HTTPError(
            400, "bad_request", "a chunk of the body has no size in hexadecimal digits")
        }
        guard size > 0 else { break }
        guard body.count + size <= limits.body else { throw tooLarge() }
        try reserve(size)
        body += try take(size, deadline)
        guard try take(2, deadline) == [0x0D, 0x0A] else {
          throw HTTPError(400, "bad_request", "a chunk of the body is not as long as it says")
        }
      }
      // What may follow the body is passed over.
      var trailers = limits.head
      while true {
        let line = try line(deadline, most: trailers)
        guard !line.isEmpty else { return body }
        trailers -= line.count + 2
      }
    }
  }

  private mutating func take(
    _ count: Int, _ deadline: ContinuousClock.Instant
  ) throws(HTTPError) -> [UInt8] {
    while buffer.count < count { try more(deadline) }
    let taken = Array(buffer[..<count])
    buffer.removeFirst(count)
    return taken
  }

  /// The bytes before the next end of a line.
  private mutating func line(
    _ deadline: ContinuousClock.Instant, most: Int
  ) throws(HTTPError) -> [UInt8] {
    while true {
      if let end = buffer.firstIndex(of: 0x0A) {
        guard end > 0, end <= most, buffer[end - 1] == 0x0D else { break }
        let line = Array(buffer[..<(end - 1)])
        buffer.removeFirst(end + 1)
        return line
      }
      guard buffer.count <= most else { break }
      try more(deadline)
    }
    throw HTTPError(400, "bad_request", "a line between the chunks of the body is malformed")
  }

  private mutating func more(_ deadline: ContinuousClock.Instant) throws(HTTPError) {
    switch receive(min(deadline, ContinuousClock.now + limits.stallTime)) {
    case .bytes(let bytes): buffer += bytes
    case .end: throw HTTPError(400, "bad_request", "the connection ended within a request's body")
    case .timeout:
      throw HTTPError(
        408, "timeout", "the body stopped coming before it was whole; send it again, faster")
    }
  }
}
