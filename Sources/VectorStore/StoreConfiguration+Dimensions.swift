// The length of a model's vectors, asked of its server where nobody knows it.

import Foundation

extension StoreConfiguration {
  /// How long the vectors are that a server makes of a model by itself: as its name says, as it was learned
  /// before, or by one request for a letter, which is entered in the ledger and held to the budget.
  ///
  ///     openAI.dimensions = try await configuration.dimensions(of: openAI)
  ///     configuration.service = try OpenAIService(configuration: openAI)
  ///
  /// - Parameters:
  ///   - openAI: the server and the model.
  ///   - asks: whether the server may be asked.
  /// - Returns: nil if it is not known and nobody may be asked.
  /// - Throws: ``OpenAIConfigurationError`` for a setting that cannot be used, ``StoreError`` if the server
  ///   does not tell.
  /// - Complexity: at most one request, which can cost money; more to a server that is not known yet.
  public func dimensions(
    of openAI: OpenAIConfiguration, asks: Bool = true
  ) async throws -> Int? {
    if openAI.knowsDimensions { return try openAI.space.dimensions }
    let service = try OpenAIService(
      configuration: openAI, takesAnyLength: true, logger: logger)
    await service.remember(
      in: ServerProfilesFile(besideLedger: budget.fileOfUser, logger: logger))
    if let profile = service.profile, !profile.form.sendsDimensions { return profile.dimensions }
    guard asks else { return nil }
    let router = EmbeddingRouter(
      mode: .real, services: [service], ledger: DatabaseLedger(path: budget.ledgerPath),
      limits: budget.limits, logger: logger)
    var options = ServiceRequests.Options(runID: RunRecord.newCorrelationID())
    options.patience = 20
    let reason: Unavailable
    switch try await router.requests(to: service, options: options).send(["a"], tokens: 1) {
    case .answered(let answer): return answer.vectors[0].count
    case .refused(let error), .putOff(let error): reason = Unavailable(error)
    case .stopped(let stop): reason = Unavailable(stop)
    // One text is neither halved nor too dear in part, and nobody else holds it.
    case .split, .tooLarge, .tooDear, .lostHold: reason = Unavailable(.noService)
    }
    throw StoreError(
      reason.code,
      "how many dimensions the vectors of \(openAI.model) have is not known, and the server does not "
        + "tell: \(reason.message); try again, or give the dimensions",
      underlying: reason.underlying)
  }
}
