// What goes wrong on the way to a server and back. Thrown by HTTPTransport; OpenAIService makes a
// ServiceError of it.

import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// A request without a whole answer.
struct TransportFailure: Error {
  /// What went wrong.
  enum Cause: String, Sendable {
    /// The time was up.
    case timeout
    /// The server, or the way to it, ended the connection.
    case reset = "connection_reset"
    /// The answer has more bytes than any right one.
    case tooLarge = "too_large"
    /// No connection was made, or what came back was not HTTP.
    case broken = "connection_failed"
  }

  let cause: Cause
  /// Whether the request had been written, at least in part: then it may be on the bill.
  let wasSent: Bool
  /// The underlying error in its own words.
  let detail: String

  init(_ error: any Error, wasSent: Bool) {
    self.wasSent = wasSent
    detail = Self.systemError(in: error).map { String(cString: strerror($0)) } ?? "\(error)"
    cause =
      switch error {
      case is AnswerTooLarge: .tooLarge
      case let error as HTTPClientError where Self.timeouts.contains(error): .timeout
      case ChannelError.connectTimeout: .timeout
      case _ where !wasSent: .broken
      case let error as HTTPClientError where error == .remoteConnectionClosed: .reset
      case let error as HTTPParserError where error == .invalidEOFState: .reset
      case is IOError, is ChannelError: .reset
      default: .broken
      }
  }

  private static let timeouts: [HTTPClientError] = [
    .deadlineExceeded, .connectTimeout, .tlsHandshakeTimeout, .getConnectionFromPoolTimeout,
    .readTimeout, .writeTimeout,
  ]

  /// The number of the system's error that another error was made from: NIO describes these at length.
  /// Its connection errors are looked through by reflection, since their type is NIOPosix's.
  private static func systemError(in value: Any, depth: Int = 0) -> Int32? {
    if let error = value as? IOError { return error.errnoCode }
    guard depth < 4 else { return nil }
    for child in Mirror(reflecting: value).children {
      if let number = systemError(in: child.value, depth: depth + 1) { return number }
    }
    return nil
  }

  /// The error as the router knows it.
  ///
  /// - Parameters:
  ///   - server: its name as it is shown.
  ///   - timeout: the seconds that were given.
  ///   - text: makes the detail fit to be shown.
  func serviceError(server: String, timeout: Double, text: ServerText) -> ServiceError {
    ServiceError(
      cause == .tooLarge ? .badAnswer : .network, code: cause.rawValue,
      message: message(server, timeout, text), billing: wasSent ? .possible : .notSent)
  }

  private func message(_ server: String, _ timeout: Double, _ text: ServerText) -> String {
    let seconds = timeout == timeout.rounded() ? "\(Int(timeout))" : "\(timeout)"
    switch (cause, wasSent) {
    case (.timeout, true):
      return
        "no whole answer from \(server) within \(seconds) s; the request may have been billed; "
        + "try again, or raise OPENAI_TIMEOUT_SECONDS"
    case (.timeout, false):
      return "no connection to \(server) in time; check the network and OPENAI_API_URL"
    case (.tooLarge, _):
      return "the answer of \(server) cannot be used: it is larger than any right one; check "
        + "OPENAI_API_URL"
    case (.reset, _):
      return
        "\(server) ended the connection before its answer was whole; the request may have been "
        + "billed; try again"
    case (.broken, false):
      return
        "cannot connect to \(server): \(text.line(detail)); check the network and OPENAI_API_URL"
    case (.broken, true):
      return "the connection to \(server) broke: \(text.line(detail)); the request may have been "
        + "billed; try again"
    }
  }
}

extension TransportFailure: CustomStringConvertible {
  /// What went wrong, in one word and in the words of what failed.
  var description: String { "\(cause.rawValue): \(detail)" }
}
