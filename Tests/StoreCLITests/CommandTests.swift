import Foundation
import TestSupport
import Testing

/// The main job through the command, and what it prints where.
@Suite struct CommandTests {
  static func object(_ text: String) throws -> [String: Any] {
    try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  static func command() throws -> Command { Command(folder: try TemporaryFolder()) }

  @Test func addsAFolderAndAnswersAQuestionOffline() async throws {
    let store = try Self.command()
    try store.folder.write("# Ports\n\nThe server listens on port 8080.\n", to: "docs/ports.md")
    try store.folder.write("# Colours\n\nThe sky is blue.\n", to: "docs/colours.md")
    let added = try await store.run("add", "docs")
    #expect(added.status == 0)
    #expect(added.output.hasPrefix("2 documents added in "))
    #expect(
      added.output.hasSuffix(
        "; 2 passages, word search only until you set OPENAI_API_KEY or run "
          + "`store model pull all-MiniLM-L6-v2`\n"))
    #expect(added.errors.isEmpty)

    let asked = try await store.run(
      "query", "which port does the server listen on?", "--limit", "1")
    #expect(asked.status == 0)
    #expect(asked.output.hasPrefix(" 1  1.000 strong  "))
    #expect(
      asked.output.contains("docs/ports.md:1\n    Ports\n    The server listens on port 8080.\n"))
    #expect(
      asked.errors
        == "No API key and no model: these results match words, not meaning. To search by meaning, "
        + "set OPENAI_API_KEY or run `store model pull all-MiniLM-L6-v2`.\n")

    let again = try await store.run("add", "docs")
    #expect(again.status == 0)
    #expect(again.output.hasPrefix("nothing changed: 2 documents as before in "))
    #expect(
      again.output.hasSuffix(
        "; 2 passages, word search only until you set OPENAI_API_KEY or run "
          + "`store model pull all-MiniLM-L6-v2`\n"))
  }

  @Test func printsJSONForPrograms() async throws {
    let store = try Self.command()
    try store.folder.write("The walrus has tusks.\n", to: "walrus.txt")
    let report = try Self.object(
      try await store.run("add", "walrus.txt", "--json", "--mode", "mock").output)
    #expect(
      Set(report.keys).isSuperset(of: [
        "documents", "chunks", "tokens", "tokensEstimated", "requests", "costUSD", "mode", "space",
        "seconds", "warnings", "errors",
      ]))
    #expect(report["mode"] as? String == "MOCK")
    let documents = try #require(report["documents"] as? [String: Int])
    #expect(
      documents == [
        "added": 1, "updated": 0, "unchanged": 0, "moved": 0, "removed": 0, "pending": 0,
        "failed": 0,
      ])
    let chunks = try #require(report["chunks"] as? [String: Int])
    #expect(chunks == ["embedded": 1, "reused": 0, "standIn": 0, "pending": 0, "failed": 0])

    let asked = try await store.run("query", "--stdin", "--json", input: "tusks\n\nwalrus\n")
    let lines = asked.output.split(separator: "\n")
    #expect(lines.count == 2)
    for (index, line) in lines.enumerated() {
      let hit = try Self.object(String(line))
      #expect(
        Set(hit.keys) == [
          "query", "rank", "score", "cosine", "strength", "id", "source", "path", "collection",
          "ordinal",
          "text",
          "metadata", "start", "end", "line", "headings", "copies", "space", "degraded",
        ])
      #expect(hit["query"] as? Int == index)
      #expect(hit["source"] as? String == "walrus.txt")
      #expect(hit["text"] as? String == "The walrus has tusks.\n")
    }
    let listed = try Self.object(try await store.run("list", "--json").output)
    #expect((listed["documents"] as? [Any])?.count == 1)
    let collections = try Self.object(try await store.run("collections", "--json").output)
    #expect((collections["collections"] as? [Any])?.count == 1)
  }

  @Test func readsTextAndStandardInput() async throws {
    let store = try Self.command()
    #expect(try await store.run("add", "--text", "A short note", "--id", "note").status == 0)
    #expect(
      try await store.run("add", "--stdin", "--id", "piped", input: "From a pipe\n").status == 0)
    #expect(try await store.run("get", "note").output == "A short note\n")
    #expect(try await store.run("get", "piped").output == "From a pipe\n")
    #expect(
      try await store.run("query", "pipe", "--lexical", "--plain").output == "From a pipe\n\n")
    #expect(try await store.run("add", "--stdin", "--id", "crlf", input: "a\r\n").status == 0)
    #expect(try await store.run("get", "crlf").output == "a\r\n")
    let binary = try await store.run("add", "--stdin", input: "a\u{0}b")
    #expect(binary.status == 1)
    #expect(binary.errors.contains("standard input"))
  }

  @Test func removesAndCompacts() async throws {
    let store = try Self.command()
    _ = try await store.run("add", "--text", "zanzibarquux", "--id", "a")
    let removed = try await store.run("remove", "a")
    #expect(removed.output == "removed 1 document (1 chunk)\n")
    let folder = try await store.run("remove", "docs/")
    #expect(folder.errors.contains("use --below docs/") && folder.status == 1)
    let below = try await store.run("remove", "--below", "docs/")
    #expect(below.errors.contains("has no document below \"docs/\"") && below.status == 1)
    let missing = try await store.run("remove", "a")
    #expect(missing.status == 1)
    #expect(missing.errors.contains("has no document \"a\""))
    #expect(try await store.run("compact").status == 0)
    let bytes = try Data(contentsOf: URL(filePath: store.folder.path("store.db")))
    #expect(bytes.range(of: Data("zanzibarquux".utf8)) == nil)
  }

  @Test func listsAndRemovesWhatPassesTheFilter() async throws {
    let store = try Self.command()
    for (id, lang) in [("a", "de"), ("b", "en"), ("c", "de")] {
      _ = try await store.run("add", "--text", id, "--id", id, "--metadata", "lang=\(lang)")
    }
    let listed = try await store.run("list", "--filter", "lang = 'en'")
    #expect(listed.status == 0)
    #expect(listed.output.hasSuffix("  b\n") && !listed.output.contains("  a\n"))
    let removed = try await store.run("remove", "--filter", "lang = 'de'")
    #expect(removed.output == "removed 2 documents (2 chunks)\n" && removed.status == 0)
    let again = try await store.run("remove", "--filter", "lang = 'de'")
    #expect(again.output == "removed 0 documents (0 chunks)\n" && again.status == 0)
    #expect(try await store.run("list").output.split(separator: "\n").count == 1)
  }

  @Test func answersOnlyFromWhatPassesTheFilter() async throws {
    let store = try Self.command()
    for (id, lang) in [("a", "de"), ("b", "en"), ("c", "de")] {
      _ = try await store.run(
        "add", "--text", "a walrus, \(id)", "--id", id, "--metadata", "lang=\(lang)")
    }
    for ranking in [[], ["--lexical"]] {
      let asked = try await store.run(
        ["query", "walrus", "--json", "--filter", "lang = 'de' and not source = 'c'"] + ranking)
      #expect(asked.status == 0)
      let hits = try asked.output.split(separator: "\n").map { try Self.object(String($0)) }
      #expect(hits.map { $0["source"] as? String } == ["a"])
    }
    let none = try await store.run("query", "walrus", "--filter", "exists nothing")
    #expect(none.status == 0)
    let wrong = try await store.run("query", "walrus", "--filter", "lang = de")
    #expect(wrong.status == 64)
    #expect(wrong.output.isEmpty)
    #expect(
      wrong.errors.hasPrefix(
        """
        Error: --filter: the filter is wrong at character 8: found the bare word de, expected a value; \
        texts stand in single quotes: 'de'
          lang = de
                 ^

        """), "\(wrong.errors)")
  }

  @Test func wrongUseExitsWith64() async throws {
    let store = try Self.command()
    for line in [
      ["add"], ["add", "x", "--text", "y"], ["query"], ["query", "x", "--limit", "0"],
      ["query", "x", "--mode", "fake"], ["add", "x", "--chunk-tokens", "3"], ["nonsense"],
      ["query", "x", "--filter", "lang = de"], ["list", "--filter", "lang = de"], ["remove"],
      ["remove", "a", "--filter", "lang = 'de'"], ["import", "x.jsonl", "--texts", "y"],
      ["add", "x", "--metadata", "novalue"],
    ] {
      let outcome = try await store.run(line)
      #expect(outcome.status == 64, "\(line)")
      #expect(outcome.output.isEmpty && !outcome.errors.isEmpty, "\(line)")
    }
    #expect(!FileManager.default.fileExists(atPath: store.folder.path("store.db")))
  }

  @Test func failuresExitWith1AndSayWhatToDo() async throws {
    let store = try Self.command()
    try store.folder.write("text", to: "file.txt")
    for (line, message) in [
      (["query", "x"], "Error: there is no store.db in "),
      (["remove", "x"], "Error: there is no store.db in "),
      (["add", "nowhere"], "Error: there is no file or folder nowhere; check the path"),
      (["add", "--text", " "], "Error: the text is empty; there is nothing to add"),
      (["import", "nowhere.jsonl"], "Error: there is no file nowhere.jsonl; check the path"),
      (["query", "x", "--store", "file.txt"], "Error: file.txt is not a store"),
    ] {
      let outcome = try await store.run(line)
      #expect(outcome.status == 1, "\(line)")
      #expect(outcome.errors.hasPrefix(message), "\(line): \(outcome.errors)")
    }
    var wrong = store
    wrong.environment["SERVICE_MODE"] = "FAST"
    let outcome = try await wrong.run("add", "file.txt")
    #expect(outcome.status == 1)
    #expect(
      outcome.errors
        == "Error: SERVICE_MODE is \"FAST\" in the environment; expected REAL, MOCK or HYBRID; "
        + "correct or unset it (default: HYBRID)\n")
  }

  @Test func partsThatFailExitWith3() async throws {
    let store = try Self.command()
    try store.folder.write("here", to: "here.txt")
    let outcome = try await store.run("add", "here.txt", "nowhere.txt")
    #expect(outcome.status == 3)
    #expect(outcome.errors.contains("nowhere.txt: no such file or folder"))
    #expect(outcome.output.hasPrefix("1 document added, 1 failed"))
    let real = try await store.run("add", "here.txt", "--mode", "real", "--collection", "r")
    #expect(real.status == 3)
    #expect(real.output.hasPrefix("1 document waiting in "))
    #expect(try await store.run("list", "--pending").output.contains("here.txt"))
  }

  @Test func quietPrintsNothingOfSuccess() async throws {
    let store = try Self.command()
    let outcome = try await store.run("add", "--text", "x", "--quiet")
    #expect(outcome.status == 0 && outcome.output.isEmpty && outcome.errors.isEmpty)
    #expect(try await store.run("query", "x", "--quiet").errors.isEmpty)
  }

  @Test func documentsCannotSteerTheTerminal() async throws {
    let store = try Self.command()
    _ = try await store.run("add", "--text", "red \u{1B}[31malert\u{7}", "--id", "evil")
    let output = try await store.run("query", "alert").output
    #expect(!output.contains("\u{1B}") && !output.contains("\u{7}"))
  }

  @Test func exportsAndImportsThroughPipes() async throws {
    let store = try Self.command()
    _ = try await store.run("add", "--text", "A walrus", "--id", "w", "--mode", "mock")
    let exported = try await store.run("export", "-")
    #expect(exported.status == 0)
    let imported = try await store.run(
      "import", "-", "--store", "copy.db", "--mode", "mock", input: exported.output)
    #expect(imported.status == 0)
    #expect(try await store.run("export", "-", "--store", "copy.db").output == exported.output)
  }
}
