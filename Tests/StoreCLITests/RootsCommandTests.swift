import Foundation
import TestSupport
import Testing

/// The store is found, documents are named by any spelling, and what was added is kept in step.
@Suite struct RootsCommandTests {
  private static func command(in folder: String = "") throws -> Command {
    let command = Command(folder: try TemporaryFolder(), environment: ["SERVICE_MODE": "MOCK"])
    try command.folder.write("# Ports\n\nThe server listens on port 8080.\n", to: "docs/ports.md")
    try command.folder.write("# Sky\n\nThe sky is blue.\n", to: "docs/sub/sky.md")
    return command
  }

  /// The same command in another working folder.
  private static func from(_ name: String, _ command: Command) -> Command {
    var command = command
    command.workingFolder = command.folder.path(name)
    return command
  }

  @Test func theStoreIsFoundFromSubfolders() async throws {
    let store = try Self.command()
    let below = Self.from("docs/sub", store)
    let none = try await below.run("query", "x")
    #expect(none.status == 1)
    for text in [
      "there is no store.db in ", store.folder.path("docs/sub") + ", ", " or /;", "--store",
    ] {
      #expect(none.errors.contains(text), "\(none.errors)")
    }
    #expect(try await store.run("init").output.contains("made an empty store, store.db"))
    #expect(try await store.run("init").output == "store.db is a store already\n")
    #expect(try await below.run("add", ".").output.hasPrefix("1 document added"))
    #expect(!FileManager.default.fileExists(atPath: store.folder.path("docs/sub/store.db")))
    #expect(try await store.run("list", "--json").output.contains("\"source\":\"docs/sub/sky.md\""))
    let shown = try await below.run("query", "sky", "--lexical")
    #expect(shown.output.contains("  sky.md:1\n"), "\(shown.output)")
    #expect(try await Self.from("docs", store).run("list").output.hasSuffix("  sub/sky.md\n"))
    // Another one can be made below.
    #expect(try await below.run("init").status == 0)
    #expect(try await below.run("list").output == "no documents\n")
  }

  @Test func documentsAreNamedByAnySpelling() async throws {
    let store = try Self.command()
    _ = try await store.run("add", "docs")
    let below = Self.from("docs", store)
    let path = store.folder.path("docs/ports.md")
    let text = "# Ports\n\nThe server listens on port 8080.\n"
    for (command, spelling) in [
      (store, "docs/ports.md"), (store, "./docs//ports.md"), (store, "docs/sub/../ports.md"),
      (store, path), (below, "ports.md"), (below, "docs/ports.md"), (below, "../docs/ports.md"),
      (store, "docs/ports.md:1"),
    ] {
      #expect(try await command.run("get", spelling).output == text, "\(spelling)")
    }
    let hit = try CommandTests.object(try await store.run("query", "port", "--json", "-n1").output)
    #expect(hit["source"] as? String == "docs/ports.md")
    #expect((hit["path"] as? String)?.hasSuffix("/docs/ports.md") == true)
    for (typed, meant) in [("ports.md", "docs/ports.md"), ("docs/prts.md", "docs/ports.md")] {
      let wrong = try await store.run("get", typed)
      #expect(wrong.status == 1)
      #expect(wrong.errors.contains("(did you mean \(meant)?)"), "\(wrong.errors)")
    }
    #expect(
      try await below.run("list", "--filter", "source = 'ports.md'").output.hasSuffix("ports.md\n"))
    let removed = try await below.run("remove", "ports.md", "nowhere.md")
    #expect(removed.status == 3 && removed.output == "removed 1 document (1 chunk)\n")
    #expect(removed.errors.contains("has no document \"nowhere.md\""))
  }

  @Test func updateKeepsFoldersInStep() async throws {
    let store = try Self.command()
    #expect(try await store.run("update").status == 1)
    _ = try await store.run("add", "docs", "--glob", "*.md", "--metadata", "team=net")
    let files = FileManager.default
    try files.moveItem(
      atPath: store.folder.path("docs/ports.md"), toPath: store.folder.path("docs/sub/net.md"))
    let moved = try await store.run("update")
    #expect(
      moved.output.hasPrefix(
        "moved: docs/ports.md → docs/sub/net.md\n1 document moved, 1 unchanged in "))
    #expect(moved.status == 0 && moved.errors.isEmpty)
    let roots = try await store.run("roots")
    #expect(roots.output.hasPrefix("docs/  2 documents  updated 20"))
    #expect(roots.output.hasSuffix("--glob '*.md' --metadata team=net\n"))

    try files.removeItem(atPath: store.folder.path("docs/sub/net.md"))
    let gone = try await store.run("query", "port", "--lexical")
    #expect(gone.output.contains("the file is gone"))
    let told = try await store.run("update")
    #expect(
      told.status == 0 && told.errors.contains("the file of 1 document is gone: docs/sub/net.md"))
    #expect(told.errors.contains("--prune removes such documents"))
    #expect(try await store.run("update", "--prune").output.hasPrefix("1 document removed"))

    try files.moveItem(atPath: store.folder.path("docs"), toPath: store.folder.path("unmounted"))
    let held = try await store.run("update", "--prune")
    #expect(held.status == 1 && held.errors.contains("Is its disk mounted?"))
    #expect(held.errors.contains("--prune --yes removes them"))
    #expect(try await store.run("roots").output.contains("  missing  "))
    #expect(
      try await store.run("update", "docs", "--prune", "--yes").output.hasPrefix(
        "1 document removed"))
    #expect(try await store.run("list").output == "no documents\n")

    #expect(try await store.run("roots").output == "nothing was added yet\n", "it is forgotten")
    _ = try await store.run("add", "unmounted")
    let folder = try await store.run("remove", "unmounted")
    #expect(folder.status == 1 && folder.errors.contains("write unmounted/"))
    let forgotten = try await store.run("remove", "unmounted/")
    #expect(forgotten.output == "removed 1 document (1 chunk)\n" && forgotten.status == 0)
    #expect(try await store.run("roots").output == "nothing was added yet\n")
    #expect(try await store.run("update", "--yes").status == 64)
  }

  /// Files with the same names in two projects, added from everywhere, moved within and between them, ignored
  /// and unmounted: what is there, what answers, and what was paid, after each step.
  @Test func twoProjectsInOneStoreCostTheirTextsOnce() async throws {
    try await withLoopback { server in
      let folder = try TemporaryFolder()
      var texts = 0
      let sentences = ["apricot", "cherry", "damson", "greengage", "medlar", "quince"]
        .map { "Nobody else writes of the \($0)." }
      var unwritten = sentences
      for project in ["p", "q"] {
        for name in ["README.md", "docs/notes.md", "docs/plan.md"] {
          try folder.write(unwritten.removeLast(), to: "\(project)/\(name)")
        }
      }
      let paid = PaidCommand(server, folder: folder, ["STORE_PATH": folder.path("shared.db")])
      /// What a step prints, how many texts it pays for, what is in the store then, and that each document answers
      /// to its own sentence.
      func step(
        _ arguments: [String], from place: String, prints: String, status: Int32 = 0, pays: Int = 0,
        leaves sources: [String],
        answering: [String]? = nil, line: Int = #line
      ) async throws {
        let outcome = try await Self.from(place, paid.command).run(arguments)
        let name: Comment = "line \(line): \(outcome.output) \(outcome.errors)"
        #expect(outcome.output.contains(prints) || outcome.errors.contains(prints), name)
        #expect(outcome.status == status, name)
        texts += pays
        let sent = server.embeddingRequests.flatMap(\.texts)
        #expect(sent.count == texts && Set(sent).count == texts, name)
        let list = try CommandTests.object(try await paid.command.run("list", "--json").output)
        let documents = try #require(list["documents"] as? [[String: Any]])
        #expect(documents.compactMap { $0["source"] as? String }.sorted() == sources, name)
        let asked = try await paid.command.run(
          ["query", "--stdin", "--lexical", "--json", "-n1"],
          input: sentences.joined(separator: "\n"))
        let hits = try asked.output.split(separator: "\n").map {
          try CommandTests.object(String($0))
        }
        let answers = hits.filter { hit in
          (hit["query"] as? Int).map { sentences[$0] } == hit["text"] as? String
        }
        #expect(
          Set(answers.compactMap { $0["source"] as? String }) == Set(answering ?? sources), name)
      }
      let all = ["p", "q"].flatMap { project in
        ["README.md", "docs/notes.md", "docs/plan.md"].map { "\(project)/\($0)" }
      }
      try await step(
        ["add", "README.md", "docs"], from: "p", prints: "3 documents added", pays: 3,
        leaves: Array(all[..<3]))
      try await step(
        ["add", "."], from: "q", prints: "3 documents added", pays: 3, leaves: all)
      for (place, paths) in [
        ("p/docs", ["../README.md", "."]), ("q", [folder.path("p")]), ("", ["p/docs/../", "q"]),
        ("q/docs", ["../../p", folder.path("q/README.md")]),
      ] {
        try await step(
          ["add", "--prune"] + paths, from: place, prints: "as before",
          leaves: all)
      }
      let files = FileManager.default
      func move(_ from: String, _ to: String) throws {
        try files.moveItem(atPath: folder.path(from), toPath: folder.path(to))
      }
      let kept = ["p/README.md", "p/plan.md", "q/README.md", "q/docs/plan.md"]
      let moved = (kept + ["p/docs/from q.md", "p/docs/notes.md"]).sorted()
      try move("p/docs/plan.md", "p/plan.md")
      try move("q/docs/notes.md", "p/docs/from q.md")
      try await step(
        ["update"], from: "", prints: "2 documents moved, 4 unchanged",
        leaves: moved)
      try folder.write("*notes.md\n/docs/from*\n", to: "p/.gitignore")
      try files.createDirectory(atPath: folder.path("p/.git"), withIntermediateDirectories: true)
      // What is ignored answers no more. But all that a root had is not removed unasked.
      try await step(
        ["update", "--prune"], from: "p", prints: "--prune --yes removes them", status: 3,
        leaves: moved, answering: kept)
      try await step(
        ["update", "--prune", "--yes"], from: "p", prints: "2 documents removed", leaves: kept)
      try await step(
        ["update"], from: "p", prints: "4 documents as before",
        leaves: kept)
      try move("q", "unmounted")
      try await step(
        ["update", "--prune"], from: "p", prints: "Is its disk mounted?", status: 3,
        leaves: kept)
      try move("unmounted", "q")
      try await step(
        ["update", "--prune"], from: "p", prints: "4 documents as before", leaves: kept)
      #expect(server.violations.isEmpty)
    }
  }

  /// A burst of changes, in a folder that is new too, is in the store soon after; Ctrl-C ends it.
  @Test func watchKeepsFoldersInStep() async throws {
    let store = try Self.command()
    _ = try await store.run("add", "docs")
    let watching = try store.start(["update", "--watch", "--prune"])
    try await watching.untilHandled(SIGINT)
    func wait(until isThere: (String) -> Bool) async throws -> Bool {
      for _ in 0..<60 {
        if isThere(try await store.run("list", "--json").output) { return true }
        try await Task.sleep(for: .milliseconds(100))
      }
      return false
    }
    // The watch begins before the first update, which has not ended perhaps.
    for number in 0..<5 {
      try store.folder.write("note \(number)", to: "docs/new/\(number).md")
    }
    #expect(try await wait { $0.contains("docs/new/0.md") && $0.contains("docs/new/4.md") })
    try FileManager.default.removeItem(atPath: store.folder.path("docs/new/4.md"))
    try store.folder.write("later", to: "docs/new/5.md")
    #expect(try await wait { !$0.contains("docs/new/4.md") && $0.contains("docs/new/5.md") })
    watching.signal(SIGINT)
    let outcome = try await watching.outcome()
    #expect(outcome.status == 130 && outcome.errors.contains("watching; press Ctrl-C to stop"))
    #expect(outcome.output.split(separator: "\n").count <= 6, "bursts: \(outcome.output)")
  }

  /// A synced folder holds one file besides the lock.
  @Test func nothingButTheStoreIsLeftBehind() async throws {
    let store = try Self.command()
    for line in [["add", "docs"], ["query", "sky"], ["list"], ["update"], ["remove", "docs/"]] {
      #expect(try await store.run(line).status == 0)
      for side in ["-wal", "-shm", "-new"] {
        #expect(
          !FileManager.default.fileExists(atPath: store.folder.path("store.db\(side)")),
          "\(side) after \(line)")
      }
    }
  }
}
