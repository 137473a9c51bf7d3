// What the command says when something is missing, waits, is no text, or leaves no room.

import Foundation
import TestSupport
import Testing

@Suite struct ReportTruthTests {
  @Test func aQueryTellsThatDocumentsWait() async throws {
    let store = try CommandTests.command()
    let added = try await store.run("add", "--text", "on emus", "--id", "a", "--mode", "real")
    #expect(added.status == 3)
    let note =
      "note: 1 of 1 document waits for its vectors and is not searched: there is no embedding service; "
      + "configure one; set OPENAI_API_KEY or run `store model pull all-MiniLM-L6-v2`, then run `store reembed` to embed what waits\n"
    let asked = try await store.run("query", "emus", "--lexical")
    #expect(asked.status == 0 && asked.output == "no hits\n" && asked.errors == note)
    #expect(try await store.run("query", "emus", "--lexical", "--quiet").errors.isEmpty)
    let json = try await store.run("query", "emus", "--lexical", "--json")
    let line = try CommandTests.object(json.output)
    let pending = try #require(line["pending"] as? [String: Any])
    #expect(pending["count"] as? Int == 1 && pending["documents"] as? Int == 1)
    #expect(pending["reason"] as? String == "there is no embedding service; configure one")
    #expect(try await store.run("stats").output.contains("1 of 1 document waits"))
    #expect(try await store.run("collections").output.contains("1 document (1 waiting), 0 chunks"))
    #expect(try await store.run("get", "a").errors.hasPrefix("a waits for its vectors"))
    #expect(try await store.run("export", "e.jsonl", "--chunks").errors == note)
    let dry = try await store.run("add", "--text", "on emus", "--mode", "real", "--dry-run")
    #expect(dry.status == 3 && dry.errors.contains("set OPENAI_API_KEY"))
  }

  @Test func aQueryTellsWhyThereIsNoHit() async throws {
    let store = try CommandTests.command()
    _ = try await store.run("add", "--text", "a walrus", "--id", "w", "--mode", "mock")
    let asked = try await store.run("query", "walrus", "--filter", "year = 1999")
    #expect(asked.output == "no hits\n")
    #expect(asked.errors.hasPrefix("no hits: no document of the collection \"default\" passes"))
    #expect(try await store.run("query", "walrus").errors.isEmpty)
  }

  @Test func aNamedFileThatIsNoTextIsAnError() async throws {
    let store = try CommandTests.command()
    try store.folder.write(Data([0x63, 0x61, 0x66, 0xE9, 0x0A]), to: "latin.txt")
    try store.folder.write("Invoice\u{0}", to: "x.md")
    try store.folder.write("words", to: "good.txt")
    for name in ["latin.txt", "x.md"] {
      for more in [[], ["--dry-run"]] {
        let alone = try await store.run(["add", name, "--mode", "mock"] + more)
        #expect(alone.status == 1)
        #expect(alone.errors.hasPrefix("error: \(name) cannot be added: it is "))
        let both = try await store.run(["add", name, "good.txt", "--mode", "mock"] + more)
        #expect(both.status == 3)
      }
      let json = try await store.run("add", name, "--json")
      let errors = try #require(try CommandTests.object(json.output)["errors"] as? [[String: Any]])
      #expect(json.status == 1 && errors.map { $0["code"] as? String } == ["not_text"])
    }
    try store.folder.write("Invoice\u{0}", to: "d/x.md")
    let folder = try await store.run("add", "d")
    #expect(folder.status == 0 && folder.errors.contains("skipped d/x.md: binary"))
    let single = try await store.run("add", "--text", " ", "--id", "e")
    #expect(single.status == 1 && single.errors.contains("the text of \"e\" is empty"))
    let missing = try await store.run("import", "none.jsonl", "--json")
    #expect(missing.status == 1 && missing.errors.contains("there is no file none.jsonl"))
  }

  /// Standard input is judged as it comes, here from a device without an end.
  @Test func endlessInputEnds() async throws {
    var store = try CommandTests.command()
    store.launcher = ["/bin/sh", "-c", "exec \"$0\" \"$@\" < /dev/zero"]
    let outcome = try await store.run("add", "--stdin")
    #expect(outcome.status == 1 && outcome.errors.contains("a NUL character at byte 0"))
    #expect(outcome.seconds < 20)
    store.launcher = ["/bin/sh", "-c", "yes | (exec \"$0\" \"$@\")"]
    let asked = try await store.run("query", "--stdin")
    #expect(asked.status == 1 && asked.errors.contains("is larger than 67108864 bytes"))
  }

  /// Fewer files than the runtime needs are an error in words; with enough the work is done.
  @Test(arguments: [4, 5, 6, 7, 8, 10, 12, 15, 20, 25, 64])
  func fewOpenFilesAreToldOf(limit: Int) async throws {
    var store = try CommandTests.command()
    try store.folder.write("words", to: "a.txt")
    store.launcher = ["/bin/sh", "-c", "ulimit -n \(limit); exec \"$0\" \"$@\""]
    let outcome = try await store.run("add", "a.txt", "--mode", "mock")
    if outcome.status != 0 {
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("allow more with `ulimit -n 256`"), "\(outcome.errors)")
    }
    #expect(limit < 32 || outcome.status == 0)
  }

  /// A device in the place of a file that git keeps, and one that is called a file but waits.
  @Test func nothingWaitsForADevice() async throws {
    let store = try CommandTests.command()
    try store.folder.write("words", to: "d/a.txt")
    try store.folder.write("gitdir: git\n", to: "d/.git")
    try store.folder.write("", to: "d/git/x")
    symlink("/dev/zero", store.folder.path("d/git/commondir"))
    let added = try await store.run("add", "d", "--mode", "mock")
    #expect(
      added.status == 3 && added.errors.contains("not a file, but a folder, a pipe or a device"))
  }

  @Test(.enabled(if: FileManager.default.isReadableFile(atPath: "/proc/kmsg")))
  func aLogWithoutAnEndIsNotWaitedFor() async throws {
    let store = try CommandTests.command()
    let log = try await store.run("add", "/proc/kmsg", "--mode", "mock")
    #expect(log.seconds < 20)
  }
}
