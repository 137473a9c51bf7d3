// The errors that the embeddings API answers with, as `{"error": {message, type, param, code}}`.
// LoopbackState refuses with them on its own account, LoopbackFault on demand.

import Foundation

/// An error answer: a status, an error body, and headers.
package struct LoopbackRefusal: Sendable {
  /// The HTTP status.
  package var status: Int
  /// `error.code`; nil is null.
  package var code: String?
  /// `error.message`.
  package var message: String
  /// `error.type`.
  package var type: String
  /// Headers beside the usual ones.
  package var headers: [String: String]
  /// The body, if it is not one of OpenAI's.
  var rawBody: String?
  /// Seconds from the answer to the date in its `retry-after`; nil is no date.
  package var retryAfterDate: Double?

  /// Creates an error answer.
  package init(
    status: Int, code: String? = nil, message: String, type: String = "invalid_request_error",
    headers: [String: String] = [:], retryAfterDate: Double? = nil
  ) {
    self.status = status
    self.code = code
    self.message = message
    self.type = type
    self.headers = headers
    self.retryAfterDate = retryAfterDate
  }

  static func badInput(_ message: String) -> LoopbackRefusal {
    LoopbackRefusal(status: 400, message: message)
  }

  static let invalidKey = LoopbackRefusal(
    status: 401, code: "invalid_api_key",
    message:
      "Incorrect API key provided: sk-loop***back. You can find your API key in your account.")

  static let quota = LoopbackRefusal(
    status: 429, code: "insufficient_quota",
    message: "You exceeded your current quota, please check your plan and billing details.",
    type: "insufficient_quota")

  static func tooManyTokens(_ tokens: Int) -> LoopbackRefusal {
    LoopbackRefusal(
      status: 400, code: "max_tokens_per_request",
      message: "Requested \(tokens) tokens, max 300000 tokens per request.",
      type: "max_tokens_per_request")
  }

  static func modelNotFound(_ model: String) -> LoopbackRefusal {
    LoopbackRefusal(
      status: 404, code: "model_not_found",
      message: "The model `\(model)` does not exist or you do not have access to it.")
  }

  static func unknownAddress(_ method: String, _ path: String) -> LoopbackRefusal {
    LoopbackRefusal(
      status: 404, code: "unknown_url", message: "Unknown request URL: \(method) \(path).")
  }

  /// The body, as JSON.
  var body: String {
    if let rawBody { return rawBody }
    let code = self.code.map(Self.quoted) ?? "null"
    return """
      {"error": {"message": \(Self.quoted(message)), "type": \(Self.quoted(type)), \
      "param": null, "code": \(code)}}
      """
  }

  /// The headers at the time of answering.
  var allHeaders: [String: String] {
    guard let retryAfterDate else { return headers }
    let format = DateFormatter()
    format.locale = Locale(identifier: "en_US_POSIX")
    format.timeZone = TimeZone(identifier: "GMT")
    format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
    let date = format.string(from: Date(timeIntervalSinceNow: retryAfterDate))
    return headers.merging(["retry-after": date]) { $1 }
  }

  /// A JSON string.
  static func quoted(_ text: String) -> String {
    let encoded = try? JSONEncoder().encode(text)
    return encoded.map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
  }
}
