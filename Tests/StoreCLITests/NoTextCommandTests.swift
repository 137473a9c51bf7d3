// add --no-text and --text-field on the command line.

import Foundation
import TestSupport
import Testing

@Suite struct NoTextCommandTests {
  @Test func aCollectionWithoutTextsIsSearchedAndRead() async throws {
    let store = Command(folder: try TemporaryFolder(), environment: ["SERVICE_MODE": "MOCK"])
    try store.folder.write("The quokkazebra smiles.\n", to: "d/a.md")
    let added = try await store.run("add", "d", "--no-text")
    #expect(added.status == 0, "\(added.errors)")
    for side in ["", "-wal"] {
      let bytes =
        (try? Data(contentsOf: URL(filePath: store.folder.path("store.db") + side))) ?? Data()
      #expect(bytes.range(of: Data("quokkazebra".utf8)) == nil)
    }
    #expect(try await store.run("collections").output.contains("no texts kept"))
    #expect(try await store.run("query", "quokkazebra").output.contains("The quokkazebra smiles."))
    #expect(try await store.run("get", "d/a.md").output == "The quokkazebra smiles.\n")
    let words = try await store.run("query", "quokkazebra", "--lexical")
    #expect(words.status == 1 && words.errors.contains("cannot be searched by words"))

    try store.folder.write("Something else.\n", to: "d/a.md")
    let changed = try await store.run("query", "quokkazebra")
    #expect(
      !changed.output.contains("smiles") && changed.output.contains("the file has changed since"))
    let gone = try await store.run("get", "d/a.md")
    #expect(gone.output.isEmpty && gone.errors.contains("its file has changed since, is gone"))
  }

  @Test func withoutAKeyItSaysHowSuchPassagesAreFound() async throws {
    let store = Command(folder: try TemporaryFolder())
    try store.folder.write("The quokkazebra smiles.\n", to: "d/a.md")
    let added = try await store.run("add", "d", "--no-text")
    #expect(
      added.output.contains("1 passage, ranked by their words and not by meaning until you set"),
      "\(added.output)")
    #expect(try await store.run("add", "d", "--json").output.contains("\"keepsText\":false"))
  }

  @Test func oneColumnIsTheText() async throws {
    let store = Command(folder: try TemporaryFolder(), environment: ["SERVICE_MODE": "MOCK"])
    try store.folder.write(
      "id,body,state\n7,The walrus swims.,open\n8,A tern flies.,closed\n", to: "a.csv")
    #expect(try await store.run("add", "a.csv", "--text-field", "body").status == 0)
    let hit = try await store.run("query", "tern", "-n1").output
    #expect(hit.contains("row 2") && hit.contains("A tern flies.") && !hit.contains("walrus"))
    #expect(try await store.run("get", "a.csv", "--page", "2").output == "A tern flies.\n")
    #expect(try await store.run("roots").output.contains("--text-field 'body'"))
    let rows = try await store.run("import", "a.csv", "--text-field", "body", "-c", "rows")
    #expect(rows.status == 0, "\(rows.errors)")
    let filtered = try await store.run(
      "query", "animals", "-c", "rows", "--filter", "state = 'open'")
    #expect(filtered.output.contains("The walrus swims.") && !filtered.output.contains("tern"))
    let wrong = try await store.run("add", "a.csv", "--text-field", "nothing")
    #expect(wrong.status == 1 && wrong.errors.contains("it has id, body, state"))
  }
}
