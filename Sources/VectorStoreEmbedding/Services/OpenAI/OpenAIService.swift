// The client of the embeddings API: one request a call, in the form that its server takes.

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
/// A call of ``embed(_:purpose:requestID:)`` is one HTTP request: retries are the router's. The exception is a
/// server that is not known yet and refuses the form of a request: it is asked in other forms, each at
/// most once, and the form that it takes is remembered. The forms differ in the path (`/v1/embeddings`
/// or `/embeddings`, or the same server's path that a redirect of status 307 or 308 names), in how the
/// vectors are asked for, and in whether `dimensions` is sent.
///
/// It reads no environment, but for the proxies that libcurl finds there (`https_proxy`, `no_proxy`); to
/// a server on this machine it goes without one. Neither its errors nor its log show the key, and of a text at most what a
/// server quotes in its error message, of which 300 characters are passed on.
public final class OpenAIService: EmbeddingService {
  /// The space of the vectors.
  public let space: EmbeddingSpace
  /// What a request may hold, how many may be sent, and what they cost.
  public let terms: ServiceTerms
  /// The prefixes and fields of questions and documents.
  public let roles: EmbeddingRoles

  let extraMembers: String
  private let takesAnyLength: Bool
  let connection: ServerConnection
  private let makeTokenCounter: @Sendable () async -> TokenCounter
  private let tokenCounterTask = Mutex<Task<TokenCounter, Never>?>(nil)
  private let known: Mutex<Known>

  /// What is known of the server.
  private struct Known {
    var plan: RequestFormPlan
    var profile: ServerProfile?
    /// The length of its vectors, if that was not the one asked for.
    var wrongLength: Int?
    var profiles: any ServerProfiles = MemoryProfiles()
  }

  /// Creates a service; nothing is sent.
  ///
  /// - Parameters:
  ///   - tokenCounter: loads the model's tokenizer; called once, when it is first needed.
  ///   - logger: told of each answer at the level debug.
  /// - Throws: ``OpenAIConfigurationError`` for a setting that cannot be used.
  public convenience init(
    configuration: OpenAIConfiguration,
    tokenCounter: @escaping @Sendable () async -> TokenCounter = { .upperBound },
    logger: Logger = Logger(label: "vector-store", factory: { _ in SwiftLogNoOpLogHandler() })
  ) throws(OpenAIConfigurationError) {
    try self.init(
      configuration: configuration, takesAnyLength: false, tokenCounter: tokenCounter,
      logger: logger)
  }

  /// Creates a service.
  ///
  /// - Parameter takesAnyLength: whether vectors may have other dimensions than ``space``, which tells how
  ///   many a model makes.
  package init(
    configuration: OpenAIConfiguration, takesAnyLength: Bool,
    tokenCounter: @escaping @Sendable () async -> TokenCounter = { .upperBound },
    logger: Logger = Logger(label: "vector-store", factory: { _ in SwiftLogNoOpLogHandler() })
  ) throws(OpenAIConfigurationError) {
    try configuration.validate()
    self.takesAnyLength = takesAnyLength
    space = try configuration.space
    terms = try configuration.terms
    roles = try configuration.resolvedRoles
    extraMembers = try configuration.extraMembers
    connection = try ServerConnection(
      configuration, connections: terms.concurrentRequests, logger: logger)
    let paths = connection.address.embeddings.map { ServerConnection.path(of: $0) }
    known = Mutex(
      Known(
        plan: RequestFormPlan(
          RequestForm(
            path: paths[0], sendsDimensions: configuration.asksForDimensionsFirst),
          paths: paths, isKnown: space.provider == "openai")))
    makeTokenCounter = tokenCounter
  }

  private var configuration: OpenAIConfiguration { connection.configuration }

  var address: ServiceAddress { connection.address }

  /// The form of the next request.
  var knownForm: RequestForm { known.withLock { $0.plan.form } }

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
  ///   - purpose: which of the ``roles`` the texts have. OpenAI's own models embed all alike.
  ///   - requestID: sent as `X-Client-Request-Id`, without signs that headers cannot hold.
  /// - Throws: ``ServiceError``, or `CancellationError`.
  /// - Complexity: one request, which costs money; more to a server that is not known yet.
  public func embed(
    _ texts: [String], purpose: EmbeddingPurpose, requestID: String
  ) async throws -> EmbeddingBatch {
    while true {
      do {
        return try await attempt(texts, as: roles[purpose], requestID: requestID)
      } catch let error as ServiceError where error.hasAdapted {
        continue
      }
    }
  }

  /// Asks the server for its entry of the model, which costs nothing.
  ///
  /// A server that keeps no list of models (404 or 405 without the code `model_not_found`) is well.
  /// - Throws: ``ServiceError`` as a request for vectors would.
  public func checkHealth() async throws {
    let requestID = UUID().uuidString
    let answer = try await connection.get(
      address.model(space.model), answerLimit: 1 << 20, requestID: requestID)
    if answer.isSuccess {
      guard ServerErrorBody(answer.body).isJSON else { throw notAnAPI(answer) }
      return
    }
    let error = connection.error(of: answer)
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
    _ texts: [String], as role: EmbeddingRole, _ form: RequestForm, _ requestID: String
  ) async throws -> HTTPAnswer {
    let body = EmbeddingRequestBody(
      texts: texts, model: space.model, encoding: form.encoding,
      dimensions: form.sendsDimensions ? space.dimensions : nil, extraMembers: extraMembers,
      role: role)
    // Numbers take up to 25 bytes each as JSON, base64 less than 6.
    let limit = texts.count * space.dimensions * 40 + 1 << 20
    return try await connection.post(
      body.bytes(), to: form.path, answerLimit: limit, requestID: requestID)
  }

  // MARK: - Reading

  func read(
    _ answer: HTTPAnswer, texts: Int
  ) throws(EmbeddingAnswer.Fault) -> EmbeddingAnswer {
    let expectation = EmbeddingAnswer.Expectation(
      texts: texts, dimensions: takesAnyLength ? nil : space.dimensions,
      isUnitLength: space.provider == "openai")
    return try answer.body.withUnsafeBufferPointer { bytes throws(EmbeddingAnswer.Fault) in
      try EmbeddingAnswer(bytes, expecting: expectation)
    }
  }

  func error(of answer: HTTPAnswer, _ fault: EmbeddingAnswer.Fault) -> ServiceError {
    if fault.isServersError { return connection.error(of: answer) }
    return connection.unusable(
      answer, code: fault.code, problem: fault.problem,
      advice: fault.dimensions.map {
        "set the dimensions to \($0), which is what \(space.model) makes"
      })
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

extension OpenAIService: AdaptiveService {
  package var isUnknown: Bool {
    known.withLock { !$0.plan.isKnown && !$0.plan.hasAnswer && $0.profile == nil }
  }

  package var isKnown: Bool { known.withLock { $0.plan.isKnown } }

  package var profile: ServerProfile? { known.withLock { $0.profile } }

  package func remember(in profiles: any ServerProfiles) async {
    known.withLock { $0.profiles = profiles }
    guard
      let profile = await profiles.profile(ofServer: address.normal, model: space.model)?.believed()
    else { return }
    known.withLock { known in
      known.profile = profile
      var form = profile.form
      // What is asked for may be another length than it was then.
      form.sendsDimensions =
        configuration.asksForDimensionsFirst
        || (form.sendsDimensions && profile.dimensions == space.dimensions)
      known.plan = RequestFormPlan(
        form, paths: address.embeddings.map { ServerConnection.path(of: $0) },
        isKnown: known.plan.isKnown)
    }
  }

  package func learn(_ change: @Sendable (inout ServerProfile) -> Void) async {
    let news = known.withLock { known in
      known.profile.learn(change).map { ($0, known.profiles) }
    }
    guard let (profile, profiles) = news else { return }
    await profiles.keep(profile, ofServer: address.normal, model: space.model)
  }

  package var reference: ServiceReference {
    ServiceReference(
      address: address.description, wantsKey: configuration.apiKey != nil,
      keyHeader: configuration.keyHeader, price: configuration.price)
  }

  package var choosesRoles: Bool { configuration.roles != nil }

  /// Sends one request, in the form that is tried now.
  package func attempt(
    _ texts: [String], as role: EmbeddingRole, requestID: String
  ) async throws -> EmbeddingBatch {
    precondition(!texts.isEmpty, "no texts to embed")
    let form = knownForm
    let answer = try await post(texts, as: role, form, requestID)
    guard answer.isSuccess else { throw await refused(answer, form, nil) }
    let read: EmbeddingAnswer
    do {
      read = try self.read(answer, texts: texts.count)
    } catch {
      throw await refused(answer, form, error)
    }
    await succeed(form, dimensions: read.vectors[0].count)
    return EmbeddingBatch(
      vectors: read.vectors, tokens: await tokens(read.tokens, of: texts.map(role.text)),
      rateLimits: RateLimitParser.limits(answer.headers),
      serverRequestID: connection.serverRequestID(answer))
  }

  private func succeed(_ form: RequestForm, dimensions: Int) async {
    let news: (ServerProfile, any ServerProfiles)? = known.withLock { known in
      guard known.plan.succeed(form), !known.plan.isKnown else { return nil }
      var profile = known.profile ?? ServerProfile(form: form, dimensions: dimensions)
      let isSame = known.profile.map { $0.form == form && $0.dimensions == dimensions } ?? false
      guard !isSame else { return nil }
      (profile.form, profile.dimensions) = (form, dimensions)
      known.profile = profile
      return (profile, known.profiles)
    }
    guard let (profile, profiles) = news else { return }
    await profiles.keep(profile, ofServer: address.normal, model: space.model)
  }

  /// The error of an answer that is none, after another form was chosen if one is left.
  private func refused(
    _ answer: HTTPAnswer, _ form: RequestForm, _ fault: EmbeddingAnswer.Fault?
  ) async -> ServiceError {
    var error = fault.map { self.error(of: answer, $0) } ?? connection.error(of: answer)
    let wrongForm: RequestFormPlan.Fault? =
      fault.map { fault in
        fault.isServersError
          ? refusedForm(answer, error) : fault.dimensions != nil ? .wrongLength : .unsaid
      } ?? refusedForm(answer, error)
    let (isAnswered, length) = known.withLock { known in
      if let length = fault?.dimensions { known.wrongLength = length }
      if let wrongForm { error.hasAdapted = known.plan.fail(form, wrongForm) }
      return (known.plan.hasAnswer || known.plan.isKnown, known.wrongLength)
    }
    if wrongForm == .dimensions, !error.hasAdapted, let length {
      error = ServiceError(
        .authentication, code: "wrong_dimensions",
        message:
          "\(space.model) makes vectors of \(length) dimensions and \(address.server) takes no "
          + "wish for \(space.dimensions): \(error.message); set the dimensions to \(length)",
        status: answer.status, serverRequestID: error.serverRequestID)
    }
    error.isSettled =
      !error.hasAdapted && !isAnswered
      && ["wrong_dimensions", "no_data"].contains(error.code)
    if error.kind == .authentication, answer.status == 404, !address.isWhole, !error.hasAdapted,
      address.embeddings.count > 1, !error.isAboutModel, !isAnswered
    {
      error.message += "; tried \(address.embeddings.joined(separator: " and "))"
    }
    return error
  }

  /// What is at fault with the form of a request, by its refusal; nil if that is about something else.
  private func refusedForm(
    _ answer: HTTPAnswer, _ error: ServiceError
  ) -> RequestFormPlan.Fault? {
    let words = RefusalWords(ServerErrorBody(answer.body).message)
    switch answer.status {
    case 307, 308:
      return connection.redirectedPath(answer, from: known.withLock { $0.plan.form.path })
        .map { .redirect(path: $0) }
    case 404, 405: return error.isAboutModel ? nil : .address
    case 200...299, 400, 415, 422, 500, 501:
      if words.isAboutEncoding { return words.isUnknownField ? .encodingField : .encoding }
      if words.isAboutDimensions { return .dimensions }
      return error.kind == .input && error.limit == nil || error.kind == .server
        || error.code == "no_data" ? .unsaid : nil
    default: return nil
    }
  }
}

extension ServiceError {
  /// Whether the server is there, and the model is not.
  fileprivate var isAboutModel: Bool { ["model_not_found", "DeploymentNotFound"].contains(code) }
}
