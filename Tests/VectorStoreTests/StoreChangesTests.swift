import Foundation
import TestSupport
import Testing
import VectorStore

struct StoreChangesTests {
  private static func withStores(
    _ body: (_ watched: Store, _ writer: Store) async throws -> Void
  ) async throws {
    let folder = try TemporaryFolder()
    let configuration = StoreConfiguration(mode: .mock)
    let writer = try await Store(path: folder.path("s.db"), configuration: configuration)
    try await writer.add([Document(id: "a", text: "a walrus")], to: "first")
    let watched = try await Store(path: folder.path("s.db"), configuration: configuration)
    try await body(watched, writer)
    try await watched.close()
    try await writer.close()
  }

  @Test func eachWriteOfAnotherStoreIsSeenWithItsCollection() async throws {
    try await Self.withStores { watched, writer in
      var changes = try await watched.changes.makeAsyncIterator()
      func next() async throws -> Store.Change { try #require(try await changes.next()) }
      try await writer.add([Document(id: "b", text: "a seal")], to: "second")
      var change = try await next()
      #expect(change.collections == ["second"])
      var last = change.generation
      for step in 0..<3 {
        switch step {
        case 0: try await writer.add([Document(id: "a", text: "a seal")], to: "first")
        case 1: try await writer.updateMetadata(of: "a", to: ["year": 2026], in: "first")
        default: try await writer.remove(["a"], from: "first")
        }
        change = try await next()
        #expect(change.collections == ["first"] && change.generation > last, "step \(step)")
        last = change.generation
      }
    }
  }

  @Test func waitingEndsWithItsTask() async throws {
    try await Self.withStores { watched, _ in
      let waiting = Task {
        for try await _ in try await watched.changes { Issue.record("nothing changed") }
      }
      try await Task.sleep(for: .milliseconds(300))
      waiting.cancel()
      await #expect(throws: CancellationError.self) { try await waiting.value }
    }
  }

  @Test func aClosedStoreEndsIt() async throws {
    try await Self.withStores { watched, _ in
      let waiting = Task { for try await _ in try await watched.changes {} }
      try await Task.sleep(for: .milliseconds(300))
      try await watched.close()
      #expect(await errorCode { try await waiting.value } == .closed)
    }
  }
}
