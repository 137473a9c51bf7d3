import Foundation
import TestSupport
import Testing

@testable import VectorStore

/// A collection's life in mode HYBRID: offline, online, mixed, whole.
@Suite struct HybridLifeTests {
  static let mock = MockService().space
  static let real = EmbeddingSpace.openAI3Small

  static let first = [
    Document(id: "sky", text: "The sky is blue because of Rayleigh scattering."),
    Document(id: "bread", text: "Bread rises because yeast makes gas."),
  ]
  static let second = [
    Document(id: "sea", text: "The sea is salty because rivers carry minerals."),
    Document(id: "snow", text: "Snow is white because it scatters all light."),
  ]

  @Test func everyStepSaysWhatItStandsOn() async throws {
    try await withPaidStore { paid in
      // Offline: stand-ins, and a degraded query on them.
      let offline = try await paid.open(mode: .hybrid, service: nil)
      let added = try await offline.add(Self.first)
      #expect(added.chunks == .init(standIn: 2) && added.space == Self.real)
      #expect(added.requests == 0 && added.costUSD == 0)
      let early = try await offline.query("why is the sky blue")
      #expect(early.hits.first?.source == "sky" && early.degradedReason != nil)
      #expect(early.hits.allSatisfy { $0.space == Self.mock && $0.isDegraded })
      try await offline.close()
      #expect(paid.server.records.isEmpty)

      // The key appears: new documents are real, the old ones wait for their turn.
      let online = try await paid.open(mode: .hybrid, service: try paid.service())
      let more = try await online.add(Self.second)
      #expect(more.chunks == .init(embedded: 2))
      #expect(paid.server.billing.timesBilled == Self.billed(Self.second))

      // Mixed: real chunks by cosine, all by words, and it says so.
      let mixed = try await online.query("why is the sky blue")
      #expect(mixed.degradedReason?.contains("found by their words only") == true)
      #expect(mixed.hits.first?.source == "sky", "a stand-in does not vanish")
      let spaces = Dictionary(uniqueKeysWithValues: mixed.hits.map { ($0.source, $0.space) })
      #expect(spaces["sky"] == Self.mock && spaces["sea"] == Self.real)
      #expect(mixed.hits.allSatisfy { $0.isDegraded })
      let question = Document(text: "why is the sky blue")
      #expect(paid.server.billing.timesBilled == Self.billed(Self.second + [question]))

      // Reembed: only what has a stand-in is paid for.
      let plan = try await online.reembed(isDryRun: true)
      #expect(plan.chunks.embedded == 2 && plan.costUSD > 0 && !plan.isComplete)
      let report = try await online.reembed()
      #expect(report.isComplete && report.chunks.embedded == 2)
      #expect(report.tokens == plan.tokens && report.costUSD == plan.costUSD)
      #expect(
        paid.server.billing.timesBilled == Self.billed(Self.first + Self.second + [question]))
      #expect(try await online.collections()[0].vectors == [Self.real: 4])

      // Pure: by cosine alone; the same question is free.
      let pure = try await online.query("why is the sky blue")
      #expect(pure.degradedReason == nil)
      #expect(pure.hits.allSatisfy { $0.space == Self.real && !$0.isDegraded && $0.cosine != nil })
      #expect(
        paid.server.billing.timesBilled == Self.billed(Self.first + Self.second + [question]))

      // The service goes: words only, said so, and nothing is lost.
      paid.server.update { $0.fault = { _, _ in .invalidKey } }
      let degraded = try await online.query("another question about bread and yeast")
      #expect(degraded.hits.first?.source == "bread")
      #expect(degraded.degradedReason?.contains("refuses the key") == true)
      try await online.close()
    }
  }

  @Test func addingAgainEmbedsTheStandInsOfWhatItIsGiven() async throws {
    try await withPaidStore { paid in
      let offline = try await paid.open(mode: .hybrid, service: nil)
      try await offline.add(Self.first + Self.second)
      try await offline.close()
      let online = try await paid.open(mode: .hybrid, service: try paid.service())
      let report = try await online.add(Self.first)
      #expect(report.documents == .init(updated: 2) && report.chunks == .init(embedded: 2))
      #expect(paid.server.billing.timesBilled == Self.billed(Self.first))
      #expect(try await online.collections()[0].vectors == [Self.real: 2, Self.mock: 2])
      // Without the service what has stand-ins is as it was.
      paid.server.update { $0.fault = { _, _ in .invalidKey } }
      let later = try await online.add(Self.second)
      #expect(later.documents == .init(unchanged: 2) && later.chunks == .init(standIn: 2))
      try await online.close()
    }
  }

  @Test func realModeFailsAQueryThatCannotBeEmbedded() async throws {
    try await withPaidStore { paid in
      let store = try await paid.open(service: try paid.service())
      try await store.add(Self.first)
      paid.server.update { $0.fault = { _, _ in .invalidKey } }
      let code = await errorCode { _ = try await store.query("never asked before") }
      #expect(code == .authenticationFailed)
      #expect(try await store.query("yeast", options: QueryOptions(lexical: true)).hits.count == 1)
      try await store.close()
    }
  }

  private static func billed(_ documents: [Document]) -> [String: Int] {
    Dictionary(uniqueKeysWithValues: documents.compactMap(\.text).map { ($0, 1) })
  }
}
