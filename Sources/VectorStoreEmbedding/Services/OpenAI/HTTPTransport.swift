// Sends one HTTP request and brings back its whole answer, and knows of each failure whether the
// request had been written. Called by OpenAIService; the one file that calls AsyncHTTPClient.

import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Synchronization

/// A client of one server. A call is one request: nothing is sent again, no redirect is followed.
///
/// Connections are kept alive between requests, as many as requests may be in flight. All work is done
/// on one event loop: so it is certain, at every failure, whether the request's head had been written.
final class HTTPTransport: Sendable {
  /// A request.
  struct Request {
    var url: String
    var headers: [(String, String)]
    /// A POST has one, a GET has none.
    var body: [UInt8]?
    /// The most bytes of a good answer.
    var answerLimit: Int
  }

  private let client: HTTPClient
  private let timeout: TimeAmount

  /// Creates a client; nothing is connected before the first request.
  ///
  /// - Parameters:
  ///   - connections: the requests in flight at once.
  ///   - timeout: the seconds from connecting to the last byte of an answer.
  init(connections: Int, timeout: Double) {
    self.timeout = .nanoseconds(Int64(timeout * 1e9))
    var configuration = HTTPClient.Configuration()
    configuration.httpVersion = .http1Only
    configuration.redirectConfiguration = .disallow
    configuration.decompression = .disabled
    configuration.timeout.connect = min(self.timeout, .seconds(10))
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections
    configuration.connectionPool.retryConnectionEstablishment = false
    // Else a refused connection on macOS waits for the network to change.
    configuration.networkFrameworkWaitForConnectivity = false
    client = HTTPClient(
      eventLoopGroupProvider: .shared(HTTPClient.defaultEventLoopGroup.any()),
      configuration: configuration)
  }

  /// The client has to be shut down before it goes, and holds itself until that is done. Closing idle
  /// connections needs no waiting, and no request can be under way: each of them holds its transport.
  deinit { client.shutdown { _ in } }

  /// Sends a request and waits for the whole answer.
  ///
  /// An answer of an error is given back as far as it came, also where the connection broke in it.
  /// - Throws: ``TransportFailure``; `CancellationError` where the task was cancelled, as soon as it
  ///   was, unless the answer is whole by then.
  func send(_ request: Request) async throws -> HTTPAnswer {
    try Task.checkCancellation()
    let recorder = AnswerRecorder(limit: request.answerLimit)
    do {
      let task = client.execute(
        request: try HTTPClient.Request(
          url: request.url, method: request.body == nil ? .GET : .POST,
          headers: HTTPHeaders(request.headers),
          body: request.body.map { .byteBuffer(ByteBuffer(bytes: $0)) }),
        delegate: recorder, deadline: .now() + timeout)
      return try await withTaskCancellationHandler {
        try await task.futureResult.get()
      } onCancel: {
        task.cancel()
      }
    } catch {
      if Task.isCancelled { throw CancellationError() }
      let (wasSent, answer) = recorder.progress
      if let answer, !answer.isSuccess { return answer }
      throw TransportFailure(error, wasSent: wasSent)
    }
  }
}

/// An answer over HTTP.
struct HTTPAnswer: Sendable {
  var status: Int
  /// By their names in lower case; of several with one name the first.
  var headers: [String: String]
  var body: [UInt8]

  /// Whether the status is 2xx.
  var isSuccess: Bool { (200...299).contains(status) }
}

/// Collects an answer, and notes how far the request went.
private final class AnswerRecorder: HTTPClientResponseDelegate {
  private struct State {
    var isSent = false
    var answer: HTTPAnswer?
    var limit: Int
  }

  private let state: Mutex<State>

  init(limit: Int) { state = Mutex(State(limit: limit)) }

  var progress: (wasSent: Bool, answer: HTTPAnswer?) {
    state.withLock { ($0.isSent, $0.answer) }
  }

  func didSendRequestHead(task: HTTPClient.Task<HTTPAnswer>, _ head: HTTPRequestHead) {
    state.withLock { $0.isSent = true }
  }

  func didReceiveHead(
    task: HTTPClient.Task<HTTPAnswer>, _ head: HTTPResponseHead
  ) -> EventLoopFuture<Void> {
    let headers = Dictionary(head.headers.map { ($0.name.lowercased(), $0.value) }) { first, _ in
      first
    }
    let length = max(0, headers["content-length"].flatMap { Int($0) } ?? 0)
    let isTooLarge = state.withLock { state in
      let answer = HTTPAnswer(status: Int(head.status.code), headers: headers, body: [])
      state.answer = answer
      guard answer.isSuccess else {
        // Of an error this much is enough.
        state.limit = 65_536
        return false
      }
      guard length <= state.limit else { return true }
      state.answer?.body.reserveCapacity(length)
      return false
    }
    return isTooLarge
      ? task.eventLoop.makeFailedFuture(AnswerTooLarge())
      : task.eventLoop.makeSucceededVoidFuture()
  }

  func didReceiveBodyPart(
    task: HTTPClient.Task<HTTPAnswer>, _ part: ByteBuffer
  ) -> EventLoopFuture<Void> {
    let isTooLarge = state.withLock { state in
      let left = state.limit - (state.answer?.body.count ?? 0)
      part.withUnsafeReadableBytes { state.answer?.body.append(contentsOf: $0.prefix(left)) }
      return part.readableBytes > left
    }
    return isTooLarge
      ? task.eventLoop.makeFailedFuture(AnswerTooLarge())
      : task.eventLoop.makeSucceededVoidFuture()
  }

  func didFinishRequest(task: HTTPClient.Task<HTTPAnswer>) throws -> HTTPAnswer {
    guard let answer = state.withLock({ $0.answer }) else {
      throw HTTPClientError.remoteConnectionClosed
    }
    return answer
  }
}

/// The answer has more bytes than any right one.
struct AnswerTooLarge: Error {}
