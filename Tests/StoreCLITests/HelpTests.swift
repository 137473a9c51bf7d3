import Foundation
import TestSupport
import Testing

/// Help texts are snapshots, and no subcommand is missing from the README.
@Suite struct HelpTests {
  static let subcommands = [
    "add", "update", "roots", "init", "query", "get", "list", "tag", "remove", "collections",
    "import", "export", "copy", "reembed", "batches",
    "stats", "doctor", "usage", "health", "model", "compact", "mcp", "serve", "completions",
  ]
  static let folder = URL(filePath: #filePath).deletingLastPathComponent()

  @Test(arguments: [""] + subcommands)
  func helpIsAsItWas(subcommand: String) async throws {
    let store = Command(folder: try TemporaryFolder(), environment: ["COLUMNS": "80"])
    let outcome = try await store.run(subcommand.isEmpty ? ["--help"] : ["help", subcommand])
    #expect(outcome.status == 0)
    let file = Self.folder.appending(path: "Help/\(subcommand.isEmpty ? "store" : subcommand).txt")
    if ProcessInfo.processInfo.environment["VECTOR_STORE_WRITE_SNAPSHOTS"] != nil {
      try outcome.output.write(to: file, atomically: true, encoding: .utf8)
    }
    #expect(outcome.output == (try String(contentsOf: file, encoding: .utf8)))
  }

  @Test func everySubcommandIsInTheREADMEAndHere() async throws {
    let readme = try String(
      contentsOf: Self.folder.appending(path: "../../README.md"), encoding: .utf8)
    for subcommand in Self.subcommands {
      #expect(readme.contains("| `store \(subcommand)"), "\(subcommand)")
    }
    let help = try await Command(folder: try TemporaryFolder()).run("--help").output
    let listed = try #require(help.components(separatedBy: "SUBCOMMANDS:\n").last)
      .split(separator: "\n").filter { $0.hasPrefix("  ") && !$0.hasPrefix("   ") }
      .compactMap { $0.split(separator: " ").first.map(String.init) }
    #expect(Set(listed).subtracting(["See"]) == Set(Self.subcommands))
  }
}
