// ErrorClassifier: the table of the API's errors row by row, and what people are told.

import Foundation
import Testing

@testable import VectorStoreEmbedding

@Suite struct ErrorClassifierTests {
  private static let secret = "sk-proj-TopSecret"
  private static let classifier = ErrorClassifier(
    server: "api.openai.com", model: "text-embedding-3-small", key: APIKey(secret))

  private static func classify(
    _ status: Int, code: String? = nil, type: String = "t", param: String? = nil,
    message: String = "Said so.", headers: [String: String] = [:],
    by classifier: ErrorClassifier = classifier
  ) -> ServiceError {
    func quoted(_ text: String?) -> String { text.map { "\"\($0)\"" } ?? "null" }
    let body =
      #"{"error":{"message":"\#(message)","type":"\#(type)","param":\#(quoted(param)),"code":"#
      + quoted(code) + "}}"
    return classifier.classify(status: status, headers: headers, body: Array(body.utf8))
  }

  @Test(
    arguments: [
      (400, nil, .input), (422, nil, .input), (400, "max_tokens_per_request", .requestTooLarge),
      (413, nil, .requestTooLarge), (401, "invalid_api_key", .authentication),
      (401, nil, .authentication), (403, "unsupported_country_region_territory", .authentication),
      (403, nil, .authentication), (404, "model_not_found", .authentication),
      (404, nil, .authentication), (405, nil, .authentication), (415, nil, .authentication),
      (402, nil, .quota), (408, nil, .server), (409, nil, .server), (429, nil, .rate),
      (429, "rate_limit_exceeded", .rate), (429, "slow_down", .rate), (429, "brand_new", .rate),
      (429, "insufficient_quota", .quota), (429, "credit_balance_exhausted", .quota),
      (429, "organization_spend_limit_exceeded", .quota),
      (429, "project_spend_limit_exceeded", .quota),
      (429, "organization_usage_limit_exceeded", .quota), (429, "billing_not_active", .quota),
      (400, "billing_hard_limit_reached", .quota), (500, nil, .server), (502, nil, .server),
      (503, "server_is_overloaded", .server), (503, "slow_down", .rate), (504, nil, .server),
      (529, nil, .server), (500, "insufficient_quota", .quota),
      (400, "invalid_api_key", .authentication),
    ] as [(Int, String?, ServiceError.Kind)])
  func decidesByCodeFirstAndStatusSecond(status: Int, code: String?, kind: ServiceError.Kind) {
    let error = Self.classify(status, code: code)
    #expect(error.kind == kind)
    #expect(error.code == code)
    #expect(error.status == status)
    #expect(error.billing == .refused)
  }

  @Test func knowsAnEmptyAccountByItsTypeWhereThereIsNoCode() {
    #expect(Self.classify(429, type: "insufficient_quota").kind == .quota)
  }

  @Test(arguments: ["model", "dimensions", "encoding_format"])
  func stopsWhereASettingIsAtFaultAndNoText(param: String) {
    let error = Self.classify(400, param: param)
    #expect(error.kind == .authentication)
    #expect(
      error.message
        == "api.openai.com refuses \(param) (400): Said so.; check the model and the dimensions"
    )
    #expect(Self.classify(400, param: "input").kind == .input)
  }

  @Test(
    arguments: [
      (
        401, "invalid_api_key",
        "api.openai.com refuses the key (401 invalid_api_key): Said so.; check it"
      ),
      (
        403, "unsupported_country_region_territory",
        "api.openai.com refuses access (403 unsupported_country_region_territory): Said so.; check what "
          + "the key may do, and from which country it is used"
      ),
      (
        404, "model_not_found",
        "api.openai.com has no model text-embedding-3-small for this key (404 model_not_found): Said "
          + "so.; check the model's name"
      ),
      (
        404, nil,
        "api.openai.com has no embeddings at this address (404): Said so.; check the address"
      ),
      (418, nil, "api.openai.com refuses every such request (418): Said so.; check the address"),
      (
        429, "insufficient_quota",
        "the account at api.openai.com has no money left or is at a limit of its own (429 "
          + "insufficient_quota): Said so.; add credit or raise the limit there"
      ),
      (
        429, "rate_limit_exceeded",
        "api.openai.com takes no more requests for now (429 rate_limit_exceeded): Said so.; wait, or "
          + "allow fewer requests and tokens a minute"
      ),
      (
        400, nil,
        "api.openai.com refuses a text (400): Said so.; a text holds 1 to 8,191 tokens; change the one "
          + "at fault"
      ),
      (
        400, "max_tokens_per_request",
        "the request is too large for api.openai.com (400 max_tokens_per_request): Said so.; expected at "
          + "most 300,000 tokens; send fewer texts at once"
      ),
      (
        503, "server_is_overloaded",
        "api.openai.com failed (503 server_is_overloaded): Said so.; try again later"
      ),
    ] as [(Int, String?, String)])
  func saysWhatWasFoundAndWhatToDo(status: Int, code: String?, message: String) {
    let error = Self.classify(status, code: code)
    #expect(error.message == message)
    #expect("\(error)" == message)
  }

  @Test func asksForAKeyWhereNoneWasSent() {
    let classifier = ErrorClassifier(server: "host:1", model: "m", key: nil)
    #expect(
      Self.classify(401, by: classifier).message
        == "host:1 wants a key (401): Said so.; set one")
  }

  @Test(arguments: [301, 302, 307, 308])
  func refusesRedirectsAndShowsTheirHostOnly(status: Int) {
    let error = Self.classifier.classify(
      status: status, headers: ["location": "https://user:pw@other.example.com/v1?token=1"],
      body: [])
    #expect(error.kind == .authentication)
    #expect(error.code == "redirect")
    #expect(
      error.message
        == "api.openai.com redirects to other.example.com (\(status) redirect), which is not followed; "
        + "give the address itself")
  }

  @Test(arguments: ["/elsewhere", nil, "::::"] as [String?])
  func refusesRedirectsWithoutAHost(location: String?) {
    let error = Self.classifier.classify(
      status: 302, headers: location.map { ["location": $0] } ?? [:], body: [])
    #expect(error.message.hasPrefix("api.openai.com redirects to another address (302 redirect)"))
  }

  @Test func handlesWebPagesAndEmptyBodies() {
    let page = Self.classifier.classify(
      status: 502, headers: [:], body: Array("<html><body>Bad gateway</body></html>".utf8))
    #expect(page.message == "api.openai.com failed (502): a web page; try again later")
    let empty = Self.classifier.classify(status: 500, headers: [:], body: [])
    #expect(empty.message == "api.openai.com failed (500); try again later")
    #expect(empty.code == nil)
  }

  @Test func passesOnWaitsLimitsAndNames() {
    let now = Date(timeIntervalSince1970: 784_111_777)
    let error = Self.classifier.classify(
      status: 429,
      headers: [
        "retry-after": "Sun, 06 Nov 1994 08:50:07 GMT", "x-should-retry": "false",
        "x-ratelimit-limit-requests": "60", "x-request-id": "req_1",
      ], body: [], now: now)
    #expect(error.retryAfter == 30)
    #expect(error.shouldRetry == false)
    #expect(error.rateLimits?.limitRequests == 60)
    #expect(error.serverRequestID == "req_1")
    #expect(Self.classify(500, headers: ["x-should-retry": "true"]).shouldRetry == true)
    #expect(Self.classify(500, headers: ["x-should-retry": "maybe"]).shouldRetry == nil)
  }

  @Test(arguments: [301, 400, 401, 403, 404, 418, 429, 500])
  func showsTheKeyNowhereAlsoWhereTheServerEchoesIt(status: Int) {
    let echo = "Incorrect key \(Self.secret), header Bearer \(Self.secret)"
    let headers = [
      "x-request-id": Self.secret, "location": "https://\(Self.secret)/",
      "retry-after": Self.secret,
    ]
    let errors = [
      Self.classify(
        status, code: Self.secret, type: Self.secret, param: Self.secret, message: echo,
        headers: headers),
      Self.classifier.classify(status: status, headers: headers, body: Array(echo.utf8)),
      Self.classifier.classify(
        status: status, headers: headers, body: Array("<html>\(echo)".utf8)),
    ]
    for error in errors {
      var dumped = ""
      dump(error, to: &dumped)
      let shown = "\(error) \(String(reflecting: error)) \(error.localizedDescription) \(dumped)"
      #expect(!shown.contains("TopSecret"), "\(shown)")
    }
  }
}
