import Foundation
import TestSupport
import Testing

/// `store mcp --install` in files that others wrote.
@Suite struct MCPInstallTests {
  private static func read(_ command: Command, _ file: String) throws -> String {
    try String(contentsOfFile: command.folder.path(file), encoding: .utf8)
  }

  private static func servers(_ text: String, _ list: String) throws -> [String: [String: Any]] {
    try #require(try CommandTests.object(text)[list] as? [String: [String: Any]])
  }

  @Test(
    arguments: [
      ("claude", ".mcp.json", "mcpServers"), ("cursor", ".cursor/mcp.json", "mcpServers"),
      ("vscode", ".vscode/mcp.json", "servers"),
    ])
  func entersTheStoreBesideOthers(client: String, file: String, list: String) async throws {
    let command = try CommandTests.command()
    let refused = try await command.run("mcp", "--install", client)
    #expect(refused.status == 64 && refused.errors.contains("--yes"), "\(refused.errors)")
    #expect(throws: (any Error).self) { try Self.read(command, file) }

    #expect(try await command.run("mcp", "--install", client, "--yes").status == 0)
    let entry = try #require(try Self.servers(try Self.read(command, file), list)["store"])
    #expect(entry["command"] as? String == Command.path)
    let arguments = try #require(entry["args"] as? [String])
    #expect(arguments.prefix(2) == ["mcp", "--store"])
    #expect(
      arguments.last?.hasPrefix("/") == true && arguments.last?.hasSuffix("/store.db") == true)
    let again = try await command.run("mcp", "--install", client, "--yes")
    #expect(again.status == 0 && again.errors.contains("has this entry already"))

    let others =
      "{ \"other\" : 1.50,\n\t\"\(list)\": {\"mine\": {\"command\": \"x\"}}, \"z\": [{}] }\n"
    try command.folder.write(others, to: file)
    #expect(try await command.run("mcp", "--install", client, "--yes").status == 0)
    let changed = try Self.read(command, file)
    #expect(changed.hasPrefix("{ \"other\" : 1.50,\n\t\"\(list)\": {"))
    #expect(changed.hasSuffix("\"mine\": {\"command\": \"x\"}}, \"z\": [{}] }\n"))
    #expect(Set(try Self.servers(changed, list).keys) == ["mine", "store"])
  }

  @Test(
    arguments: [
      ("{ // mine\n}", "comments"), ("[]", "another form"),
      ("{\"mcpServers\": []}", "another form"),
      ("{\"mcpServers\": {\"store\": {\"command\": \"x\"}}}", "another entry"),
      ("{\"mcp\\u0053ervers\": {\"a\": {}}}", "another form"),
    ])
  func leavesWhatItCannotChange(text: String, words: String) async throws {
    let command = try CommandTests.command()
    try command.folder.write(text, to: ".mcp.json")
    let outcome = try await command.run("mcp", "--install", "claude", "--yes")
    #expect(outcome.status == 64 && outcome.errors.contains(words), "\(outcome.errors)")
    #expect(try Self.read(command, ".mcp.json") == text)
  }

  @Test func entersATableInCodexsFile() async throws {
    let command = try CommandTests.command()
    let mine = "model = \"x\" # mine\n[mcp_servers.other]\ncommand = \"y\""
    try command.folder.write(mine, to: ".codex/config.toml")
    for _ in 0..<2 {
      #expect(try await command.run("mcp", "--install", "codex", "--yes").status == 0)
    }
    let changed = try Self.read(command, ".codex/config.toml")
    #expect(
      changed.hasPrefix(mine + "\n\n[mcp_servers.store]\ncommand = \"\(Command.path)\"\nargs = ["))
    #expect(changed.components(separatedBy: "[mcp_servers.store]").count == 2)
    let named = try await command.run("mcp", "--install", "codex", "--yes", "--name", "notes")
    #expect(named.status == 0)
    #expect(try Self.read(command, ".codex/config.toml").contains("[mcp_servers.notes]"))
    for taken in ["[mcp_servers.\"store\"]\nurl = 1\n", "[mcp_servers]\nstore = {}\n"] {
      try command.folder.write(taken, to: ".codex/config.toml")
      let outcome = try await command.run("mcp", "--install", "codex", "--yes")
      #expect(outcome.status == 64 && outcome.errors.contains("another entry"))
      #expect(try Self.read(command, ".codex/config.toml") == taken)
    }
  }
}
