// The loopback server stands for the API in all tests of the service, so it is held to the API's
// description itself, by a client that sees every byte: its answers and what it writes down.

import Foundation
import Testing

@testable import TestSupport

@Suite struct LoopbackServerTests {
  @Test(arguments: [1536, 3072, 512, 64, 8, 1]) func makesAUnitVectorOfItsOwnForEveryText(
    _ dimensions: Int
  ) {
    let vectors = (0..<20).map {
      LoopbackServer.vector(for: "text \($0)", dimensions: dimensions)
    }
    for vector in vectors {
      #expect(vector.count == dimensions)
      #expect(abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
    }
    #expect(LoopbackServer.vector(for: "text 3", dimensions: dimensions) == vectors[3])
    if dimensions >= 8 { #expect(Set(vectors).count == 20) }
  }

  @Test(arguments: ["base64", "float"], [1536, 512, 100]) func answersEveryTextWithItsVector(
    _ form: String, _ dimensions: Int
  ) async throws {
    try await withLoopback { server in
      let texts = ["one", "two", "née \"three\"\n"]
      let own = dimensions == 1536 ? "" : ", \"dimensions\": \(dimensions)"
      let body = try embeddingsBody(texts, ", \"encoding_format\": \"\(form)\"\(own)")
      let answer = try await server.exchange(body)
      #expect(answer.status == 200)
      #expect(answer.headers["x-request-id"] == "req_loopback_0")
      #expect(answer.headers["openai-processing-ms"] != nil)
      let reply = try answer.reply()
      #expect(reply.object == "list")
      #expect(reply.model == "text-embedding-3-small")
      #expect(reply.data.map(\.index) == [0, 1, 2])
      #expect(reply.data.map(\.object) == ["embedding", "embedding", "embedding"])
      for (text, item) in zip(texts, reply.data) {
        #expect(item.vector == LoopbackServer.vector(for: text, dimensions: dimensions))
        #expect(item.embedding?.isBase64 == (form == "base64"))
      }
      #expect(reply.usage?.total_tokens == 1 + 1 + 4)
      #expect(server.billing.tokens == 6)
      #expect(server.violations.isEmpty)
    }
  }

  @Test func writesDownWhatItReceived() async throws {
    try await withLoopback { server in
      let body = try embeddingsBody(["one", "two"])
      _ = try await server.exchange(
        body,
        headers: ["Content-Type: application/json; charset=utf-8", "X-Client-Request-Id: run-7"])
      _ = try await server.exchange(embeddingsBody(["one"]))
      let records = server.records
      #expect(records.map(\.number) == [0, 1])
      #expect(records.map(\.connection) == [0, 1])
      #expect(records[0].texts == ["one", "two"])
      #expect(records[0].body == Array(body.utf8))
      #expect(records[0].authorization == "Bearer sk-test")
      #expect(records[0].clientRequestID == "run-7")
      #expect(records[0].status == 200)
      #expect(try #require(records[0].finished) >= records[0].arrived)
      #expect(records[1].arrived >= records[0].arrived)
      #expect(server.billing.requests == 2)
      #expect(server.billing.timesBilled == ["one": 2, "two": 1])
      #expect(server.billing.paidTwice == ["one"])
      #expect(server.connectionsOpened == 2)
      #expect(server.maximumInFlight == 1)
      #expect(server.inFlight == 0)
    }
  }

  @Test func answersPipelinedRequestsOfOneConnectionInOrder() async throws {
    try await withLoopback { server in
      let port = server.port
      let bodies = try ["one", "two", "three"].map { try embeddingsBody([$0]) }
      let answers = try await RawClient.run {
        let client = try RawClient(port: port)
        for body in bodies { try client.post(body) }
        return bodies.map { _ in client.answer() }
      }
      #expect(answers.map(\.headers["x-request-id"]) == (0..<3).map { "req_loopback_\($0)" })
      #expect(server.records.map(\.texts) == [["one"], ["two"], ["three"]])
      #expect(server.connectionsOpened == 1)
    }
  }

  @Test func countsRequestsInWork() async throws {
    try await withLoopback(.init(fault: LoopbackFault.first(4, .neverAnswer()))) { server in
      let body = try embeddingsBody(["one"])
      try await withThrowingTaskGroup(of: RawClient.End.self) { group in
        for _ in 0..<4 { group.addTask { try await server.exchange(body).end } }
        try await server.waitForRequests(4)
        #expect(server.inFlight == 4)
        await server.closeConnections()
        for try await end in group { #expect(end == .closed) }
      }
      #expect(try await server.exchange(body).status == 200)
      #expect(server.maximumInFlight == 4)
      #expect(server.records.map { $0.finished != nil } == [false, false, false, false, true])
    }
  }

  @Test func takesItsTime() async throws {
    try await withLoopback(LoopbackBehaviour { $0.latency = 0.1 }) { server in
      let answer = try await server.exchange(embeddingsBody(["one"]))
      #expect(answer.headers["openai-processing-ms"] == "100")
      let record = server.records[0]
      #expect(try #require(record.finished) - record.arrived >= 0.1)
    }
  }

  @Test func listsModelsForNothing() async throws {
    try await withLoopback(LoopbackBehaviour { $0.keys = ["sk-test"] }) { server in
      let port = server.port
      let answers = try await RawClient.run {
        try [
          ("/v1/models", "sk-test"), ("/v1/models/text-embedding-3-small", "sk-test"),
          ("/v1/models", "sk-wrong"), ("/v1/models/gpt-0", "sk-test"), ("/v2/models", "sk-test"),
        ].map {
          let client = try RawClient(port: port)
          try client.get($0.0, key: $0.1)
          return client.answer()
        }
      }
      #expect(answers.map(\.status) == [200, 200, 401, 404, 404])
      #expect(answers[0].text.contains("\"text-embedding-ada-002\""))
      #expect(answers[1].text.contains("\"id\": \"text-embedding-3-small\""))
      #expect(try answers[2].code() == "invalid_api_key")
      #expect(try answers[3].code() == "model_not_found")
      #expect(server.billing.requests == 0)
      server.update { $0.knowsModels = false }
      let unknown = try await RawClient.run {
        let client = try RawClient(port: port)
        try client.get("/v1/models")
        return client.answer()
      }
      #expect(unknown.status == 404)
    }
  }

  @Test func outlivesClientsThatGoAndStopsForGood() async throws {
    let server = try await LoopbackServer.start(LoopbackBehaviour { $0.latency = 0.1 })
    let port = server.port
    let body = try embeddingsBody([String](repeating: "a", count: 500))
    try await RawClient.run {
      for _ in 0..<5 { try RawClient(port: port).post(body) }
    }
    try await server.waitForRequests(5)
    #expect(server.billing.requests == 5)
    #expect(try await server.exchange(embeddingsBody(["a"])).status == 200)
    await server.stop()
    #expect(server.port == port)
    await #expect(throws: POSIXError.self) {
      try await RawClient.run { _ = try RawClient(port: port) }
    }
    let again = try await LoopbackServer.start(port: port)
    #expect(try await again.exchange(embeddingsBody(["a"])).status == 200)
    await again.stop()
  }

  @Test func closesIdleConnectionsWhenAsked() async throws {
    try await withLoopback { server in
      let port = server.port
      let body = try embeddingsBody(["a"])
      let client = try await RawClient.run {
        let client = try RawClient(port: port)
        try client.post(body)
        #expect(client.answer().status == 200)
        return client
      }
      await server.closeConnections()
      let end = try await RawClient.run { client.answer().end }
      #expect(end == .closed)
      #expect(try await server.exchange(body).status == 200)
    }
  }
}
