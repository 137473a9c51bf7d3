// The client of rerank servers: one request a call, in the form that its server takes.

import Foundation
public import Logging
import Synchronization

/// Scores passages by any server with a `/rerank` address: Jina, Cohere, Voyage, TEI, infinity, vLLM,
/// llama.cpp.
///
/// ```swift
/// let reranker = try RerankService(
///   configuration: RerankConfiguration(baseURL: "http://localhost:8080", model: "bge-reranker-base"))
/// let answer = try await reranker.scores(of: ["a cat sat", "it rains"], for: "which animal?")
/// ```
///
/// A call is one HTTP request: retries are the router's. The exception is a server that is not known yet and
/// refuses the form of a request: it is asked at the other paths, and with `texts` in place of `documents`,
/// each at most once, and the form that it takes is remembered.
public final class RerankService: Reranker {
  /// The server's host and port.
  public let provider: String
  /// The model, as the server names it.
  public let model: String
  /// What a request may hold, how many may be sent, and what they cost.
  public let terms: ServiceTerms

  /// The fields that passages are in, in the order in which they are tried.
  private static let fields = ["documents", "texts"]
  /// Servers take few passages at once, and a search on one has at most so many.
  private static let passagesPerRequest = 100

  private let connection: ServerConnection
  private let known: Mutex<Known>

  /// What is known of the server.
  private struct Known {
    /// The form of the next request.
    var form: RequestForm
    /// The form that is gone back to.
    var settled: RequestForm
    /// Those that are not tried yet, in order.
    var others: [RequestForm]
    /// The first refusal of a form, which tells most if none is taken.
    var refusal: ServiceError?
    /// Whether a form was good in this process.
    var hasAnswer = false
    var profile: ServerProfile?
    var profiles: any ServerProfiles = MemoryProfiles()
  }

  /// Creates a service; nothing is sent.
  ///
  /// - Parameter logger: told of each answer at the level debug.
  /// - Throws: ``OpenAIConfigurationError`` for a setting that cannot be used.
  public init(
    configuration: RerankConfiguration,
    logger: Logger = Logger(label: "vector-store", factory: { _ in SwiftLogNoOpLogHandler() })
  ) throws(OpenAIConfigurationError) {
    let server = try configuration.server
    var terms = try server.terms
    terms.pricePerRequest = configuration.pricePerSearch ?? .zero
    terms.isUnlimited = terms.isUnlimited && terms.isFree
    terms.textsPerRequest = Self.passagesPerRequest
    // Somebody waits for the answer.
    terms.retries = 1
    self.terms = terms
    provider = try server.space.provider
    model = server.model
    connection = try ServerConnection(
      server, connections: terms.concurrentRequests, service: .reranking, logger: logger)
    let forms = connection.address.reranking.flatMap { url in
      Self.fields.map { Self.form(ServerConnection.path(of: url), passages: $0) }
    }
    known = Mutex(Known(form: forms[0], settled: forms[0], others: Array(forms.dropFirst())))
  }

  private static func form(_ path: String, passages: String) -> RequestForm {
    var form = RequestForm(path: path, encoding: .unsaid, sendsDimensions: false)
    form.passages = passages
    return form
  }

  /// Scores passages, by a request with a name of its own.
  ///
  /// - Throws: as ``scores(of:for:requestID:)``.
  /// - Complexity: one request, which can cost money.
  public func scores(of passages: [String], for question: String) async throws -> RerankScores {
    try await scores(of: passages, for: question, requestID: UUID().uuidString)
  }

  /// Scores passages, one score a passage, in their order.
  ///
  /// - Parameter requestID: sent as `X-Client-Request-Id`, without signs that headers cannot hold.
  /// - Throws: ``ServiceError``, or `CancellationError`.
  /// - Complexity: one request, which can cost money; more to a server that is not known yet.
  public func scores(
    of passages: [String], for question: String, requestID: String
  ) async throws -> RerankScores {
    while true {
      do {
        return try await attempt(passages, for: question, requestID: requestID)
      } catch let error as ServiceError where error.hasAdapted {
        continue
      }
    }
  }

  // MARK: - One request

  /// Sends one request, in the form that is tried now.
  ///
  /// - Throws: ``ServiceError``, with ``ServiceError/hasAdapted`` if the next request has another form.
  func attempt(
    _ passages: [String], for question: String, requestID: String
  ) async throws -> RerankScores {
    let form = known.withLock { $0.form }
    var body = Array("{\"model\":".utf8)
    body.append(json: model)
    body += Array(",\"query\":".utf8)
    body.append(json: question)
    body += Array(",\"\(form.passages ?? Self.fields[0])\":[".utf8)
    for (index, passage) in passages.enumerated() {
      if index > 0 { body.append(UInt8(ascii: ",")) }
      body.append(json: passage)
    }
    body += Array("]}".utf8)
    // Some servers send all passages back, with more escapes.
    let answer = try await connection.post(
      body, to: form.path, answerLimit: 6 * body.count + 1 << 20, requestID: requestID)
    guard answer.isSuccess else { throw refused(answer, form, connection.error(of: answer)) }
    let read: RerankAnswer
    do {
      read = try RerankAnswer(answer.body, passages: passages.count)
    } catch  where error.isServersError {
      throw refused(answer, form, connection.error(of: answer))
    } catch {
      throw connection.unusable(answer, code: error.code, problem: error.problem)
    }
    await succeed(form)
    return RerankScores(
      scores: read.scores, tokens: read.tokens ?? 0,
      rateLimits: RateLimitParser.limits(answer.headers),
      serverRequestID: connection.serverRequestID(answer))
  }

  /// The error of a refusal, after another form was chosen if it may be about the form and one is left.
  private func refused(
    _ answer: HTTPAnswer, _ asked: RequestForm, _ refusal: ServiceError
  ) -> ServiceError {
    known.withLock { known in
      var (error, refusal) = (refusal, ServiceError?.none)
      // Another request has changed it meanwhile.
      guard asked == known.form else {
        error.hasAdapted = true
        return error
      }
      guard !known.hasAnswer, let next = next(after: answer, error, known) else {
        if known.hasAnswer { return error }
        (known.form, refusal) = (known.settled, known.refusal)
        known.refusal = nil
        if answer.status == 404, connection.address.reranking.count > 1 {
          error.message += "; tried \(connection.address.reranking.formatted(.list(type: .and)))"
        }
        return [400, 422].contains(answer.status) ? refusal ?? error : error
      }
      if answer.status != 404 { known.refusal = known.refusal ?? error }
      if [404, 405].contains(answer.status) { known.others.removeAll { $0.path == asked.path } }
      known.form = next
      known.others.removeAll { $0 == next || $0 == asked }
      error.hasAdapted = true
      return error
    }
  }

  private func next(
    after answer: HTTPAnswer, _ error: ServiceError, _ known: Known
  ) -> RequestForm? {
    let asked = known.form
    if let path = connection.redirectedPath(answer, from: asked.path) {
      let next = Self.form(path, passages: asked.passages ?? Self.fields[0])
      return next.path == asked.path ? nil : next
    }
    let isAboutModel = ["model_not_found", "DeploymentNotFound"].contains(error.code)
    switch answer.status {
    case 404, 405: return isAboutModel ? nil : known.others.first { $0.path != asked.path }
    case 400, 422:
      let isAboutForm =
        error.limit == nil && !isAboutModel
        && !RefusalWords(ServerErrorBody(answer.body).message).isAboutKey
      return isAboutForm ? known.others.first { $0.path == asked.path } : nil
    default: return nil
    }
  }

  private func succeed(_ form: RequestForm) async {
    let news: (ServerProfile, any ServerProfiles)? = known.withLock { known in
      known.hasAnswer = true
      known.settled = form
      guard known.profile?.form != form else { return nil }
      var profile = known.profile ?? ServerProfile(form: form, dimensions: 1)
      profile.form = form
      known.profile = profile
      return (profile, known.profiles)
    }
    guard let (profile, profiles) = news else { return }
    await profiles.keep(profile, ofServer: connection.address.normal, model: keptName)
  }

  // MARK: - What is remembered

  /// The name that what was learned is kept by. A server may have an embedder of the same name.
  private var keptName: String { "rerank:" + model }

  /// Whether nothing is known of the server yet.
  var isUnknown: Bool { known.withLock { !$0.hasAnswer && $0.profile == nil } }

  /// What is known of the server's sizes; nil if nothing is.
  var profile: ServerProfile? { known.withLock { $0.profile } }

  /// Takes what earlier processes learned, and keeps there what is learned.
  package func remember(in profiles: any ServerProfiles) async {
    known.withLock { $0.profiles = profiles }
    guard
      let profile = await profiles.profile(
        ofServer: connection.address.normal, model: keptName)?.believed(),
      let field = profile.form.passages, Self.fields.contains(field)
    else { return }
    known.withLock { known in
      known.profile = profile
      known.others.append(known.form)
      known.others.removeAll { $0 == profile.form }
      (known.form, known.settled) = (profile.form, profile.form)
    }
  }

  /// Takes what the router learned of sizes and times.
  func learn(_ change: @Sendable (inout ServerProfile) -> Void) async {
    let news = known.withLock { known in
      known.profile.learn(change).map { ($0, known.profiles) }
    }
    guard let (profile, profiles) = news else { return }
    await profiles.keep(profile, ofServer: connection.address.normal, model: keptName)
  }
}
