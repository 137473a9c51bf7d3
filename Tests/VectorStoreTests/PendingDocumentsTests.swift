// What a query, figures and listings say while documents wait for their vectors, and why there is no
// hit.

import Foundation
import GRDB
import TestSupport
import Testing

@testable import VectorStore

@Suite struct PendingDocumentsTests {
  /// A store of mode REAL with some documents that answer, and others that wait.
  private func withWaiting(
    answering: Int, waiting: Int, _ body: (Store, TemporaryFolder) async throws -> Void
  ) async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("s.db")
    if answering > 0 {
      let store = try await Store(
        path: path, configuration: StoreConfiguration(mode: .real, service: FakeService()))
      try await store.add(numberedTexts(answering))
      try await store.close()
    }
    let store = try await Store(path: path, configuration: StoreConfiguration(mode: .real))
    try await store.add(numberedTexts(waiting, from: 100))
    try await body(store, folder)
    try await store.close()
  }

  /// Each query counts them: it must not look at every document to find that none waits.
  @Test(.aboutFiles) func countingThemLooksAtNoOtherDocument() async throws {
    try await withStore { store, _ in
      try await store.add((0..<50).map { Document(id: "\($0)", text: "text \($0)") })
      let plan = try await store.file.read { db in
        try db.rows(bulk: "EXPLAIN QUERY PLAN " + DocumentsTable.pendingCount, .integer(1)) {
          try $0.text(3)
        }
      }
      #expect(plan.count == 2 && plan.first == "SCAN p", "\(plan)")
    }
  }

  @Test func allOfThemWait() async throws {
    try await withWaiting(answering: 0, waiting: 2) { store, folder in
      let pending = PendingDocuments(
        count: 2, documents: 2, reason: "there is no embedding service; configure one")
      var options = QueryOptions()
      options.ranking = .lexical
      let result = try await store.query("number", options: options)
      #expect(result.hits.isEmpty && result.pending == pending)
      #expect(result.noHitsReason == pending.message)
      #expect(
        pending.message == "2 of 2 documents wait for their vectors and are not searched: "
          + "there is no embedding service; configure one")
      let vector = [Float](repeating: 1, count: 1536)
      #expect(try await store.query(vectors: [vector])[0].pending == pending)
      #expect(try await store.statistics().pending == pending)
      #expect(try await store.collections().map(\.pending) == [2])
      // Whole documents are written with what waits, chunks are not.
      #expect(try await store.export(to: folder.path("e.jsonl")).pending == nil)
      #expect(try await store.export(to: folder.path("e.jsonl"), byChunk: true).pending == pending)
    }
  }

  @Test func someOfThemWait() async throws {
    try await withWaiting(answering: 2, waiting: 1) { store, _ in
      var options = QueryOptions()
      options.ranking = .lexical
      let result = try await store.query("number", options: options)
      #expect(result.hits.count == 2 && result.noHitsReason == nil)
      #expect(result.pending?.count == 1 && result.pending?.documents == 3)
      #expect(result.pending?.message.hasPrefix("1 of 3 documents waits for its vectors") == true)
      // Another collection does not wait.
      let other = try await Store(
        path: store.path, configuration: StoreConfiguration(mode: .mock))
      try await other.add([Document(text: "words")], to: "other")
      #expect(try await other.query("words", in: "other").pending == nil)
      #expect(try await other.statistics(of: "other").pending == nil)
      try await other.close()
    }
  }

  @Test func saysWhyThereIsNoHit() async throws {
    try await withStore { store, _ in
      try await store.add([Document(id: "a", text: "a walrus", metadata: ["year": 2020])])
      func reason(_ text: String, _ change: (inout QueryOptions) throws -> Void) async throws
        -> String?
      {
        var options = QueryOptions()
        try change(&options)
        return try await store.query(text, options: options).noHitsReason
      }
      #expect(try await reason("walrus") { _ in } == nil)
      #expect(
        try await reason("walrus") { $0.filter = try Filter(parsing: "year = 1999") }
          == "no document of the collection \"default\" passes the filter; check its keys and values"
      )
      #expect(
        try await reason("walrus") { $0.minimumScore = 2 }
          == "no passage of the collection \"default\" scores 2.0 or more; ask for a lower score")
      #expect(
        try await reason("zebra") { $0.ranking = .lexical }
          == "no passage of the collection \"default\" has a word of the question; ask with other words"
      )
      try await store.remove(["a"])
      #expect(
        try await reason("walrus") { _ in }
          == "the collection \"default\" has no documents; add some")
    }
  }
}
