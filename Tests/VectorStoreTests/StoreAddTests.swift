import Foundation
import GRDB
import Synchronization
import TestSupport
import Testing
@testable import VectorStore

@Suite struct StoreAddTests {
  static let sky = Document(
    id: "sky", text: "The sky is blue because air scatters blue light.")
  static let bread = Document(id: "bread", text: "Bread rises because yeast makes gas.")

  @Test func addsNewDocuments() async throws {
    try await withStore { store, _ in
      let report = try await store.add([Self.sky, Self.bread])
      #expect(report.documents.added == 2)
      #expect(report.chunks == .init(embedded: 2))
      #expect(report.space == .mock)
      #expect(report.costUSD == 0)
      #expect(try await store.list().map(\.source) == ["bread", "sky"])
    }
  }

  @Test func addingAgainChangesNothing() async throws {
    try await withStore { store, _ in
      try await store.add([Self.sky, Self.bread])
      let before = try #require(try await store.get("sky"))
      let report = try await store.add([Self.sky, Self.bread])
      #expect(report.documents == .init(unchanged: 2))
      #expect(report.chunks == .init(reused: 2))
      #expect(try await store.get("sky") == before)
    }
  }

  @Test func changedTextReplacesItsChunks() async throws {
    try await withStore { store, _ in
      try await store.add([Self.sky])
      let old = try #require(try await store.get("sky")).chunks[0].id
      let report = try await store.add([Document(id: "sky", text: "The sky is red at dusk.")])
      #expect(report.documents == .init(updated: 1))
      let document = try #require(try await store.get("sky"))
      #expect(document.text == "The sky is red at dusk.")
      #expect(document.chunks.count == 1 && document.chunks[0].id > old)
      let hits = try await store.query("scatters", options: .init(lexical: true)).hits
      #expect(hits.isEmpty)
    }
  }

  @Test func changedMetadataKeepsTheVectors() async throws {
    let requests = Mutex(0)
    let service = FakeService(onRequest: { texts in requests.withLock { $0 += texts.count } })
    try await withStore(mode: .real, service: service) { store, _ in
      try await store.add([Self.sky])
      var changed = Self.sky
      changed.metadata = ["topic": "physics"]
      let report = try await store.add([changed])
      #expect(report.documents == .init(updated: 1))
      #expect(report.chunks == .init(reused: 1))
      #expect(requests.withLock { $0 } == 1)
      #expect(try await store.get("sky")?.summary.metadata == ["topic": "physics"])
    }
  }

  @Test func equalTextsAreEmbeddedOnce() async throws {
    let requests = Mutex<[String]>([])
    let service = FakeService(onRequest: { texts in requests.withLock { $0 += texts } })
    try await withStore(mode: .real, service: service) { store, _ in
      let texts = (0..<5).map { Document(id: "copy \($0)", text: Self.sky.text ?? "") }
      let first = try await store.add(texts)
      #expect(first.chunks == .init(embedded: 1, reused: 4))
      let other = try await store.add([Self.sky], to: "other")
      #expect(other.chunks == .init(reused: 1))
      #expect(requests.withLock { $0 } == [Self.sky.text])
    }
  }

  @Test func vectorsOfTheLastUseAreGoneWithTheirDocument() async throws {
    let requests = Mutex(0)
    let service = FakeService(onRequest: { texts in requests.withLock { $0 += texts.count } })
    try await withStore(mode: .real, service: service) { store, _ in
      try await store.add([Self.sky])
      try await store.remove(["sky"])
      try await store.add([Self.sky])
      #expect(requests.withLock { $0 } == 2)
    }
  }

  @Test func offlineHybridWorksOnStandIns() async throws {
    try await withStore(mode: .hybrid) { store, _ in
      let report = try await store.add([Self.sky, Self.bread])
      #expect(report.chunks == .init(standIn: 2))
      #expect(report.space == .openAI3Small)
      #expect(!report.isPartial)
      let again = try await store.add([Self.sky])
      #expect(again.documents == .init(unchanged: 1))
      #expect(again.chunks == .init(standIn: 1))
      let result = try await store.query("why is the sky blue?")
      #expect(result.isDegraded)
      #expect(result.hits.first?.source == "sky")
      #expect(result.hits.allSatisfy { $0.space == .mock && $0.isDegraded })
    }
  }

  @Test func aServiceTurnsStandInsIntoVectors() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("life.db")
    let offline = try await Store(path: path)
    try await offline.add([Self.sky, Self.bread])
    try await offline.close()

    let online = try await Store(
      path: path, configuration: StoreConfiguration(mode: .hybrid, service: FakeService()))
    let report = try await online.add([Self.sky])
    #expect(report.documents == .init(updated: 1))
    #expect(report.chunks == .init(embedded: 1))
    #expect(try await online.get("sky")?.chunks[0].spaces == [.openAI3Small])
    let mixed = try await online.query("why does bread rise?")
    #expect(mixed.isDegraded)
    #expect(mixed.hits.first?.source == "bread")
    #expect(mixed.hits.first?.space == .mock)

    try await online.add([Self.bread])
    let pure = try await online.query("why does bread rise?")
    #expect(!pure.isDegraded)
    #expect(pure.hits.allSatisfy { $0.space == .openAI3Small })
    #expect(pure.hits[0].score == pure.hits[0].cosine)
    try await online.close()
    try expectWhole(path)
  }

  @Test func realModeWithoutServiceLeavesDocumentsPending() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("pending.db")
    let up = try await Store(
      path: path, configuration: StoreConfiguration(mode: .real, service: FakeService()))
    try await up.add([Self.sky])
    try await up.close()

    let down = try await Store(
      path: path, configuration: StoreConfiguration(mode: .real, service: FakeService(isDown: true))
    )
    let changed = Document(id: "sky", text: "The sky is red at dusk.")
    let report = try await down.add([changed, Self.bread])
    #expect(report.documents == .init(pending: 2))
    #expect(report.chunks == .init(pending: 2))
    #expect(report.isPartial)
    #expect(try await down.get("sky")?.text == Self.sky.text, "the old version goes on answering")
    let pending = try await down.list(states: [.pending])
    #expect(pending.map(\.source) == ["bread", "sky"])
    #expect(pending.allSatisfy { $0.reason == "the service is down" })
    #expect(await errorCode { _ = try await down.query("sky") } == .serviceUnavailable)
    try await down.close()

    let again = try await Store(
      path: path, configuration: StoreConfiguration(mode: .real, service: FakeService()))
    #expect(try await again.add([changed, Self.bread]).documents == .init(added: 0, updated: 2))
    #expect(try await again.list(states: [.pending]).isEmpty)
    #expect(try await again.get("sky")?.text == changed.text)
    try await again.close()
    try expectWhole(path)
  }

  @Test func hybridGoesOnWithStandInsWhenTheServiceFails() async throws {
    try await withStore(mode: .hybrid, service: FakeService(isDown: true)) { store, _ in
      let report = try await store.add([Self.sky])
      #expect(report.documents.added == 1)
      #expect(report.chunks == .init(standIn: 1))
      #expect(!report.isPartial && report.errors.isEmpty, "stand-ins are no failure")
      #expect(report.warnings.contains { $0.contains("the service is down") })
    }
  }

  @Test func badVectorsAreRefusedAndTheRestIsPlaced() async throws {
    let service = FakeService(change: { text, vector in
      text.contains("yeast") ? [Float](repeating: 0, count: vector.count) : vector
    })
    try await withStore(mode: .real, service: service) { store, _ in
      let report = try await store.add([Self.sky, Self.bread])
      #expect(report.chunks == .init(embedded: 1, failed: 1))
      #expect(report.documents == .init(added: 1, failed: 1))
      #expect(report.errors.map(\.source) == ["bread"] && report.errors.map(\.chunk) == [0])
      let failed = try await store.list(states: [.failed])
      #expect(failed.map(\.source) == ["bread"])
      #expect(failed[0].reason?.contains("all components of the vector are zero") == true)
      let hits = try await store.query("yeast", options: .init(lexical: true)).hits
      #expect(hits.map(\.source) == ["bread"], "its words are still found")
    }
  }

  @Test func answersAreKeptWhenALaterRequestFails() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("paid.db")
    let requests = Mutex(0)
    let service = FakeService(
      onRequest: { _ in requests.withLock { $0 += 1 } },
      failure: { requests.withLock { $0 } == 2 ? FakeService.Down() : nil })
    let texts = (0..<1000).map { Document(id: "\($0)", text: "text number \($0)") }
    let big = texts.compactMap(\.text).joined(separator: "\n\n")
    var options = AddOptions()
    options.chunking = ChunkingOptions(maximumTokens: 16, overlapTokens: 0)
    let store = try await Store(
      path: path, configuration: StoreConfiguration(mode: .real, service: service))
    let report = try await store.add([Document(id: "big", text: big)], options: options)
    #expect(report.documents == .init(pending: 1))
    #expect(report.requests == 2, "every attempt counts")
    let staged = try await store.file.read {
      try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM staged")
    }
    #expect(staged == 256, "the first answer was paid for")
    let second = try await store.add([Document(id: "big", text: big)], options: options)
    #expect(second.documents == .init(updated: 1))
    #expect(second.chunks.reused == 256 && second.chunks.embedded > 0)
    try await store.close()
    try expectWhole(path)
  }

  @Test func theSameDocumentTwiceInOneCallLeavesNoWordsBehind() async throws {
    try await withStore { store, _ in
      try await store.add([
        Document(id: "a", text: "first zanzibarquux"), Document(id: "a", text: "second"),
      ])
      #expect(try await store.get("a")?.text == "second")
      #expect(try await store.query("zanzibarquux", options: .init(lexical: true)).hits.isEmpty)
    }
  }

  @Test func anEmptyCollectionTakesTheNextTarget() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("target.db")
    let hybrid = try await Store(path: path)
    try await hybrid.add([Self.sky])
    try await hybrid.remove(["sky"])
    try await hybrid.close()
    let mock = try await Store(path: path, configuration: StoreConfiguration(mode: .mock))
    #expect(try await mock.add([Self.sky]).chunks == .init(embedded: 1))
    #expect(try await mock.collections().map(\.space) == [.mock])
    try await mock.close()
  }

  @Test func mockModeOnARealCollectionWritesStandIns() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("mixed.db")
    let real = try await Store(
      path: path, configuration: StoreConfiguration(mode: .real, service: FakeService()))
    try await real.add([Self.sky])
    try await real.close()
    let mock = try await Store(path: path, configuration: StoreConfiguration(mode: .mock))
    #expect(try await mock.add([Self.sky]).chunks == .init(reused: 1))
    #expect(try await mock.add([Self.bread]).chunks == .init(standIn: 1))
    let result = try await mock.query("blue sky and bread")
    #expect(result.hits.map(\.source) == ["bread"])
    #expect(result.isDegraded, "a chunk with a real vector only is not searched")
    try await mock.close()
    try expectWhole(path)
  }

  @Test func anotherModelIsRefusedWithBothNames() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("spaces.db")
    let first = try await Store(
      path: path, configuration: StoreConfiguration(mode: .real, service: FakeService()))
    try await first.add([Self.sky])
    let large = try EmbeddingSpace(
      provider: "openai", model: "text-embedding-3-large", dimensions: 3072, kind: .real)
    let second = try await Store(
      path: path, configuration: StoreConfiguration(mode: .real, service: FakeService(space: large))
    )
    let error = await #expect(throws: StoreError.self) { try await second.add([Self.bread]) }
    #expect(error?.code == .spaceMismatch)
    #expect(error?.message.contains("openai/text-embedding-3-small/1536") == true)
    #expect(error?.message.contains("openai/text-embedding-3-large/3072") == true)
    #expect(await errorCode { _ = try await second.query("sky") } == .spaceMismatch)
  }

  @Test func emptyTextIsRefused() async throws {
    try await withStore { store, _ in
      for text in ["", " \n\t "] {
        #expect(await errorCode { try await store.add([Document(text: text)]) } == .empty)
      }
      #expect(
        await errorCode { try await store.add([Document(id: "", text: "a")]) } == .empty)
    }
  }

  @Test func wrongChunkSizesAreRefused() async throws {
    try await withStore { store, _ in
      var options = AddOptions()
      options.chunking = ChunkingOptions(maximumTokens: 100, overlapTokens: 90)
      let code = await errorCode { try await store.add([Self.sky], options: options) }
      #expect(code == .invalidArgument)
    }
  }

  @Test func aTextWithoutIDIsNamedAfterItself() async throws {
    try await withStore { store, _ in
      try await store.add([Document(text: "one"), Document(text: "two")])
      try await store.add([Document(text: "one")])
      #expect(try await store.list().count == 2)
    }
  }

  @Test func longTextsComeBackWhole() async throws {
    try await withStore { store, _ in
      var random = SeededGenerator(seed: 11)
      let words = ["alpha", "βήτα", "γ\u{301}", "中文字", "👩‍👩‍👧", "end.\r\n", "\n\n", "x"]
      let text = (0..<6000).map { _ in words.randomElement(using: &random) ?? "" }
        .joined(separator: " ")
      try await store.add([Document(id: "long", text: text)])
      let document = try #require(try await store.get("long"))
      #expect(document.chunks.count > 10)
      #expect(document.text == text)
      let scalars = Array(text.unicodeScalars)
      for chunk in document.chunks {
        let (start, end) = (try #require(chunk.start), try #require(chunk.end))
        #expect(String(String.UnicodeScalarView(scalars[start..<end])) == chunk.text)
        #expect(chunk.line == 1 + scalars[..<start].count { $0 == "\n" })
      }
    }
  }

  /// On PostgreSQL it is `aTextReadsAFewRowsOfAGrowingTable`.
  @Test(.aboutFiles) func moreTextsThanFitInMemoryAreStaged() async throws {
    try await withStore { store, _ in
      let text = (0..<6000).map { "Line number \($0) says something of its own here.\n" }.joined()
      var options = AddOptions()
      options.chunking = ChunkingOptions(maximumTokens: 16, overlapTokens: 0)
      let report = try await store.add([Document(id: "big", text: text)], options: options)
      #expect(report.chunks.embedded > 4096)
      #expect(try await store.get("big")?.text == text)
      let staged = try await store.file.read {
        try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM staged")
      }
      #expect(staged == 0)
    }
  }
}
