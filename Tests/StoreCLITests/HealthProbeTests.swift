// `store health --probe`: a letter is embedded on a server that costs money after its cost was shown; and
// what is said of a server whose embeddings were not tried.

import Foundation
import TestSupport
import Testing

@Suite struct HealthProbeTests {
  @Test func theCostIsShownBeforeALetterIsEmbedded() async throws {
    try await withLoopback { server in
      let paid = PaidCommand(server, folder: try TemporaryFolder()).command
      let unasked = try await paid.run("health", "--probe")
      #expect(unasked.status != 0)
      #expect(
        unasked.errors.hasPrefix(
          "embedding one letter by text-embedding-3-small costs about $0.00000002\n"),
        "\(unasked.errors)")
      #expect(unasked.errors.contains("Say --yes to do that"))
      let refused = try await paid.run(typing: "n\n", "health", "--probe")
      #expect(refused.status == 1 && refused.errors.hasSuffix("nothing was sent\n"))
      #expect(server.records.isEmpty)
      let probed = try await paid.run("health", "--probe", "--yes")
      #expect(probed.status == 0 && probed.output.hasPrefix("mode REAL: well\n"))
      #expect(probed.output.contains("embedding           works"), "\(probed.output)")
      #expect(server.embeddingRequests.map(\.texts) == [["a"]])
      let usage = try await paid.run("usage", "--json")
      #expect(usage.output.contains("\"requests\":1"), "\(usage.output)")
    }
  }

  @Test func aProbeThatFailsIsNotWell() async throws {
    var behaviour = LoopbackBehaviour()
    behaviour.fault = { _, _ in .insufficientQuota }
    try await withLoopback(behaviour) { server in
      let paid = PaidCommand(server, folder: try TemporaryFolder()).command
      let probed = try await paid.run("health", "--probe", "--yes")
      #expect(probed.status == 1 && probed.output.hasPrefix("mode REAL: not well\n"))
      #expect(probed.output.contains("quota/insufficient_quota"), "\(probed.output)")
    }
  }

  /// Another server's list of models says nothing about embeddings: "well" would be too much.
  @Test func whatWasNotTriedIsNotCalledWell() async throws {
    try await withLoopback(.server()) { server in
      let command = Command(
        folder: try TemporaryFolder(),
        environment: [
          "OPENAI_API_URL": server.url, "OPENAI_MODEL": "own", "OPENAI_DIMENSIONS": "384",
          "OPENAI_PRICE_PER_MILLION_TOKENS": "0.1",
        ])
      let untried = try await command.run("health")
      #expect(
        untried.output.hasPrefix("mode HYBRID: the server answers; embedding was not checked\n"),
        "\(untried.output)")
      #expect(untried.output.contains("not checked, since it costs money; --probe does"))
      #expect(server.embeddingRequests.isEmpty)
      let probed = try await command.run("health", "--probe", "--yes")
      #expect(probed.output.hasPrefix("mode HYBRID: well\n"), "\(probed.output)")
    }
  }
}
