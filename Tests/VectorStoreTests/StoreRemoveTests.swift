import Foundation
import TestSupport
import Testing
@testable import VectorStore

@Suite struct StoreRemoveTests {
  @Test func removesDocumentsAndTellsWhatIsNotThere() async throws {
    try await withStore { store, _ in
      try await store.add(
        ["a", "b", "c"].map { (id: String) in Document(id: id, text: "text of \(id)") })
      let report = try await store.remove(["a", "nothing", "c"])
      #expect(report == RemoveReport(documents: 2, chunks: 2, notFound: ["nothing"]))
      #expect(try await store.list().map(\.source) == ["b"])
      #expect(try await store.query("text").hits.map(\.source) == ["b"])
    }
  }

  @Test func removesWhatLiesBelowAFolder() async throws {
    try await withStore { store, _ in
      try await store.add(
        ["docs", "docs/a", "docs/sub/b", "docs2/c"].map { (id: String) in
          Document(id: id, text: "text of \(id)")
        })
      #expect(try await store.remove(below: "./docs/").documents == 2)
      #expect(try await store.remove(below: "docs").notFound == ["docs"])
      #expect(try await store.list().map(\.source) == ["docs", "docs2/c"])
      #expect(await errorCode { _ = try await store.remove(below: "") } == .empty)
    }
  }

  /// It removed the document, and called again everything below it.
  @Test func anIDIsThatDocumentOnly() async throws {
    try await withStore { store, _ in
      let ids = ["https://a.org/", "https://a.org/one", "https://a.org/two"]
      try await store.add(ids.map { (id: String) in Document(id: id, text: id) })
      #expect(try await store.remove([ids[0]]).documents == 1)
      for _ in 0..<2 { #expect(try await store.remove([ids[0]]).notFound == [ids[0]]) }
      #expect(try await store.list().map(\.source) == Array(ids.dropFirst()))
      try await store.add([Document(id: ids[0], text: "again")])
      #expect(try await store.remove(below: ids[0]).documents == 2)
      #expect(try await store.list().map(\.source) == [ids[0]])
    }
  }

  @Test func filesMayBeWrittenAnotherWayAndTwiceAndIDsNot() async throws {
    try await withStore { store, folder in
      try await store.add([Document(id: "a.md", text: "a text")])
      let path = try folder.write("a file", to: "docs/b.md")
      try await store.add(paths: [path])
      let report = try await store.remove([
        "./a.md", "a.md", "\(path)", folder.path("docs//./b.md"),
      ])
      #expect(report == RemoveReport(documents: 2, chunks: 2, notFound: ["./a.md"]))
    }
  }

  @Test func removesACollection() async throws {
    try await withStore { store, _ in
      try await store.add([Document(id: "a", text: "one")], to: "first")
      try await store.add([Document(id: "a", text: "one")], to: "second")
      let report = try await store.removeCollection("first")
      #expect(report == RemoveReport(documents: 1, chunks: 1, collections: 1))
      #expect(try await store.collections().map(\.name) == ["second"])
      #expect(
        await errorCode { _ = try await store.removeCollection("first") } == .collectionNotFound)
    }
  }

  @Test(.aboutFiles) func afterCompactADeletedWordIsInNoByteOfTheFile() async throws {
    try await withStore { store, folder in
      let fillers = (0..<200).map {
        Document(id: "f\($0)", text: "filler \($0) and more text")
      }
      try await store.add(fillers)
      let secret = Document(
        id: "diary", text: "The xylographer whispered zanzibarquux to nobody.",
        metadata: ["author": "zanzibarquux"])
      try await store.add([secret])
      let path = folder.path("test.db")
      #expect(try Self.contains(path, "zanzibarquux"))
      try await store.remove(["diary"])
      let report = try await store.compact()
      #expect(report.bytesAfter > 0)
      for file in try FileManager.default.contentsOfDirectory(atPath: folder.url.path) {
        for word in ["zanzibarquux", "xylograph"] {
          #expect(try !Self.contains(folder.path(file), word), "\(word) in \(file)")
        }
      }
      #expect(try await store.query("filler").hits.count == 10)
    }
  }

  @Test(.aboutFiles) func compactGivesRoomBack() async throws {
    try await withStore { store, _ in
      let texts = (0..<900).map { Document(id: "\($0)", text: "document number \($0)") }
      try await store.add(texts)
      try await store.remove(texts.compactMap(\.source))
      let report = try await store.compact()
      #expect(report.bytesAfter < report.bytesBefore / 4)
    }
  }

  static func contains(_ path: String, _ word: String) throws -> Bool {
    try Data(contentsOf: URL(filePath: path)).range(of: Data(word.utf8)) != nil
  }
}
