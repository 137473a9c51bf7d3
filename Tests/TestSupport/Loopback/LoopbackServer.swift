// A real HTTP server on loopback that stands for the embeddings API in tests, with faults on demand.
// LoopbackResponder reads requests and sends answers; LoopbackState decides. It runs on threads of its own, never
// on Swift's pool.

import Synchronization

/// A server that behaves as OpenAI's embeddings API, or as badly as it is told to.
///
/// ```swift
/// try await withLoopback(.init(fault: LoopbackFault.first(2, .overloaded))) { server in
///   // … a client of server.url …
///   #expect(server.violations.isEmpty)
///   #expect(server.billing.paidTwice.isEmpty)
/// }
/// ```
/// It is not a proxy and knows no TLS.
package final class LoopbackServer: Sendable {
  private let state: Mutex<LoopbackState>
  private let boundPort = Mutex<LoopbackPort?>(nil)
  private let started = ContinuousClock.now

  private init(_ behaviour: LoopbackBehaviour) {
    state = Mutex(LoopbackState(behaviour))
  }

  /// Starts a server on 127.0.0.1.
  ///
  /// - Parameter port: 0 is any free one; that of a stopped server starts it anew.
  package static func start(
    _ behaviour: LoopbackBehaviour = LoopbackBehaviour(), port: Int = 0
  ) async throws -> LoopbackServer {
    let server = LoopbackServer(behaviour)
    let bound = try LoopbackPort(port) { [unowned server] connection in
      LoopbackResponder(server: server, connection: connection).serve()
    }
    server.boundPort.withLock { $0 = bound }
    return server
  }

  /// `http://127.0.0.1:PORT`.
  package var url: String { "http://127.0.0.1:\(port)" }

  /// The port, also after ``stop()``.
  package var port: Int { boundPort.withLock { $0?.number ?? 0 } }

  /// Closes all connections and the port.
  package func stop() async {
    await boundPort.withLock(\.self)?.close()
  }

  /// Changes the behaviour, from the next request on.
  package func update(_ change: @Sendable (inout LoopbackBehaviour) -> Void) {
    state.withLock { change(&$0.behaviour) }
  }

  /// Closes the connections that are open, as a server does with idle ones. The port stays open.
  package func closeConnections() async {
    boundPort.withLock(\.self)?.closeConnections()
  }

  // MARK: What it saw

  /// All requests, in order of arrival.
  package var records: [LoopbackRequest] { state.withLock { $0.records } }
  /// The requests for vectors, in order of arrival.
  package var embeddingRequests: [LoopbackRequest] {
    records.filter { $0.isForVectors && !$0.isForScores }
  }
  /// The requests for scores of passages, in order of arrival.
  package var rerankRequests: [LoopbackRequest] { records.filter(\.isForScores) }
  /// What was computed, and so put on the bill.
  package var billing: LoopbackBilling { state.withLock { $0.billing } }
  /// How many batches there are.
  package var batchesCreated: Int { state.withLock { $0.kept.batches.count } }
  /// The files there are: those of texts, and of answers.
  package var filesKept: Int { state.withLock { $0.kept.files.count } }
  /// Where requests broke the API's published description; to be empty.
  package var violations: [String] { state.withLock { $0.violations } }
  /// The most requests that were in work at once.
  package var maximumInFlight: Int { state.withLock { $0.maximumInFlight } }
  /// The requests in work now.
  package var inFlight: Int { state.withLock { $0.inFlight.count } }
  /// How many connections were opened.
  package var connectionsOpened: Int { state.withLock { $0.connections } }

  /// The vector of a text: of unit length, and another for every text.
  package static func vector(for text: String, dimensions: Int = 1536) -> [Float] {
    LoopbackVectors.of(dimensions).vector(for: text)
  }

  /// Waits until so many requests have arrived and are billed or refused.
  ///
  /// - Throws: `CancellationError`, also after the seconds given.
  package func waitForRequests(_ count: Int, seconds: Double = 30) async throws {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while state.withLock({ $0.decided }) < count {
      guard ContinuousClock.now < deadline else { throw CancellationError() }
      try await Task.sleep(for: .milliseconds(5))
    }
  }

  // MARK: For LoopbackResponder

  /// Notes a new connection. Returns its number.
  func open() -> Int {
    state.withLock { $0.open() }
  }

  /// Takes a request in. Returns its number and what is to be answered.
  func receive(
    _ came: HTTPRequest, connection: Int
  ) -> (number: Int, answer: LoopbackAnswer) {
    let target = came.target.split(separator: "?", maxSplits: 1).map(String.init)
    var request = LoopbackRequest(
      number: 0, connection: connection, method: came.method, path: target.first ?? "/",
      headers: came.headers, body: came.body, arrived: seconds)
    request.query = target.dropFirst().first ?? ""
    let call = request.isForVectors ? LoopbackCall(headers: came.headers, body: came.body) : nil
    if let call {
      request.texts = call.texts
      request.question = call.query
      request.model = call.model
      request.encodingFormat = call.encodingFormat
      request.dimensions = call.dimensions
    }
    let (arrived, faultNumber, behaviour) = state.withLock { state in
      let (arrived, number) = state.arrive(request, violations: call?.violations ?? [])
      return (arrived, number, state.behaviour)
    }
    let plan = arrived.isForVectors ? behaviour.fault : behaviour.modelsFault
    let fault = plan(arrived, faultNumber)
    let weighed = LoopbackWeight(call, behaviour)
    let now = seconds
    let answer = state.withLock {
      $0.answer(arrived, call, weighed: weighed, fault: fault, now: now)
    }
    return (arrived.number, answer)
  }

  /// Notes the end of a request, answered wholly or not.
  func finish(_ number: Int, isAnswered: Bool) {
    let now = seconds
    state.withLock { $0.finish(number, at: isAnswered ? now : nil) }
  }

  private var seconds: Double { (ContinuousClock.now - started) / .seconds(1) }
}

/// Runs a body with a server, and stops the server, also where the body throws.
package func withLoopback<Result: Sendable>(
  _ behaviour: LoopbackBehaviour = LoopbackBehaviour(),
  _ body: (LoopbackServer) async throws -> Result
) async throws -> Result {
  try await running(try await LoopbackServer.start(behaviour), body)
}

/// A server of the tests.
protocol TestServer: Sendable {
  func stop() async
}

extension LoopbackServer: TestServer {}

extension LoopbackPort: TestServer {
  func stop() async { await close() }
}

/// Runs a body with a server, and stops the server, also where the body throws.
func running<Server: TestServer, Result: Sendable>(
  _ server: Server, _ body: (Server) async throws -> Result
) async throws -> Result {
  do {
    let result = try await body(server)
    await server.stop()
    return result
  } catch {
    await server.stop()
    throw error
  }
}
