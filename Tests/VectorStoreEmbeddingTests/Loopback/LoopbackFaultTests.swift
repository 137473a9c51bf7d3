// Every fault of the loopback server does what its name says, bills what it says, and leaves the
// server well.

import Foundation
import Testing

@testable import TestSupport

@Suite struct LoopbackFaultTests {
  @Test(
    arguments: [
      (LoopbackFault.rateLimited(retryAfterMS: 12), 429, "rate_limit_exceeded"),
      (.retryAfter(3), 429, "rate_limit_exceeded"),
      (.retryAfterDate(3), 429, "rate_limit_exceeded"),
      (.slowDown, 429, "slow_down"), (.insufficientQuota, 429, "insufficient_quota"),
      (.quota("project_spend_limit_exceeded"), 429, "project_spend_limit_exceeded"),
      (.invalidKey, 401, "invalid_api_key"),
      (.forbidden, 403, "unsupported_country_region_territory"),
      (.modelNotFound, 404, "model_not_found"), (.badInput, 400, nil),
      (.requestTooLarge, 400, "max_tokens_per_request"), (.serverError(500), 500, nil),
      (.serverError(504), 504, nil), (.overloaded, 503, "server_is_overloaded"),
      (.conflict, 409, nil), (.timeout408, 408, nil),
    ] as [(LoopbackFault, Int, String?)]) func answersWithAnyError(
      _ fault: LoopbackFault, _ status: Int, _ expected: String?
    ) async throws
  {
    try await withLoopback(.init(fault: LoopbackFault.first(1, fault))) { server in
      let answer = try await server.exchange(embeddingsBody(["a"]))
      #expect(answer.status == status)
      #expect(try answer.code() == expected)
      #expect(server.billing.requests == 0)
      #expect(server.records[0].fault?.name == fault.name)
      #expect(try await server.exchange(embeddingsBody(["a"])).status == 200)
    }
  }

  @Test func tellsWaitsInEveryForm() async throws {
    let faults: [LoopbackFault] = [
      .rateLimited(retryAfterMS: 12), .retryAfter(3), .retryAfterDate(86_400),
      .overloaded(retryAfter: 5), .rateLimited(headers: ["x-should-retry": "false"]),
    ]
    try await withLoopback(.init(fault: LoopbackFault.inOrder(faults))) { server in
      var headers: [[String: String]] = []
      for _ in faults { headers.append(try await server.exchange(embeddingsBody(["a"])).headers) }
      #expect(headers[0]["retry-after-ms"] == "12")
      #expect(headers[1]["retry-after"] == "3")
      let date = try #require(headers[2]["retry-after"])
      let form = #/(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT/#
      #expect(date.wholeMatch(of: form) != nil)
      #expect(headers[3]["retry-after"] == "5")
      #expect(headers[4]["x-should-retry"] == "false")
    }
  }

  @Test(arguments: [
    (LoopbackFault.resetBeforeAnswer, RawClient.End.reset, 0), (.resetAfterBilling, .reset, 1),
    (.resetMidBody, .reset, 1), (.closeMidBody, .closed, 1),
    (.neverAnswer(billed: false), .silence, 0), (.neverAnswer(), .silence, 1),
    (.hugeBody, .tooLarge, 0), (.chunkedBody(), .whole, 1), (.slow(0.1), .whole, 1),
    (.halfJSON, .whole, 1), (.html200, .whole, 0), (.empty200, .whole, 0),
    (.html502, .whole, 0), (.redirect(), .whole, 0), (.serverError(500).billed(), .whole, 1),
  ]) func endsAnAnswerAsTold(
    _ fault: LoopbackFault, _ end: RawClient.End, _ billed: Int
  ) async throws {
    try await withLoopback(.init(fault: LoopbackFault.first(1, fault))) { server in
      let answer = try await server.exchange(
        embeddingsBody(["a", "b"]), readTimeout: end == .silence ? 0.3 : 20, limit: 4 << 20)
      #expect(answer.end == end)
      #expect(server.billing.requests == billed)
      #expect(fault.isBilled == (billed == 1))
      #expect((server.records[0].finished != nil) == (end == .whole))
      if answer.status == 302 { #expect(answer.headers["location"] == "/elsewhere") }
      let next = try await server.exchange(embeddingsBody(["a"]))
      #expect(next.status == 200)
      #expect(try next.reply().data.count == 1)
    }
  }

  @Test func breaksBodiesAsTold() async throws {
    let faults: [LoopbackFault] = [
      .nan, .infinity, .zeroVector, .notUnit, .wrongDimensions, .nullEmbedding, .wrongCount,
      .duplicateIndex, .missingIndex, .indexOutOfRange, .outOfOrder, .floatsInsteadOfBase64,
      .missingUsage, .chunkedBody(),
    ]
    try await withLoopback(.init(fault: LoopbackFault.inOrder(faults))) { server in
      let body = try embeddingsBody(["a", "b"], ", \"encoding_format\": \"base64\"")
      var replies: [EmbeddingsReply] = []
      for fault in faults {
        let answer = try await server.exchange(body)
        #expect(answer.status == 200, "\(fault)")
        replies.append(try answer.reply())
      }
      let right = ["a", "b"].map { LoopbackServer.vector(for: $0) }
      let last = replies.map { $0.data.last?.vector ?? [] }
      #expect(last[0].count(where: \.isNaN) == 1)
      #expect(last[1].count(where: \.isInfinite) == 1)
      #expect(last[2] == [Float](repeating: 0, count: 1536))
      #expect(last[3] == right[1].map { 2 * $0 })
      #expect(replies[4].data.allSatisfy { $0.vector.count == 768 })
      #expect(replies[5].data[1].embedding == nil)
      #expect(replies[6].data.count == 1)
      #expect(replies[7].data.map(\.index) == [0, 0])
      #expect(replies[8].data.map(\.index) == [0, nil])
      #expect(replies[9].data.map(\.index) == [0, 2])
      #expect(replies[10].data.map(\.index) == [1, 0])
      #expect(replies[10].data[0].vector == right[1])
      #expect(replies[11].data[1].embedding?.isBase64 == false)
      #expect(replies[11].data[1].vector == right[1])
      #expect(replies[12].usage == nil)
      #expect(last[13] == right[1])
      for reply in replies.prefix(4) { #expect(reply.data[0].vector == right[0]) }
      #expect(server.billing.requests == faults.count)
    }
  }

  @Test func drawsRandomFaultsByTheRequestsNumberAlone() throws {
    let request = LoopbackRequest(
      number: 0, connection: 0, method: "POST", path: "/", headers: [], body: [], arrived: 0)
    for seed in UInt64(0)..<5 {
      let plan = LoopbackFault.randomFaults(oneIn: 3, seed: seed)
      let names = (0..<3000).map { plan(request, $0)?.name }
      #expect(names == (0..<3000).map { plan(request, $0)?.name }, "seed \(seed)")
      #expect((900...1100).contains(names.count { $0 != nil }), "seed \(seed)")
      #expect(Set(names).count == LoopbackFault.retryable.count + 1, "seed \(seed)")
    }
  }

  @Test func keepsAConnectionThroughAnswersThatAreWhole() async throws {
    let faults: [LoopbackFault] = [
      .halfJSON, .html200, .empty200, .overloaded, .redirect(), .chunkedBody(pieces: 3),
    ]
    try await withLoopback(.init(fault: LoopbackFault.inOrder(faults))) { server in
      let port = server.port
      let body = try embeddingsBody(["a"])
      let statuses = try await RawClient.run {
        let client = try RawClient(port: port)
        return try (0...faults.count).map { _ in
          try client.post(body)
          return client.answer().status
        }
      }
      #expect(statuses == [200, 200, 200, 503, 302, 200, 200])
      #expect(server.connectionsOpened == 1)
    }
  }

  @Test func numbersFaultsOfVectorsAndOfModelsApart() async throws {
    let behaviour = LoopbackBehaviour {
      $0.fault = LoopbackFault.inOrder([nil, .conflict])
      $0.modelsFault = LoopbackFault.inOrder([nil, .overloaded, .halfJSON, .resetBeforeAnswer])
    }
    try await withLoopback(behaviour) { server in
      let port = server.port
      let body = try embeddingsBody(["a"])
      let answers = try await RawClient.run {
        try (0..<4).map { _ in
          let client = try RawClient(port: port)
          try client.post(body)
          let vectors = client.answer().status
          try client.get("/v1/models/text-embedding-3-small")
          return (vectors, client.answer())
        }
      }
      #expect(answers.map(\.0) == [200, 409, 200, 200])
      #expect(answers.map(\.1.status) == [200, 503, 200, nil])
      #expect(answers[3].1.end == .reset)
      #expect(answers[2].1.text.hasPrefix("{\"id\": "))
      #expect(!answers[2].1.text.hasSuffix("}"))
    }
  }
}
