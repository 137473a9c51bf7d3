// Ready-made faults: every row of the API's error table that has a status of its own. None is
// billed unless `billed()` says so.

extension LoopbackFault {
  /// Any error answer.
  package static func status(
    _ status: Int, code: String? = nil, message: String = "The server had an error.",
    type: String = "server_error", headers: [String: String] = [:]
  ) -> LoopbackFault {
    let refusal = LoopbackRefusal(
      status: status, code: code, message: message, type: type, headers: headers)
    return refused(code.map { "\(status) \($0)" } ?? "\(status)", refusal)
  }

  /// 429 `rate_limit_exceeded`, with the wait in milliseconds if one is given.
  package static func rateLimited(retryAfterMS: Int? = nil) -> LoopbackFault {
    rate(retryAfterMS.map { ["retry-after-ms": "\($0)"] } ?? [:])
  }

  /// 429 `rate_limit_exceeded` with any headers.
  package static func rateLimited(headers: [String: String]) -> LoopbackFault {
    rate(headers)
  }

  /// 429 `rate_limit_exceeded` with `retry-after` in seconds.
  package static func retryAfter(_ seconds: Int) -> LoopbackFault {
    rate(["retry-after": "\(seconds)"])
  }

  /// 429 `rate_limit_exceeded` with `retry-after` as a date, so many seconds after the answer.
  package static func retryAfterDate(_ seconds: Double) -> LoopbackFault {
    rate([:], date: seconds)
  }

  /// 429 `slow_down`.
  package static let slowDown = status(
    429, code: "slow_down", message: "Traffic rose too fast.", type: "requests")

  /// 429 `insufficient_quota`.
  package static let insufficientQuota = refused("429 insufficient_quota", .quota)

  /// 429 with another code that says that there is no money.
  package static func quota(_ code: String) -> LoopbackFault {
    status(429, code: code, message: "The account cannot pay: \(code).", type: "insufficient_quota")
  }

  /// All codes that say that there is no money.
  package static let quotaCodes = [
    "insufficient_quota", "credit_balance_exhausted", "organization_spend_limit_exceeded",
    "project_spend_limit_exceeded", "organization_usage_limit_exceeded",
  ]

  /// 401 `invalid_api_key`.
  package static let invalidKey = refused("401 invalid_api_key", .invalidKey)

  /// 403 `unsupported_country_region_territory`.
  package static let forbidden = status(
    403, code: "unsupported_country_region_territory",
    message: "Country, region, or territory not supported.", type: "request_forbidden")

  /// 404 `model_not_found`.
  package static let modelNotFound = refused(
    "404 model_not_found", .modelNotFound("text-embedding-3-small"))

  /// 400 with a null code: an input is at fault, and the message does not say which.
  package static let badInput = refused("400", .badInput("'$.input' is invalid."))

  /// 400 `max_tokens_per_request`.
  package static let requestTooLarge = refused(
    "400 max_tokens_per_request", .tooManyTokens(300_001))

  /// 500, 502, 503 or 504.
  package static func serverError(_ status: Int = 500) -> LoopbackFault {
    .status(status, message: "The server had an error while processing your request.")
  }

  /// 503 `server_is_overloaded`, with the wait in seconds if one is given.
  package static func overloaded(retryAfter: Int? = nil) -> LoopbackFault {
    status(
      503, code: "server_is_overloaded", message: "The server is overloaded.",
      headers: retryAfter.map { ["retry-after": "\($0)"] } ?? [:])
  }

  /// 503 `server_is_overloaded`.
  package static let overloaded = overloaded()

  /// 409.
  package static let conflict = status(
    409, message: "The resource was changed meanwhile.", type: "conflict")

  /// 408.
  package static let timeout408 = status(
    408, message: "The request took too long to arrive.", type: "timeout")

  private static func refused(_ name: String, _ refusal: LoopbackRefusal) -> LoopbackFault {
    LoopbackFault(name, isBilled: false, .refusal(refusal))
  }

  private static func rate(_ headers: [String: String], date: Double? = nil) -> LoopbackFault {
    let waits = headers.keys.sorted().map { "\($0): \(headers[$0] ?? "")" }
    let wait = (waits + (date == nil ? [] : ["retry-after: a date"])).joined(separator: ", ")
    return refused(
      wait.isEmpty ? "429 rate_limit_exceeded" : "429 rate_limit_exceeded, \(wait)",
      LoopbackRefusal(
        status: 429, code: "rate_limit_exceeded",
        message: "Rate limit reached for text-embedding-3-small on requests per min (RPM).",
        type: "requests", headers: headers, retryAfterDate: date))
  }
}
