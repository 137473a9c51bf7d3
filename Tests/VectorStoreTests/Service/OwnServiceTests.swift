// A user's own service that fails in its own ways, and none where none is needed.

import Foundation
import Synchronization
import TestSupport
import Testing

@testable import VectorStore

@Suite struct OwnServiceTests {
  private static let sky = Document(id: "sky", text: "The sky is blue.")
  /// Answers NaN to questions only.
  private static let nan = FakeService(change: { text, vector in
    text.hasSuffix("?") ? [Float](repeating: .nan, count: vector.count) : vector
  })

  @Test func aQuestionThatGetsABadVectorIsAnsweredByWordsInHybrid() async throws {
    try await withStore(mode: .hybrid, service: Self.nan) { store, _ in
      try await store.add([Self.sky])
      let result = try await store.query("which colour is the sky?")
      #expect(result.hits.map(\.source) == ["sky"])
      #expect(result.degradedReason?.contains("match words") == true)
      #expect(result.degradedReason?.contains("answered a bad vector") == true)
    }
  }

  /// Takes every text but questions.
  private static func askedInVain() -> FakeService {
    let isQuestion = Mutex(false)
    let refusal = ServiceError(.input, code: "no", message: "no questions", billing: .refused)
    return FakeService(
      onRequest: { texts in isQuestion.withLock { $0 = texts.contains { $0.hasSuffix("?") } } },
      failure: { isQuestion.withLock { $0 } ? refusal : nil })
  }

  @Test func aQuestionThatIsRefusedIsAnsweredByWordsInHybrid() async throws {
    try await withStore(mode: .hybrid, service: Self.askedInVain()) { store, _ in
      try await store.add([Self.sky])
      let result = try await store.query("which colour is the sky?")
      #expect(result.hits.map(\.source) == ["sky"])
      #expect(result.degradedReason?.contains("match words") == true)
      #expect(result.degradedReason?.contains("the query is refused") == true)
    }
    try await withStore(mode: .real, service: Self.askedInVain()) { store, _ in
      try await store.add([Self.sky])
      #expect(await errorCode { _ = try await store.query("which colour?") } == .inputRefused)
    }
  }

  @Test func aQuestionThatGetsABadVectorIsAnErrorInReal() async throws {
    try await withStore(mode: .real, service: Self.nan) { store, _ in
      try await store.add([Self.sky])
      #expect(await errorCode { _ = try await store.query("which colour?") } == .badVector)
    }
  }

  @Test func theServicesOwnErrorIsHandedOn() async throws {
    try await withStore(mode: .real, service: FakeService(isDown: true)) { store, _ in
      try await store.add([Self.sky])
      let error = await #expect(throws: StoreError.self) { try await store.query("which colour?") }
      #expect(error?.code == .serviceUnavailable)
      #expect(error?.underlying is FakeService.Down)
    }
    let refusal = ServiceError(
      .authentication, code: "no", message: "the door is shut", billing: .refused)
    try await withStore(mode: .real, service: FakeService(failure: { refusal })) { store, _ in
      try await store.add([Self.sky])
      let error = await #expect(throws: StoreError.self) { try await store.query("which colour?") }
      #expect((error?.underlying as? ServiceError)?.code == "no")
    }
  }

  @Test func anImportOfVectorsMissesNoService() async throws {
    try await withStore(mode: .real) { store, folder in
      let vectors = StoreImportExportTests.unitVectors(5, seed: 3)
      try StoreQueryTests.write(vectors, to: folder.path("rows.npy"))
      let report = try await store.import(from: folder.path("rows.npy"))
      #expect(report.documents == .init(added: 5))
      #expect(report.stopped == nil && report.errors.isEmpty && !report.isPartial)
      let writer = try JSONLWriter(path: folder.path("rows.jsonl"))
      for (number, vector) in vectors.enumerated() {
        try writer.append(
          id: "line \(number)", text: "text \(number)", vector: vector, metadata: [:], norm: 1)
      }
      try writer.finish()
      let lines = try await store.import(from: folder.path("rows.jsonl"))
      #expect(lines.documents == .init(added: 5) && lines.stopped == nil && lines.errors.isEmpty)
      // The same text as a document: its vector is there.
      let known = try await store.add([Document(id: "known", text: "text 3")])
      #expect(known.documents == .init(added: 1) && known.stopped == nil)
      let missed = try await store.add([Self.sky])
      #expect(missed.documents == .init(pending: 1))
      #expect(missed.stopped?.code == "service_unavailable" && missed.errors.count == 1)
    }
  }
}
