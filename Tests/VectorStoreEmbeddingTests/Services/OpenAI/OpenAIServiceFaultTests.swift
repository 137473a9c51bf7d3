// OpenAIService against a server that fails in every way: each failure is named, is billed or not, and
// is one request.

import TestSupport
import Testing

@testable import VectorStoreEmbedding

@Suite struct OpenAIServiceFaultTests {
  private static let texts = OpenAIServiceTests.texts

  /// What a call throws when its first request meets a fault. Checks that it was the only request,
  /// and, where there is time for it, that the next call is answered.
  private static func error(
    _ fault: LoopbackFault, timeout: Double = 30,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> ServiceError {
    try await withLoopback(LoopbackBehaviour(fault: LoopbackFault.first(1, fault))) { server in
      let service = try OpenAIServiceTests.service(of: server) { $0.timeout = timeout }
      let error = await #expect(throws: ServiceError.self, sourceLocation: sourceLocation) {
        try await service.embed(texts)
      }
      #expect(server.records.count == 1, sourceLocation: sourceLocation)
      let shown = "\(String(reflecting: error))"
      #expect(!shown.contains("TopSecret"), sourceLocation: sourceLocation)
      #expect(!shown.contains(texts[0]), sourceLocation: sourceLocation)
      if timeout == 30 {
        _ = try await service.embed(texts)
        #expect(server.records.count == 2, sourceLocation: sourceLocation)
      }
      return try #require(error)
    }
  }

  @Test(
    arguments: [
      (.badInput, .input, nil, 400),
      (.requestTooLarge, .requestTooLarge, "max_tokens_per_request", 400),
      (.invalidKey, .authentication, "invalid_api_key", 401),
      (.forbidden, .authentication, "unsupported_country_region_territory", 403),
      (.modelNotFound, .authentication, "model_not_found", 404),
      (.status(404), .authentication, nil, 404), (.timeout408, .server, nil, 408),
      (.conflict, .server, nil, 409), (.rateLimited(), .rate, "rate_limit_exceeded", 429),
      (.slowDown, .rate, "slow_down", 429), (.serverError(500), .server, nil, 500),
      (.serverError(502), .server, nil, 502), (.overloaded, .server, "server_is_overloaded", 503),
      (.serverError(504), .server, nil, 504), (.html502, .server, nil, 502),
      (.redirect(), .authentication, "redirect", 302),
    ] as [(LoopbackFault, ServiceError.Kind, String?, Int)])
  func classifiesErrorAnswers(
    fault: LoopbackFault, kind: ServiceError.Kind, code: String?, status: Int
  ) async throws {
    let error = try await Self.error(fault)
    #expect(error.kind == kind)
    #expect(error.code == code)
    #expect(error.status == status)
    #expect(error.billing == .refused)
    #expect(error.serverRequestID != "")
  }

  @Test(arguments: LoopbackFault.quotaCodes)
  func knowsAnEmptyAccount(code: String) async throws {
    let error = try await Self.error(.quota(code))
    #expect(error.kind == .quota)
    #expect(error.code == code)
  }

  @Test func readsWaits() async throws {
    #expect(try await Self.error(.rateLimited(retryAfterMS: 1250)).retryAfter == 1.25)
    #expect(try await Self.error(.retryAfter(7)).retryAfter == 7)
    #expect(try await Self.error(.overloaded(retryAfter: 3)).retryAfter == 3)
    let dated = try #require(await Self.error(.retryAfterDate(3600)).retryAfter)
    #expect((3500...3600).contains(dated))
  }

  @Test func doesNotFollowARedirect() async throws {
    let error = try await Self.error(.redirect(to: "https://thief.example.com/v1/embeddings"))
    #expect(error.message.contains("redirects to thief.example.com (302 redirect)"))
    #expect(error.message.hasSuffix("give the address itself"))
  }

  @Test(
    arguments: [
      (.halfJSON, "truncated_json"), (.html200, "not_json"), (.empty200, "not_json"),
      (.nan, "not_finite"), (.infinity, "not_finite"), (.zeroVector, "zero_vector"),
      (.notUnit, "not_unit_length"), (.wrongCount, "wrong_count"),
      (.duplicateIndex, "duplicate_index"), (.missingIndex, "missing_index"),
      (.indexOutOfRange, "index_out_of_range"), (.wrongDimensions, "wrong_dimensions"),
      (.nullEmbedding, "missing_vector"), (.hugeBody, "too_large"),
    ] as [(LoopbackFault, String)])
  func refusesBrokenAnswers(fault: LoopbackFault, code: String) async throws {
    let error = try await Self.error(fault)
    #expect(error.kind == .badAnswer)
    #expect(error.code == code)
    #expect(error.billing == .possible)
    #expect(error.message.hasPrefix("the answer of 127.0.0.1:"))
    #expect(error.message.contains(" cannot be used: "))
  }

  @Test func saysWhatToDoAboutWrongDimensions() async throws {
    let message = try await Self.error(.wrongDimensions).message
    #expect(
      message.hasSuffix(
        " cannot be used: found 768 dimensions in place 1 of 3, expected 1536; set "
          + "the dimensions to 768, which is what text-embedding-3-small makes"))
  }

  @Test func classifiesAnErrorByItsStatusHoweverLongItIs() async throws {
    let message = String(repeating: "so much to say ", count: 20_000)
    let error = try await Self.error(.status(429, code: "slow_down", message: message))
    #expect(error.kind == .rate)
    #expect(error.message.count < 600)
  }

  // MARK: - Connections

  @Test(arguments: LoopbackFault.brokenConnections)
  func namesBrokenConnections(fault: LoopbackFault) async throws {
    let error = try await Self.error(fault)
    #expect(error.kind == .network)
    #expect(error.code == "connection_reset")
    #expect(error.billing == .possible)
    #expect(error.status == nil)
    #expect(
      error.message.hasSuffix(
        " ended the connection before its answer was whole; the request may have been billed; try "
          + "again"))
  }

  @Test func doesNotSendAgainOnAKeptConnectionThatBreaks() async throws {
    let plan = LoopbackFault.inOrder([nil, .resetBeforeAnswer, nil, .closeMidBody, nil])
    try await withLoopback(LoopbackBehaviour(fault: plan)) { server in
      let service = try OpenAIServiceTests.service(of: server)
      for number in 0..<5 {
        let result = await Result { try await service.embed(["a"]) }
        #expect((try? result.get()) == nil ? [1, 3].contains(number) : [0, 2, 4].contains(number))
        #expect(server.records.count == number + 1)
      }
    }
  }

  @Test func connectsAnewWhereTheServerWasRestarted() async throws {
    let first = try await LoopbackServer.start()
    let service = try OpenAIServiceTests.service(of: first)
    _ = try await service.embed(["a"])
    let port = first.port
    await first.stop()
    let second = try await LoopbackServer.start(port: port)
    // The end of the kept connection may not have come through yet: that is an error, and no resend.
    let result = await Result { try await service.embed(["a"]) }
    if case .failure(let error as ServiceError) = result { #expect(error.kind == .network) }
    #expect(second.records.count <= 1)
    _ = try await service.embed(["a"])
    await second.stop()
  }

  @Test func isNotSentWhereNothingListens() async throws {
    let server = try await LoopbackServer.start()
    let service = try OpenAIServiceTests.service(of: server)
    let port = server.port
    await server.stop()
    let start = ContinuousClock.now
    let error = await #expect(throws: ServiceError.self) { try await service.embed(["a"]) }
    // A client that tries to connect again and again gives up after 10 s.
    #expect(ContinuousClock.now - start < .seconds(8))
    #expect(error?.kind == .network)
    #expect(error?.code == "connection_failed")
    #expect(error?.billing == .notSent)
    #expect(
      error?.message
        == "cannot connect to 127.0.0.1:\(port): Connection refused; check the network and "
        + "the address")
  }

  @Test func isNotSentWhereTheServerSpeaksNoTLS() async throws {
    try await withLoopback { server in
      let service = try OpenAIServiceTests.service(of: server) {
        $0.baseURL = "https://127.0.0.1:\(server.port)"
      }
      let error = await #expect(throws: ServiceError.self) { try await service.embed(["a"]) }
      #expect(error?.kind == .network)
      #expect(error?.billing == .notSent)
      #expect(server.records.isEmpty)
    }
  }

  // MARK: - Time

  @Test func mayBeBilledAfterATimeout() async throws {
    let error = try await Self.error(.neverAnswer(), timeout: 1)
    #expect(error.kind == .network)
    #expect(error.code == "timeout")
    #expect(error.billing == .possible)
    #expect(error.message.hasPrefix("no whole answer from 127.0.0.1:"))
    #expect(
      error.message.hasSuffix(
        " within 1 s; the request may have been billed; try again, or allow more time")
    )
  }

  @Test func limitsTheTimeOfTheWholeAnswer() async throws {
    let error = try await Self.error(.chunkedBody(pieces: 400, interval: 0.05), timeout: 1)
    #expect(error.code == "timeout")
    #expect(error.billing == .possible)
  }

  @Test func isSentOnlyIfAConnectionComesFreeInTime() async throws {
    let plan = LoopbackFault.first(1, .neverAnswer())
    try await withLoopback(LoopbackBehaviour(fault: plan)) { server in
      let service = try OpenAIServiceTests.service(of: server) {
        $0.timeout = 1
        $0.maximumConcurrentRequests = 1
      }
      async let first = Result { try await service.embed(["a"]) }
      try await server.waitForRequests(1)
      let second = await Result { try await service.embed(["b"]) }
      _ = await first
      // On a busy machine the first can end just before the second does, which is then sent.
      guard case .failure(let error as ServiceError) = second else {
        #expect(server.records.count == 2)
        return
      }
      #expect(error.code == "timeout")
      if error.billing == .notSent {
        #expect(server.records.count == 1)
      } else {
        #expect(error.billing == .possible)
        try await server.waitForRequests(2)
      }
    }
  }

  @Test func endsAtOnceWhenItIsCancelled() async throws {
    try await withLoopback(LoopbackBehaviour(fault: LoopbackFault.from(0, .neverAnswer()))) {
      server in
      let service = try OpenAIServiceTests.service(of: server) { $0.timeout = 600 }
      let task = Task { try await service.embed(["a"]) }
      try await server.waitForRequests(1)
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
      #expect(server.records.count == 1)
    }
  }

  @Test func sendsNothingWhenItIsCancelledBefore() async throws {
    try await withLoopback { server in
      let service = try OpenAIServiceTests.service(of: server)
      let task = Task {
        while !Task.isCancelled { await Task.yield() }
        return try await service.embed(["a"])
      }
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
      #expect(server.records.isEmpty)
    }
  }
}

extension Result where Failure == any Error {
  /// What an asynchronous call returns or throws.
  fileprivate init(_ body: () async throws -> Success) async {
    do {
      self = .success(try await body())
    } catch {
      self = .failure(error)
    }
  }
}
