// HTTPTransport against a real server: what it sends and brings back. How it fails is tested through
// OpenAIService, in OpenAIServiceFaultTests.

import TestSupport
import Testing

@testable import VectorStoreEmbedding

@Suite struct HTTPTransportTests {
  private static func request(
    _ server: LoopbackServer, body: [UInt8]? = nil, limit: Int = 100_000
  ) -> HTTPTransport.Request {
    HTTPTransport.Request(
      url: server.url + (body == nil ? "/v1/models" : "/v1/embeddings"),
      headers: [("Authorization", "Bearer k"), ("Content-Type", "application/json")], body: body,
      answerLimit: limit)
  }

  private static let body = Array(#"{"input":["a"],"model":"text-embedding-3-small"}"#.utf8)

  @Test func getsWithoutABodyAndPostsWithOne() async throws {
    try await withLoopback { server in
      let transport = HTTPTransport(connections: 1, timeout: 30)
      #expect(try await transport.send(Self.request(server)).isSuccess)
      let answer = try await transport.send(Self.request(server, body: Self.body))
      #expect(answer.status == 200)
      #expect(answer.headers["content-type"] == "application/json")
      #expect(answer.body.first == UInt8(ascii: "{"))
      #expect(answer.body.last == UInt8(ascii: "}"))
      #expect(server.records.map(\.method) == ["GET", "POST"])
      #expect(server.records.map(\.body) == [[], Self.body])
    }
  }

  @Test func namesHeadersInLowerCase() async throws {
    let fault = LoopbackFault.status(503, headers: ["Retry-AFTER": "7"])
    try await withLoopback(LoopbackBehaviour(fault: LoopbackFault.from(0, fault))) { server in
      let answer = try await HTTPTransport(connections: 1, timeout: 30)
        .send(Self.request(server, body: Self.body))
      #expect(answer.headers["retry-after"] == "7")
      #expect(!answer.isSuccess)
    }
  }

  @Test func readsNoMoreThanItsLimit() async throws {
    try await withLoopback { server in
      let transport = HTTPTransport(connections: 1, timeout: 30)
      let size = try await transport.send(Self.request(server, body: Self.body)).body.count
      let whole = try await transport.send(Self.request(server, body: Self.body, limit: size))
      #expect(whole.body.count == size)
      let failure = await #expect(throws: TransportFailure.self) {
        try await transport.send(Self.request(server, body: Self.body, limit: size - 1))
      }
      #expect(failure?.cause == .tooLarge)
      #expect(failure?.wasSent == true)
    }
  }

  @Test func limitsAnswersWithoutALength() async throws {
    let fault = LoopbackFault.chunkedBody(pieces: 10, interval: 0.001)
    try await withLoopback(LoopbackBehaviour(fault: LoopbackFault.from(0, fault))) { server in
      let transport = HTTPTransport(connections: 1, timeout: 30)
      let failure = await #expect(throws: TransportFailure.self) {
        try await transport.send(Self.request(server, body: Self.body, limit: 5000))
      }
      #expect(failure?.cause == .tooLarge)
    }
  }

  @Test func givesBackTheFirstPartOfALongError() async throws {
    let fault = LoopbackFault.status(400, message: String(repeating: "x", count: 200_000))
    try await withLoopback(LoopbackBehaviour(fault: LoopbackFault.from(0, fault))) { server in
      let transport = HTTPTransport(connections: 1, timeout: 30)
      let answer = try await transport.send(Self.request(server, body: Self.body))
      #expect(answer.status == 400)
      #expect(answer.body.count == 65_536)
      #expect(server.records.count == 1)
    }
  }
}
