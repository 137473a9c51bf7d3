import Foundation
import GRDB
import Synchronization
import TestSupport
import Testing

@testable import VectorStore

@Suite struct PaidAddTests {
  @Test func everyTextGetsItsOwnVectorAndIsPaidOnce() async throws {
    try await withPaidStore { paid in
      let store = try await paid.open(service: try paid.service())
      let texts = numberedTexts(300)
      let report = try await store.add(
        texts
          + texts.map { copy in
            Document(id: "copy \(copy.source ?? "")", text: copy.text ?? "")
          })
      #expect(report.documents == .init(added: 600))
      #expect(report.chunks == .init(embedded: 300, reused: 300))
      #expect(report.tokens == paid.server.billing.tokens)
      #expect(paid.server.billing.tokens == PaidStore.leastTokens(texts.compactMap(\.text)))
      #expect(report.requests == paid.server.billing.requests)
      #expect(report.requests == 5, "300 texts at 64 a request")
      #expect(report.costUSD == Double(report.tokens) * 20 / 1e9)
      for id in [0, 17, 299] {
        let vector = LoopbackServer.vector(for: texts[id].text ?? "")
        let hits = try await store.query(vectors: [vector], options: QueryOptions(limit: 2))[0].hits
        #expect(Set(hits.map(\.source)) == ["\(id)", "copy \(id)"])
        #expect(hits.allSatisfy { abs($0.score - 1) < 1e-5 })
      }
      let again = try await store.add(texts)
      #expect(again.documents == .init(unchanged: 300) && again.requests == 0)
      try await store.close()
    }
  }

  @Test func oneRequestInThreeFailingEndsComplete() async throws {
    var behaviour = LoopbackBehaviour()
    behaviour.fault = LoopbackFault.randomFaults(oneIn: 3, seed: 7)
    try await withPaidStore(behaviour) { paid in
      let texts = numberedTexts(5000)
      let least = PaidStore.leastTokens(texts.compactMap(\.text))
      let store = try await paid.open(
        service: try paid.service {
          $0.timeout = 3
          $0.maximumConcurrentRequests = 8
          // On a busy machine many requests are small: none of them fails so often by chance.
          $0.maximumRetries = 10
        })
      let report = try await store.add(texts)
      #expect(report.documents == .init(added: 5000))
      #expect(report.chunks == .init(embedded: 5000))
      #expect(report.stopped == nil && report.errors.isEmpty)
      let lost = paid.server.embeddingRequests.filter { $0.fault?.isBilled == true }
        .reduce(0) { $0 + $1.billedTokens }
      #expect(paid.server.billing.tokens == least + lost)
      #expect(report.tokens == least)
      try await store.close()
    }
  }

  @Test func aTextThatTheServiceRefusesIsFoundAndNamed() async throws {
    var behaviour = LoopbackBehaviour()
    behaviour.refuses = { $0.contains("number 77 ") }
    try await withPaidStore(behaviour) { paid in
      let store = try await paid.open(service: try paid.service())
      let report = try await store.add(numberedTexts(200))
      #expect(report.documents == .init(added: 199, failed: 1))
      #expect(report.chunks == .init(embedded: 199, failed: 1))
      #expect(report.errors.map(\.source) == ["77"])
      #expect(paid.server.billing.paidTwice.isEmpty)
      #expect(paid.server.embeddingRequests.count < 20, "found by halving")
      #expect(try await store.list(states: [.failed]).map(\.source) == ["77"])
      try await store.close()
    }
  }

  @Test(arguments: [ServiceMode.real, .hybrid])
  func aRefusedKeyStopsTheRunAtOnce(_ mode: ServiceMode) async throws {
    var behaviour = LoopbackBehaviour()
    behaviour.keys = []
    try await withPaidStore(behaviour) { paid in
      let store = try await paid.open(mode: mode, service: try paid.service())
      let report = try await store.add(numberedTexts(2000))
      #expect(report.stopped?.code == "authentication_failed")
      #expect(report.stopped?.message.contains("the key") == true)
      #expect(report.stopped?.message.contains("sk-test-key") == false)
      #expect(paid.server.embeddingRequests.count <= 4, "no more than were in flight")
      if mode == .real {
        #expect(report.documents == .init(pending: 2000))
        #expect(report.errors.map(\.code) == ["authentication_failed"])
      } else {
        #expect(report.documents == .init(added: 2000) && report.chunks == .init(standIn: 2000))
      }
      #expect(report.costUSD == 0 && report.possibleCostUSD == 0)
      try await store.close()
    }
  }

  @Test func aKeyRevokedInMidRunStopsResumably() async throws {
    var behaviour = LoopbackBehaviour()
    behaviour.fault = LoopbackFault.from(10, .invalidKey)
    try await withPaidStore(behaviour) { paid in
      let store = try await paid.open(service: try paid.service())
      let texts = numberedTexts(2000)
      let first = try await store.add(texts)
      #expect(first.stopped?.code == "authentication_failed")
      #expect(first.chunks.embedded == 640 && first.chunks.pending == 1360)
      #expect(paid.server.embeddingRequests.count <= 14)
      paid.server.update { $0.fault = { _, _ in nil } }
      let second = try await store.add(texts)
      #expect(second.documents.pending == 0 && second.stopped == nil)
      #expect(paid.server.billing.paidTwice.isEmpty)
      #expect(paid.server.billing.tokens == PaidStore.leastTokens(texts.compactMap(\.text)))
      try await store.close()
    }
  }

  @Test func anEmptyAccountIsNotAskedAgain() async throws {
    var behaviour = LoopbackBehaviour()
    behaviour.fault = LoopbackFault.from(3, .insufficientQuota)
    try await withPaidStore(behaviour) { paid in
      let store = try await paid.open(mode: .hybrid, service: try paid.service())
      let report = try await store.add(numberedTexts(2000))
      #expect(report.stopped?.code == "quota_exhausted")
      #expect(report.chunks.embedded == 192 && report.chunks.standIn == 1808)
      #expect(paid.server.embeddingRequests.count <= 7)
      try await store.close()
    }
  }

  @Test func aServiceThatIsDownLeavesAllPendingAndIsThenLeftAlone() async throws {
    var behaviour = LoopbackBehaviour()
    behaviour.fault = { _, _ in .serverError(503) }
    // However fast this machine is, four requests at once are then 40 in two seconds.
    behaviour.latency = 0.2
    try await withPaidStore(behaviour) { paid in
      let service = try paid.service { $0.maximumRetries = 1 }
      let store = try await paid.open(service: service)
      let start = ContinuousClock.now
      let report = try await store.add(numberedTexts(1000))
      #expect(report.documents == .init(pending: 1000))
      #expect(report.stopped?.code == "service_unavailable")
      let sent = paid.server.embeddingRequests.count
      #expect((10...50).contains(sent), "the breaker opens after ten failures in two seconds")
      let again = try await store.add(numberedTexts(1000))
      // After 15 s, on a busy machine, one request tries whether the service is back.
      let probes = ContinuousClock.now - start < .seconds(15) ? 0...0 : 0...1
      #expect(again.documents == .init(pending: 1000) && probes.contains(again.requests))
      #expect(paid.server.embeddingRequests.count == sent + again.requests)
      try await store.close()
    }
  }

  @Test func anAnswerInHandIsCommittedBeforeTheNextIsAsked() async throws {
    try await withPaidStore { paid in
      let store = try await paid.open(service: try paid.service())
      // One document of many chunks: nothing can be placed before all are there.
      paid.server.update { $0.fault = LoopbackFault.from(5, .invalidKey) }
      let big = numberedTexts(1000).compactMap(\.text).joined(separator: "\n\n")
      var options = AddOptions()
      options.chunking = ChunkingOptions(maximumTokens: 16, overlapTokens: 0)
      let first = try await store.add([Document(id: "big", text: big)], options: options)
      #expect(first.documents == .init(pending: 1))
      let staged = try await store.file.read {
        try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM staged")
      }
      #expect(staged == 320)
      paid.server.update { $0.fault = { _, _ in nil } }
      let second = try await store.add([Document(id: "big", text: big)], options: options)
      #expect(second.documents == .init(updated: 1) && second.chunks.reused == 320)
      #expect(paid.server.billing.paidTwice.isEmpty)
      try await store.close()
    }
  }

  @Test func aTextTooLongForTheModelIsCutAndNeverSent() async throws {
    try await withPaidStore { paid in
      // A counter that finds four tokens where the chunker estimates about one.
      let counter = TokenCounter(isExact: true) { $0.utf8.count }
      paid.server.update { $0.tokens = { $0.utf8.count } }
      let store = try await paid.open(service: try paid.service(counter: counter))
      let text = (0..<6000).map { "word\($0)" }.joined(separator: " ")
      var options = AddOptions()
      options.chunking = ChunkingOptions(maximumTokens: 4000, overlapTokens: 0)
      let report = try await store.add([Document(id: "long", text: text)], options: options)
      #expect(report.documents == .init(added: 1) && report.chunks.failed == 0)
      #expect(try await store.get("long")?.text == text)
      #expect(
        paid.server.embeddingRequests.flatMap(\.texts).allSatisfy { $0.utf8.count <= 8191 })
      try await store.close()
    }
  }
}
