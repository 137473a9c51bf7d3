import Foundation
import TestSupport
import Testing

/// Metadata stays as it was written, and stays when documents are added again.
@Suite struct MetadataCommandTests {
  private static func command() throws -> Command {
    Command(folder: try TemporaryFolder(), environment: ["SERVICE_MODE": "MOCK"])
  }

  private static func metadata(_ store: Command, _ source: String) async throws -> String {
    let shown = try await store.run("get", source, "--json")
    let object = try JSONSerialization.jsonObject(with: Data(shown.output.utf8)) as? [String: Any]
    let summary = try #require(object?["summary"] as? [String: Any] ?? object)
    let metadata = try #require(summary["metadata"])
    return String(
      decoding: try JSONSerialization.data(withJSONObject: metadata, options: .sortedKeys),
      as: UTF8.self)
  }

  @Test func valuesStayAsTheyAreWritten() async throws {
    let store = try Self.command()
    let line = [
      "version=1.10", "id=12345678901234567890", "commit=1234e56", "year=2026", "share=0.5",
      "done=true", "dash=-x", "tags:=[\"a\",1]", "n:=1.50", "quoted:=\"7\"",
    ].flatMap { ["--metadata", $0] }
    #expect(try await store.run(["add", "--text", "t", "--id", "t"] + line).status == 0)
    #expect(
      try await Self.metadata(store, "t")
        == #"{"commit":"1234e56","dash":"-x","done":true,"id":"12345678901234567890","n":1.5,"#
        + #""quoted":"7","share":0.5,"tags":["a",1],"version":"1.10","year":2026}"#)
    for filter in ["id = 12345678901234567890", "version = '1.10'", "year = 2026"] {
      #expect(try await store.run("list", "--filter", filter).output.contains("t"), "\(filter)")
    }
    let wrong = try await store.run("add", "--text", "t", "--metadata", "tags:=[a")
    #expect(wrong.status == 64 && wrong.errors.contains("tags:= takes JSON"))
  }

  @Test func addingAgainKeepsWhatWasGiven() async throws {
    let store = try Self.command()
    try store.folder.write("---\ntitle: One\nlang: de\n---\n# A\n\ntext\n", to: "a.md")
    _ = try await store.run("add", "a.md", "--metadata", "team=x", "--metadata", "lang=en")
    #expect(try await Self.metadata(store, "a.md") == #"{"lang":"en","team":"x","title":"One"}"#)
    let again = try await store.run("add", "a.md")
    #expect(again.output.hasPrefix("nothing changed"))
    // Another version of the file, with other front matter.
    try store.folder.write("---\nlang: fr\n---\n# A\n\nnew text\n", to: "a.md")
    _ = try await store.run("add", "a.md", "--metadata", "year=2026")
    #expect(try await Self.metadata(store, "a.md") == #"{"lang":"en","team":"x","year":2026}"#)
    _ = try await store.run("add", "a.md", "--metadata", "lang=", "--metadata", "team=")
    #expect(try await Self.metadata(store, "a.md") == #"{"lang":"fr","year":2026}"#)
    _ = try await store.run("add", "--text", "t", "--id", "t", "--metadata", "a=1")
    _ = try await store.run("add", "--text", "u", "--id", "t", "--metadata", "b=2")
    #expect(try await Self.metadata(store, "t") == #"{"a":1,"b":2}"#)
  }

  @Test func tagsWithoutEmbedding() async throws {
    let store = try Self.command()
    try store.folder.write("---\nlang: de\n---\ntext\n", to: "a.md")
    _ = try await store.run("add", "a.md", "--metadata", "team=x")
    _ = try await store.run("add", "--text", "t", "--id", "t")
    let tagged = try await store.run(
      "tag", "a.md", "t", "--metadata", "status=final", "--metadata", "team=")
    #expect(tagged.output == "tagged 2 documents\n" && tagged.status == 0)
    #expect(try await Self.metadata(store, "a.md") == #"{"lang":"de","status":"final"}"#)
    #expect(
      try await store.run("tag", "a.md", "--metadata", "status=final").output
        == "tagged 0 documents, 1 had that already\n")
    #expect(try await store.run("add", "a.md").output.hasPrefix("nothing changed"))
    let filtered = try await store.run(
      "tag", "--filter", "status = 'final'", "--metadata", "n:=[1,2]", "--json")
    #expect(filtered.output == #"{"changed":2,"notFound":[],"unchanged":0}"# + "\n")
    let missing = try await store.run("tag", "t", "nowhere", "--metadata", "a=1")
    #expect(missing.status == 3 && missing.errors.contains("has no document \"nowhere\""))
    #expect(try await store.run("tag", "t").status == 64)
    #expect(try await store.run("tag", "--metadata", "a=1").status == 64)
  }
}
