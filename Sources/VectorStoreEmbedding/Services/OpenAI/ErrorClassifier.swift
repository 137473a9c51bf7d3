// Says what an error answer means: the table of the API's errors, by `error.code` first, by the words
// of other servers second, by the status third.

import Foundation

/// Makes a ``ServiceError`` of an error answer.
struct ErrorClassifier: Sendable {
  /// What a server was asked for, for messages.
  enum Service: String, Sendable {
    case embeddings, reranking, parsing
  }

  /// The server as it is shown.
  let server: String
  let model: String
  /// The key that was sent.
  let key: APIKey?
  var service = Service.embeddings

  /// Classifies an answer whose status is not 2xx, or which holds an error all the same: its status is
  /// then the one that the error names, or 400.
  ///
  /// - Parameters:
  ///   - headers: their names in lower case.
  ///   - now: the time that a date in `retry-after` is counted from.
  func classify(
    status: Int, headers: [String: String], body: [UInt8], now: Date = Date()
  ) -> ServiceError {
    let said = ServerErrorBody(body)
    let text = ServerText(key: key)
    let status = (200...299).contains(status) ? said.status.flatMap(Self.asStatus) ?? 400 : status
    let cause = Cause(status: status, said)
    let code =
      switch cause {
      case .redirect: "redirect"
      case .model: text.name(said.code) ?? "model_not_found"
      default: text.name(said.code)
      }
    var error = ServiceError(
      cause.kind, code: code,
      message: message(cause, status: status, code: code, said, headers),
      status: status, billing: .refused,
      retryAfter: RateLimitParser.wait(headers, now: now),
      shouldRetry: Self.flag(headers["x-should-retry"]),
      rateLimits: RateLimitParser.limits(headers),
      serverRequestID: text.name(headers["x-request-id"]))
    error.limit = cause.limit
    return error
  }

  private static func asStatus(_ number: Int) -> Int? {
    (400...599).contains(number) ? number : nil
  }

  private static func flag(_ text: String?) -> Bool? {
    switch text?.lowercased() {
    case "true": true
    case "false": false
    default: nil
    }
  }

  // MARK: - What people are told

  private func message(
    _ cause: Cause, status: Int, code: String?, _ said: ServerErrorBody, _ headers: [String: String]
  ) -> String {
    let isNews = code != "\(status)"
    let answer =
      "(" + ["\(status)", isNews ? code : nil].compactMap { $0 }.joined(separator: " ") + ")"
    let quoted = said.message.map { ServerText(key: key).line($0) }
    let words = quoted.flatMap { $0.isEmpty ? nil : ": \($0)" } ?? ""
    let (found, next) = sentence(cause, answer, headers)
    return "\(found)\(words); \(next)"
  }

  /// What was found, and the next step.
  private func sentence(
    _ cause: Cause, _ answer: String, _ headers: [String: String]
  ) -> (String, String) {
    switch cause {
    case .key where key == nil:
      ("\(server) wants a key \(answer)", "set one")
    case .key:
      ("\(server) refuses the key \(answer)", "check it")
    case .access:
      (
        "\(server) refuses access \(answer)",
        "check what the key may do, and from which country it is used"
      )
    case .model:
      (
        "\(server) has no model \(model)\(key == nil ? "" : " for this key") \(answer)",
        "check the model's name"
      )
    case .setting(let param):
      (
        "\(server) refuses \(param) \(answer)",
        service == .embeddings ? "check the model and the dimensions" : "check the model"
      )
    case .address:
      ("\(server) has no \(service) at this address \(answer)", "check the address")
    case .redirect:
      (
        "\(server) redirects to \(Self.target(headers)) \(answer), which is not followed",
        "give the address itself"
      )
    case .request:
      ("\(server) refuses every such request \(answer)", "check the address")
    case .money:
      (
        "the account at \(server) has no money left or is at a limit of its own \(answer)",
        "add credit or raise the limit there"
      )
    case .rate:
      (
        "\(server) takes no more requests for now \(answer)",
        "wait, or allow fewer requests and tokens a minute"
      )
    case .input:
      (
        "\(server) refuses a \(service == .parsing ? "document" : "text") \(answer)",
        inputAdvice
      )
    case .tooLarge where service == .parsing:
      ("the document is too large for \(server) \(answer)", "split it")
    case .tooLarge(.texts(let most?)):
      ("\(server) takes \(most) texts a request \(answer)", "send no more at once")
    case .tooLarge(.tokens(let most?)):
      ("\(server) takes \(most) tokens a request \(answer)", "send fewer texts at once")
    case .tooLarge:
      (
        "the request is too large for \(server) \(answer)",
        "expected at most 300,000 tokens; send fewer texts at once"
      )
    case .tooLong(let most):
      (
        "a text is too long for \(server)\(most.map { ", which takes \($0) tokens a text" } ?? "") "
          + answer,
        "cut it shorter"
      )
    case .server:
      ("\(server) failed \(answer)", "try again later")
    }
  }

  /// What to do if what was sent is refused.
  private var inputAdvice: String {
    switch service {
    case .embeddings: "a text holds 1 to 8,191 tokens; change the one at fault"
    case .reranking: "check that its model is a reranker"
    case .parsing: "check that the file is whole and of a kind that it reads"
    }
  }

  /// The host that a redirect points to.
  private static func target(_ headers: [String: String]) -> String {
    let host = headers["location"].flatMap { URLComponents(string: $0)?.host }
    return ServerText(key: nil).name(host) ?? "another address"
  }
}

/// What an error answer is about.
private enum Cause: Equatable {
  case key, access, model, address, redirect, request
  /// A field of the request other than its texts.
  case setting(String)
  case money, rate, input, server
  /// The request as a whole passes a limit.
  case tooLarge(RequestLimit)
  /// A text does, by the tokens that the server takes.
  case tooLong(Int?)

  init(status: Int, _ said: ServerErrorBody) {
    self =
      Self.named(said.code) ?? Self.withoutCode(said) ?? Self.worded(status, said)
      ?? Self.status(status, said)
  }

  var kind: ServiceError.Kind {
    switch self {
    case .key, .access, .model, .address, .redirect, .request, .setting: .authentication
    case .money: .quota
    case .rate: .rate
    case .input, .tooLong: .input
    case .tooLarge: .requestTooLarge
    case .server: .server
    }
  }

  var limit: RequestLimit? {
    switch self {
    case .tooLarge(let limit): limit
    case .tooLong(let most): .textTokens(most)
    default: nil
    }
  }

  /// By the code.
  private static func named(_ code: String?) -> Cause? {
    switch code {
    case "insufficient_quota", "credit_balance_exhausted", "organization_spend_limit_exceeded",
      "project_spend_limit_exceeded", "organization_usage_limit_exceeded",
      "billing_hard_limit_reached", "billing_not_active":
      .money
    case "rate_limit_exceeded", "slow_down": .rate
    case "max_tokens_per_request": .tooLarge(.tokens(nil))
    case "invalid_api_key": .key
    case "unsupported_country_region_territory": .access
    case "model_not_found", "DeploymentNotFound": .model
    case "server_is_overloaded": .server
    default: nil
    }
  }

  /// By what stands beside a code that says nothing.
  private static func withoutCode(_ said: ServerErrorBody) -> Cause? {
    switch said.type {
    case "insufficient_quota": return .money
    case "NotFoundError" where RefusalWords(said.message).isAboutModel: return .model
    default: break
    }
    // Splitting the batch to find a text at fault would refuse them all.
    switch said.param {
    case "model"?, "dimensions"?, "encoding_format"?: return said.param.map { .setting($0) }
    default: return nil
    }
  }

  /// By the words, where the status says little: servers give 500 and 413 to a text that is too long,
  /// and 404 to a model.
  private static func worded(_ status: Int, _ said: ServerErrorBody) -> Cause? {
    let words = RefusalWords(said.message)
    switch status {
    case 400, 404, 422:
      if words.isAboutModel, said.isJSON { return .model }
      if words.isAboutKey, said.isJSON { return .key }
    default: break
    }
    switch status {
    case 400, 413, 422, 424, 500, 501:
      switch words.limit {
      case .textTokens(let most): return .tooLong(most)
      case let limit?: return .tooLarge(limit)
      case nil: return nil
      }
    default: return nil
    }
  }

  private static func status(_ status: Int, _ said: ServerErrorBody) -> Cause {
    switch status {
    case 300...399: .redirect
    // What is no word of an API's is about no text: a proxy's page, plain HTTP sent to HTTPS.
    case 400, 422: said.isJSON ? .input : .request
    case 401: .key
    case 402: .money
    case 403: .access
    case 404, 405: .address
    case 408, 409, 424: .server
    case 413: .tooLarge(.tokens(nil))
    case 429: .rate
    case 400...499: .request
    default: .server
    }
  }
}
