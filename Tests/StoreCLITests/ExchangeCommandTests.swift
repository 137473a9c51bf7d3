import Foundation
import TestSupport
import Testing

/// Export and import as a user runs them.
@Suite struct ExchangeCommandTests {
  @Test func importingAnExportCostsNothing() async throws {
    try await withLoopback(LoopbackBehaviour()) { server in
      let folder = try TemporaryFolder()
      let paid = PaidCommand(server, folder: folder).command
      let text = (0..<600).map { "Sentence number \($0) stands here.\n\n" }.joined()
      try folder.write("# Long\n\n" + text, to: "docs/long.md")
      try folder.write("short", to: "docs/short.txt")
      let added = try await paid.run("add", "docs", "--metadata", "team=x")
      #expect(added.status == 0, "\(added.errors)")
      let bill = server.billing.requests
      #expect(bill > 0)
      #expect(try await paid.run("export", "e.jsonl").output.hasPrefix("exported 2 documents, "))
      let imported = try await paid.run("import", "e.jsonl", "--store", "copy.db")
      #expect(imported.status == 0 && imported.output.hasPrefix("2 documents added"))
      #expect(
        try await paid.run("export", "-", "--store", "copy.db").output
          == String(contentsOfFile: folder.path("e.jsonl"), encoding: .utf8))
      #expect(
        try await paid.run("get", "docs/long.md", "--store", "copy.db").output
          == paid.run("get", "docs/long.md").output)
      // The documents are their files: adding these again changes nothing.
      let again = try await paid.run("add", "docs", "--store", "copy.db")
      #expect(again.output.hasPrefix("nothing changed: 2 documents"), "\(again.output)")
      #expect(server.billing.requests == bill)
    }
  }

  @Test func vectorsOfAnUnknownModelAreNotTaken() async throws {
    let store = Command(folder: try TemporaryFolder(), environment: ["SERVICE_MODE": "MOCK"])
    _ = try await store.run("add", "--text", "hi", "--id", "a")
    _ = try await store.run("export", "v.npy")
    let refused = try await store.run("import", "v.npy", "--store", "b.db")
    #expect(refused.status == 64)
    #expect(
      refused.errors.contains("does not say which model made its vectors; name it, as --space"))
    let named = try await store.run(
      "import", "v.npy", "--store", "b.db", "--space", "mock/hashed-features-2/1536")
    #expect(named.status == 0)
    let typed = try await store.run(
      typing: "mock/hashed-features-2/1536\n", "import", "v.npy", "--store", "c.db")
    #expect(typed.status == 0 && typed.errors.contains("Which model made these vectors?"))
  }

  @Test func chunksAreForOtherPrograms() async throws {
    let store = Command(folder: try TemporaryFolder(), environment: ["SERVICE_MODE": "MOCK"])
    _ = try await store.run("add", "--text", "hi", "--id", "a", "--metadata", "n=1")
    let line = try CommandTests.object(try await store.run("export", "-", "--chunks").output)
    #expect(line["id"] as? String == "a" && line["chunk"] as? Int == 0)
    #expect(line["space"] as? String == "mock/hashed-features-2/1536")
    #expect((line["vector"] as? [Double])?.count == 1536)
    #expect(try await store.run("export", "x.npy", "--chunks").status == 64)
    #expect(
      try await store.run("export", "-", "--space", "mock/hashed-features-2/1536").status == 64)
  }
}
