// Sends one HTTP request and brings back its whole answer, and knows of each failure whether the
// request had been sent.

import CCurl

/// A client of one server. A call is one request: nothing is sent again, no redirect is followed.
///
/// It is libcurl, which speaks HTTP/1.1 here, keeps connections alive between requests, and checks
/// certificates. Requests run on ``HTTPThread``; whoever sends one waits without blocking a thread.
///
/// Of the environment libcurl reads which proxy to use, if any: `https_proxy`, `http_proxy`,
/// `all_proxy`, `no_proxy`.
final class HTTPTransport: Sendable {
  /// A request.
  struct Request: Sendable {
    var url: String
    var headers: [(String, String)]
    /// A POST has one, a GET has none.
    var body: [UInt8]?
    /// Another method than these.
    var method: String?
    /// The most bytes of a good answer.
    var answerLimit: Int
  }

  /// How requests travel.
  struct Options: Sendable {
    /// The requests in flight at once; more wait.
    var connections = 1
    /// The seconds from the call to the last byte of an answer.
    var timeout = 30.0
    /// Whether it may go through a proxy. To this machine there is none.
    var usesProxy = true
    /// The certificates of trusted authorities, as a file of PEM; nil is the system's.
    var certificateFile: String?
  }

  private let options: Options
  private let lane: HTTPLane

  /// Creates a client; nothing is connected before the first request.
  init(_ options: Options) {
    self.options = options
    lane = HTTPLane(limit: options.connections)
  }

  /// Sends a request and waits for the whole answer.
  ///
  /// An answer of an error is given back as far as it came, also if the connection broke in it.
  /// - Throws: ``TransportFailure``; `CancellationError` if the task was cancelled, as soon as it was,
  ///   unless the answer is whole by then.
  func send(_ request: Request) async throws -> HTTPAnswer {
    try Task.checkCancellation()
    if let problem = ccurl_load() {
      throw TransportFailure(.broken, detail: String(cString: problem))
    }
    let transfer = HTTPTransfer(request, options, lane)
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { HTTPThread.shared.start(transfer, $0) }
    } onCancel: {
      HTTPThread.shared.cancel(transfer)
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
