// What a request is refused with, in the form that OpenAI's clients read.

import Foundation
import VectorStore

/// An error as it is answered: `{"error": {"message", "type", "param", "code"}}`. The message says what
/// failed, what was found, what was expected, and the next step.
struct HTTPError: Error {
  let status: Int
  let code: String
  let message: String
  var parameter: String?
  var headers: [String: String] = [:]

  init(_ status: Int, _ code: String, _ message: String, parameter: String? = nil) {
    (self.status, self.code, self.message, self.parameter) = (status, code, message, parameter)
  }

  /// Any error of a verb, with what helps.
  init(_ error: any Error) {
    switch error {
    case let error as HTTPError: self = error
    case let error as StoreError: self.init(error)
    case let error as SettingError: self.init(400, "invalid_argument", "\(error)")
    case is CancellationError:
      self.init(499, "cancelled", "the request was given up; send it again")
    case let error as DecodingError: self.init(400, "invalid_argument", Self.message(error))
    default: self.init(500, "internal_error", Advice.message(error) ?? "\(error)")
    }
  }

  /// The error of a verb.
  init(_ error: StoreError) {
    let status =
      switch error.code {
      case .collectionNotFound, .documentNotFound, .pathNotFound, .statisticsNotFound: 404
      case .empty, .invalidArgument, .invalidFilter, .badVector, .spaceMismatch, .malformedInput,
        .notText, .textTooLong, .inputRefused:
        400
      case .budgetExceeded, .quotaExhausted, .rateLimited: 429
      case .readOnly, .commandNotRun: 403
      case .authenticationFailed: 502
      case .serviceUnavailable, .locked: 503
      case .diskFull: 507
      default: 500
      }
    let advice: String? =
      switch error.code {
      case .documentNotFound: "GET /api/documents lists what there is"
      case .collectionNotFound: "GET /api/collections lists what there is"
      default: Advice.advice(on: error.code).map { "for whoever runs the server: \($0)" }
      }
    self.init(
      status, error.code.rawValue, advice.map { "\(error.message); \($0)" } ?? error.message)
    // The official SDKs try again by themselves. What needs money or a setting does not come back.
    if [.budgetExceeded, .quotaExhausted, .authenticationFailed, .serviceUnavailable].contains(
      error.code)
    {
      headers["X-Should-Retry"] = "false"
    }
  }

  /// What is wrong with JSON that has not the form that was expected.
  private static func message(_ error: DecodingError) -> String {
    func place(_ path: [any CodingKey]) -> String {
      path.isEmpty
        ? "the body"
        : path.reduce("") { text, key in
          if let index = key.intValue { return "\(text)[\(index)]" }
          return text.isEmpty ? key.stringValue : "\(text).\(key.stringValue)"
        }
    }
    return switch error {
    case .keyNotFound(let key, let context):
      "\(place(context.codingPath + [key])) is missing; give it"
    case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
      "\(place(context.codingPath)) has another type than expected, which is \(name(of: type))"
    case .dataCorrupted(let context):
      context.codingPath.isEmpty
        ? "the body is not JSON; send a JSON object"
        : "\(place(context.codingPath)): \(context.debugDescription)"
    @unknown default: "the body has not the form that was expected; GET /openapi.json says which"
    }
  }

  private static func name(of type: any Any.Type) -> String {
    switch type {
    case is String.Type: "a text"
    case is Int.Type: "a whole number"
    case is Double.Type: "a number"
    case is Bool.Type: "true or false"
    default: "\(type)".hasPrefix("Dictionary") ? "an object" : "what GET /openapi.json says"
    }
  }

  private struct Body: Encodable {
    struct Parts: Encodable {
      let message, type, code: String
      let param: String?

      // OpenAI has `param` always, if only as null.
      func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(message, forKey: .message)
        try container.encode(type, forKey: .type)
        try container.encode(code, forKey: .code)
        try container.encode(param, forKey: .param)
      }

      enum Key: String, CodingKey { case message, type, code, param }
    }
    let error: Parts
  }

  var response: HTTPResponse {
    let type =
      switch status {
      case 401: "authentication_error"
      case 403: "permission_error"
      case 429: "rate_limit_error"
      case 500...: "server_error"
      default: "invalid_request_error"
      }
    let body = Body(error: .init(message: message, type: type, code: code, param: parameter))
    var response = HTTPResponse(
      status: status, contentType: "application/json",
      Data(((try? JSONOutput.line(body)) ?? "").utf8))
    response.headers = headers
    return response
  }
}
