// Decides what a LoopbackServer answers, and keeps its books. A value behind the server's lock;
// times are handed in, nothing is sent from here.

/// An answer to be sent by LoopbackResponder.
struct LoopbackAnswer: Sendable {
  enum Content: Sendable {
    case text(String)
    case vectors(LoopbackBody)
  }

  var status: Int
  var headers: [String: String]
  var content: Content
  var delivery = LoopbackFault.Delivery.whole
  /// Seconds from the request to the answer.
  var delay: Double
}

/// The books of a ``LoopbackServer``.
struct LoopbackState: Sendable {
  var behaviour: LoopbackBehaviour
  var records: [LoopbackRequest] = []
  var billing = LoopbackBilling()
  var violations: [String] = []
  private(set) var connections = 0
  private(set) var maximumInFlight = 0
  private(set) var inFlight: Set<Int> = []
  /// The requests whose answer is decided.
  private(set) var decided = 0
  /// Files and batches.
  var kept = LoopbackBatches()
  private var rates = LoopbackRates(nil, now: 0)
  private var embeddingRequests = 0
  private var modelRequests = 0

  init(_ behaviour: LoopbackBehaviour) {
    self.behaviour = behaviour
  }

  // MARK: Arrival and end

  /// Notes a new connection. Returns its number.
  mutating func open() -> Int {
    connections += 1
    return connections - 1
  }

  /// Writes a request down. Returns it with its number in place, and its number for the fault plan.
  mutating func arrive(
    _ request: LoopbackRequest, violations found: [String]
  ) -> (request: LoopbackRequest, faultNumber: Int) {
    var request = request
    request.number = records.count
    records.append(request)
    violations += found.map { "request \(request.number): \($0)" }
    inFlight.insert(request.number)
    maximumInFlight = max(maximumInFlight, inFlight.count)
    if request.isForVectors {
      embeddingRequests += 1
      return (request, embeddingRequests - 1)
    }
    modelRequests += 1
    return (request, modelRequests - 1)
  }

  /// Notes the end of a request: answered at that time, or given up.
  mutating func finish(_ number: Int, at time: Double?) {
    guard inFlight.remove(number) != nil else { return }
    records[number].finished = time
  }

  // MARK: Answers

  /// What is answered to a request that has arrived.
  ///
  /// - Parameters:
  ///   - call: the request's content, for vectors.
  ///   - weighed: the tokens of its texts, and the refusal that one of them calls for.
  mutating func answer(
    _ request: LoopbackRequest, _ call: LoopbackCall?, weighed: LoopbackWeight,
    fault: LoopbackFault?, now: Double
  ) -> LoopbackAnswer {
    decided += 1
    var answer: LoopbackAnswer
    if request.isForBatches {
      answer = refusal(ofKey: request).map { refused($0) } ?? batches(request)
    } else if let refusal = refusal(ofAddress: request) ?? refusal(ofKey: request) {
      answer = refused(refusal)
    } else if let call {
      answer = vectors(request, call, weighed, fault, now)
      answer.headers = rates.headers(behaviour.rateHeaders).merging(answer.headers) { $1 }
    } else {
      answer = models(request, fault)
    }
    answer.headers["x-request-id"] = "req_loopback_\(request.number)"
    answer.headers["openai-processing-ms"] = "\(Int(answer.delay * 1000))"
    switch answer.delivery {
    case .reset, .close, .never: break
    default: records[request.number].status = answer.status
    }
    return answer
  }

  /// The order matters: a fault comes before the limits, a bill after all that can refuse.
  private mutating func vectors(
    _ request: LoopbackRequest, _ call: LoopbackCall, _ weighed: LoopbackWeight,
    _ fault: LoopbackFault?, _ now: Double
  ) -> LoopbackAnswer {
    if rates.limits != behaviour.rateLimits {
      rates = LoopbackRates(behaviour.rateLimits, now: now)
    }
    let excess = rates.charge(tokens: weighed.tokens, now: now)
    if let fault, !fault.isBilled, !fault.needsVectors {
      return carriedOut(fault, good(.text("")), request)
    }
    if let excess { return refused(refusal(of: excess, call)) }
    if let refusal = refusal(of: call, request.number) ?? weighed.refusal {
      return refused(refusal)
    }
    if let balance = behaviour.balance {
      guard balance >= weighed.tokens else { return refused(.quota) }
      if fault?.isBilled ?? true { behaviour.balance = balance - weighed.tokens }
    }
    if fault?.isBilled ?? true { bill(request, weighed.tokens) }
    if let query = call.query {
      let scores = behaviour.personality.rerank?.answer(call.texts, query, weighed.tokens) ?? ""
      var answer = good(.text(scores))
      answer.delay += behaviour.personality.secondsPerText * Double(call.texts.count)
      return fault.map { carriedOut($0, answer, request) } ?? answer
    }
    let model = call.model ?? ""
    let asked: LoopbackVectors.Form = call.encodingFormat == "base64" ? .base64 : .numbers
    var body = LoopbackBody(
      texts: call.texts, model: model,
      dimensions: call.dimensions ?? behaviour.models[model] ?? 1,
      form: behaviour.base64 == .known ? asked : .numbers, tokens: weighed.tokens)
    body.written = behaviour.personality.answer
    var answer = good(.vectors(body))
    if body.written.isCompressed { answer.headers["content-encoding"] = "gzip" }
    answer.delay += behaviour.personality.secondsPerText * Double(call.texts.count)
    return fault.map { carriedOut($0, answer, request) } ?? answer
  }

  /// An answer as the fault leaves it.
  mutating func carriedOut(
    _ fault: LoopbackFault, _ answer: LoopbackAnswer, _ request: LoopbackRequest
  ) -> LoopbackAnswer {
    records[request.number].fault = fault
    var answer = answer
    switch fault.kind {
    case .refusal(let refusal): return refused(refusal)
    case .page(let page):
      answer.status = page.status
      answer.headers = page.headers
      answer.content = .text(page.body)
    case .body(let change):
      switch answer.content {
      case .vectors(var body):
        body.change = change
        if change == .floats { body.form = .numbers }
        answer.content = .vectors(body)
      case .text(let text):
        if change == .halfJSON { answer.content = .text(String(text.prefix(text.count / 2))) }
      }
    case .delivery(let delivery): answer.delivery = delivery
    case .slow(let seconds): answer.delay += seconds
    }
    return answer
  }

  private mutating func bill(_ request: LoopbackRequest, _ tokens: Int) {
    records[request.number].billedTokens = tokens
    billing.requests += 1
    billing.tokens += tokens
    for text in request.texts { billing.timesBilled[text, default: 0] += 1 }
  }

  private mutating func models(
    _ request: LoopbackRequest, _ fault: LoopbackFault?
  ) -> LoopbackAnswer {
    func described(_ model: String) -> String {
      """
      {"id": \(LoopbackRefusal.quoted(model)), "object": "model", "created": 1705948997, \
      "owned_by": "system"}
      """
    }
    let answer: LoopbackAnswer
    if request.path == Self.modelsPath {
      let list = behaviour.models.keys.sorted().map(described).joined(separator: ", ")
      answer = good(.text("{\"object\": \"list\", \"data\": [\(list)]}"))
    } else {
      let model = String(request.path.dropFirst(Self.modelsPath.count + 1))
      answer =
        behaviour.models[model] == nil
        ? refused(.modelNotFound(model)) : good(.text(described(model)))
    }
    return fault.map { carriedOut($0, answer, request) } ?? answer
  }

  func good(_ content: LoopbackAnswer.Content) -> LoopbackAnswer {
    LoopbackAnswer(
      status: 200, headers: Self.json, content: content, delay: behaviour.latency)
  }

  func refused(_ refusal: LoopbackRefusal) -> LoopbackAnswer {
    LoopbackAnswer(
      status: refusal.status, headers: Self.json.merging(refusal.allHeaders) { $1 },
      content: .text(refusal.body), delay: behaviour.latency)
  }

  static let json = ["content-type": "application/json"]
  static let modelsPath = "/v1/models"
}

extension LoopbackRequest {
  /// Whether it goes to the address of embeddings, or of reranking, whose scores are vectors of one number.
  var isForVectors: Bool { method == "POST" && (path.contains("/embeddings") || isForScores) }
  /// Whether it goes to an address of reranking.
  var isForScores: Bool { method == "POST" && path.contains("rerank") }
  /// Whether it is about files or batches.
  package var isForBatches: Bool {
    ["/v1/files", "/v1/batches"].contains { path == $0 || path.hasPrefix($0 + "/") }
  }
  /// Whether it goes to the address of models.
  var isForModels: Bool {
    method == "GET"
      && (path == LoopbackState.modelsPath || path.hasPrefix(LoopbackState.modelsPath + "/"))
  }
}

extension LoopbackFault {
  /// Whether it needs the request's vectors.
  var needsVectors: Bool {
    switch kind {
    case .body, .slow, .delivery(.whole), .delivery(.pieces), .delivery(.half): true
    case .refusal, .page, .delivery(.reset), .delivery(.close), .delivery(.never),
      .delivery(.endless):
      false
    }
  }
}
