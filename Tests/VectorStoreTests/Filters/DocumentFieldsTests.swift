import Foundation
import GRDB
import TestSupport
import Testing
@testable import VectorStore

/// `document_fields` follows the documents' metadata, whatever writes them.
@Suite struct DocumentFieldsTests {
  private static let metadata: [String: MetadataValue] = [
    "lang": "de", "year": 2020, "draft": true, "note": .null, "tags": .array(["a", "b", "a"]),
    "author": .object(["name": .object(["first": "Ada"]), "age": 36.5]),
  ]

  private func found(_ text: String, _ store: Store, in collection: String = "default") async throws
    -> [String]
  {
    var options = QueryOptions(limit: 100)
    options.filter = try Filter(parsing: text)
    return try await store.query("text", in: collection, options: options).hits.map(\.source)
      .sorted()
  }

  @Test func metadataBecomesRows() {
    var rows: [String] = []
    let metadata: [String: MetadataValue] = [
      "a": .array([1, 2.5, "x", .array([]), .object(["b": true])]),
      "b.c": .object(["\"": .null]), "": "y", "d": .object([:]),
    ]
    MetadataFields.forEach(of: metadata) { key, value in
      switch value {
      case .blob(let data): rows.append("\(key) \(String(decoding: data, as: UTF8.self))")
      default: rows.append("\(key) \(value)")
      }
    }
    let expected = [
      "\"\" text(\"y\")", "\"b.c\" {", "\"b.c\".\"\"\"\" n", "a [", "a [", "a {", "a integer(1)",
      "a real(2.5)", "a text(\"x\")", "a.b t", "d {",
    ]
    #expect(rows.sorted() == expected.sorted())
  }

  @Test(.aboutFiles) func addingChangingAndRemovingIsFollowed() async throws {
    try await withStore { store, _ in
      try await store.add([
        Document(id: "a", text: "text one", metadata: Self.metadata),
        Document(id: "b", text: "text two", metadata: ["lang": "en"]),
        Document(id: "c", text: "text three"),
      ])
      #expect(try await expectFieldsFollowMetadata(store) == 12)
      #expect(try await found("lang = 'de'", store) == ["a"])
      #expect(try await found("author.name.first = 'Ada' and author.age > 36", store) == ["a"])
      #expect(try await found("exists note and tags = 'b' and draft = true", store) == ["a"])
      #expect(try await found("not exists lang", store) == ["c"])

      try await store.add([Document(id: "a", text: "text one", metadata: ["lang": "fr"])])
      #expect(try await expectFieldsFollowMetadata(store) == 2)
      #expect(try await found("lang = 'fr'", store) == ["a"])
      #expect(try await found("lang = 'de' or exists tags", store) == [])
      try await store.add([Document(id: "a", text: "another text")])
      #expect(try await expectFieldsFollowMetadata(store) == 1)
      try await store.remove(["b"])
      #expect(try await expectFieldsFollowMetadata(store) == 0)
    }
  }

  @Test(.aboutFiles) func collectionsAreKeptApartAndGoWithTheirRows() async throws {
    try await withStore { store, _ in
      for collection in ["first", "second"] {
        try await store.add(
          [Document(id: collection, text: "text", metadata: ["lang": "de"])], to: collection)
      }
      #expect(try await found("lang = 'de'", store, in: "second") == ["second"])
      #expect(try await found("collection = 'first'", store, in: "second") == [])
      try await store.removeCollection("first")
      #expect(try await expectFieldsFollowMetadata(store) == 1)
    }
  }

  @Test(.aboutFiles) func importsAreFollowed() async throws {
    let space = try EmbeddingSpace(provider: "test", model: "small", dimensions: 64, kind: .real)
    try await withStore(mode: .hybrid) { store, folder in
      func line(_ id: Int, _ metadata: String) -> String {
        let vector = (0..<64).map { $0 == id ? "1.5" : "0.25" }.joined(separator: ",")
        return "{\"id\":\"\(id)\",\"vector\":[\(vector)],\"metadata\":\(metadata)}\n"
      }
      let path = try folder.write(
        line(0, "{\"n\":0,\"big\":9007199254740993,\"half\":0.5}")
          + line(1, "{\"n\":[1,2.5,true]}"),
        to: "a.jsonl")
      try await store.import(from: path, space: space)
      #expect(try await expectFieldsFollowMetadata(store) == 7)
      var options = QueryOptions()
      options.filter = .equals("n", 1.0)
      let vector = [Float](repeating: 1, count: 64)
      #expect(
        try await store.query(vectors: [vector], options: options)[0].hits.map(\.source) == ["1"])
      options.filter = .equals("big", 9_007_199_254_740_992.0)
      #expect(try await store.query(vectors: [vector], options: options)[0].hits.isEmpty)
      try folder.write(line(0, "{\"n\":7}"), to: "b.jsonl")
      try await store.import(from: folder.path("b.jsonl"), space: space)
      #expect(try await expectFieldsFollowMetadata(store) == 5)
    }
  }

  /// A pending version's metadata come with its text, when it answers.
  @Test func pendingVersionsWaitWithTheirMetadata() async throws {
    let folder = try TemporaryFolder()
    func store(isDown: Bool) async throws -> Store {
      var service = FakeService()
      service.isDown = isDown
      return try await Store(
        path: folder.path("test.db"),
        configuration: StoreConfiguration(mode: .real, service: service))
    }
    let first = try await store(isDown: false)
    try await first.add([Document(id: "a", text: "text one", metadata: ["v": 1])])
    try await first.close()

    let down = try await store(isDown: true)
    try await down.add([
      Document(id: "a", text: "text two", metadata: ["v": 2]),
      Document(id: "b", text: "text three", metadata: ["v": 3]),
    ])
    try await expectFieldsFollowMetadata(down)
    try await down.close()

    let again = try await store(isDown: false)
    #expect(try await found("v = 1", again) == ["a"])
    #expect(try await found("v > 1", again) == [])
    try await again.reembed()
    try await expectFieldsFollowMetadata(again)
    #expect(try await found("v = 1", again) == [])
    #expect(try await found("v > 1", again) == ["a", "b"])
    try await again.close()
    try expectWhole(folder.path("test.db"))
  }

  /// The file of an earlier version gets the table, filled, with its first writer.
  @Test func olderFilesAreFilled() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("test.db")
    let queue = try DatabaseQueue(path: path)
    try Schema.migrator.migrate(queue, upTo: "2 segments")
    let metadata = try MetadataJSON.encode(Self.metadata)
    let time = "2026-01-01T00:00:00.000Z"
    try await queue.writeWithoutTransaction { db in
      try db.execute(
        sql: """
          PRAGMA application_id = \(Schema.applicationID);
          INSERT INTO spaces
          VALUES (1, 'mock/hashed-features-1/1536', 'mock', 'hashed-features-1', 1536, 'mock');
          INSERT INTO collections VALUES (1, 'default', 1, '\(time)');
          INSERT INTO documents(collection_id, source, origin, format, metadata, added_at, updated_at)
          VALUES (1, 'a', 'text', 'text', ?, '\(time)', '\(time)'),
            (1, 'b', 'text', 'text', '{}', '\(time)', '\(time)');
          """, arguments: [metadata])
      _ = try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL")
    }
    try queue.close()
    let upgraded = try await Store(path: path, configuration: StoreConfiguration(mode: .mock))
    #expect(try await expectFieldsFollowMetadata(upgraded) == 11)
    let tagged = try await upgraded.list(filter: try Filter(parsing: "tags in ('b', 'c')"))
    #expect(tagged.map(\.source) == ["a"])
    try await upgraded.close()
    try expectWhole(path)
  }
}
