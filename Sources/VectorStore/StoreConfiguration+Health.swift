// `health` and `usage`: each service is asked for a sign of life that costs nothing, and the ledger
// for the rest. No store is opened.

import Foundation

extension StoreConfiguration {
  /// The days that ``usage(of:days:)`` goes back.
  package static let supportedDays = 1...3660

  /// How the services of this configuration are, and what is left of their budget.
  ///
  /// - Parameter probes: whether a letter is embedded even if that costs money, which is entered in the
  ///   ledger and held to the budget.
  /// - Throws: ``StoreError`` with `invalidArgument`, as ``validate()`` does.
  /// - Complexity: one request a service, which costs nothing without `probes`; more to a server that is not
  ///   known yet.
  public func checkHealth(probes: Bool = false) async throws -> HealthReport {
    try validate()
    await recallServers()
    var report = HealthReport(mode: mode, isWell: true)
    let ledger = DatabaseLedger(path: budget.ledgerPath)
    for service in (service.map { [$0] } ?? []) + otherServices {
      var health = await check(service, probes: probes)
      if service.terms.isMetered {
        do {
          let activity = try await ledger.activity(of: service.space.provider)
          let limits = service.terms.isUnlimited ? SpendingLimits() : budget.limits
          health.add(activity, limits: limits, now: Date())
        } catch {
          report.ledgerProblem = "\(error)"
        }
      }
      if health.budget.contains(where: { $0.left <= 0 }) { health.isWell = false }
      report.services.append(health)
    }
    if let documentService {
      report.parser = await check(documentService, ledger, &report)
    }
    report.isWell =
      mode == .mock
      || (report.ledgerProblem == nil && report.parser?.isWell != false
        && report.services.allSatisfy(\.isWell)
        && !(mode == .real && report.services.isEmpty))
    return report
  }

  /// What services that cost money have used: today, in the last hour, by day and by model.
  ///
  /// - Parameters:
  ///   - provider: whose services; nil is the sum of all, with no limits.
  ///   - days: how many UTC days to go back, today included: 1 to 3660.
  /// - Throws: ``StoreError`` where the ledger cannot be read, and `invalidArgument` for a setting or
  ///   for days that are out of their range.
  public func usage(of provider: String?, days: Int = 30) async throws -> UsageReport {
    try validate()
    try StoreError.checking("usage") { () throws(SettingError) in
      try SettingError.check("days", days, Self.supportedDays)
    }
    return try await DatabaseLedger(path: budget.ledgerPath).usage(
      account: provider, limits: limits(of: provider), days: days)
  }

  /// What the services of an account may use.
  private func limits(of provider: String?) -> SpendingLimits? {
    guard provider == LlamaParseService.provider, let documentService else {
      return provider == nil ? nil : budget.limits
    }
    return budget.isEnforced ? documentService.configuration.limits : SpendingLimits()
  }

  private func check(
    _ service: LlamaParseService, _ ledger: DatabaseLedger, _ report: inout HealthReport
  ) async -> HealthReport.Parser {
    let provider = LlamaParseService.provider
    var health = HealthReport.Parser(provider: provider, tier: service.configuration.tier)
    let clock = ContinuousClock()
    let started = clock.now
    do {
      if mode != .mock { try await service.checkHealth() }
      health.latency = clock.now - started
    } catch {
      health.isWell = false
      health.problem = HealthReport.Problem(error)
    }
    do {
      let (activity, now) = (try await ledger.activity(of: provider), Date())
      (health.breaker, health.breakerOpenUntil) = Self.breaker(of: activity, now: now)
      health.lastError = activity.state.lastError.map { HealthReport.Problem($0) }
      health.budget = activity.uses(of: limits(of: provider) ?? SpendingLimits(), now: now)
        .map { HealthReport.Limit($0) }
    } catch {
      report.ledgerProblem = "\(error)"
    }
    if health.budget.contains(where: { $0.left <= 0 }) { health.isWell = false }
    return health
  }

  /// Whether requests of an account pass, and until when they do not.
  fileprivate static func breaker(
    of activity: AccountActivity, now: Date
  ) -> (HealthReport.Breaker, until: Date?) {
    switch activity.state.breaker.state(now: now) {
    case .closed: (.closed, nil)
    case .halfOpen: (.halfOpen, nil)
    case .open(let until): (.open, until)
    }
  }

  private func check(
    _ service: any EmbeddingService, probes: Bool
  ) async -> HealthReport.Service {
    var health = HealthReport.Service(
      space: service.space, isWell: true, breaker: .closed, budget: [])
    let clock = ContinuousClock()
    let started = clock.now
    do {
      // Other signs of life say little: a server without its model lists it, or keeps no list.
      if service.terms.price == .free {
        _ = try await service.embed(["a"], purpose: .document)
        health.hasEmbedded = true
      } else if probes {
        try await embedLetter(by: service)
        health.hasEmbedded = true
      } else {
        try await service.checkHealth()
      }
      health.latency = clock.now - started
    } catch {
      health.isWell = false
      health.problem = HealthReport.Problem(error)
    }
    health.learned = (service as? any AdaptiveService)?.profile.map { HealthReport.Learned($0) }
    return health
  }

  /// Embeds a letter by a service that costs money.
  ///
  /// - Throws: ``ServiceError``, also for what the budget keeps from being sent.
  private func embedLetter(by service: any EmbeddingService) async throws {
    var options = ServiceRequests.Options(runID: RunRecord.newCorrelationID())
    options.patience = 20
    let requests = makeRouter().requests(to: service, options: options)
    switch try await requests.send(["a"], tokens: 1) {
    case .answered: return
    case .refused(let error), .putOff(let error), .stopped(.refused(let error)): throw error
    case .stopped(let reason): throw ServiceError(.quota, message: "\(reason)", billing: .notSent)
    case .split, .tooLarge, .tooDear, .lostHold:
      throw ServiceError(.quota, message: "a letter costs more than is left", billing: .notSent)
    }
  }
}

extension Store {
  /// How the services of this store are, and what is left of their budget.
  ///
  /// - Complexity: one request a service, which costs nothing.
  public func health() async throws -> HealthReport { try await configuration.checkHealth() }

  /// What services that cost money have used: today, in the last hour, by day and by model.
  ///
  /// - Parameters:
  ///   - provider: whose services; nil is the sum of all, with no limits.
  ///   - days: how many UTC days to go back, today included: 1 to 3660.
  /// - Throws: ``StoreError`` if the ledger cannot be read, and `invalidArgument` for days that are out
  ///   of their range.
  public func usage(of provider: String? = nil, days: Int = 30) async throws -> UsageReport {
    try await configuration.usage(of: provider, days: days)
  }
}

extension HealthReport.Learned {
  fileprivate init(_ profile: ServerProfile) {
    path = profile.form.path
    encoding = profile.form.encoding.rawValue
    dimensions = profile.dimensions
    textsPerRequest = profile.textsPerRequest
    tokensPerRequest = profile.tokensPerRequest
    tokensPerText = profile.tokensPerText
    secondsPerText = profile.secondsPerText
    at = profile.learnedAt
  }
}

extension HealthReport.Service {
  fileprivate mutating func add(_ activity: AccountActivity, limits: SpendingLimits, now: Date) {
    (breaker, breakerOpenUntil) = StoreConfiguration.breaker(of: activity, now: now)
    lastError = activity.state.lastError.map { HealthReport.Problem($0) }
    budget = activity.uses(of: limits, now: now).map { HealthReport.Limit($0) }
  }
}

extension HealthReport.Problem {
  fileprivate init(_ error: any Error) {
    if let error = error as? ServiceError {
      self.init(kind: error.kind, code: error.code, message: error.message)
    } else {
      self.init(kind: .network, message: "\(error)")
    }
  }

  fileprivate init(_ last: LastError) {
    self.init(kind: last.kind, code: last.code, message: last.message, at: last.at)
  }
}

extension HealthReport.Limit {
  fileprivate init(_ use: BudgetUse) {
    let unit = use.limit == .dailyCost ? 1e9 : 1
    self.init(
      limit: use.limit == .dailyCost ? .dailyCost : .hourlyRequests,
      used: Double(use.used) / unit, allowed: Double(use.allowed) / unit,
      left: Double(use.left) / unit, opensAt: use.opensAt)
  }
}
