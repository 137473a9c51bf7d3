// What a LoopbackServer refuses on its own account, as the API does: a wrong address or key, a request
// that breaks the description or a limit, a text that is too long.

extension LoopbackState {
  func refusal(ofAddress request: LoopbackRequest) -> LoopbackRefusal? {
    let personality = behaviour.personality
    if let redirect = personality.redirect, request.path == redirect.from {
      return .raw(redirect.status, "", headers: ["location": personality.path])
    }
    let isThere =
      request.method == "POST" && request.path == personality.path
      && personality.query.map { request.query == $0 } ?? true
    if isThere || behaviour.knowsModels && request.isForModels { return nil }
    return .unknownAddress(request.method, request.path)
  }

  mutating func refusal(ofKey request: LoopbackRequest) -> LoopbackRefusal? {
    if let name = behaviour.personality.keyHeader {
      let key = request.header(name)
      let isGood = key.map { behaviour.keys?.contains($0) ?? true } ?? !behaviour.needsKey
      return isGood ? nil : .invalidKey
    }
    let parts = request.authorization?.split(separator: " ", omittingEmptySubsequences: false)
    guard let parts else {
      guard behaviour.needsKey else { return nil }
      violations.append("request \(request.number): no Authorization header")
      return .invalidKey
    }
    guard parts.count == 2, parts[0] == "Bearer", !parts[1].isEmpty else {
      violations.append("request \(request.number): Authorization is not 'Bearer' and a key")
      return .invalidKey
    }
    guard let keys = behaviour.keys, !keys.contains(String(parts[1])) else { return nil }
    return .invalidKey
  }

  mutating func refusal(of call: LoopbackCall, _ number: Int) -> LoopbackRefusal? {
    let known = Set(behaviour.personality.fields.map { "unknown property '\($0)'" })
    if let violation = call.violations.first(where: { !known.contains($0) }) {
      return .badInput("Invalid request: \(violation).")
    }
    if let refusal = behaviour.personality.refusal(call, number) { return refusal }
    if call.query != nil, let rerank = behaviour.personality.rerank {
      return rerank.refusal(of: call)
    }
    let model = call.model ?? ""
    guard let own = behaviour.models[model] else { return .modelNotFound(model) }
    if call.encodingFormat == "base64", case .refused = behaviour.base64 {
      return .badInput("encoding_format 'base64' is not supported.")
    }
    guard let dimensions = call.dimensions else { return nil }
    if !behaviour.knowsDimensions { return .badInput("Unrecognized request argument: dimensions.") }
    if behaviour.fixedModels.contains(model) {
      violations.append("request \(number): dimensions for \(model)")
      return .badInput("This model does not support specifying dimensions.")
    }
    if dimensions > own { return .badInput("Invalid value for 'dimensions' = \(dimensions).") }
    return nil
  }

  func refusal(of excess: LoopbackRates.Excess, _ call: LoopbackCall) -> LoopbackRefusal {
    var headers: [String: String] = [:]
    if behaviour.rateLimits?.tellsWait == true {
      headers["retry-after-ms"] = "\(Int((excess.wait * 1000).rounded(.up)))"
      headers["retry-after"] = "\(max(1, Int(excess.wait.rounded(.up))))"
    }
    let wait = LoopbackRates.duration(excess.wait)
    return LoopbackRefusal(
      status: 429, code: "rate_limit_exceeded",
      message: """
        Rate limit reached for \(call.model ?? "") on \(excess.what) per min: \
        Limit \(excess.limit). Please try again in \(wait).
        """,
      type: excess.what, headers: headers)
  }
}

/// What a request's texts weigh, found outside the server's lock.
struct LoopbackWeight: Sendable {
  var tokens = 0
  var refusal: LoopbackRefusal?

  init(_ call: LoopbackCall?, _ behaviour: LoopbackBehaviour) {
    guard let call, call.violations.isEmpty else { return }
    // A reranker reads the question with each passage.
    let question = call.query.map(behaviour.tokens) ?? 0
    let counts = call.tokenCounts ?? call.texts.map { behaviour.tokens($0) + question }
    tokens = counts.reduce(0, +)
    if counts.contains(where: { $0 > 8192 }) {
      refusal = .badInput("Invalid 'input': maximum context length is 8192 tokens.")
    } else if tokens > 300_000 {
      refusal = .tooManyTokens(tokens)
    } else if call.texts.contains(where: behaviour.refuses) {
      refusal = .badInput("'$.input' is invalid.")
    }
  }
}
