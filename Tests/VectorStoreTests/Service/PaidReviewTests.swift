import Foundation
import GRDB
import Synchronization
import TestSupport
import Testing

@testable import VectorStore

/// What a review of the paid path found, each held by its own test.
@Suite struct PaidReviewTests {
  static let large = ReembedTests.large

  @Test func textThatMovesBetweenDocumentsIsNotPaidAgain() async throws {
    try await withPaidStore { paid in
      let store = try await paid.open(service: try paid.service())
      let (first, second) = ("The sky is blue today.", "Bread rises with yeast.")
      try await store.add([
        Document(id: "a", text: first), Document(id: "b", text: second),
      ])
      let swapped = try await store.add(
        [Document(id: "a", text: second), Document(id: "b", text: first)])
      #expect(swapped.documents == .init(updated: 2) && swapped.chunks == .init(reused: 2))
      // Across calls' batches too: the text goes with one document and comes with a later one.
      let moved = try await store.add(
        [Document(id: "a", text: "Now something else.")]
          + numberedTexts(300) + [Document(id: "c", text: second)])
      #expect(moved.chunks.reused == 1)
      #expect(paid.server.billing.paidTwice.isEmpty)
      let staged = try await store.file.read {
        try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM staged")
      }
      #expect(staged == 0, "what nobody needed is forgotten")
      try await store.close()
    }
  }

  @Test func reembedShowsWhatPendingDocumentsCostAndKeepsToOneMaximum() async throws {
    try await withPaidStore { paid in
      paid.server.update { $0.fault = { _, _ in .invalidKey } }
      let store = try await paid.open(mode: .hybrid, service: nil)
      try await store.add(numberedTexts(100))
      store.mode = .real
      #expect(try await store.add(numberedTexts(100, from: 100)).documents.pending == 100)
      try await store.close()
      paid.server.update { $0.fault = { _, _ in nil } }
      let real = try await paid.open(service: try paid.service())
      let plan = try await real.reembed(isDryRun: true)
      #expect(plan.chunks.embedded == 200 && plan.pendingRemaining == 100)
      #expect(plan.tokens == PaidStore.leastTokens(numberedTexts(200).compactMap(\.text)))
      var spending = SpendingOptions()
      spending.maximumCost = .atMost(NanoDollars(nano: Int64(plan.tokens) * 20 * 3 / 4))
      let part = try await real.reembed(spending: spending)
      #expect(part.isStoppedByBudget && !part.isComplete)
      #expect(paid.server.billing.tokens <= plan.tokens * 3 / 4)
      let rest = try await real.reembed()
      #expect(rest.isComplete && paid.server.billing.paidTwice.isEmpty)
      #expect(paid.server.billing.tokens == plan.tokens)
      try await real.close()
    }
  }

  @Test func aPlainReembedKeepsAChangeThatIsHalfDone() async throws {
    try await withPaidStore { paid in
      let store = try await ReembedTests.open(paid)
      try await store.add(numberedTexts(200))
      let sent = paid.server.embeddingRequests.count
      paid.server.update { $0.fault = LoopbackFault.from(sent + 1, .invalidKey) }
      #expect(try await store.reembed(to: Self.large).chunks.embedded == 64)
      paid.server.update { $0.fault = { _, _ in nil } }
      #expect(try await store.reembed().isComplete)
      let rest = try await store.reembed(to: Self.large)
      #expect(rest.isComplete && rest.chunks.embedded == 136)
      try await store.close()
    }
  }

  @Test func aTextThatOneModelRefusesIsTriedWithTheNext() async throws {
    try await withPaidStore { paid in
      let store = try await ReembedTests.open(paid)
      paid.server.update { $0.refuses = { $0.contains("number 3 ") } }
      #expect(try await store.add(numberedTexts(10)).chunks == .init(embedded: 9, failed: 1))
      paid.server.update { $0.refuses = { $0.contains("number 5 ") } }
      let report = try await store.reembed(to: Self.large)
      #expect(report.isComplete && report.chunks.embedded == 9 && report.chunks.failed == 1)
      #expect(report.errors.map(\.source) == ["5"])
      #expect(try await store.list(states: [.failed]).map(\.source) == ["5"])
      #expect(try await store.collections()[0].vectors == [Self.large: 9])
      try await store.close()
    }
  }

  @Test func vectorsAreImportedWhateverTheService() async throws {
    try await withPaidStore { paid in
      let store = try await paid.open(service: try paid.service())
      let file = paid.folder.path("rows.jsonl")
      let vector = LoopbackServer.vector(for: "a", dimensions: 64).map { "\($0)" }
        .joined(separator: ",")
      try Data("{\"id\":\"a\",\"vector\":[\(vector)]}\n".utf8).write(to: URL(filePath: file))
      let other = try EmbeddingSpace(provider: "me", model: "tiny", dimensions: 64, kind: .real)
      let report = try await store.import(from: file, space: other, into: "mine")
      #expect(report.documents == .init(added: 1) && report.requests == 0)
      let code = await errorCode {
        _ = try await store.add([Document(id: "b", text: "words")], to: "mine")
      }
      #expect(code == .spaceMismatch)
      try await store.close()
    }
  }

  @Test func aRunThatIsGivenUpSendsNothingMoreAndKeepsWhatComes() async throws {
    var behaviour = LoopbackBehaviour()
    behaviour.latency = 0.3
    try await withPaidStore(behaviour) { paid in
      let store = try await paid.open(service: try paid.service())
      let adding = Task { try await store.add(numberedTexts(2000)) }
      try await paid.server.waitForRequests(4)
      adding.cancel()
      await #expect(throws: CancellationError.self) { try await adding.value }
      #expect(paid.server.embeddingRequests.count <= 8)
      let billed = paid.server.billing.timesBilled.count
      let staged = try await store.file.read {
        try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM staged") ?? 0
      }
      let placed = try await store.list().count
      #expect(staged + placed == billed, "all that was paid for is kept")
      try await store.close()
    }
  }

  @Test func aProxysPageFailsNoText() async throws {
    var behaviour = LoopbackBehaviour()
    behaviour.fault = { _, _ in .html502 }
    try await withPaidStore(behaviour) { paid in
      let service = try paid.service { $0.maximumRetries = 0 }
      let store = try await paid.open(service: service)
      let report = try await store.add(numberedTexts(100))
      #expect(report.documents == .init(pending: 100) && report.chunks.failed == 0)
      try await store.close()
    }
  }

  /// Chunks that are too long for the model come from a time when nobody could count them.
  @Test(arguments: [false, true])
  func aChunkTooLongForTheModelIsCutAgainByReembed(changesSpace: Bool) async throws {
    try await withPaidStore { paid in
      let text = (0..<3000).map { "word\($0)" }.joined(separator: " ")
      var options = AddOptions()
      options.chunking = ChunkingOptions(maximumTokens: 4000, overlapTokens: 0)
      try paid.folder.write(text, to: "docs/long.txt")
      let offline = try await paid.open(mode: changesSpace ? .mock : .hybrid, service: nil)
      try await offline.add(paths: [paid.folder.path("docs")], options: options)
      let own = Document(id: "own", chunks: [Document.Chunk(text: String(text.prefix(9000)))])
      try await offline.add([own])
      let before = try await offline.list().first { $0.source != "own" }
      try await offline.close()
      // A counter that finds more tokens than the chunker had estimated.
      let counter = TokenCounter(isExact: true) { $0.utf8.count }
      let online = try await paid.open(
        mode: .hybrid, service: try paid.service(counter: counter))
      let seen = Mutex<[StoreProgress]>([])
      let report = try await online.reembed(
        to: .openAI3Small, progress: { step in seen.withLock { $0.append(step) } })
      #expect(report.isComplete && report.cutAgain > 0 && report.chunks.remaining == 0, "\(report)")
      #expect(report.warnings.contains { $0.hasSuffix("they were embedded in pieces") })
      // What came in chunks of its own is taken as it is.
      #expect(report.errors.map(\.code) == [.textTooLong] && report.errors.map(\.source) == ["own"])
      #expect(report.chunks.failed == 1)
      #expect(seen.withLock { $0 }.allSatisfy { $0.done <= $0.total ?? 0 })
      #expect(paid.server.embeddingRequests.flatMap(\.texts).allSatisfy { $0.utf8.count <= 8191 })
      #expect(paid.server.billing.paidTwice.isEmpty)
      let after = try #require(try await online.list().first { $0.source != "own" })
      #expect(after.state == .complete && after.chunks > before?.chunks ?? 0)
      #expect(try await online.get(after.source)?.text == text)
      // It is still the file's.
      let added = try await online.add(paths: [paid.folder.path("docs")], options: options)
      #expect(added.documents == .init(unchanged: 1), "\(added)")
      #expect(try await online.roots().map(\.documents) == [1])
      try await online.close()
    }
  }
}
