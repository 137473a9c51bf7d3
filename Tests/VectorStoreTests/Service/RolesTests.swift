// Roles of questions and documents in a store: sent, counted, kept with the space, never mixed.

import Foundation
import GRDB
import TestSupport
import Testing

@testable import VectorStore

@Suite struct RolesTests {
  /// A store that embeds by a server, with the roles of E5 unless others are chosen.
  private static func store(
    at path: String, _ server: LoopbackServer, model: String = "e5-small-v2",
    roles: EmbeddingRoles? = nil, cache: String? = nil
  ) async throws -> Store {
    var openAI = OpenAIConfiguration()
    openAI.baseURL = server.url
    openAI.model = model
    openAI.dimensions = 384
    openAI.roles = roles
    var configuration = StoreConfiguration(
      mode: .real, service: try OpenAIService(configuration: openAI))
    configuration.budget.ledgerPath = path + "-state/ledger.db"
    configuration.queryCachePath = cache
    return try await Store(path: path, configuration: configuration)
  }

  private static func inputs(_ server: LoopbackServer) -> [String] {
    server.embeddingRequests.flatMap(\.texts)
  }

  private static func server() -> LoopbackBehaviour {
    var server = LoopbackBehaviour.server()
    server.models = ["e5-small-v2": 384, "own": 384]
    return server
  }

  @Test func questionsAndDocumentsAreToldApart() async throws {
    try await withLoopback(Self.server()) { server in
      let folder = try TemporaryFolder()
      let store = try await Self.store(at: folder.path("a.db"), server)
      try await store.add([Document(id: "x", text: "walrus")])
      _ = try await store.query("seal")
      #expect(Self.inputs(server) == ["passage: walrus", "query: seal"])
      let summary = try await store.collections()[0]
      #expect(summary.roles == .ofModel("e5-small-v2"))
      #expect(summary.service == server.url)
      // What is kept is the text itself.
      #expect(try await store.get("x")?.text == "walrus")
      try await store.close()
    }
  }

  @Test func theDryRunCountsThePrefix() async throws {
    try await withLoopback(Self.server()) { server in
      let folder = try TemporaryFolder()
      let store = try await Self.store(at: folder.path("a.db"), server)
      var options = AddOptions()
      options.isDryRun = true
      let report = try await store.add([Document(id: "x", text: "walrus")], options: options)
      #expect(report.tokens == "passage: walrus".utf8.count)
      try await store.close()
    }
  }

  /// Whoever chose no roles goes by those of the vectors; whoever chose others is refused.
  @Test func theFirstServiceDecides() async throws {
    try await withLoopback(Self.server()) { server in
      let folder = try TemporaryFolder()
      let first = try await Self.store(at: folder.path("a.db"), server, roles: EmbeddingRoles.none)
      try await first.add([Document(id: "x", text: "walrus")])
      try await first.close()
      let second = try await Self.store(at: folder.path("a.db"), server)
      _ = try await second.query("seal")
      #expect(Self.inputs(server) == ["walrus", "seal"])
      try await second.close()
      let third = try await Self.store(
        at: folder.path("a.db"), server, roles: .ofModel("e5-small-v2"))
      for verb in ["query", "add", "reembed"] {
        let error = await #expect(throws: StoreError.self, "\(verb)") {
          switch verb {
          case "query": _ = try await third.query("seal")
          case "add": try await third.add([Document(id: "y", text: "orca")])
          default: try await third.reembed()
          }
        }
        #expect(error?.code == .spaceMismatch)
        #expect(error?.message.contains("expected: none") == true, "\(error?.message ?? "")")
      }
      #expect(server.embeddingRequests.count == 2)
      try await third.close()
    }
  }

  /// The cache of questions is the user's: two stores embed the same space in other roles.
  @Test func theCacheOfQuestionsDoesNotMixRoles() async throws {
    try await withLoopback(Self.server()) { server in
      let folder = try TemporaryFolder()
      let cache = folder.path("queries.db")
      for (name, roles) in [("a.db", EmbeddingRoles.none), ("b.db", .ofModel("e5-small-v2"))] {
        let store = try await Self.store(
          at: folder.path(name), server, roles: roles, cache: cache)
        try await store.add([Document(id: "x", text: "walrus")])
        for _ in 0..<2 { _ = try await store.query("seal") }
        try await store.close()
      }
      #expect(
        Self.inputs(server) == ["walrus", "seal", "passage: walrus", "query: seal"])
    }
  }

  /// Without a service the store says which one the collection had.
  @Test func aStoreWithoutTheServiceSaysWhichItWas() async throws {
    try await withLoopback(Self.server()) { server in
      let folder = try TemporaryFolder()
      let store = try await Self.store(at: folder.path("a.db"), server)
      try await store.add([Document(id: "x", text: "walrus")])
      try await store.close()
      let later = try await Store(
        path: folder.path("a.db"), configuration: StoreConfiguration(mode: .real))
      let words = "was embedded by e5-small-v2 at \(server.url); configure it"
      let queried = await #expect(throws: StoreError.self) { _ = try await later.query("seal") }
      #expect(queried?.message.contains(words) == true, "\(queried?.message ?? "")")
      let report = try await later.add([Document(id: "y", text: "orca")])
      #expect(report.stopped?.message.contains(words) == true)
      let reembedded = await #expect(throws: StoreError.self) { try await later.reembed() }
      #expect(reembedded?.message.contains(words) == true)
      try await later.close()
    }
  }

  @Test func anEmptySpaceTakesOtherRoles() async throws {
    try await withLoopback(Self.server()) { server in
      let folder = try TemporaryFolder()
      let first = try await Self.store(at: folder.path("a.db"), server, roles: EmbeddingRoles.none)
      try await first.add([Document(id: "x", text: "walrus")])
      _ = try await first.remove(["x"])
      try await first.close()
      let second = try await Self.store(
        at: folder.path("a.db"), server, roles: .ofModel("e5-small-v2"))
      try await second.add([Document(id: "x", text: "walrus")])
      #expect(try await second.collections()[0].roles == .ofModel("e5-small-v2"))
      try await second.close()
    }
  }

  @Test func rolesThatCannotBeReadAreDamage() async throws {
    try await withLoopback(Self.server()) { server in
      let folder = try TemporaryFolder()
      let store = try await Self.store(at: folder.path("a.db"), server)
      try await store.add([Document(id: "x", text: "walrus")])
      try await store.file.write { db in
        try db.execute(sql: "UPDATE spaces SET roles = '{\"query\": 7}'")
      }
      #expect(await errorCode { _ = try await store.query("seal") } == .damaged)
      try await store.close()
    }
  }
}
