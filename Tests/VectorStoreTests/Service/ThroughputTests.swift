import Foundation
import TestSupport
import Testing

@testable import VectorStore

/// How near an add comes to what the service can give. Time matters here, so nothing else runs beside.
@Suite(.serialized) struct ThroughputTests {
  @Test(.enabled(if: ProcessInfo.processInfo.environment["VECTOR_STORE_THROUGHPUT"] != nil))
  func requestsInFlightAreKeptBusy() async throws {
    var behaviour = LoopbackBehaviour()
    behaviour.latency = 0.2
    try await withPaidStore(behaviour) { paid in
      let service = try paid.service { $0.maximumBatchSize = 256 }
      let store = try await paid.open(service: service)
      let texts = numberedTexts(40 * 256)
      let started = ContinuousClock.now
      let report = try await store.add(texts)
      let seconds = (ContinuousClock.now - started) / .seconds(1)
      let requests = paid.server.embeddingRequests
      let ideal = Double(texts.count) / (4 * 256) * 0.2
      print(
        "throughput: \(seconds) s for an ideal of \(ideal) s; add \(report.duration); in flight "
          + "\(paid.server.maximumInFlight); last answer \(requests.compactMap(\.finished).max() ?? 0)"
      )
      #expect(seconds < ideal * 1.1)
      try await store.close()
    }
  }
}
