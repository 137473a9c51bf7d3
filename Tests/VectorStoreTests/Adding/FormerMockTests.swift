// Stores from before: their collections keep the mock space that they have vectors of.

import Foundation
import GRDB
import TestSupport
import Testing

@testable import VectorStore

@Suite struct FormerMockTests {
  private static let documents = [
    Document(id: "law", text: "تحكم الحكومة بالقانون وتحمي حقوق المواطنين."),
    Document(id: "school", text: "يتعلم الأولاد في المدارس القراءة والكتابة."),
    Document(id: "bread", text: "Bread rises because yeast turns sugar into gas."),
  ]
  private static let question = "حقوق المواطن أمام القانون"

  /// Turns a store's stand-ins into those of the former kind, as a file from before has them: without bytes, and
  /// too few for codes.
  private static func makeFormer(_ path: String) throws {
    let queue = try DatabaseQueue(path: path)
    try queue.write { db in
      try db.execute(
        sql: "UPDATE spaces SET name = ?, model = ? WHERE name = ?",
        arguments: [
          EmbeddingSpace.formerMock.name, EmbeddingSpace.formerMock.model, EmbeddingSpace.mock.name,
        ])
      #expect(db.changesCount == 1)
    }
    try queue.close()
  }

  private static func cosine(_ text: String, in space: EmbeddingSpace) async throws -> Double {
    let service = try #require(MockService(space: space))
    let question = try await service.embed(questions: [question]).vectors[0]
    return zip(question, service.vector(of: text)).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }

  @Test func standInsStayInTheirSpaceUntilThereAreRealVectors() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("s.db")
    var configuration = StoreConfiguration(mode: .hybrid)
    configuration.budget.ledgerPath = path + "-ledger"
    var store = try await Store(path: path, configuration: configuration)
    try await store.add(Self.documents)
    try await store.close()
    try Self.makeFormer(path)

    store = try await Store(path: path, configuration: configuration)
    try await store.add([Document(id: "sea", text: "والحكومة تحمي البحار.")])
    #expect(try await store.collections()[0].vectors == [.formerMock: 4])
    let answer = try await store.query(Self.question, options: QueryOptions(limit: 4))
    #expect(answer.hits.count == 4 && answer.hits[0].source == "law")
    for hit in answer.hits {
      #expect(hit.space == .formerMock)
      let text = try #require(hit.text)
      let cosine = try #require(hit.cosine)
      let expected = try await Self.cosine(text, in: .formerMock)
      #expect(abs(cosine - expected) < 1e-5, "\(hit.source)")
    }
    let like = try await store.query(
      combining: [.source("law")], options: QueryOptions(limit: 3))
    #expect(like.hits.count == 3 && like.hits.allSatisfy { $0.space == .formerMock })
    let export = folder.path("old.jsonl")
    try await store.export(to: export)
    try await store.compact()
    try await store.close()
    let unwell = try await Store.doctor(path: path, configuration: configuration).unwell
    #expect(unwell.subtracting([.standIns]).isEmpty, "\(unwell)")

    // A collection that has none yet gets those of today, of an export from before too.
    let other = try await Store(path: folder.path("new.db"), configuration: configuration)
    try await other.import(from: export)
    #expect(try await other.collections()[0].vectors == [.mock: 4])
    #expect(try await other.import(from: export).documents.unchanged == 4)
    try await other.close()

    configuration.service = FakeService()
    store = try await Store(path: path, configuration: configuration)
    try await store.reembed()
    #expect(try await store.collections()[0].vectors == [.openAI3Small: 4])
    try await store.close()
    configuration.service = nil
    store = try await Store(path: path, configuration: configuration)
    try await store.add([Document(id: "ice", text: "Ice floats on water.")])
    #expect(try await store.collections()[0].vectors == [.openAI3Small: 4, .mock: 1])
    try await store.close()
    try expectWhole(path)
  }

  @Test func aCollectionOfTheFormerSpaceAnswersAndCanBeEmbeddedAgain() async throws {
    try await withStore(mode: .hybrid) { store, _ in
      var notes = store.collection("notes", space: .formerMock)
      try await notes.add(Self.documents)
      try await notes.add([Document(id: "sea", text: "والحكومة تحمي البحار.")])
      for space in [EmbeddingSpace.formerMock, .mock] {
        let options = QueryOptions(limit: 4, ranking: .vector)
        let answer = try await notes.query(Self.question, options: options)
        #expect(answer.hits.count == 4 && answer.hits.allSatisfy { $0.space == space })
        let first = try #require(answer.hits.first)
        let (text, cosine) = (try #require(first.text), try #require(first.cosine))
        let expected = try await Self.cosine(text, in: space)
        #expect(abs(cosine - expected) < 1e-5)
        if space == .formerMock {
          try await notes.reembed(to: .mock)
          notes = store.collection("notes", space: .mock)
        }
      }
      #expect(try await store.collections().map(\.vectors) == [[.mock: 4]])
    }
  }
}
