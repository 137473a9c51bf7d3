// The field that is the text: of files that are added, and of rows that are imported.

import Foundation
import TestSupport
import Testing

@testable import VectorStore

@Suite struct TextFieldTests {
  private static let table = """
    id,body,state
    7,The walrus swims in the cold sea.,open
    8,A tern flies from pole to pole.,closed

    """

  @Test func aFolderRemembersTheField() async throws {
    let folder = try TemporaryFolder()
    try folder.write(Self.table, to: "d/animals.csv")
    try folder.write("other,columns\n1,2\n", to: "d/other.csv")
    let store = try await Store(
      path: folder.path("store.db"), configuration: StoreConfiguration(mode: .mock))
    var options = AddOptions()
    options.textField = "body"
    let report = try await store.add(paths: [folder.path("d")], options: options)
    #expect(report.documents.added == 1)
    #expect(report.leftOut.map(\.reason) == ["it has no column \"body\"; it has other, columns"])
    let hit = try #require(
      try await store.query("tern pole", options: QueryOptions(limit: 1)).hits.first)
    #expect(hit.text == "A tern flies from pole to pole.\n" && hit.headings == ["row 2"])
    #expect(hit.metadata == ["id": [7, 8], "state": ["open", "closed"]])
    #expect(try await store.roots().map(\.textField) == ["body"])

    try folder.write(Self.table.replacing("tern", with: "gull"), to: "d/animals.csv")
    #expect(try await store.update()[0].report.documents.updated == 1)
    #expect(
      try await store.get("d/animals.csv")?.chunks.last?.text == "A gull flies from pole to pole.\n"
    )
    // Whole rows again.
    options.textField = ""
    let whole = try await store.add(paths: [folder.path("d")], options: options)
    #expect(
      whole.warnings.contains {
        $0.contains("the text of tables is whole rows, before the field \"body\"")
      })
    #expect(try await store.get("d/animals.csv")?.text?.contains("id: 7, body: The walrus") == true)
    try await store.close()
  }

  @Test func importedRowsAreDocumentsWithTheirMetadata() async throws {
    let folder = try TemporaryFolder()
    try folder.write(Self.table, to: "animals.csv")
    try folder.write("{\"words\": \"A whale sings.\", \"year\": 2020}\n", to: "more.jsonl")
    let store = try await Store(
      path: folder.path("store.db"), configuration: StoreConfiguration(mode: .mock))
    let csv = folder.path("animals.csv")
    #expect(try await store.import(from: csv, textField: "body").documents.added == 2)
    #expect(try await store.import(from: csv, textField: "body").documents.unchanged == 2)
    #expect(try await store.get("8")?.text == "A tern flies from pole to pole.")
    var options = QueryOptions()
    options.filter = .equals("state", "open")
    #expect(try await store.query("tern", options: options).hits.map(\.source) == ["7"])
    #expect(
      try await store.import(from: folder.path("more.jsonl"), textField: "words").documents.added
        == 1)
    #expect(try await store.get("more.jsonl:1")?.summary.metadata == ["year": 2020])
    await #expect(throws: StoreError.self) {
      try await store.import(from: csv, textField: "nothing")
    }
    await #expect(throws: StoreError.self) {
      try await store.import(from: folder.path("none.csv"), textField: "body")
    }
    try folder.write("x", to: "a.txt")
    await #expect(throws: StoreError.self) {
      try await store.import(from: folder.path("a.txt"), textField: "body")
    }
    try await store.close()
  }
}
