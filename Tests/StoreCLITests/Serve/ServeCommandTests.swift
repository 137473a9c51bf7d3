import Foundation
import TestSupport
import Testing
import VectorStore

@testable import StoreCLI

/// `store serve` as a process.
@Suite struct ServeCommandTests {
  /// Starts the command and waits until it says its port.
  private static func start(
    _ command: Command, _ arguments: String...
  ) async throws -> (RunningCommand, port: Int) {
    let running = try command.start(["serve", "--port", "0"] + arguments)
    for _ in 0..<1000 {
      if let port = running.output.firstMatch(of: /http:\/\/127\.0\.0\.1:([0-9]+),/) {
        return (running, try #require(Int(port.1)))
      }
      try await Task.sleep(for: .milliseconds(10))
    }
    return (running, try #require(nil as Int?, "\(running.output)"))
  }

  private static func ask(_ port: Int, _ line: String, _ body: String = "") async throws -> Answer {
    let head =
      "\(line) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
    return try Answer(try await RawClient.send(Data((head + body).utf8), to: port))
  }

  @Test func servesAStoreThatItMakesUntilItIsToldToEnd() async throws {
    let command = try CommandTests.command()
    let (running, port) = try await Self.start(command, "--write", "--mode", "mock")
    #expect(
      try await Self.ask(port, "PUT /api/documents/a.md", "The walrus has tusks.").status == 200)
    let found = try await Self.ask(port, "GET /api/search?question=tusks")
    #expect(try found.json["hits"]?.array?.first?["source"] == "a.md")
    running.signal(SIGTERM)
    let outcome = try await running.outcome()
    #expect(outcome.status == 0)
    #expect(outcome.output.hasSuffix(", to read and write\n"))
    #expect(outcome.errors.contains(" PUT /api/documents/a.md 200 "))
    // The command finds what was added, and no log lies beside the store.
    #expect(try await command.run("list").output.contains("a.md"))
    #expect(!FileManager.default.fileExists(atPath: command.folder.path("store.db-wal")))
  }

  @Test func needsAStoreToReadAndATokenForOthers() async throws {
    let command = try CommandTests.command()
    let without = try await command.run("serve", "--port", "0")
    #expect(without.status == 1 && without.errors.hasPrefix("Error: there is no store.db in"))
    _ = try await command.run("init")
    let open = try await command.run("serve", "--host", "0.0.0.0")
    #expect(open.status == 1 && open.errors.contains("STORE_TOKEN is not set"))
    var short = command
    short.environment["STORE_TOKEN"] = "short"
    let refused = try await short.run("serve", "--host", "0.0.0.0")
    #expect(refused.status == 1 && refused.errors.contains("at least 16 visible ASCII characters"))
    #expect(!refused.errors.contains("\"short\""))
  }

  @Test func killedWithinAnUploadItLeavesAWholeStore() async throws {
    let command = try CommandTests.command()
    let (running, port) = try await Self.start(command, "--write", "--mode", "mock", "--quiet")
    #expect(try await Self.ask(port, "PUT /api/documents/kept.md", "This stays.").status == 200)
    // One connection stands within its body; another adds a text of many passages.
    let half = try RawClient.connect(port)
    half.send(
      Data(
        "PUT /api/documents/half.md HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\nhal"
          .utf8))
    let long = (0..<20_000).map { "Sentence number \($0) stands here.\n\n" }.joined()
    async let adding = RawClient.send(
      Data(
        "PUT /api/documents/long.md HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(long.utf8.count)\r\n\r\n\(long)"
          .utf8), to: port)
    try await Task.sleep(for: .milliseconds(150))
    running.signal(SIGKILL)
    _ = try? await adding
    _ = try await running.outcome()
    half.close()
    let doctor = try await command.run("doctor", "--json")
    #expect(doctor.status == 0, "\(doctor.output)")
    #expect(try await command.run("get", "kept.md").output == "This stays.\n")
    #expect(try await command.run("get", "half.md").status == 1)
  }
}
