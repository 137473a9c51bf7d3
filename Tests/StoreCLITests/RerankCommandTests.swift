// `store query --rerank`: its settings, and what a `.env` file may not do with them.

import Foundation
import TestSupport
import Testing

@Suite struct RerankCommandTests {
  /// A folder with a store, and a rerank server.
  private static func withUser(
    _ body: (Command, LoopbackServer) async throws -> Void
  ) async throws {
    try await withLoopback(.jinaReranker) { server in
      let command = Command(folder: try TemporaryFolder())
      for text in [
        "Sky blue.", "Why is the sky blue? Air scatters it, as was told at length before.",
      ] {
        let added = try await command.run("add", "--text", text)
        #expect(added.status == 0, "\(added.errors)")
      }
      try await body(command, server)
    }
  }

  private static let ask = ["query", "why is the sky blue", "--rank", "words", "--rerank", "-n1"]

  @Test func aServerOfTheEnvironmentReranks() async throws {
    try await Self.withUser { command, server in
      var command = command
      command.environment["RERANK_API_URL"] = server.url
      command.environment["RERANK_MODEL"] = "own"
      let found = try await command.run(Self.ask)
      #expect(found.status == 0, "\(found.errors)")
      #expect(
        found.output.contains(" 1  1.000") && found.output.contains("Air scatters"),
        "\(found.output)")
      await server.stop()
      let lost = try await command.run(Self.ask)
      #expect(lost.status == 0 && lost.output.contains("Sky blue."))
      #expect(
        lost.errors.contains("note: these results are not reranked by own: "), "\(lost.errors)")
    }
  }

  @Test func aModelOnThisMachineReranks() async throws {
    try await Self.withUser { command, _ in
      let fixture = try RerankerFixture()
      let added = try await command.run(
        "model", "add", fixture.model.folder.url.path, "--name", "judge")
      #expect(
        added.output
          == "judge is ready (reranker); `store query --rerank` uses it unless RERANK_API_URL is set\n",
        "\(added.errors)")
      let listed = try await command.run("model", "list")
      #expect(
        listed.output.contains("judge  ")
          && listed.output.contains("reranker (for `store query --rerank`)"))
      let found = try await command.run(Self.ask + ["--json"])
      #expect(found.status == 0 && found.errors.isEmpty, "\(found.errors)")
      let score = try #require(CommandTests.object(found.output)["score"] as? Double)
      #expect((0...1).contains(score))
      var other = command
      other.environment["RERANK_MODEL"] = "other"
      let missing = try await other.run(Self.ask)
      #expect(
        missing.errors.contains("there is no reranker other on this machine; there are judge"),
        "\(missing.errors)")
      let removed = try await command.run("model", "remove", "judge")
      #expect(removed.output.hasPrefix("removed judge ("))
    }
  }

  @Test func whatIsMissingIsNamed() async throws {
    try await Self.withUser { command, server in
      var command = command
      let none = try await command.run(Self.ask)
      #expect(none.status == 1 && none.errors.contains("or set RERANK_API_URL"), "\(none.errors)")
      command.environment["RERANK_API_URL"] = server.url
      let model = try await command.run(Self.ask)
      #expect(
        model.status == 1 && model.errors.contains("RERANK_MODEL is not set"), "\(model.errors)")
      command.environment["RERANK_API_URL"] = "https://api.example.org"
      command.environment["RERANK_MODEL"] = "own"
      let price = try await command.run(Self.ask)
      #expect(
        price.errors.contains("RERANK_PRICE_PER_MILLION_TOKENS is not set"), "\(price.errors)")
      let vector = try await command.run("query", "--vector", "x.npy", "--rerank")
      #expect(vector.status == 64 && vector.errors.contains("leave out --rerank"))
    }
  }

  @Test func aFileOfTheFolderGetsNeitherTextsNorAKey() async throws {
    try await Self.withUser { command, server in
      var command = command
      try command.folder.write(
        "RERANK_API_URL=http://0.0.0.0:\(server.port)\nRERANK_MODEL=own\n"
          + "RERANK_PRICE_PER_SEARCH=0.001\n", to: ".env.development")
      let texts = try await command.run(Self.ask)
      #expect(texts.status == 1, "\(texts.errors)")
      #expect(
        texts.errors.contains("texts are not sent to http://0.0.0.0:\(server.port)"),
        "\(texts.errors)")
      #expect(texts.errors.contains("set RERANK_API_URL=http://0.0.0.0"))
      command.environment["RERANK_API_KEY"] = "secret-key-of-the-user"
      let key = try await command.run(Self.ask)
      #expect(
        key.status == 1 && key.errors.contains("the key is not sent to http://0.0.0.0"),
        "\(key.errors)")
      #expect(!key.errors.contains("secret-key"))
      #expect(server.rerankRequests.isEmpty)
    }
  }
}
