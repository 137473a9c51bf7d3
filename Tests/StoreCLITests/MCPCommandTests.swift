import Foundation
import TestSupport
import Testing

/// `store mcp` over standard input and output.
@Suite struct MCPCommandTests {
  /// The answers to messages, by the id of each as text; all lines must be messages.
  private static func answers(
    _ messages: [String], in command: Command
  ) async throws -> [String: [String: Any]] {
    let outcome = try await command.run(
      ["mcp"], input: messages.map { $0 + "\n" }.joined())
    #expect(outcome.status == 0, "\(outcome.errors)")
    var answers: [String: [String: Any]] = [:]
    for line in outcome.output.split(separator: "\n") {
      let answer = try CommandTests.object(String(line))
      #expect(answer["jsonrpc"] as? String == "2.0")
      answers["\(answer["id"] ?? "")"] = answer
    }
    return answers
  }

  private static func call(_ id: Int, _ tool: String, _ arguments: String) -> String {
    #"{"jsonrpc":"2.0","id":\#(id),"method":"tools/call","params":{"name":"\#(tool)","arguments":\#(arguments)}}"#
  }

  private static func text(_ answer: [String: Any]?) throws -> String {
    let result = try #require(answer?["result"] as? [String: Any])
    let content = try #require(result["content"] as? [[String: Any]])
    return try #require(content.first?["text"] as? String)
  }

  @Test func agentsSearchAndRead() async throws {
    let store = try CommandTests.command()
    try store.folder.write("# Ports\n\nThe server listens on port 8080.\n", to: "docs/ports.md")
    _ = try await store.run("add", "docs")
    let answers = try await Self.answers(
      [
        #"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}"#,
        #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
        #"{"jsonrpc":"2.0","id":2,"method":"tools/list"}"#,
        Self.call(3, "search", #"{"question":"which port?","limit":3}"#),
        Self.call(4, "get", #"{"source":"docs/ports.md","first_line":3}"#),
        Self.call(5, "list", "{}"), Self.call(6, "status", "{}"),
        Self.call(7, "search", #"{"question":"which port?","path":"/etc"}"#),
        Self.call(8, "get", #"{"source":"/etc/passwd"}"#),
      ], in: store)
    let initialized = try #require(answers["1"]?["result"] as? [String: Any])
    #expect(initialized["protocolVersion"] as? String == "2025-06-18")
    let listed = try #require(answers["2"]?["result"] as? [String: Any])
    let names = (listed["tools"] as? [[String: Any]])?.compactMap { $0["name"] as? String }
    #expect(names == ["search", "get", "list", "status"])
    #expect(try Self.text(answers["3"]).contains("[1] docs/ports.md:1"))
    #expect(try Self.text(answers["4"]).hasPrefix("The server listens on port 8080."))
    #expect(try Self.text(answers["5"]).contains("docs/ports.md  (default"))
    #expect(try Self.text(answers["6"]).contains("default: 1 document"))
    for id in ["7", "8"] {
      #expect((answers[id]?["result"] as? [String: Any])?["isError"] as? Bool == true)
    }
    #expect(
      try Self.text(answers["7"]).contains("search has no argument \"path\"; it takes question"))
    #expect(try Self.text(answers["8"]).contains("has no document \"/etc/passwd\""))
  }

  @Test func nonsenseIsAnsweredAndTheSessionGoesOn() async throws {
    let meta =
      #""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#
    let answers = try await Self.answers(
      [
        "nonsense", "[]", #"{"jsonrpc":"2.0","id":1,"method":"other"}"#,
        #"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"drop"}}"#,
        Self.call(3, "search", #"{"question":"anything"}"#),
        #"{"jsonrpc":"2.0","id":4,"method":"server/discover","params":{\#(meta)}}"#,
        #"{"jsonrpc":"2.0","id":5,"method":"tools/list","params":{\#(meta.replacing("2026-07-28", with: "2030-01-01"))}}"#,
      ], in: try CommandTests.command())
    func code(_ id: String) -> Int? {
      (answers[id]?["error"] as? [String: Any])?["code"] as? Int
    }
    #expect(code("1") == -32601 && code("2") == -32602 && code("5") == -32022)
    #expect(try Self.text(answers["3"]).hasPrefix("there is no store.db in"))
    let discovered = try #require(answers["4"]?["result"] as? [String: Any])
    #expect(discovered["resultType"] as? String == "complete")
    #expect((discovered["supportedVersions"] as? [String])?.first == "2026-07-28")
  }
}
