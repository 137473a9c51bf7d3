import Foundation
import TestSupport
import Testing

/// `store mcp` over standard input and output.
@Suite struct MCPCommandTests {
  /// The answers to messages, by the id of each as text; all lines must be messages.
  private static func answers(
    _ messages: [String], in command: Command, _ flags: [String] = []
  ) async throws -> [String: [String: Any]] {
    let outcome = try await command.run(
      ["mcp"] + flags, input: messages.map { $0 + "\n" }.joined())
    #expect(outcome.status == 0, "\(outcome.errors)")
    var answers: [String: [String: Any]] = [:]
    for line in outcome.output.split(separator: "\n") {
      let answer = try CommandTests.object(String(line))
      #expect(answer["jsonrpc"] as? String == "2.0")
      let id = answer["id"] ?? (answer["params"] as? [String: Any])?["progressToken"] ?? ""
      answers["\(id)"] = answer
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
        Self.call(9, "search", #"{"question":"penguins in antarctica"}"#),
      ], in: store)
    let initialized = try #require(answers["1"]?["result"] as? [String: Any])
    #expect(initialized["protocolVersion"] as? String == "2025-06-18")
    let listed = try #require(answers["2"]?["result"] as? [String: Any])
    let names = (listed["tools"] as? [[String: Any]])?.compactMap { $0["name"] as? String }
    #expect(names == ["search", "get", "list", "status"])
    #expect(try Self.text(answers["3"]).contains("[1] docs/ports.md:1"))
    #expect(!(try Self.text(answers["3"]).contains("nothing is near")))
    #expect(try Self.text(answers["9"]).contains("nothing is near the question"))
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
  private static func isError(_ answer: [String: Any]?) -> Bool? {
    (answer?["result"] as? [String: Any])?["isError"] as? Bool
  }

  /// Tools that write are there with --write only, and read no file outside the folders of --root.
  @Test func agentsWriteWhereTheyMay() async throws {
    let store = try CommandTests.command()
    try store.folder.write("The harbour has three cranes.", to: "docs/harbour.md")
    try store.folder.write("The lighthouse is red.", to: "docs/deep/lighthouse.md")
    try store.folder.write("A secret of somebody else.", to: "secret.md")
    try store.folder.write("A neighbour's note.", to: "docs2/note.md")
    for (name, target) in [("out.md", "secret.md"), ("away", "docs2")] {
      try FileManager.default.createSymbolicLink(
        atPath: store.folder.path("docs/\(name)"),
        withDestinationPath: store.folder.path(target))
    }
    let list = #"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#
    func names(_ flags: [String]) async throws -> [String] {
      let listed = try await Self.answers([list], in: store, flags)["1"]?["result"]
      let tools = (listed as? [String: Any])?["tools"] as? [[String: Any]] ?? []
      return tools.compactMap { $0["name"] as? String }
    }
    let reading = ["search", "get", "list", "status"]
    #expect(try await names([]) == reading)
    #expect(try await names(["--write"]) == reading + ["add_text", "remove"])
    let flags = ["--write", "--root", "docs"]
    #expect(try await names(flags) == reading + ["add_text", "add_path", "remove"])
    #expect(try await store.run("mcp", "--root", "docs").status == 64)
    let nowhere = try await store.run("mcp", "--write", "--root", "nowhere")
    #expect(nowhere.status == 1 && nowhere.errors.contains("there is no such folder"))

    let outside = [
      "../secret.md", store.folder.path("secret.md"), "out.md", "away", "away/note.md",
      "/etc/passwd",
      store.folder.path("docs2"), "..", "deep/../../secret.md", "missing.md", "/nowhere",
    ]
    // One session after the other, since the calls of one run at the same time.
    var answers = try await Self.answers(
      [Self.call(1, "add_path", #"{"path":"."}"#)]
        + outside.enumerated().map {
          Self.call(100 + $0.offset, "add_path", #"{"path":"\#($0.element)"}"#)
        }, in: store, flags)
    #expect(Self.isError(answers["1"]) == false)
    #expect(try Self.text(answers["1"]).hasPrefix("2 documents added"), "\(answers)")
    for (index, path) in outside.enumerated() {
      #expect(Self.isError(answers["\(100 + index)"]) == true, "\(path)")
      #expect(
        try Self.text(answers["\(100 + index)"]).contains(
          "there is no file or folder \(path) that may be added"))
    }
    answers = try await Self.answers(
      [
        Self.call(
          1, "add_text",
          #"{"text":"Anna likes figs.","id":"anna","metadata":{"topic":"food","year":2026}}"#),
        Self.call(2, "add_text", #"{"text":"x","metadata":"none"}"#),
        Self.call(3, "add_text", #"{"id":"empty"}"#),
        Self.call(4, "remove", #"{"source":"docs/harbour.md"}"#),
        Self.call(5, "remove", #"{"source":"docs"}"#),
      ], in: store, flags)
    #expect(try Self.text(answers["1"]).hasPrefix("1 document added"))
    #expect(try Self.text(answers["2"]) == "metadata is \"none\"; expected a JSON object")
    #expect(try Self.text(answers["3"]).hasPrefix("add_text needs text"))
    #expect(try Self.text(answers["4"]) == "removed docs/harbour.md (1 chunk)")
    #expect(Self.isError(answers["5"]) == true)
    answers = try await Self.answers(
      [
        Self.call(1, "list", #"{"filter":"topic = 'food' and year = 2026"}"#),
        Self.call(2, "list", "{}"),
      ], in: store)
    #expect(try Self.text(answers["1"]).hasPrefix("anna  (default, "))
    let all = try Self.text(answers["2"])
    #expect(all.contains("docs/deep/lighthouse.md") && !all.contains("harbour.md"))
    #expect(!all.contains("secret") && !all.contains("note.md"))
  }

  @Test func documentsAreResources() async throws {
    let store = try CommandTests.command()
    try store.folder.write("# Höhe\n\nThe tower is 40 m high.\n", to: "docs/Höhe & Co.md")
    _ = try await store.run("add", "docs")
    try store.folder.write(PaidCommand.lines(450), to: "many.jsonl")
    _ = try await store.run("import", "many.jsonl", "--collection", "many")
    var seen: [String] = []
    var cursor: String?
    repeat {
      let params = cursor.map { #"{"cursor":"\#($0)"}"# } ?? "{}"
      let answer = try await Self.answers(
        [#"{"jsonrpc":"2.0","id":1,"method":"resources/list","params":\#(params)}"#], in: store)
      let result = try #require(answer["1"]?["result"] as? [String: Any])
      let page = try #require(result["resources"] as? [[String: Any]])
      seen += page.compactMap { $0["uri"] as? String }
      cursor = result["nextCursor"] as? String
    } while cursor != nil
    #expect(seen.count == 451 && Set(seen).count == 451)
    let address = "store:///default/docs%2FHo%CC%88he%20%26%20Co.md"
    let composed = "store:///default/docs%2FH%C3%B6he%20%26%20Co.md"
    #expect(seen.contains(composed) || seen.contains(address))
    func read(_ id: Int, _ address: String, _ rest: String = "") -> String {
      #"{"jsonrpc":"2.0","id":\#(id),"method":"resources/read","params":{"uri":"\#(address)"\#(rest)}}"#
    }
    let modern =
      #","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#
    let answers = try await Self.answers(
      [
        read(1, composed), read(2, "store:///default/nothing"),
        read(3, "store:///default/nothing", modern), read(4, "file:///etc/passwd"),
        read(5, "store:///nowhere/x"), read(6, "store:///"),
        read(7, "store:///many/7", modern),
      ], in: store)
    func contents(_ id: String) -> [String: Any]? {
      let result = answers[id]?["result"] as? [String: Any]
      return (result?["contents"] as? [[String: Any]])?.first
    }
    #expect(contents("1")?["text"] as? String == "# Höhe\n\nThe tower is 40 m high.\n")
    #expect(contents("1")?["mimeType"] as? String == "text/markdown")
    #expect(contents("7")?["text"] as? String == PaidCommand.text(7))
    for (id, expected) in [
      ("2", -32002), ("3", -32602), ("4", -32002), ("5", -32002), ("6", -32002),
    ] {
      #expect((answers[id]?["error"] as? [String: Any])?["code"] as? Int == expected, "\(id)")
    }
  }

  @Test func longCallsSayHowFarTheyAre() async throws {
    let store = try CommandTests.command()
    for number in 0..<30 {
      try store.folder.write("Note \(number) of thirty.", to: "docs/\(number).md")
    }
    let answers = try await Self.answers(
      [
        #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"_meta":{"progressToken":"p"},"name":"add_path","arguments":{"path":"."}}}"#
      ], in: store, ["--write", "--root", "docs"])
    #expect(try Self.text(answers["1"]).hasPrefix("30 documents added"))
    let told = try #require(answers["p"], "nothing was told")
    #expect(told["method"] as? String == "notifications/progress")
    #expect((told["params"] as? [String: Any])?["progress"] as? Int != nil)
  }

  /// The official SDK, in the revision without a handshake and in those with one.
  @Test(
    .enabled("needs official clients (.scripts/clients)") { ClientScript.isThere() },
    .timeLimit(.minutes(2)), arguments: ["auto", "legacy"])
  func theOfficialClientUsesAllOfIt(mode: String) async throws {
    let behaviour = LoopbackBehaviour(fault: { request, _ in
      request.texts.contains("To be given up.") ? .neverAnswer() : nil
    })
    try await withLoopback(behaviour) { server in
      let folder = try TemporaryFolder()
      try folder.write("# Ports\n\nThe server listens on port 8080.\n", to: "docs/ports.md")
      let paid = PaidCommand(server, folder: folder, ["STORE_PATH": folder.path("store.db")])
      _ = try await paid.command.run("add", "docs")
      let outcome = try await ClientScript.command("mcp_session.py", paid.command)
        .run(mode, folder.path("docs"))
      #expect(outcome.status == 0, "\(outcome.errors)")
      let found = try CommandTests.object(outcome.output)
      #expect(
        found["tools"] as? [String] == [
          "search", "get", "list", "status", "add_text", "add_path", "remove",
        ])
      for name in ["search", "get", "list", "status", "add_text", "add_path", "remove", "after"] {
        let called = try #require(found[name] as? [String: Any], "\(name): \(found)")
        #expect(called["error"] as? Bool == false, "\(name): \(called)")
      }
      let search = try #require(found["search"] as? [String: Any])
      #expect((search["text"] as? String)?.contains("docs/ports.md:1") == true)
      #expect((found["nonsense"] as? [String: Any])?["error"] as? Bool == true)
      #expect(found["unknown"] as? Int == -32602)
      #expect(found["cancelled"] as? Bool == true)
      #expect((found["resources"] as? [String])?.contains("docs/ports.md") == true)
      #expect((found["resource"] as? String)?.hasPrefix("# Ports") == true)
      let list = try await paid.command.run("list", "--json").output
      #expect(!list.contains("given up"), "what was cancelled is not there")
    }
  }
}
