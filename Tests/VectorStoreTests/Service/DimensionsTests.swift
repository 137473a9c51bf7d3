// The length of an unknown model's vectors: asked of its server once, entered in the ledger.

import Foundation
import TestSupport
import Testing

@testable import VectorStore

@Suite struct DimensionsTests {
  private static func configuration(
    _ server: LoopbackServer, _ folder: TemporaryFolder
  ) -> (StoreConfiguration, OpenAIConfiguration) {
    var openAI = OpenAIConfiguration()
    openAI.baseURL = server.url
    openAI.model = "own"
    var configuration = StoreConfiguration(mode: .real)
    configuration.budget.ledgerPath = folder.path("state/ledger.db")
    return (configuration, openAI)
  }

  @Test func theServerTellsThemOnce() async throws {
    try await withLoopback(.server(dimensions: 768)) { server in
      let folder = try TemporaryFolder()
      var (configuration, openAI) = Self.configuration(server, folder)
      #expect(try await configuration.dimensions(of: openAI, asks: false) == nil)
      #expect(try await configuration.dimensions(of: openAI) == 768)
      #expect(try await configuration.dimensions(of: openAI) == 768)
      #expect(server.embeddingRequests.map(\.texts) == [["a"]])
      #expect(server.embeddingRequests[0].dimensions == nil)
      // What was learned is the probe of the run too.
      openAI.dimensions = 768
      configuration.service = try OpenAIService(configuration: openAI)
      let store = try await Store(path: folder.path("a.db"), configuration: configuration)
      try await store.add((0..<20).map { Document(id: "\($0)", text: "text \($0)") })
      #expect(server.embeddingRequests.count == 2)
      try await store.close()
      let usage = try await configuration.usage(of: "localhost:\(server.port)")
      #expect(usage.lastHour.requests == 2)
    }
  }

  @Test func whatIsKnownByNameIsNotAsked() async throws {
    try await withLoopback(.server(model: "all-minilm")) { server in
      let (configuration, known) = Self.configuration(server, try TemporaryFolder())
      var openAI = known
      openAI.model = "all-minilm"
      #expect(try await configuration.dimensions(of: openAI) == 384)
      #expect(server.records.isEmpty)
    }
  }

  @Test func aServerThatDoesNotTellIsNamedWithTheNextStep() async throws {
    try await withLoopback(.refusingAll(401, #"{"detail":"Unauthorized"}"#)) { server in
      let (configuration, openAI) = Self.configuration(server, try TemporaryFolder())
      let error = await #expect(throws: StoreError.self) {
        try await configuration.dimensions(of: openAI)
      }
      #expect(error?.code == .authenticationFailed)
      #expect(error?.message.contains("vectors of own") == true)
      #expect(error?.message.contains("Unauthorized") == true, "\(error?.message ?? "")")
      #expect(error?.message.hasSuffix("give the dimensions") == true)
    }
  }
}
