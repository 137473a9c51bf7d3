// Whether a model changed under its name. Tests Sources/VectorStore/Statistics/Store+Canary.swift.

import Foundation
import Synchronization
import TestSupport
import Testing
@testable import VectorStore

@Suite struct StoreCanaryTests {
  private static let texts = (0..<40).map {
    Document(id: "\($0)", text: String(repeating: "word\($0) ", count: $0 + 1))
  }

  @Test func theSameModelGivesTheSameVectors() async throws {
    try await withStore { store, _ in
      try await store.add(Self.texts)
      let plan = try await store.canary(isDryRun: true)
      #expect(plan.isDryRun && plan.texts == 16 && plan.costUSD == 0 && plan.level == nil)
      let report = try await store.canary()
      #expect(report.level == .good && report.rows.count == 16 && report.costUSD == 0)
      #expect(try #require(report.minimumCosine) > 0.999999)
      // The shortest: they cost the least.
      #expect(report.rows.allSatisfy { (Int($0.chunk.source) ?? 99) < 16 })
    }
  }

  @Test(arguments: [(Float(0.0), StatisticsReport.Verdict.Level.good), (0.1, .watch), (0.5, .bad)])
  func aChangedModelIsFound(change: Float, level: StatisticsReport.Verdict.Level) async throws {
    let isChanged = Mutex(false)
    let sent = Mutex(0)
    let service = FakeService(
      onRequest: { texts in sent.withLock { $0 += texts.count } },
      change: { _, vector in
        guard isChanged.withLock({ $0 }) else { return vector }
        let turned = zip(vector, vector.dropFirst() + vector.prefix(1)).map { $0 + change * $1 }
        let length = turned.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return turned.map { $0 / length }
      })
    try await withStore(mode: .real, service: service) { store, _ in
      try await store.add(Self.texts)
      isChanged.withLock { $0 = true }
      let before = sent.withLock { $0 }
      _ = try await store.canary(isDryRun: true)
      #expect(sent.withLock { $0 } == before, "a dry run sends nothing")
      let report = try await store.canary()
      #expect(sent.withLock { $0 } == before + 16)
      #expect(report.level == level, "\(report.minimumCosine ?? 0)")
      #expect(report.rows.map(\.cosine) == report.rows.map(\.cosine).sorted())
    }
  }

  @Test func withoutServiceOrTextsItSaysSo() async throws {
    try await withStore(mode: .hybrid) { store, folder in
      let vector = [Float](repeating: 1, count: 1536).map { "\($0)" }.joined(separator: ",")
      try folder.write("{\"id\": \"a\", \"vector\": [\(vector)]}", to: "one.jsonl")
      try folder.write("{\"id\": \"a\", \"text\": \"a\", \"vector\": [\(vector)]}", to: "two.jsonl")
      try await store.import(from: folder.path("one.jsonl"), space: .openAI3Small, into: "bare")
      try await store.import(from: folder.path("two.jsonl"), space: .openAI3Small, into: "real")
      #expect(await errorCode { _ = try await store.canary(of: "bare") } == .empty)
      #expect(await errorCode { _ = try await store.canary(of: "real") } == .serviceUnavailable)
      #expect(await errorCode { _ = try await store.canary(of: "none") } == .collectionNotFound)
    }
  }
}
