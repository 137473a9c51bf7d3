// HTTPTransport against a real server: what it sends and brings back. How it fails is tested through
// OpenAIService, in OpenAIServiceFaultTests.

import Foundation
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
      let transport = HTTPTransport(.init())
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
      let answer = try await HTTPTransport(.init())
        .send(Self.request(server, body: Self.body))
      #expect(answer.headers["retry-after"] == "7")
      #expect(!answer.isSuccess)
    }
  }

  @Test func readsNoMoreThanItsLimit() async throws {
    try await withLoopback { server in
      let transport = HTTPTransport(.init())
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
      let transport = HTTPTransport(.init())
      let failure = await #expect(throws: TransportFailure.self) {
        try await transport.send(Self.request(server, body: Self.body, limit: 5000))
      }
      #expect(failure?.cause == .tooLarge)
    }
  }

  @Test func givesBackTheFirstPartOfALongError() async throws {
    let fault = LoopbackFault.status(400, message: String(repeating: "x", count: 200_000))
    try await withLoopback(LoopbackBehaviour(fault: LoopbackFault.from(0, fault))) { server in
      let transport = HTTPTransport(.init())
      let answer = try await transport.send(Self.request(server, body: Self.body))
      #expect(answer.status == 400)
      #expect(answer.body.count == 65_536)
      #expect(server.records.count == 1)
    }
  }

  // MARK: - One request a call

  /// libcurl, left to itself, sends a request again if a kept connection ends without an answer.
  @Test(arguments: [LoopbackFault.resetBeforeAnswer, .closeBeforeAnswer], [true, false])
  func sendsEachRequestOnce(fault: LoopbackFault, isPost: Bool) async throws {
    var behaviour = LoopbackBehaviour()
    behaviour.fault = { _, number in number.isMultiple(of: 2) ? nil : fault }
    behaviour.modelsFault = behaviour.fault
    try await withLoopback(behaviour) { server in
      let transport = HTTPTransport(.init())
      var failures: [TransportFailure] = []
      for number in 0..<100 {
        do {
          _ = try await transport.send(Self.request(server, body: isPost ? Self.body : nil))
        } catch let failure as TransportFailure {
          failures.append(failure)
        }
        #expect(server.records.count == number + 1)
      }
      #expect(failures.count == 50)
      #expect(failures.allSatisfy { $0.cause == .reset && $0.wasSent })
      // Every second request for vectors met a kept connection.
      #expect(server.connectionsOpened == (isPost ? 50 : 100))
    }
  }

  @Test func keepsWithinItsConnections() async throws {
    var behaviour = LoopbackBehaviour()
    behaviour.latency = 0.02
    try await withLoopback(behaviour) { server in
      let transport = HTTPTransport(.init(connections: 8))
      try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<64 {
          group.addTask { try await transport.send(Self.request(server, body: Self.body)).status }
        }
        for try await status in group { #expect(status == 200) }
      }
      #expect(server.records.count == 64)
      #expect(server.maximumInFlight == 8)
      #expect(server.connectionsOpened == 8)
    }
  }

  @Test func letsTheNextOneThroughAtOnceWhenItIsCancelled() async throws {
    let plan = LoopbackFault.first(1, .neverAnswer())
    try await withLoopback(LoopbackBehaviour(fault: plan)) { server in
      let transport = HTTPTransport(.init(timeout: 600))
      let first = Task { try await transport.send(Self.request(server, body: Self.body)) }
      try await server.waitForRequests(1)
      let second = Task { try await transport.send(Self.request(server, body: Self.body)) }
      let third = Task { try await transport.send(Self.request(server, body: Self.body)) }
      third.cancel()
      await #expect(throws: CancellationError.self) { try await third.value }
      first.cancel()
      await #expect(throws: CancellationError.self) { try await first.value }
      #expect(try await second.value.status == 200)
      #expect(server.records.count == 2)
      // The connection of the first was ended: the server sees it.
      let deadline = ContinuousClock.now + .seconds(10)
      while server.inFlight > 0, ContinuousClock.now < deadline { await Task.yield() }
      #expect(server.inFlight == 0)
    }
  }

  @Test(arguments: ["a\r\nX-Other: b", "a\nb", "a\0b", "a\rb"])
  func refusesAHeaderThatWouldBeTwo(value: String) async throws {
    try await withLoopback { server in
      let transport = HTTPTransport(.init())
      for header in [("X-Name", value), (value, "x")] {
        let request = HTTPTransport.Request(
          url: server.url, headers: [header], body: Self.body, answerLimit: 1)
        let failure = await #expect(throws: TransportFailure.self) {
          try await transport.send(request)
        }
        #expect(failure?.cause == .broken)
        #expect(failure?.wasSent == false)
      }
      #expect(server.connectionsOpened == 0)
    }
  }

  // MARK: - Answers that no right server sends

  private static func answer(
    _ canned: CannedAnswer, limit: Int = 100_000, timeout: Double = 30
  ) async throws -> HTTPAnswer {
    try await withCannedServer(canned) { url in
      try await HTTPTransport(.init(timeout: timeout)).send(
        HTTPTransport.Request(url: url, headers: [], body: body, answerLimit: limit))
    }
  }

  private static func failure(
    _ canned: CannedAnswer, limit: Int = 100_000, timeout: Double = 30
  ) async -> TransportFailure? {
    await #expect(throws: TransportFailure.self) {
      try await answer(canned, limit: limit, timeout: timeout)
    }
  }

  private static let good = "HTTP/1.1 200 OK\r\n"

  @Test(arguments: ["X-Header: more and more\r\n", "never a line end "])
  func endsAnAnswerOfHeadersOnly(endless: String) async throws {
    let failure = await Self.failure(CannedAnswer(Self.good, endless: endless))
    #expect(failure?.cause == .tooLarge)
    #expect(failure?.wasSent == true)
  }

  @Test func endsAnAnswerThatIsAnnouncedForEver() async throws {
    let failure = await Self.failure(CannedAnswer("", endless: "HTTP/1.1 100 Continue\r\n\r\n"))
    #expect(failure?.cause == .tooLarge)
  }

  @Test func endsAnAnswerThatSaysItIsTooLarge() async throws {
    let start = Self.good + "Content-Length: 1000000000\r\n\r\n"
    let failure = await Self.failure(CannedAnswer(start))
    #expect(failure?.cause == .tooLarge)
  }

  @Test(arguments: [
    "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 500 No\r\n", "HTTP/1.1 100 A\r\n\r\n",
  ])
  func takesHalfAHeadForABrokenConnection(start: String) async throws {
    let failure = await Self.failure(CannedAnswer(start, closes: true))
    #expect(failure?.cause == .reset)
    #expect(failure?.wasSent == true)
  }

  @Test func refusesWhatIsNotHTTP() async throws {
    let failure = await Self.failure(CannedAnswer("SSH-2.0-OpenSSH_9.2\r\n", closes: true))
    #expect(failure?.cause == .broken)
    #expect(failure?.wasSent == true)
  }

  @Test func takesAnAnswerThatEndsWithItsConnection() async throws {
    let answer = try await Self.answer(
      CannedAnswer("HTTP/1.0 200 OK\r\nX-A:1\r\nx-a: 2\r\n\r\nhello", closes: true))
    #expect(answer.status == 200)
    #expect(answer.headers == ["x-a": "1"])
    #expect(answer.body == Array("hello".utf8))
  }

  @Test func passesOverWhatAnnouncesAnAnswerAndWhatFollowsIt() async throws {
    let answer = try await Self.answer(
      CannedAnswer(
        "HTTP/1.1 103 Early\r\nX-A: 1\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
          + "2\r\nhi\r\n0\r\nX-B: 2\r\n\r\n"))
    #expect(answer.headers == ["transfer-encoding": "chunked"])
    #expect(answer.body == Array("hi".utf8))
  }

  @Test func limitsTheTimeOfAnAnswerThatTrickles() async throws {
    let start = ContinuousClock.now
    let canned = CannedAnswer(Self.good + "Content-Length: 10\r\n\r\n123")
    let failure = await Self.failure(canned, timeout: 1)
    #expect(failure?.cause == .timeout)
    #expect(failure?.wasSent == true)
    #expect(ContinuousClock.now - start < .seconds(8))
  }

  /// 262,144 zeros in 289 bytes, as `gzip -9` makes them.
  @Test func readsGzipWithinItsLimit() async throws {
    let packed = try #require(Data(base64Encoded: Self.packedZeros))
    let canned = CannedAnswer(
      Self.good + "Content-Encoding: gzip\r\nContent-Length: \(packed.count)\r\n\r\n",
      body: Array(packed))
    let answer = try await Self.answer(canned, limit: 262_144)
    #expect(answer.body == [UInt8](repeating: 0, count: 262_144))
    let failure = await Self.failure(canned, limit: 262_143)
    #expect(failure?.cause == .tooLarge)
  }

  private static let packedZeros =
    "H4sIAAAAAAACA+3BMQEAAADCoPVP7W0HoAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    + "AAAAAAAAAAAAAAAAAAAA3gAi6g7iAAAEAA=="
}
