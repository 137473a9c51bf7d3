// The client of the embeddings API: one request a call. Called by the router; calls HTTPTransport to
// send, EmbeddingRequestBody to write, EmbeddingAnswer to read, ErrorClassifier to say what went wrong.

import Foundation
public import Logging
import Synchronization
public import VectorStoreText

/// Embeds texts by OpenAI's embeddings API, or by any server that speaks it.
///
/// ```swift
/// let service = try OpenAIService(configuration: OpenAIConfiguration(apiKey: APIKey(key)))
/// let batch = try await service.embed(["a cat sat", "cats sit"])  // costs money
/// ```
///
/// A call of ``embed(_:purpose:requestID:)`` is one HTTP request: nothing is sent again, no redirect is
/// followed; retries are the router's. The one exception: a server that refuses `base64` is asked
/// once more, for `float`, which is then remembered for this object. Such a refusal is an answer of
/// 400 or 422 whose body names `encoding_format`.
///
/// It reads no environment, but for the proxies that libcurl finds there (`https_proxy`, `no_proxy`); to
/// a server on this machine it goes without one. Neither its errors nor its log show the key, and of a text at most what a
/// server quotes in its error message, of which 300 characters are passed on.
public final class OpenAIService: EmbeddingService {
  /// The space of the vectors.
  public let space: EmbeddingSpace
  /// What a request may hold, how many may be sent, and what they cost.
  public let terms: ServiceTerms

  private let configuration: OpenAIConfiguration
  private let address: ServiceAddress
  private let transport: HTTPTransport
  private let logger: Logger
  private let makeTokenCounter: @Sendable () async -> TokenCounter
  private let tokenCounterTask = Mutex<Task<TokenCounter, Never>?>(nil)
  private let format = Mutex(EmbeddingRequestBody.Format.base64)

  /// Creates a service; nothing is sent.
  ///
  /// - Parameters:
  ///   - tokenCounter: loads the model's tokenizer; called once, when it is first needed.
  ///   - logger: told of each answer at the level debug.
  /// - Throws: ``OpenAIConfigurationError`` for a setting that cannot be used.
  public init(
    configuration: OpenAIConfiguration,
    tokenCounter: @escaping @Sendable () async -> TokenCounter = { .upperBound },
    logger: Logger = Logger(label: "vector-store", factory: { _ in SwiftLogNoOpLogHandler() })
  ) throws(OpenAIConfigurationError) {
    try configuration.validate()
    self.configuration = configuration
    address = try ServiceAddress(configuration.baseURL)
    space = try configuration.space
    terms = try configuration.terms
    transport = HTTPTransport(
      .init(
        connections: configuration.maximumConcurrentRequests, timeout: configuration.timeout,
        usesProxy: !address.isLoopback, certificateFile: configuration.certificateFile))
    self.logger = logger
    makeTokenCounter = tokenCounter
  }

  /// How texts are counted: loaded at the first call, then remembered.
  public func tokenCounter() async -> TokenCounter {
    let task = tokenCounterTask.withLock { task in
      let known = task ?? Task { [makeTokenCounter] in await makeTokenCounter() }
      task = known
      return known
    }
    return await task.value
  }

  /// Embeds texts, by a request with a name of its own.
  ///
  /// - Throws: as ``embed(_:purpose:requestID:)``.
  /// - Complexity: one request, which costs money.
  public func embed(_ texts: [String]) async throws -> EmbeddingBatch {
    try await embed(texts, purpose: .document, requestID: UUID().uuidString)
  }

  /// Embeds texts, one vector a text, in order.
  ///
  /// Vectors are given as the server made them: OpenAI's are of length 1 within 1e-3, other servers'
  /// of any length but 0. Where the server does not say how many tokens it counted, or what cannot be,
  /// `tokens` is what ``tokenCounter()`` counts.
  /// - Parameters:
  ///   - texts: at least one, none of them empty.
  ///   - purpose: makes no difference: OpenAI's models embed questions and documents alike.
  ///   - requestID: sent as `X-Client-Request-Id`, without signs that headers cannot hold.
  /// - Throws: ``ServiceError``, or `CancellationError`.
  /// - Complexity: one request, which costs money.
  public func embed(
    _ texts: [String], purpose: EmbeddingPurpose, requestID: String
  ) async throws -> EmbeddingBatch {
    precondition(!texts.isEmpty, "no texts to embed")
    let asked = format.withLock { $0 }
    var answer = try await post(texts, as: asked, requestID)
    if asked == .base64, Self.refusesBase64(answer) {
      answer = try await post(texts, as: .float, requestID)
      if !Self.isBadRequest(answer) { format.withLock { $0 = .float } }
    }
    guard answer.isSuccess else { throw error(of: answer) }
    let read = try read(answer, texts: texts.count)
    return EmbeddingBatch(
      vectors: read.vectors, tokens: await tokens(read.tokens, of: texts),
      rateLimits: RateLimitParser.limits(answer.headers), serverRequestID: serverRequestID(answer))
  }

  /// Asks the server for its entry of the model, which costs nothing.
  ///
  /// A server that keeps no list of models (404 or 405 without the code `model_not_found`) is well.
  /// - Throws: ``ServiceError`` as a request for vectors would.
  public func checkHealth() async throws {
    let requestID = UUID().uuidString
    let answer = try await send(
      .init(
        url: address.model(space.model), headers: headers(requestID), answerLimit: 1 << 20),
      requestID)
    if answer.isSuccess {
      guard ServerErrorBody(answer.body).isJSON else { throw notAnAPI(answer) }
      return
    }
    let error = error(of: answer)
    let keepsNoList = [404, 405].contains(answer.status) && error.code != "model_not_found"
    guard keepsNoList else { throw error }
  }

  /// A good status with something else than JSON: a proxy's page, another program.
  private func notAnAPI(_ answer: HTTPAnswer) -> ServiceError {
    ServiceError(
      .badAnswer, code: "not_json",
      message: "what answers at \(address.server) is not the API: it sent no JSON; check "
        + "the address and the network", status: answer.status, billing: .refused)
  }

  // MARK: - Sending

  private func post(
    _ texts: [String], as format: EmbeddingRequestBody.Format, _ requestID: String
  ) async throws -> HTTPAnswer {
    var headers = headers(requestID)
    headers.append(("Content-Type", "application/json"))
    let body = EmbeddingRequestBody(
      texts: texts, model: space.model, format: format,
      dimensions: configuration.askedDimensions)
    // Numbers take up to 25 bytes each as JSON, base64 less than 6.
    let limit = texts.count * space.dimensions * 40 + 1 << 20
    return try await send(
      .init(
        url: address.embeddings, headers: headers, body: body.bytes(), answerLimit: limit),
      requestID)
  }

  private func send(
    _ request: HTTPTransport.Request, _ requestID: String
  ) async throws -> HTTPAnswer {
    let start = ContinuousClock.now
    do {
      let answer = try await transport.send(request)
      logger.debug(
        "\(address.server) answered",
        metadata: [
          "request": "\(requestID)",
          "status": "\(answer.status)", "seconds": "\((ContinuousClock.now - start) / .seconds(1))",
          "server-request": "\(serverRequestID(answer) ?? "")",
        ])
      return answer
    } catch let failure as TransportFailure {
      throw failure.serviceError(
        server: address.server, timeout: configuration.timeout, text: shown)
    }
  }

  /// The headers of every request. They hold the key, so they are made anew for each and kept nowhere.
  private func headers(_ requestID: String) -> [(String, String)] {
    var headers = [("Accept", "application/json"), ("User-Agent", "vector-store/0.1.0")]
    if let key = configuration.apiKey { headers.append(("Authorization", "Bearer \(key.secret)")) }
    if let organization = configuration.organization {
      headers.append(("OpenAI-Organization", organization))
    }
    if let project = configuration.project { headers.append(("OpenAI-Project", project)) }
    let name = requestID.unicodeScalars.filter { (0x21...0x7E).contains($0.value) }.prefix(512)
    headers.append(("X-Client-Request-Id", String(String.UnicodeScalarView(name))))
    return headers
  }

  // MARK: - Reading

  private var shown: ServerText { ServerText(key: configuration.apiKey) }

  private func serverRequestID(_ answer: HTTPAnswer) -> String? {
    shown.name(answer.headers["x-request-id"])
  }

  private func error(of answer: HTTPAnswer) -> ServiceError {
    ErrorClassifier(server: address.server, model: space.model, key: configuration.apiKey)
      .classify(status: answer.status, headers: answer.headers, body: answer.body)
  }

  private static func isBadRequest(_ answer: HTTPAnswer) -> Bool {
    answer.status == 400 || answer.status == 422
  }

  /// Whether a server refuses the request since it knows no base64: a bad request whose body names the
  /// field, in `param` or, since many servers leave that null, anywhere.
  private static func refusesBase64(_ answer: HTTPAnswer) -> Bool {
    isBadRequest(answer) && String(decoding: answer.body, as: UTF8.self).contains("encoding_format")
  }

  private func read(_ answer: HTTPAnswer, texts: Int) throws -> EmbeddingAnswer {
    let expectation = EmbeddingAnswer.Expectation(
      texts: texts, dimensions: space.dimensions, isUnitLength: space.provider == "openai")
    do {
      return try answer.body.withUnsafeBufferPointer { bytes throws(EmbeddingAnswer.Fault) in
        try EmbeddingAnswer(bytes, expecting: expectation)
      }
    } catch {
      let advice =
        error.code == "wrong_dimensions"
        ? "set the dimensions to what \(space.model) makes"
        : "try again; if it stays so, check the address and the model"
      throw ServiceError(
        .badAnswer, code: error.code,
        message: "the answer of \(address.server) cannot be used: \(error.problem); \(advice)",
        status: answer.status, billing: .possible,
        rateLimits: RateLimitParser.limits(answer.headers), serverRequestID: serverRequestID(answer)
      )
    }
  }

  /// The tokens to be billed: the server's number where it can be right, else the number counted here.
  private func tokens(_ told: Int?, of texts: [String]) async -> Int {
    // No token is less than a byte; some models put marks around each text.
    let most = texts.reduce(0) { $0 + $1.utf8.count + 16 }
    if let told, told <= most { return told }
    let counter = await tokenCounter()
    return texts.reduce(0) { $0 + counter.count($1) }
  }
}
