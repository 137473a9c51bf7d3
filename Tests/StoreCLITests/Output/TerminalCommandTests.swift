// The built command on a terminal, with hostile documents, names, paths and servers.

import Foundation
import TestSupport
import Testing

@testable import StoreCLI
@testable import VectorStore

@Suite struct TerminalCommandTests {
  private static let evil = TerminalTests.evil + "\nError: all is well\r"

  /// A store with hostile texts, ids, collections and metadata.
  private func withStore(_ body: (Command) async throws -> Void) async throws {
    let folder = try TemporaryFolder()
    let command = Command(folder: folder, environment: ["SERVICE_MODE": "mock"])
    for collection in ["default", Self.evil] {
      for number in 0..<3 {
        let added = try await command.run(
          "add", "--text", "walrus \(number) \(Self.evil)", "--id", "\(number)\(Self.evil)",
          "--metadata", "k=\(Self.evil)", "--collection", collection)
        #expect(added.status == 0)
      }
    }
    try await body(command)
  }

  @Test func nothingSteersTheTerminal() async throws {
    try await withStore { command in
      let evil = Self.evil
      let lines: [[String]] = [
        ["query", "walrus"], ["query", "walrus", "--plain"], ["query", "walrus", "--json"],
        ["query", "walrus", "--explain"], ["query", "walrus", "-c", evil], ["query", evil],
        ["query", "walrus", "--lexical"], ["query", "walrus", "--filter", "k = '\(evil)'"],
        ["query", "walrus", "--filter", evil], ["query", "walrus", "-c", "no\(evil)"],
        ["get", "0\(evil)"], ["get", "0\(evil)", "--chunks"], ["get", "0\(evil)", "--json"],
        ["get", "none\(evil)"], ["list"], ["list", "--json"], ["collections"],
        ["collections", "--json"], ["stats"], ["stats", "--save", evil],
        ["stats", "--compare", "no\(evil)"], ["doctor"], ["usage"], ["health"],
        ["remove", "none\(evil)"], ["add", "none\(evil)"], ["add", "--text", " ", "--id", evil],
        ["import", "none\(evil)"], ["export", "-"], ["export", "no/\(evil)/x"],
        ["query", "x", "--store", "no\(evil)"], ["list", "--store", "no\(evil)/x.db"],
        ["doctor", "--store", "no\(evil)"], ["query", "x", "--mode", evil],
        ["query", "x", "--limit", evil], ["query", "x", evil], ["--\(evil)"], [evil],
        ["add", "--text", "x", "--mode=\(evil)"],
        ["query", "x", "--space", evil, "--vector", evil],
        ["reembed", "--to", evil], ["add", "--text", "x", "--max-cost", evil],
        ["add", "--text", "x", "-v", "--id", evil, "-c", evil], ["compact", evil],
        ["stats", "--qrels", "no\(evil)", "--queries", "no\(evil)"],
        ["stats", "--html", "no/\(evil)"], ["--help"], ["--version"],
      ]
      for arguments in lines {
        let (_, screen) = try await command.runOnTerminal(arguments)
        #expect(!screen.isEmpty, "\(arguments)")
        #expect(TerminalTests.steering(screen).isEmpty, "\(arguments): \(screen.debugDescription)")
        let usual = ["get", "query"].contains(arguments[0]) && !screen.hasPrefix("Error")
        #expect(
          usual || !screen.split(separator: "\n").contains { $0.hasPrefix("Error: all is well") },
          "\(arguments) breaks a line: \(screen)")
      }
    }
  }

  @Test func settingsAndLogsDoNotEither() async throws {
    try await withStore { command in
      var command = command
      for name in ["SERVICE_MODE", "OPENAI_API_URL", "OPENAI_MODEL", "DAILY_COST_LIMIT_OPENAI"] {
        let before = command.environment[name]
        command.environment[name] = Self.evil
        let (_, screen) = try await command.runOnTerminal(["health"])
        #expect(TerminalTests.steering(screen).isEmpty, "\(name)")
        command.environment[name] = before
      }
      command.environment["STORE_PATH"] = "no\(Self.evil)"
      let (_, screen) = try await command.runOnTerminal(["list"])
      #expect(TerminalTests.steering(screen).isEmpty)
    }
  }

  @Test func aServersWordsDoNotEither() async throws {
    var behaviour = LoopbackBehaviour()
    behaviour.fault = { _, _ in
      .status(400, code: "bad", message: "no \(TerminalTests.evil)", type: "invalid_request_error")
    }
    let server = try await LoopbackServer.start(behaviour)
    let paid = PaidCommand(server, folder: try TemporaryFolder())
    for arguments in [
      ["add", "--text", "x"], ["add", "--text", "x", "--mode", "hybrid"], ["query", "x"],
      ["list"], ["usage"], ["health"], ["reembed", "--yes"],
    ] {
      let (_, screen) = try await paid.command.runOnTerminal(arguments)
      #expect(TerminalTests.steering(screen).isEmpty, "\(arguments): \(screen.debugDescription)")
    }
    await server.stop()
  }

  /// A file and a pipe get documents as they are, and a line for each name.
  @Test func documentsComeBackThroughPipes() async throws {
    try await withStore { command in
      let text = "walrus 0 \(Self.evil)"
      let id = "0\(Self.evil)"
      #expect(try await command.run("get", id).output == text + "\n")
      let plain = try await command.run("query", "walrus", "--plain", "-n", "10").output
      #expect(plain.contains(text))
      let list = try await command.run("list", "-c", "default").output
      #expect(list.split(separator: "\n").count == 3 && TerminalTests.steering(list).isEmpty)
      let json = try await command.run("get", id, "--json").output
      #expect(TerminalTests.steering(json).isEmpty)
      let decoder = JSONDecoder()
      decoder.dateDecodingStrategy = .custom {
        try Date(
          $0.singleValueContainer().decode(String.self),
          strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
      }
      let document = try decoder.decode(StoredDocument.self, from: Data(json.utf8))
      #expect(document.text == text && document.summary.metadata["k"] == .string(Self.evil))
      let exported = try await command.run("export", "-").output
      #expect(TerminalTests.steering(exported).isEmpty)
      #expect(
        try await command.run("import", "-", "--store", "copy.db", input: exported).status == 0)
      let copied = try await command.run("get", id, "--store", "copy.db")
      #expect(copied.output == text + "\n")
    }
  }
}
