// What goes wrong on the way to a server and back. Thrown by HTTPTransport; OpenAIService makes a
// ServiceError of it.

import CCurl
import Foundation

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
    /// The server's certificate is not one to trust.
    case untrusted = "certificate_not_trusted"
    /// No connection was made, or what came back was not HTTP.
    case broken = "connection_failed"
  }

  let cause: Cause
  /// Whether the request had been sent, at least in part: then it may be on the bill.
  let wasSent: Bool
  /// What failed, in words.
  let detail: String

  init(_ cause: Cause, wasSent: Bool = false, detail: String = "") {
    self.cause = cause
    self.wasSent = wasSent
    self.detail = detail
  }

  /// What libcurl tells.
  ///
  /// - Parameters:
  ///   - systemError: the number of the system's error; 0 is none.
  ///   - text: libcurl's own words.
  init(_ code: CURLcode, wasSent: Bool, systemError: Int32 = 0, text: String) {
    let cause: Cause =
      switch code {
      case CURLE_OPERATION_TIMEDOUT: .timeout
      case CURLE_PEER_FAILED_VERIFICATION: .untrusted
      case _ where !wasSent: .broken
      // libcurl's word for a line of a head that has no end.
      case CURLE_OUT_OF_MEMORY, Self.tooLarge: .tooLarge
      case CURLE_PARTIAL_FILE, CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR,
        // A kept connection ended when it was used again. libcurl would have connected again and sent
        // the body again: HTTPTransfer forbids both.
        CURLE_ABORTED_BY_CALLBACK, CURLE_COULDNT_CONNECT, CURLE_COULDNT_RESOLVE_HOST,
        CURLE_SEND_FAIL_REWIND:
        .reset
      default: .broken
      }
    let detail =
      if systemError != 0 {
        String(cString: strerror(systemError))
      } else if code == CURLE_SSL_CONNECT_ERROR {
        "no TLS (\(text)); perhaps the server speaks http only"
      } else {
        text
      }
    self.init(cause, wasSent: wasSent, detail: detail)
  }

  /// CURLE_TOO_LARGE of newer versions.
  private static let tooLarge = CURLcode(rawValue: 100)

  /// The error as the router knows it.
  ///
  /// - Parameters:
  ///   - server: its name as it is shown.
  ///   - timeout: the seconds that were given.
  ///   - text: makes the detail fit to be shown.
  func serviceError(server: String, timeout: Double, text: ServerText) -> ServiceError {
    var error = ServiceError(
      cause == .tooLarge ? .badAnswer : .network, code: cause.rawValue,
      message: message(server, timeout, text), billing: wasSent ? .possible : .notSent)
    // It is no more trusted the next time.
    error.isSettled = cause == .untrusted
    return error
  }

  private func message(_ server: String, _ timeout: Double, _ text: ServerText) -> String {
    let seconds = timeout == timeout.rounded() ? "\(Int(timeout))" : "\(timeout)"
    switch (cause, wasSent) {
    case (.timeout, true):
      return
        "no whole answer from \(server) within \(seconds) s; the request may have been billed; "
        + "try again, or allow more time"
    case (.timeout, false):
      return "no connection to \(server) in time; check the network and the address"
    case (.tooLarge, _):
      return "the answer of \(server) cannot be used: it is larger than any right one; check "
        + "the address"
    case (.untrusted, _):
      return
        "the certificate of \(server) is not trusted: \(text.line(detail)); check the address, or "
        + "name a file with its authority's certificate"
    case (.reset, _):
      return
        "\(server) ended the connection before its answer was whole; the request may have been "
        + "billed; try again"
    case (.broken, false):
      return
        "cannot connect to \(server): \(text.line(detail)); check the network and the address"
    case (.broken, true):
      return "the connection to \(server) broke: \(text.line(detail)); the request may have been "
        + "billed; try again"
    }
  }
}

extension TransportFailure: CustomStringConvertible {
  /// What went wrong, in one word and in the words of what failed.
  var description: String { detail.isEmpty ? cause.rawValue : "\(cause.rawValue): \(detail)" }
}
