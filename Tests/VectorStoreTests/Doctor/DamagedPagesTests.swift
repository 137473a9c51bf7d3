// Every page of what is derived overwritten: repaired, with the answers of before. Tests
// Sources/VectorStore/Doctor/FileRebuild.swift.

import Foundation
import GRDB
import TestSupport
import Testing

@testable import VectorStore

@Suite struct DamagedPagesTests {
  private static let derived = [
    "document_fields", "segments", "segment_heads", "segment_codes", "segment_fine_codes",
    "removed_vectors", "chunk_search_data", "chunk_search_idx", "chunk_search_content",
    "chunk_search_docsize", "chunk_search_config", "claims",
  ]
  private static let kept = [
    "documents", "chunks", "vectors", "spaces", "collections",
  ]

  /// The pages of derived tables and of all indexes, or of tables that are not derived; nil where SQLite
  /// does not tell (`SQLITE_ENABLE_DBSTAT_VTAB`).
  private static func pages(_ fixture: DoctorFixture, derived isDerived: Bool) async throws -> [(
    name: String, page: Int
  )]? {
    let queue = try DatabaseQueue(path: fixture.path)
    defer { try? queue.close() }
    return try? await queue.read { db in
      let indexes = try String.fetchAll(
        db, sql: "SELECT name FROM sqlite_master WHERE type = 'index'")
      let names = isDerived ? derived + indexes : kept
      return try Row.fetchAll(db, sql: "SELECT name, pageno FROM dbstat ORDER BY pageno")
        .map { ($0["name"] as String, $0["pageno"] as Int) }.filter { names.contains($0.0) }
    }
  }

  private static func bytes(_ kind: Int) -> [UInt8] {
    var random = SeededGenerator(seed: UInt64(kind))
    return (0..<Schema.pageSize).map { _ in
      kind % 3 == 0 ? 0 : kind % 3 == 1 ? 0xFF : UInt8.random(in: 0...255, using: &random)
    }
  }

  private static func state(_ fixture: DoctorFixture) async throws -> [String] {
    let store = try await Store(path: fixture.path, configuration: fixture.configuration)
    var state = try await store.list().map {
      "\($0.source) \($0.state) \($0.chunks) \(try MetadataJSON.encode($0.metadata)) \($0.updated)"
    }
    var options = QueryOptions(limit: 20)
    state += try await store.query(vectors: fixture.queries, options: options)
      .flatMap { $0.hits.map { "\($0.id) \($0.score)" } }
    options.ranking = .lexical
    options.filter = try Filter(parsing: "colour in ('blue', 'brown')")
    state += try await store.query("sky bread", in: "texts", options: options).hits.map(\.source)
    for collection in ["default", "texts"] {
      let file = fixture.folder.path("out.jsonl")
      _ = try await store.export(to: file, from: collection)
      state.append(try String(contentsOfFile: file, encoding: .utf8))
    }
    try await store.close()
    return state
  }

  @Test func pagesOfWhatIsDerivedAreRepaired() async throws {
    let fixture = try await DoctorFixture()
    let original = fixture.folder.path("original.db")
    let before = try await Self.state(fixture)
    try FileManager.default.copyItem(atPath: fixture.path, toPath: original)
    let pages = try #require(try await Self.pages(fixture, derived: true))
    #expect(Set(pages.map(\.name)).count > 20)
    for (number, (name, page)) in pages.enumerated() {
      let comment: Comment = "page \(page) of \(name), filling \(number % 3)"
      try Self.restore(fixture, from: original)
      try fixture.overwrite(at: (page - 1) * Schema.pageSize, Self.bytes(number))
      let found = try await fixture.examine()
      #expect(found[.integrity]?.state == .problem, comment)
      let repaired = try await fixture.examine(repairs: true)
      #expect(repaired.isWell && repaired[.integrity]?.state == .repaired, comment)
      #expect(try await fixture.examine().isWell, comment)
      #expect(try await Self.state(fixture) == before, comment)
      try await fixture.expectAnswers(comment)
      try expectWhole(fixture.path)
    }
  }

  /// Nothing is made up, and nothing is left out in silence.
  @Test func pagesOfTextsAndVectorsAreReported() async throws {
    let fixture = try await DoctorFixture()
    let original = fixture.folder.path("original.db")
    try FileManager.default.copyItem(atPath: fixture.path, toPath: original)
    let pages = try #require(try await Self.pages(fixture, derived: false))
    for (number, (name, page)) in pages.enumerated() {
      try Self.restore(fixture, from: original)
      try fixture.overwrite(at: (page - 1) * Schema.pageSize, Self.bytes(number))
      let damaged = try Data(contentsOf: URL(filePath: fixture.path))
      let report = try await fixture.examine(repairs: true)
      #expect(!report.isWell, "\(name)")
      #expect(try Data(contentsOf: URL(filePath: fixture.path)) == damaged, "\(name)")
    }
  }

  /// Who has the store open meanwhile goes on with the new contents.
  @Test func openStoresSeeWhatWasRebuilt() async throws {
    let fixture = try await DoctorFixture()
    let pages = try #require(try await Self.pages(fixture, derived: true))
    let open = try await Store(path: fixture.path, configuration: fixture.configuration)
    try await open.expectExact(fixture.queries)
    let page = try #require(pages.first { $0.name == "segment_codes" }?.page)
    try fixture.overwrite(at: (page - 1) * Schema.pageSize, Self.bytes(1))
    #expect(try await fixture.examine(repairs: true).isWell)
    try await open.expectExact(fixture.queries)
    try await open.add([Document(id: "later", text: "A later text.")], to: "texts")
    #expect(try await open.query("later text", in: "texts").hits.first?.source == "later")
    try await open.close()
    try expectWhole(fixture.path)
  }

  private static func restore(_ fixture: DoctorFixture, from original: String) throws {
    for side in ["", "-wal", "-shm"] {
      try? FileManager.default.removeItem(atPath: fixture.path + side)
    }
    try FileManager.default.copyItem(atPath: original, toPath: fixture.path)
  }
}
