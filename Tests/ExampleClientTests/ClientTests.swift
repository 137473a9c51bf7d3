// A program that uses the library: the calls that a user writes, with `import VectorStore` alone.

import Foundation
import Testing
import VectorStore

struct ClientTests {
  /// A model of this program's own: three numbers a text, repeated.
  struct Model: EmbeddingService {
    let space: EmbeddingSpace

    func embed(_ texts: [String]) async throws -> EmbeddingBatch {
      EmbeddingBatch(
        vectors: texts.map { [Float](repeating: Float($0.count), count: space.dimensions) })
    }
  }

  /// Runs `body` with a store that is not kept.
  private func withStore(
    _ configuration: StoreConfiguration = StoreConfiguration(mode: .mock),
    _ body: (Store) async throws -> Void
  ) async throws {
    let store = try await Store.temporary(configuration: configuration)
    try await body(store)
    try await store.close()
  }

  static let documents = [
    Document(
      id: "sky", text: "The sky is blue.",
      metadata: ["year": 2020, "tags": ["sky", "colour"], "author": ["name": "Ada"], "draft": nil]),
    Document(id: "bread", text: "Bread is baked in an oven.", metadata: ["year": 2021]),
    Document(id: "sea", text: "The sea is salty.", metadata: ["year": 2020]),
  ]

  @Test func aProgramAddsAsksListsAndRemoves() async throws {
    try await withStore { store in
      let notes = store.collection("notes", space: .openAI3Small)
      #expect(try await notes.count() == 0)
      #expect(try await notes.contains("sky") == false)
      for try await document in notes.documents { Issue.record("\(document)") }
      try await notes.add(Self.documents)
      let year = 2020
      let answer = try await notes.query(
        "what colour is the sky?", limit: 5, filter: .equals("year", year))
      #expect(answer.hits.first?.source == "sky")
      #expect(Set(answer.hits.map(\.source)) == ["sky", "sea"])
      let hit = try #require(answer.hits.first)
      #expect(hit.metadata["author"]?["name"]?.string == "Ada")
      #expect(hit.metadata["tags"]?[1]?.string == "colour" && hit.metadata["year"]?.integer == 2020)
      #expect(hit.metadata["draft"]?.isNull == true)
      #expect(try await notes.count() == 3)
      #expect(try await notes.count(filter: .equals("year", year)) == 2)
      #expect(try await notes.contains("sky"))
      #expect(try await notes.get("nothing") == nil)
      let got = try await notes.get(["sea", "nothing", "sky", "sea"])
      #expect(got.map(\.summary.source) == ["sea", "sky"])
      let page = try await notes.list(limit: 2)
      #expect(page.map(\.source) == ["bread", "sea"])
      #expect(try await notes.list(after: page.last, limit: 2).map(\.source) == ["sky"])
      var sources: [String] = []
      for try await document in notes.documents { sources.append(document.source) }
      #expect(sources == ["bread", "sea", "sky"])
      #expect(try await notes.remove(["sea", "nothing"]).notFound == ["nothing"])
      #expect(try await notes.remove(where: .atLeast("year", 2021)).documents == 1)
      #expect(try await notes.count() == 1)
    }
  }

  @Test func vectorsComeBackAndAreFoundAgain() async throws {
    try await withStore { store in
      let notes = store.collection("notes")
      try await notes.add(Self.documents)
      let vectors = try await notes.vectors(of: ["sea", "nothing", "sky"])
      #expect(vectors.map(\.source) == ["sea", "sky"])
      #expect(vectors.allSatisfy { $0.space == MockService().space && $0.vector.count == 1536 })
      let found = try await notes.query(vector: vectors[0].vector, limit: 1).hits
      #expect(found.map(\.source) == ["sea"] && abs((found.first?.score ?? 0) - 1) < 1e-5)
      #expect(try await notes.vectors(of: found.map(\.id)) == [vectors[0]])
    }
  }

  @Test func metadataChangesWithoutEmbedding() async throws {
    try await withStore { store in
      let notes = store.collection()
      try await notes.add(Self.documents)
      let before = try await notes.vectors(of: ["sea"])
      #expect(try await notes.updateMetadata(of: "sea", to: ["year": 1999]))
      #expect(try await notes.updateMetadata(of: "nothing", to: [:]) == false)
      #expect(try await notes.vectors(of: ["sea"]) == before)
      #expect(try await notes.get("sea")?.summary.metadata == ["year": 1999])
      #expect(try await notes.query("sea", filter: .equals("year", 1999)).hits.count == 1)
      #expect(try await notes.count(filter: .equals("year", 2020)) == 1)
    }
  }

  @Test func spacesOfTwoServicesLiveInOneFile() async throws {
    let small = try #require(EmbeddingSpace("me/small/768"))
    let configuration = StoreConfiguration(
      mode: .real, service: Model(space: .openAI3Large), otherServices: [Model(space: small)])
    let store = try await Store.temporary(configuration: configuration)
    let (large, other) = (store.collection("large"), store.collection("small", space: small))
    #expect(try await large.add(Self.documents).space == .openAI3Large)
    #expect(try await other.add(Self.documents).space == small)
    #expect(try await large.query("the sky").hits.first?.space == .openAI3Large)
    #expect(try await other.query("the sky").hits.first?.space == small)
    let wrong = store.collection("small", space: .openAI3Large)
    for isDryRun in [false, true] {
      let error = await #expect(throws: StoreError.self) {
        try await wrong.add(Self.documents, options: AddOptions(isDryRun: isDryRun))
      }
      #expect(error?.code == .spaceMismatch)
    }
    let verbs: [@Sendable () async throws -> Void] = [
      { _ = try await wrong.add(paths: ["."]) },
      { _ = try await wrong.query("the sky") },
      { _ = try await wrong.query("the sky", options: QueryOptions(ranking: .lexical)) },
      { _ = try await wrong.query(["the sky", "the sea"]) },
      { _ = try await wrong.query(combining: [.text("the sky")]) },
      { _ = try await wrong.query(vector: [Float](repeating: 1, count: 768)) },
      { _ = try await wrong.query(vector: [1], options: QueryOptions()) },
      { _ = try await wrong.get("sky") }, { _ = try await wrong.get(["sky"]) },
      { _ = try await wrong.contains("sky") }, { _ = try await wrong.count() },
      { _ = try await wrong.list() }, { for try await _ in wrong.documents {} },
      { _ = try await wrong.vectors(of: ["sky"]) }, { _ = try await wrong.vectors(of: [1]) },
      { _ = try await wrong.updateMetadata(of: "sky", to: [:]) },
      { _ = try await wrong.updateMetadata(of: ["sky"], setting: [:]) },
      { _ = try await wrong.remove(["sky"]) },
      { _ = try await wrong.remove(where: .equals("year", 2020)) },
      { _ = try await wrong.reembed(isDryRun: true) },
    ]
    for (index, verb) in verbs.enumerated() {
      let error = await #expect(throws: StoreError.self, "\(index)") { try await verb() }
      #expect(error?.code == .spaceMismatch, "\(index)")
    }
    #expect(try await store.collections().map(\.space.dimensions) == [3072, 768])
    #expect(try await other.count() == 3)
    #expect(try await other.reembed(isDryRun: true).to == small)
    #expect(try await wrong.reembed(to: .openAI3Large).isComplete)
    #expect(try await wrong.count() == 3)
    let error = await #expect(throws: StoreError.self) { try await other.count() }
    #expect(error?.code == .spaceMismatch)
    try await store.close()
  }

  @Test func aQuestionHasOptionsPartsAndVectors() async throws {
    try await withStore { store in
      let notes = store.collection("notes")
      try await notes.add(Self.documents)
      let words = try await notes.query("bread", options: QueryOptions(ranking: .lexical))
      #expect(words.hits.map(\.source) == ["bread"])
      let unlike = try await notes.query(combining: [
        .text("the sky"), .source("sea", weight: -0.1),
      ])
      #expect(unlike.hits.first?.source == "sky" && !unlike.hits.map(\.source).contains("sea"))
      let vector = try #require(try await notes.vectors(of: ["sea"]).first?.vector)
      let options = QueryOptions(limit: 2, filter: .equals("year", 2020), maximumPerDocument: 1)
      let near = try await notes.query(vector: vector, options: options)
      #expect(near.hits.map(\.source) == ["sea", "sky"])
    }
  }

  @Test func keysOfMetadataAreSetAndRemoved() async throws {
    try await withStore { store in
      let notes = store.collection("notes")
      try await notes.add(Self.documents)
      let report = try await notes.updateMetadata(
        of: ["sky", "nothing"], setting: ["year": 1999], removing: ["tags", "author", "draft"])
      #expect(report.changed == 1 && report.notFound == ["nothing"])
      #expect(try await notes.get("sky")?.summary.metadata == ["year": 1999])
      #expect(try await notes.get("sea")?.summary.metadata == ["year": 2020])
    }
  }

  @Test func anIncompleteAddCannotBeMissed() async throws {
    try await withStore { store in
      let bad = Document(id: "bad", vector: [Float](repeating: .nan, count: 1536))
      let report = try await store.collection("notes").add(Self.documents + [bad])
      #expect(report.documents.added == 3 && report.documents.failed == 1)
      #expect(throws: StoreError.self) { try report.requireComplete() }
    }
    try await withStore { store in
      try await store.collection("notes").add(Self.documents).requireComplete()
    }
  }

  @Test func aProgramBringsItsOwnVectorsAndChunks() async throws {
    let space = try #require(EmbeddingSpace("me/small/64"))
    try await withStore(StoreConfiguration(mode: .real, service: Model(space: space))) { store in
      let notes = store.collection("notes")
      let up = (0..<64).map { Float($0 == 0 ? 1 : 0) }
      let down = up.map { -$0 }
      try await notes.add([
        Document(id: "up", text: "up", vector: up), Document(id: "down", vector: down),
        Document(id: "play", chunks: ["Act one.", "Act two."]),
      ]).requireComplete()
      #expect(try await notes.query(vector: down, limit: 1).hits.first?.source == "down")
      #expect(try await notes.vectors(of: ["play"]).count == 2)
    }
  }

  @Test func aStoreTellsItsHealthItsSpendingAndItsChanges() async throws {
    try await withStore { store in
      var changes = try await store.changes.makeAsyncIterator()
      try await store.collection("notes").add(Self.documents)
      #expect(try await changes.next()?.collections == ["notes"])
      _ = try await store.health()
      #expect(try await store.usage().today.costUSD == 0)
      let copy = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).db").path
      try await store.backup(to: copy)
      let other = try await Store(path: copy, configuration: StoreConfiguration(mode: .mock))
      #expect(try await other.collection("notes").count() == 3)
      try await other.close()
      try FileManager.default.removeItem(atPath: copy)
    }
  }

  @Test func aHitAndItsReportsSurviveCoding() async throws {
    try await withStore { store in
      let added = try await store.add([Document(id: "a", text: "a", metadata: ["n": 5.0])])
      let answer = try await store.query("a")
      let listed = try await store.list()
      #expect(try Self.coded(added) == added)
      let written = try JSONSerialization.jsonObject(with: JSONEncoder().encode(added))
      var absurd = try #require(written as? [String: Any])
      absurd["seconds"] = 1e300
      let bytes = try JSONSerialization.data(withJSONObject: absurd)
      #expect(throws: DecodingError.self) {
        try JSONDecoder().decode(AddReport.self, from: bytes)
      }
      #expect(try Self.coded(answer) == answer, "5.0 equals the 5 that comes back")
      #expect(try Self.coded(listed) == listed)
      #expect(try Self.coded(try await store.collections()) == (try await store.collections()))
      #expect(try Self.coded(try await store.health()) == (try await store.health()))
    }
  }

  private static func coded<Value: Codable>(_ value: Value) throws -> Value {
    try JSONDecoder().decode(Value.self, from: JSONEncoder().encode(value))
  }

  @Test func aUsersTestMakesHits() {
    let hit = Hit(
      rank: 1, score: 0.5, id: 1, source: "sky", collection: "default", ordinal: 0,
      text: "The sky is blue.", metadata: [:], isDegraded: false)
    let result = QueryResult(hits: [hit])
    #expect(!result.isDegraded && result.hits.first?.cosine == nil)
  }

  /// Of variables, nested, and twelve keys. `Tests/ExampleClient` bounds how long it is type-checked.
  @Test func aNaturalMapIsMetadata() {
    let (lang, year, rating, tags) = ("de", 2020, 4.5, ["a", "b"])
    let day = Date(timeIntervalSince1970: 1_764_288_000)
    let reviewed: Date? = nil
    let metadata: [String: MetadataValue] = [
      "title": "The sky", "lang": .init(lang), "year": .init(year), "rating": .init(rating),
      "tags": ["sky", "light"], "more": .init(tags), "author": ["name": "Ada", "born": 1815],
      "editions": [["year": 1990, "isbn": nil], ["year": .init(year), "isbn": "978"]],
      "day": .init(day), "reviewed": .init(reviewed), "draft": false, "pages": 312, "none": nil,
    ]
    #expect(metadata["lang"] == "de" && metadata["year"] == 2020 && metadata["rating"] == 4.5)
    #expect(metadata["more"]?.array == ["a", "b"] && metadata["author"]?["born"]?.number == 1815)
    #expect(metadata["editions"]?[0]?["isbn"]?.isNull == true && metadata["editions"]?[2] == nil)
    #expect(metadata["day"] == "2025-11-28T00:00:00.000Z" && metadata["day"]?.date == day)
    #expect(metadata["reviewed"] == .null && metadata["draft"]?.bool == false)
    #expect(MetadataValue("2025-11-28").date == day)
    #expect(MetadataValue.integer(5) == .number(5) && MetadataValue.number(5.5) != .integer(5))
    #expect(Set([MetadataValue.integer(5), .number(5)]).count == 1)
    let key = "lang"
    #expect(Filter.equals(key, lang) == .compare(.metadata(["lang"]), .equal, .string("de")))
    #expect(Filter.equals("source", lang) == .compare(.source, .equal, .string("de")))
  }
}
