// Mock vectors that answer until real ones are there: not stored, but made of the texts when they are read.

import Foundation
import GRDB
import TestSupport
import Testing

@testable import VectorStore

@Suite struct MadeVectorsTests {
  private static func documents(_ count: Int) -> [Document] {
    let words = ["walrus", "bread", "yeast", "tusk", "ice", "sea", "snow", "light", "gas", "river"]
    var random = SeededGenerator(seed: 9)
    return (0..<count).map { number in
      let text = (0..<12).map { _ in words.randomElement(using: &random) ?? "" }
      return Document(id: "d\(number)", text: "Note \(number): " + text.joined(separator: " "))
    }
  }

  private static func bytes(_ store: Store) async throws -> Int? {
    try await store.file.read {
      try Int.fetchOne(
        $0,
        sql:
          "SELECT SUM(length(data)) FROM vectors JOIN spaces s ON s.id = space_id WHERE s.kind = 'mock'"
      )
    }
  }

  /// They answer as stored ones do, few and many, by codes and exactly, and take no room.
  @Test(.aboutFiles, arguments: [5, 300]) func answersAreThoseOfStoredVectors(_ count: Int)
    async throws
  {
    try await withStore(mode: .hybrid) { hybrid, folder in
      let stored = try await Store(
        path: folder.path("mock.db"), configuration: StoreConfiguration(mode: .mock))
      let documents = Self.documents(count)
      // Some come alone, so that not all have codes.
      for part in [documents.prefix(count - 3), documents.suffix(3)] {
        #expect(try await hybrid.add(Array(part)).chunks == .init(standIn: part.count))
        try await stored.add(Array(part))
      }
      #expect(try await Self.bytes(hybrid) == 0)
      #expect(try await Self.bytes(stored) == count * 6144)
      #expect(
        try await hybrid.file.read {
          try Int.fetchOne($0, sql: "SELECT COALESCE(SUM(rows), 0) FROM segments")
        } == (count > 128 ? 256 : 0))
      for exact in [false, true] {
        var options = QueryOptions(limit: 5, ranking: .vector)
        options.isExact = exact
        for question in ["a walrus on ice", "note 3", "yeast makes gas"] {
          let vector = MockService().vector(of: question)
          let (one, other) = (
            try await hybrid.query(vector: vector, space: .mock, options: options),
            try await stored.query(vector: vector, space: .mock, options: options)
          )
          #expect(one.hits.map(\.source) == other.hits.map(\.source), "\(question), \(exact)")
          #expect(one.hits.map(\.cosine) == other.hits.map(\.cosine), "\(question), \(exact)")
          #expect(one.hits.count == 5 && one.hits.allSatisfy { $0.space == .mock })
        }
      }
      let sources = documents.compactMap(\.source)
      let vectors = try await hybrid.vectors(of: sources, space: .mock)
      #expect(
        try await vectors.map(\.vector) == stored.vectors(of: sources).map(\.vector))
      try await stored.close()
    }
  }

  /// Doctor, statistics, export and compact read them; a real vector takes their place.
  @Test func everyVerbReadsThem() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("s.db")
    var configuration = StoreConfiguration(mode: .hybrid)
    configuration.budget.ledgerPath = path + "-ledger"
    var store = try await Store(path: path, configuration: configuration)
    let documents = Self.documents(140)
    try await store.add(documents)
    try await store.add([Document(id: "d1", text: "changed"), Document(id: "new", text: "new")])
    try await store.remove(["d2"])
    try await store.compact()
    let report = try await store.statistics()
    #expect(report.spaces.contains { $0.space == .mock && $0.rows == 140 })
    let (first, rows) = (folder.path("1.jsonl"), folder.path("r.npy"))
    try await store.export(to: first)
    #expect(try Data(contentsOf: URL(filePath: first)).count < 140 * 1000)
    #expect(try await store.export(to: rows, space: .mock).rows == 140)
    let copy = try await Store(
      path: folder.path("copy.db"), configuration: StoreConfiguration(mode: .hybrid))
    try await copy.import(from: first)
    #expect(try await Self.bytes(copy) == 0)
    try await copy.export(to: folder.path("2.jsonl"))
    #expect(
      try Data(contentsOf: URL(filePath: first))
        == Data(contentsOf: URL(filePath: folder.path("2.jsonl"))))
    try await copy.close()
    try await store.close()
    let unwell = try await Store.doctor(path: path, configuration: configuration).unwell
    #expect(unwell.subtracting([.standIns]).isEmpty, "\(unwell)")

    configuration.service = FakeService()
    store = try await Store(path: path, configuration: configuration)
    #expect(try await store.reembed().chunks.embedded == 140)
    #expect(try await store.collections()[0].vectors == [.openAI3Small: 140])
    try await store.close()
    try expectWhole(path)
  }

  /// A chunk that lost its text has no vector any more, and doctor says so.
  @Test func aVectorWithoutItsTextIsDamage() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("s.db")
    var configuration = StoreConfiguration(mode: .hybrid)
    configuration.budget.ledgerPath = path + "-ledger"
    let store = try await Store(path: path, configuration: configuration)
    try await store.add(Self.documents(2))
    try await store.file.write { try $0.execute(sql: "UPDATE chunks SET text = NULL WHERE id = 1") }
    try await store.close()
    let unwell = try await Store.doctor(path: path, configuration: configuration).unwell
    #expect(unwell.contains(.vectorSizes))
  }
}
