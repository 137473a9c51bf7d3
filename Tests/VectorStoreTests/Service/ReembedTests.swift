import Foundation
import TestSupport
import Testing

@testable import VectorStore

@Suite struct ReembedTests {
  static let large = EmbeddingSpace.named("openai/text-embedding-3-large/1024")

  /// A store whose service is of 3-small, with another of 3-large at hand.
  static func open(_ paid: PaidStore) async throws -> Store {
    let other = try paid.service {
      $0.model = large.model
      $0.dimensions = large.dimensions
    }
    return try await paid.open(service: try paid.service()) { $0.otherServices = [other] }
  }

  @Test func theOldVectorsAnswerUntilTheNewAreComplete() async throws {
    try await withPaidStore { paid in
      let store = try await Self.open(paid)
      try await store.add(numberedTexts(500))
      let before = paid.server.embeddingRequests.count
      paid.server.update { $0.fault = LoopbackFault.from(before + 3, .invalidKey) }
      let first = try await store.reembed(to: Self.large)
      #expect(!first.isComplete && first.stopped?.code == "authentication_failed")
      #expect(first.chunks.embedded == 192 && first.chunks.remaining == 308)
      let vector = LoopbackServer.vector(for: "text number 7 of many")
      let hits = try await store.query(vectors: [vector])[0].hits
      #expect(hits.first?.source == "7" && hits.first?.space == .openAI3Small)

      paid.server.update { $0.fault = { _, _ in nil } }
      let second = try await store.reembed(to: Self.large)
      #expect(second.isComplete && second.chunks.embedded == 308 && second.chunks.remaining == 0)
      #expect(try await store.collections()[0].space == Self.large)
      #expect(try await store.collections()[0].vectors == [Self.large: 500])
      #expect(
        paid.server.embeddingRequests.filter { $0.model == Self.large.model && $0.status == 200 }
          .reduce(0) { $0 + $1.texts.count } == 500, "no text is embedded twice")
      let third = try await store.reembed()
      #expect(third.isComplete && third.requests == 0)
      try await store.close()
    }
  }

  /// The next add took the space of its own service for the target, while the collection was empty.
  @Test func aTargetThatWasChosenStaysWhileTheCollectionIsEmpty() async throws {
    try await withPaidStore { paid in
      let store = try await Self.open(paid)
      try await store.add(numberedTexts(2))
      try await store.remove(["0", "1"])
      #expect(try await store.collections()[0].space == .openAI3Small)
      #expect(try await store.reembed(to: Self.large).isComplete)
      var options = AddOptions()
      options.isDryRun = true
      #expect(try await store.add(numberedTexts(2), options: options).space == Self.large)
      for _ in 0..<2 {
        #expect(try await store.add(numberedTexts(2)).space == Self.large)
        #expect(try await store.collections()[0].vectors == [Self.large: 2])
        try await store.remove(["0", "1"])
      }
      try await store.close()
    }
  }

  @Test func pendingDocumentsArePlaced() async throws {
    try await withPaidStore { paid in
      paid.server.update { $0.fault = { _, _ in .invalidKey } }
      let store = try await paid.open(service: try paid.service())
      #expect(try await store.add(numberedTexts(20)).documents == .init(pending: 20))
      paid.server.update { $0.fault = { _, _ in nil } }
      let report = try await store.reembed()
      #expect(report.isComplete && report.pendingPlaced == 20 && report.chunks.embedded == 20)
      #expect(try await store.list(states: [.pending]).isEmpty)
      #expect(paid.server.billing.paidTwice.isEmpty)
      try await store.close()
    }
  }

  @Test func vectorsWithoutTextCannotChangeTheirSpace() async throws {
    try await withPaidStore { paid in
      let store = try await Self.open(paid)
      let file = paid.folder.path("rows.npy")
      let writer = try NPYWriter(path: file, rows: 2, dimensions: 1536)
      for text in ["a", "b"] { try writer.append(LoopbackServer.vector(for: text)) }
      try writer.finish()
      try await store.import(from: file)
      let code = await errorCode { try await store.reembed(to: Self.large) }
      #expect(code == .empty)
      #expect(paid.server.embeddingRequests.isEmpty)
      try await store.close()
    }
  }

  @Test func aSpaceWithoutAServiceIsRefusedByName() async throws {
    try await withPaidStore { paid in
      let store = try await paid.open(service: try paid.service())
      try await store.add(numberedTexts(3))
      do {
        try await store.reembed(to: Self.large)
        Issue.record("3-large has no service here")
      } catch let error as StoreError {
        #expect(error.code == .spaceMismatch)
        #expect(error.message.contains(Self.large.name))
        #expect(error.message.contains(EmbeddingSpace.openAI3Small.name))
      }
      try await store.close()
    }
  }
}
