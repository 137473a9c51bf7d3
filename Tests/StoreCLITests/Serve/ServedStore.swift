// A store that is served in this process, and a client that sends any bytes. The client waits on threads of its
// own, so that no thread of Swift's pool blocks.

import Foundation
import Synchronization
import TestSupport
import Testing
import VectorStore

@testable import StoreCLI

/// A served store with one document, and what its log says.
final class ServedStore: Sendable {
  let folder: TemporaryFolder
  let store: Store
  let server: StoreServer
  private let log = Log()

  private final class Log: Sendable {
    let lines = Mutex<[String]>([])
  }

  init(
    _ folder: TemporaryFolder? = nil, writes: Bool = true,
    configuration: StoreConfiguration = StoreConfiguration(mode: .mock),
    _ change: (inout StoreServer.Options) -> Void = { _ in }
  ) async throws {
    let folder = try folder ?? TemporaryFolder()
    self.folder = folder
    store = try await Store(path: folder.path("store.db"), configuration: configuration)
    try await store.add([Document(id: "ports", text: "The server listens on port 8080.")])
    var options = StoreServer.Options(port: 0, writes: writes)
    change(&options)
    server = try StoreServer(store, options) { [log] line in
      log.lines.withLock { $0.append(line) }
    }
  }

  /// A served store whose texts are embedded by a loopback server.
  static func paying(
    _ server: LoopbackServer, remembersQuestions: Bool = false
  ) async throws -> ServedStore {
    let folder = try TemporaryFolder()
    var service = OpenAIConfiguration()
    (service.baseURL, service.apiKey) = (server.url, APIKey("sk-test"))
    var configuration = StoreConfiguration(
      mode: .real, service: try OpenAIService(configuration: service))
    configuration.budget.ledgerPath = folder.path("ledger.db")
    if remembersQuestions { configuration.queryCachePath = folder.path("queries.db") }
    return try await ServedStore(folder, configuration: configuration)
  }

  var lines: [String] { log.lines.withLock { $0 } }

  /// Ends the server and closes the store.
  func end() async throws {
    await server.stop(patience: .seconds(5))
    try await store.close()
  }

  /// Asks as a program does.
  func ask(
    _ method: String, _ path: String, _ body: String? = nil, headers: [String: String] = [:]
  ) async throws -> Answer {
    try await ask(method, path, body.map { Data($0.utf8) }, headers: headers)
  }

  /// Asks with a body of bytes.
  func ask(
    _ method: String, _ path: String, _ body: Data?, headers: [String: String] = [:]
  ) async throws -> Answer {
    var head = ["Host": "127.0.0.1:\(server.port)", "Connection": "close"]
    if let body { head["Content-Length"] = "\(body.count)" }
    head.merge(headers) { $1 }
    let lines = ["\(method) \(path) HTTP/1.1"] + head.map { "\($0): \($1)" }
    let bytes = Data((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + (body ?? Data())
    return try Answer(try await RawClient.send(bytes, to: server.port))
  }
}

/// An answer, taken apart.
struct Answer {
  let status: Int
  let headers: [String: String]
  let body: String

  init(_ bytes: Data) throws {
    let text = String(decoding: bytes, as: UTF8.self)
    let end = try #require(text.range(of: "\r\n\r\n"), "\(text)")
    let lines = text[..<end.lowerBound].components(separatedBy: "\r\n")
    status = try #require(Int(lines[0].split(separator: " ")[1]))
    headers = Dictionary(
      lines.dropFirst().map { line in
        let parts = line.components(separatedBy: ": ")
        return (parts[0].lowercased(), parts.dropFirst().joined(separator: ": "))
      }
    ) { $1 }
    body = String(text[end.upperBound...])
  }

  var json: JSONValue {
    get throws { try JSONDecoder().decode(JSONValue.self, from: Data(body.utf8)) }
  }

  /// The message of an error.
  var message: String { (try? json)?["error"]?["message"]?.string ?? "" }
}

/// Sends bytes and reads what comes, to the end of the connection.
enum RawClient {
  static func send(_ bytes: Data, to port: Int, seconds: Double = 20) async throws -> Data {
    try await withCheckedThrowingContinuation { continuation in
      let isStarted = SocketThread.start {
        do {
          let connection = try connect(port)
          connection.send(bytes)
          continuation.resume(returning: rest(of: connection, seconds: seconds))
          connection.close()
        } catch {
          continuation.resume(throwing: error)
        }
      }
      if !isStarted { continuation.resume(throwing: CocoaError(.executableLoad)) }
    }
  }

  /// All that comes within some seconds.
  static func rest(of connection: Connection, seconds: Double) -> Data {
    var answer = Data()
    let deadline = ContinuousClock.now + .seconds(seconds)
    while case .bytes(let bytes) = connection.receive(until: deadline) { answer += bytes }
    return answer
  }

  /// Opens a connection.
  static func connect(_ port: Int) throws -> Connection {
    var hints = addrinfo()
    hints.ai_family = AF_INET
    var found: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo("127.0.0.1", String(port), &hints, &found) == 0, let found else {
      throw CocoaError(.fileReadUnknown)
    }
    defer { freeaddrinfo(found) }
    #if canImport(Glibc)
      let socket = Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #else
      let socket = Foundation.socket(AF_INET, SOCK_STREAM, 0)
    #endif
    guard Foundation.connect(socket, found.pointee.ai_addr, found.pointee.ai_addrlen) == 0 else {
      throw CocoaError(.fileReadUnknown)
    }
    _ = fcntl(socket, F_SETFL, O_NONBLOCK)
    return Connection(socket: socket)
  }
}
