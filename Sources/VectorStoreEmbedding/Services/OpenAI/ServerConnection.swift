// One server over HTTP: the headers of a request, its log line, and what a failure is called.

import Foundation
import Logging

/// The way to a server that speaks one of OpenAI's APIs, or one written in their manner.
///
/// A call is one HTTP request. Nothing that it throws, returns or logs shows the key.
struct ServerConnection: Sendable {
  let configuration: OpenAIConfiguration
  let address: ServiceAddress
  /// What is asked for there, for messages.
  private let service: ErrorClassifier.Service
  private let keyHeader: (name: String, prefix: String)
  private let transport: HTTPTransport
  /// For files, which are large.
  private let fileTransport: HTTPTransport
  private let logger: Logger

  /// Connects to nothing yet.
  ///
  /// - Throws: ``OpenAIConfigurationError`` for an address or a header that cannot be used.
  init(
    _ configuration: OpenAIConfiguration, connections: Int,
    service: ErrorClassifier.Service = .embeddings, logger: Logger
  ) throws(OpenAIConfigurationError) {
    self.configuration = configuration
    self.service = service
    address = try ServiceAddress(configuration.baseURL)
    keyHeader = try configuration.resolvedKeyHeader
    var options = HTTPTransport.Options(
      connections: connections, timeout: configuration.resolvedTimeout(at: address),
      usesProxy: !address.isLoopback, certificateFile: configuration.certificateFile)
    transport = HTTPTransport(options)
    (options.connections, options.timeout) = (1, SettingRange.longestTimeout)
    fileTransport = HTTPTransport(options)
    self.logger = logger
  }

  /// Sends JSON to a path of the server.
  ///
  /// - Throws: ``ServiceError`` or `CancellationError`; an answer of an error is returned.
  func post(
    _ body: [UInt8], to path: String, answerLimit: Int, requestID: String
  ) async throws -> HTTPAnswer {
    try await send(
      .init(
        url: address.origin + path,
        headers: headers(requestID) + [("Content-Type", "application/json")], body: body,
        answerLimit: answerLimit), requestID)
  }

  /// Asks for a URL of the server.
  ///
  /// - Throws: as ``post(_:to:answerLimit:requestID:)``.
  func get(_ url: String, answerLimit: Int, requestID: String) async throws -> HTTPAnswer {
    try await send(
      .init(url: url, headers: headers(requestID), answerLimit: answerLimit), requestID)
  }

  /// Sends something else, in any form and by any method.
  ///
  /// - Parameter isFile: whether it brings or takes a file, for which there is more time.
  /// - Throws: as ``post(_:to:answerLimit:requestID:)``.
  func call(
    _ url: String, method: String? = nil, body: [UInt8]? = nil, type: String? = nil,
    answerLimit: Int, isFile: Bool, requestID: String = UUID().uuidString
  ) async throws -> HTTPAnswer {
    var request = HTTPTransport.Request(
      url: url, headers: headers(requestID), body: body, answerLimit: answerLimit)
    if let type { request.headers.append(("Content-Type", type)) }
    request.method = method
    return try await send(request, requestID, isFile: isFile)
  }

  private func send(
    _ request: HTTPTransport.Request, _ requestID: String, isFile: Bool = false
  ) async throws -> HTTPAnswer {
    let start = ContinuousClock.now
    do {
      let answer = try await (isFile ? fileTransport : transport).send(request)
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
        server: address.server,
        timeout: isFile
          ? SettingRange.longestTimeout : configuration.resolvedTimeout(at: address), text: shown)
    }
  }

  /// The headers of every request. They hold the key, so they are made for each and kept nowhere.
  private func headers(_ requestID: String) -> [(String, String)] {
    var headers = [("Accept", "application/json"), ("User-Agent", "vector-store/0.1.0")]
    if let key = configuration.apiKey {
      headers.append((keyHeader.name, keyHeader.prefix + key.secret))
    }
    headers += configuration.extraHeaders.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    if let organization = configuration.organization {
      headers.append(("OpenAI-Organization", organization))
    }
    if let project = configuration.project { headers.append(("OpenAI-Project", project)) }
    let name = requestID.unicodeScalars.filter { (0x21...0x7E).contains($0.value) }.prefix(512)
    headers.append(("X-Client-Request-Id", String(String.UnicodeScalarView(name))))
    return headers
  }

  private var shown: ServerText { ServerText(key: configuration.apiKey) }

  /// The server's own name for a request.
  func serverRequestID(_ answer: HTTPAnswer) -> String? {
    shown.name(answer.headers["x-request-id"])
  }

  /// What an answer of an error means.
  func error(of answer: HTTPAnswer) -> ServiceError {
    ErrorClassifier(
      server: address.server, model: configuration.model, key: configuration.apiKey,
      service: service
    )
    .classify(status: answer.status, headers: answer.headers, body: answer.body)
  }

  /// The error of a good status with an answer that is not good.
  func unusable(
    _ answer: HTTPAnswer, code: String, problem: String, advice: String? = nil
  ) -> ServiceError {
    let advice = advice ?? "try again; if it stays so, check the address and the model"
    return ServiceError(
      .badAnswer, code: code,
      message: "the answer of \(address.server) cannot be used: \(problem); \(advice)",
      status: answer.status, billing: .possible,
      rateLimits: RateLimitParser.limits(answer.headers), serverRequestID: serverRequestID(answer))
  }

  /// The path that a redirect on the same server leads to; nil for any other answer.
  func redirectedPath(_ answer: HTTPAnswer, from path: String) -> String? {
    guard [307, 308].contains(answer.status) else { return nil }
    return answer.headers["location"].flatMap {
      address.redirected(from: address.origin + path, to: $0)
    }.map(Self.path(of:))
  }

  /// The path of a URL, with its query.
  static func path(of url: String) -> String {
    let rest = url.firstRange(of: "://").map { url[$0.upperBound...] } ?? url[...]
    return String(rest.drop { $0 != "/" })
  }
}
