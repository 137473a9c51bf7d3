// A plain HTTP client on a blocking socket and a thread of its own, which hides nothing: tests of the
// loopback server see every byte, and whether the connection ended by a close or by a reset.

import Foundation

/// One connection to a server on 127.0.0.1. Every call blocks; run it by ``RawClient/run(_:)``.
///
/// `@unchecked Sendable`: tests use it from one thread at a time.
final class RawClient: @unchecked Sendable {
  /// How reading an answer ended.
  enum End: Equatable {
    /// The answer is whole.
    case whole
    /// The server closed before the answer was whole.
    case closed
    /// The connection was reset.
    case reset
    /// Nothing more came for as long as the client waits.
    case silence
    /// The client had enough.
    case tooLarge
  }

  /// What was read.
  struct Answer: Sendable {
    var end: End
    var status: Int?
    var headers: [String: String] = [:]
    var body: [UInt8] = []

    var text: String { String(decoding: body, as: UTF8.self) }
  }

  private let socket: Int32
  /// What was read beyond the last answer.
  private var unread: [UInt8] = []

  /// Runs blocking work on a thread of its own.
  static func run<Result: Sendable>(
    _ body: @escaping @Sendable () throws -> Result
  ) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
      Thread { continuation.resume(with: .init(catching: body)) }.start()
    }
  }

  /// Connects.
  init(port: Int, readTimeout: Double = 20) throws {
    #if canImport(Darwin)
      socket = Foundation.socket(AF_INET, SOCK_STREAM, 0)
    #else
      socket = Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #endif
    var timeout = timeval()
    timeout.tv_sec = .init(readTimeout)
    timeout.tv_usec = .init((readTimeout - readTimeout.rounded(.down)) * 1e6)
    setsockopt(
      socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let status = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard status == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
  }

  deinit { close(socket) }

  /// Sends a request for vectors.
  func post(
    _ body: String, path: String = "/v1/embeddings", key: String? = "sk-test",
    headers: [String] = ["Content-Type: application/json"]
  ) throws {
    let key = key.map { ["Authorization: Bearer \($0)"] } ?? []
    let lines =
      ["POST \(path) HTTP/1.1", "Host: 127.0.0.1"] + key + headers
      + ["Content-Length: \(body.utf8.count)", "", body]
    try write(lines.joined(separator: "\r\n"))
  }

  /// Sends a request for models.
  func get(_ path: String, key: String? = "sk-test") throws {
    let key = key.map { "Authorization: Bearer \($0)\r\n" } ?? ""
    try write("GET \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\n\(key)\r\n")
  }

  /// Reads one answer, as far as it comes.
  func answer(limit: Int = 64 << 20) -> Answer {
    var bytes = unread
    unread = []
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      var (answer, length) = Self.parsed(bytes)
      if let length {
        unread = Array(bytes[length...])
        return answer
      }
      if bytes.count > limit {
        answer.end = .tooLarge
        return answer
      }
      let count = read(socket, &piece, piece.count)
      guard count > 0 else {
        answer.end = count == 0 ? .closed : errno == ECONNRESET ? .reset : .silence
        return answer
      }
      bytes += piece[..<count]
    }
  }

  private func write(_ text: String) throws {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { send(socket, $0.baseAddress, $0.count, 0) }
      guard count > 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
      rest = rest.dropFirst(count)
    }
  }

  /// What the bytes hold of an answer, and its length in bytes once it is whole.
  private static func parsed(_ bytes: [UInt8]) -> (answer: Answer, length: Int?) {
    var answer = Answer(end: .whole)
    let data = Data(bytes)
    guard let start = data.range(of: Data("\r\n\r\n".utf8))?.upperBound else {
      return (answer, nil)
    }
    let lines = String(decoding: bytes[..<start], as: UTF8.self).components(separatedBy: "\r\n")
    answer.status = Int(lines[0].split(separator: " ")[1])
    for line in lines.dropFirst() where !line.isEmpty {
      let parts = line.split(separator: ":", maxSplits: 1)
      answer.headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
    }
    if let length = answer.headers["content-length"].flatMap({ Int($0) }) {
      answer.body = Array(bytes[start...].prefix(length))
      return (answer, answer.body.count == length ? start + length : nil)
    }
    let end = data.range(of: Data("\r\n0\r\n\r\n".utf8), in: start..<data.count)?.upperBound
    if end != nil { answer.body = joined(bytes[start...]) }
    return (answer, end)
  }

  /// The body out of chunks.
  private static func joined(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var body: [UInt8] = []
    var rest = bytes
    while let line = rest.firstIndex(of: UInt8(ascii: "\r")),
      let length = Int(String(decoding: rest[..<line], as: UTF8.self), radix: 16), length > 0
    {
      body += rest[(line + 2)..<(line + 2 + length)]
      rest = rest[(line + 2 + length + 2)...]
    }
    return body
  }
}
