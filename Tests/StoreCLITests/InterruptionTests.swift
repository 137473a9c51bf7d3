// Ctrl-C ends every subcommand within a second, with status 130. Tests Sources/StoreCLI/Interruption.swift.

import Foundation
import GRDB
import TestSupport
import Testing

@Suite struct InterruptionTests {
  /// Subcommands that wait for a store that another program holds, one way or the other.
  static let verbs: [[String]] = [
    ["query", "tusks", "--mode", "mock"], ["get", "walrus.txt"], ["list"], ["collections"],
    ["stats", "--mode", "mock"], ["doctor"], ["export", "out.jsonl"],
    ["add", "--text", "more", "--mode", "mock"], ["add", "walrus.txt", "--mode", "mock"],
    ["remove", "walrus.txt"], ["import", "rows.jsonl", "--mode", "mock"],
    ["reembed", "--mode", "mock"], ["compact"],
  ]

  @Test(arguments: verbs)
  func ctrlCEndsAnyVerbThatWaitsForAStore(arguments: [String]) async throws {
    let store = try await Self.makeStore()
    let path = store.folder.path("store.db")
    try store.folder.write(#"{"id": "a", "text": "a gnu"}"# + "\n", to: "rows.jsonl")
    let descriptor = open(path + "-lock", O_RDWR | O_CREAT, 0o644)
    defer { close(descriptor) }
    #expect(flock(descriptor, LOCK_EX) == 0)
    let holder = try DatabaseQueue(path: path)
    try await holder.writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA locking_mode = EXCLUSIVE")
      try db.execute(sql: "BEGIN IMMEDIATE; COMMIT")
    }
    try await Self.expectEnds(store, arguments)
    try holder.close()
    #expect(try await CrashTests.integrity(path) == ["ok"])
  }

  /// The question never comes to its end.
  @Test func ctrlCEndsAQueryThatReadsATerminal() async throws {
    var store = try await Self.makeStore()
    #expect(mkfifo(store.folder.path("fifo"), 0o600) == 0)
    // A writer that never writes: for the shell, opening it for both directions does not wait.
    store.launcher = ["/bin/sh", "-c", #"exec "$0" "$@" 0<>fifo"#]
    try await Self.expectEnds(store, ["query", "--stdin", "--mode", "mock"])
  }

  @Test(arguments: [["health"], ["add", "--text", "more", "-c", "other"]])
  func ctrlCEndsAnyVerbThatWaitsForAService(arguments: [String]) async throws {
    var store = try await Self.makeStore()
    let server = try SilentServer()
    store.environment["OPENAI_API_URL"] = "http://127.0.0.1:\(server.port)/v1"
    store.environment["OPENAI_MODEL"] = "m"
    try await Self.expectEnds(store, arguments + ["--mode", "real"])
  }

  @Test func ctrlCEndsUsageThatWaitsForTheLedger() async throws {
    let store = try await Self.makeStore()
    let folder = store.folder.url.appending(path: "ledger")
    try FileManager.default.createDirectory(
      at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    var asking = store
    asking.environment["STORE_LEDGER"] = folder.appending(path: "l.db").path
    let holder = try DatabaseQueue(path: folder.appending(path: "l.db").path)
    try await holder.writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA locking_mode = EXCLUSIVE")
      try db.execute(sql: "BEGIN EXCLUSIVE; CREATE TABLE t(x); COMMIT")
    }
    try await Self.expectEnds(asking, ["usage"])
    try holder.close()
  }

  /// Starts the command, sends SIGINT once it handles that and has had time to come to its work, and expects
  /// status 130 within a second.
  private static func expectEnds(
    _ store: Command, _ arguments: [String], location: SourceLocation = #_sourceLocation
  ) async throws {
    let running = try store.start(arguments)
    try await running.untilHandled(SIGINT)
    try await Task.sleep(for: .milliseconds(500))
    let started = ContinuousClock.now
    running.signal(SIGINT)
    let outcome = try await running.outcome()
    let seconds = (ContinuousClock.now - started) / .seconds(1)
    #expect(outcome.status == 130, "\(outcome.errors)\(outcome.output)", sourceLocation: location)
    #expect(
      outcome.errors.hasSuffix(
        "interrupted: what was done before is safe; run the same command again to go on\n"),
      "\(outcome.errors)", sourceLocation: location)
    // A second, and as much again for a machine that runs other tests.
    #expect(seconds < 2, sourceLocation: location)
  }

  private static func makeStore() async throws -> Command {
    let store = Command(folder: try TemporaryFolder())
    try store.folder.write("A walrus has tusks.", to: "walrus.txt")
    let added = try await store.run("add", "walrus.txt", "--mode", "mock")
    #expect(added.status == 0, "\(added.errors)")
    return store
  }

  /// A server that takes connections and never answers.
  private final class SilentServer {
    let port: UInt16
    private let descriptor: Int32

    init() throws {
      #if canImport(Glibc)
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      #else
        let descriptor = socket(AF_INET, SOCK_STREAM, 0)
      #endif
      self.descriptor = descriptor
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
      var length = socklen_t(MemoryLayout<sockaddr_in>.size)
      let code = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
          let bound = bind(descriptor, address, length)
          return bound == 0 && listen(descriptor, 8) == 0
            ? getsockname(descriptor, address, &length) : -1
        }
      }
      try #require(code == 0)
      port = UInt16(bigEndian: address.sin_port)
    }

    deinit { close(descriptor) }
  }
}
