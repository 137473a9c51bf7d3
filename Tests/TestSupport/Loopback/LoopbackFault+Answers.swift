// Ready-made faults: answers with status 200 that are broken (or unusual and right), and broken
// connections. Where one vector is at fault it is the last of the request.

extension LoopbackFault {
  // MARK: Connections

  /// A TCP reset instead of an answer. Not billed.
  package static let resetBeforeAnswer = LoopbackFault(
    "reset before the answer", isBilled: false, .delivery(.reset))
  /// The end of the connection instead of an answer. Not billed.
  package static let closeBeforeAnswer = LoopbackFault(
    "close before the answer", isBilled: false, .delivery(.close))
  /// Computed, billed, then a TCP reset instead of an answer.
  package static let resetAfterBilling = LoopbackFault(
    "reset after billing", isBilled: true, .delivery(.reset))
  /// Half of the body, then a TCP reset. Billed.
  package static let resetMidBody = LoopbackFault(
    "reset in mid-body", isBilled: true, .delivery(.half(reset: true)))
  /// Half of the body, then a clean close. Billed.
  package static let closeMidBody = LoopbackFault(
    "close in mid-body", isBilled: true, .delivery(.half(reset: false)))
  /// No answer, and an open connection. Billed unless told otherwise.
  package static func neverAnswer(billed: Bool = true) -> LoopbackFault {
    LoopbackFault("no answer", isBilled: billed, .delivery(.never))
  }
  /// A body without end. Not billed.
  package static let hugeBody = LoopbackFault(
    "endless body", isBilled: false, .delivery(.endless))

  // MARK: Good answers, slow or unusual. All are billed.

  /// A good answer, so many seconds later than the latency.
  package static func slow(_ seconds: Double) -> LoopbackFault {
    LoopbackFault("\(seconds) s later", isBilled: true, .slow(seconds))
  }
  /// A good answer in many small pieces, without a length.
  package static func chunkedBody(pieces: Int = 20, interval: Double = 0.005) -> LoopbackFault {
    LoopbackFault(
      "\(pieces) pieces", isBilled: true, .delivery(.pieces(pieces, interval: interval)))
  }
  /// A good answer whose `data` is in reverse order; `index` tells the truth.
  package static let outOfOrder = body("data out of order", .outOfOrder)
  /// A good answer in numbers where base64 was asked for.
  package static let floatsInsteadOfBase64 = body("floats instead of base64", .floats)

  // MARK: Answers that are not the API's. Not billed.

  /// A web page with status 200.
  package static let html200 = page("HTML with status 200", 200, "text/html", html)
  /// Nothing, with status 200.
  package static let empty200 = page("an empty body with status 200", 200, "application/json", "")
  /// A web page with status 502, as gateways answer.
  package static let html502 = page("HTML with status 502", 502, "text/html", html)
  /// A redirect to another address.
  package static func redirect(to address: String = "/elsewhere") -> LoopbackFault {
    LoopbackFault(
      "redirect", isBilled: false,
      .page(Page(status: 302, headers: ["location": address], body: "")))
  }

  // MARK: Broken answers with status 200. All are billed.

  /// The first half of the JSON, as a whole body.
  package static let halfJSON = body("half of the JSON", .halfJSON)
  /// A NaN in the last vector.
  package static let nan = body("NaN", .value(.nan))
  /// An infinity in the last vector.
  package static let infinity = body("infinity", .value(.infinity))
  /// The last vector is zero.
  package static let zeroVector = body("the zero vector", .zeroVector)
  /// The last vector has length 2.
  package static let notUnit = body("length 2", .notUnit)
  /// One vector less than texts.
  package static let wrongCount = body("one vector less", .wrongCount)
  /// The last vector has the index of the first; of a single vector there are two.
  package static let duplicateIndex = body("an index twice", .duplicateIndex)
  /// The last vector has no index.
  package static let missingIndex = body("no index", .missingIndex)
  /// The last vector's index is the number of texts.
  package static let indexOutOfRange = body("an index out of range", .indexOutOfRange)
  /// All vectors have half of the dimensions.
  package static let wrongDimensions = body("half of the dimensions", .wrongDimensions)
  /// The last embedding is null.
  package static let nullEmbedding = body("a null embedding", .null)
  /// Good vectors without `usage`.
  package static let missingUsage = body("no usage", .missingUsage)

  // MARK: Sets

  /// Broken answers with status 200 that a client must refuse.
  package static let brokenAnswers: [LoopbackFault] = [
    halfJSON, html200, empty200, nan, infinity, zeroVector, wrongCount, duplicateIndex,
    missingIndex, indexOutOfRange, wrongDimensions, nullEmbedding,
  ]
  /// Unusual answers that a client must take.
  package static let goodAnswers: [LoopbackFault] = [
    outOfOrder, floatsInsteadOfBase64, chunkedBody(),
  ]
  /// Broken connections that are noticed at once.
  package static let brokenConnections: [LoopbackFault] = [
    resetBeforeAnswer, closeBeforeAnswer, resetAfterBilling, resetMidBody, closeMidBody,
  ]
  /// Faults after which the same request is to be sent again, and soon.
  package static let retryable: [LoopbackFault] =
    brokenConnections + [halfJSON, html200, nan, wrongCount, nullEmbedding]
    + [500, 502, 503, 504].map { serverError($0) }
    + [overloaded, conflict, timeout408, rateLimited(retryAfterMS: 20)]

  private static let html = "<!DOCTYPE html><html><body><h1>Just a moment…</h1></body></html>"

  private static func body(_ name: String, _ change: BodyChange) -> LoopbackFault {
    LoopbackFault(name, isBilled: true, .body(change))
  }

  private static func page(
    _ name: String, _ status: Int, _ type: String, _ body: String
  ) -> LoopbackFault {
    LoopbackFault(
      name, isBilled: false,
      .page(Page(status: status, headers: ["content-type": type], body: body)))
  }
}
