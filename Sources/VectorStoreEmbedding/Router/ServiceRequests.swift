// The requests of one run to one service: reserve, send, settle, and the one loop that retries.

import Foundation
import Logging
import Synchronization

/// Sends the batches of a run, within its budget and its rate.
///
/// Every attempt is entered in the ledger before it is sent and settled when it has come back. All
/// retries are made here and nowhere else.
package final class ServiceRequests: Sendable {
  /// How a run sends.
  package struct Options: Sendable {
    /// The run's name, in the ledger, the log and the server's log.
    package var runID: String
    /// What its texts are embedded for. Questions have a slot to themselves.
    package var purpose = EmbeddingPurpose.document
    /// The prefixes and fields of questions and documents; nil takes the service's own.
    package var roles: EmbeddingRoles?
    /// The most that this run may cost.
    package var maximumCost = SpendingLimit<NanoDollars>.unlimited
    /// Whether to wait where the budget or the breaker opens again by itself.
    package var waitsForWindow = false
    /// How long a batch may take, in seconds: after that it is neither waited for nor sent again.
    package var patience = Double.infinity
    /// Told why the run waits when it does so for long, once a minute.
    package var onWait: (@Sendable (String) -> Void)?

    package init(runID: String) { self.runID = runID }
  }

  /// What became of a batch.
  package enum Outcome: Sendable {
    /// Every text has its vector.
    case answered(EmbeddingBatch)
    /// One of several texts is refused, it is not known which: halve the batch.
    case split
    /// They are too many for one request: send no more at once than ``ServiceRequests/size``.
    case tooLarge
    /// The only text of the batch is refused for good.
    case refused(ServiceError)
    /// The tries are used up; another round may do.
    case putOff(ServiceError)
    /// Only so many tokens fit into what is left of the budget: send fewer texts.
    case tooDear(tokensThatFit: Int)
    /// Somebody else has a text of it on its way, or its vector, since the hold was let go for a wait.
    case lostHold
    /// Nothing more can be sent in this run.
    case stopped(StopReason)
  }

  /// A server that fails for so many sizes in a row has failed, whatever the size.
  private static let splitsAtMost = 12
  /// Waits of so many seconds are told, and others may send what the batch holds.
  private static let longWait = 5.0
  /// How soon a wait notices that the run was stopped, in seconds.
  private static let step = 0.2
  /// The shortest text, by which a server is tried.
  private static let letter = ["a"]

  /// The service.
  package let service: any EmbeddingService
  private let ledger: any SpendingLedger
  private let limits: SpendingLimits
  private let lane: ServiceLane
  private let policy: RetryPolicy
  private let options: Options
  private let logger: Logger
  private let state = Mutex(RequestState())

  init(
    service: any EmbeddingService, ledger: any SpendingLedger, limits: SpendingLimits,
    lane: ServiceLane, options: Options, logger: Logger
  ) {
    self.service = service
    self.ledger = ledger
    self.limits = limits
    self.lane = lane
    self.options = options
    self.logger = logger
    policy = RetryPolicy(maximumRetries: service.terms.retries)
  }

  /// What has been sent so far.
  package var totals: RunTotals { state.withLock { $0.totals } }

  /// The most texts and tokens of a request now.
  package var size: RequestSizer.Size { lane.sizer.withLock { $0.size } }

  /// Whether nothing more is sent in this run.
  package var isStopped: Bool { state.withLock { $0.stopped != nil } }

  /// Sends a batch, again where that helps, until it is answered or nothing more can be done.
  ///
  /// - Parameters:
  ///   - texts: within the service's terms.
  ///   - tokens: their tokens, exact or an upper bound.
  ///   - hold: what keeps others from sending them. It is held when this is called, and let go before
  ///     each long wait; afterwards nothing is sent unless it can be taken again.
  /// - Throws: `CancellationError`, and what `hold` throws.
  package func send(
    _ texts: [String], tokens: Int, hold: (any BatchHold)? = nil
  ) async throws -> Outcome {
    guard let service = service as? any AdaptiveService, !service.isKnown, texts.count > 1,
      service.isUnknown || isUntried(texts.count)
    else { return try await sendKnown(texts, tokens: tokens, hold: hold) }
    // What nothing is known of is tried alone: else all that are in flight fail together.
    await lane.gate.take(for: options.purpose)
    let result: Result<Outcome, any Error>
    do {
      result = .success(try await sendFirst(texts, tokens: tokens, hold: hold, service))
    } catch {
      result = .failure(error)
    }
    await lane.gate.give()
    return try result.get()
  }

  private func isUntried(_ texts: Int) -> Bool {
    lane.sizer.withLock { $0.isUntried(texts: texts) }
  }

  /// Sends the first batch to an unknown server. If the server refuses it, and not for its size, it is asked
  /// for the vector of one letter, which tells how it is to be asked, and whether anything works at all.
  private func sendFirst(
    _ texts: [String], tokens: Int, hold: (any BatchHold)?, _ service: any AdaptiveService
  ) async throws -> Outcome {
    guard service.isUnknown, !isStopped else {
      return try await sendKnown(texts, tokens: tokens, hold: hold)
    }
    let outcome = try await send(texts, tokens: tokens, hold: hold, endsAtOtherForm: true)
    switch outcome {
    case nil, .split?: break
    case let outcome?: return outcome
    }
    switch try await sendKnown(Self.letter, tokens: 1) {
    case .answered, .split, .tooLarge, .tooDear, .lostHold: break
    case .stopped(let reason): return .stopped(reason)
    case .putOff(let error): return .putOff(error)
    case .refused(let error): return .stopped(stop(.refused(refusalOfAll(error))))
    }
    if let outcome { return outcome }
    return try await sendKnown(texts, tokens: tokens, hold: hold)
  }

  private func sendKnown(
    _ texts: [String], tokens: Int, hold: (any BatchHold)? = nil
  ) async throws -> Outcome {
    // Only the first form is tried alone.
    try await send(texts, tokens: tokens, hold: hold, endsAtOtherForm: false) ?? .split
  }

  /// - Parameter endsAtOtherForm: whether to return nil, instead of asking again, if the service asks in
  ///   another way from now on.
  private func send(
    _ texts: [String], tokens: Int, hold: (any BatchHold)?, endsAtOtherForm: Bool
  ) async throws -> Outcome? {
    let deadline = ContinuousClock.now + .seconds(min(options.patience, 1e9))
    var number = 1
    while true {
      guard size.holds(texts: texts.count, tokens: tokens) || isStopped else { return .tooLarge }
      let reservation: Reservation
      let next = newAttempt(texts: texts.count, tokens: tokens, number: number)
      switch try await admit(next, deadline: deadline, hold: hold) {
      case .granted(let granted): reservation = granted
      case .outcome(let outcome): return outcome
      }
      let error: any Error
      switch try await attempt(texts, reservation, deadline: deadline) {
      case .success(let answer): return .answered(answer)
      case .failure(let failure): error = failure
      case nil: continue
      }
      guard let error = error as? ServiceError else {
        return .stopped(stop(.failed("\(error)", underlying: error)))
      }
      if error.hasAdapted {
        guard endsAtOtherForm else { continue }
        return nil
      }
      if state.withLock({ $0.isHopeless(error) }) { return .stopped(stop(.refused(error))) }
      switch action(after: error, number, texts.count) {
      case .retry(let seconds):
        guard ContinuousClock.now + .seconds(seconds) < deadline else { return .putOff(error) }
        guard try await pause(seconds, "\(error)", lettingGo: hold) else { return .lostHold }
        number += 1
      case .giveUp:
        // A server that answers a letter fails for the text.
        if texts.count == 1, texts != Self.letter, error.isPerhapsAboutText,
          try await takesALetter()
        {
          return .refused(error)
        }
        return .putOff(error)
      case .stop: return .stopped(stop(.refused(error)))
      case .split: return await learn(from: error, texts.count, tokens) ? .tooLarge : .split
      case .refuse:
        _ = await learn(from: error, texts.count, tokens)
        // A letter that is refused tells by itself.
        if texts != Self.letter, try await refusesAll() {
          return .stopped(stop(.refused(refusalOfAll(error))))
        }
        return .refused(error)
      }
    }
  }

  private func action(
    after error: ServiceError, _ number: Int, _ texts: Int
  ) -> RetryPolicy.Action {
    let (hasAnswer, splits) = state.withLock { ($0.hasAnswer, $0.splitsInRow) }
    return policy.action(
      after: error, tryNumber: number, texts: texts, random: Double.random(in: 0..<1),
      hasAnswer: hasAnswer, maySplit: splits < Self.splitsAtMost)
  }

  /// Takes what a failure says about sizes. Returns whether it was the size of the request.
  private func learn(from error: ServiceError, _ texts: Int, _ tokens: Int) async -> Bool {
    let isSize = lane.sizer.withLock { sizer in
      switch error.limit {
      case .texts?, .tokens?, .textTokens?: break
      case nil where error.isTimeout:
        sizer.timeOut(texts: texts, tokens: tokens)
        return true
      case nil where error.kind == .server && sizer.isLargest(texts: texts): break
      case nil: return false
      }
      let limit = error.limit ?? .texts(nil)
      sizer.refuse(texts: texts, tokens: tokens, limit: limit)
      // A text that is too long is found by halving.
      if case .textTokens = limit { return false }
      return true
    }
    if error.limit == nil { state.withLock { $0.splitsInRow += 1 } }
    await remember()
    return isSize && texts > 1
  }

  /// Tells the service what was learned of sizes, so that the next process starts with it. Called when
  /// no answer waits to be kept: that one is paid for and goes first.
  package func remember() async {
    guard let adaptive = service as? any AdaptiveService else { return }
    let (sizer, terms) = (lane.sizer.withLock { $0 }, service.terms)
    await adaptive.learn { sizer.remember(in: &$0, terms) }
  }

  /// Sends nothing more; what is in flight is still settled.
  package func giveUp() {
    _ = stop(.failed("the run was given up"))
  }

  // MARK: - Before sending

  private enum Admission {
    case granted(Reservation)
    case outcome(Outcome)
  }

  private func newAttempt(texts: Int, tokens: Int, number: Int = 1) -> SpendingAttempt {
    let sequence = state.withLock { $0.nextSequence() }
    return SpendingAttempt(
      account: service.space.provider, model: service.space.model, runID: options.runID,
      requestID: "\(options.runID)-\(sequence)", number: number, texts: texts,
      tokens: tokens, cost: service.terms.cost(ofTokens: tokens))
  }

  /// Waits for the rate, asks the ledger and enters the attempt.
  private func admit(
    _ attempt: SpendingAttempt, deadline: ContinuousClock.Instant, hold: (any BatchHold)? = nil
  ) async throws -> Admission {
    while true {
      try Task.checkCancellation()
      if let reason = state.withLock({ $0.stopped }) { return .outcome(.stopped(reason)) }
      switch state.withLock({ $0.reserve(attempt.cost, within: options.maximumCost) }) {
      case .granted: break
      case .later:
        try await pause(0.05)
        continue
      case .refused(let left, let allowed):
        guard let fewer = tokensThatFit(left, of: attempt) else {
          return .outcome(.stopped(stop(maximumCost(allowed))))
        }
        return .outcome(.tooDear(tokensThatFit: fewer))
      }
      let decision: ReservationDecision
      do {
        decision = try await ledger.reserve(attempt, under: limits)
      } catch {
        // What cannot be entered is not sent.
        release(attempt.cost)
        return .outcome(.stopped(stop(.failed("\(error)", underlying: error))))
      }
      if case .granted(let reservation) = decision {
        reservation.warnings.forEach { warn($0) }
        return .granted(reservation)
      }
      release(attempt.cost)
      switch decision {
      case .granted: break
      case .wait(let seconds, _):
        guard ContinuousClock.now + .seconds(seconds) < deadline else {
          return .outcome(.putOff(busy(seconds)))
        }
        let reason = "\(service.space.provider) takes no more requests for now"
        guard try await pause(seconds, reason, lettingGo: hold) else {
          return .outcome(.lostHold)
        }
      case .refused(let use):
        if use.limit == .dailyCost,
          let fewer = tokensThatFit(NanoDollars(nano: use.left), of: attempt)
        {
          return .outcome(.tooDear(tokensThatFit: fewer))
        }
        let reason = StopReason.budget(use)
        guard let seconds = secondsToWindow(reason, for: attempt) else {
          return .outcome(.stopped(stop(reason)))
        }
        guard try await pause(seconds, lettingGo: hold) else { return .outcome(.lostHold) }
      case .breakerOpen(let until, let lastError):
        let reason = StopReason.breakerOpen(until: until, lastError: lastError)
        guard let seconds = secondsToWindow(reason, for: attempt) else {
          return .outcome(.stopped(stop(reason)))
        }
        guard try await pause(seconds, lettingGo: hold) else { return .outcome(.lostHold) }
      }
    }
  }

  private func maximumCost(_ allowed: NanoDollars) -> StopReason {
    .maximumCost(allowed, lastError: state.withLock { $0.lastError }?.message)
  }

  private func release(_ cost: NanoDollars) { state.withLock { $0.release(cost) } }

  /// What an attempt costs by: a batch of the service half, without a price for its requests.
  private func terms(of attempt: SpendingAttempt) -> ServiceTerms {
    var terms = service.terms
    if attempt.isBatch { (terms.price, terms.pricePerRequest) = (terms.price.halved, .zero) }
    return terms
  }

  /// The tokens that an amount of money buys, if it is fewer than the attempt has but any at all.
  private func tokensThatFit(_ left: NanoDollars, of attempt: SpendingAttempt) -> Int? {
    let price = terms(of: attempt).price.perMillionTokens.nano
    let left = left - terms(of: attempt).pricePerRequest
    guard attempt.texts > 1, price > 0, left > .zero else { return nil }
    let (high, low) = left.nano.multipliedFullWidth(by: 1_000_000)
    let tokens = Int(price.dividingFullWidth((high, low)).quotient)
    return tokens > 0 && tokens < attempt.tokens ? tokens : nil
  }

  /// Notes that a limit is nearly used up, once a run.
  private func warn(_ use: BudgetUse) {
    guard state.withLock({ $0.isNews(use) }) else { return }
    logger.warning(
      "a limit is nearly used up",
      metadata: [
        "run": "\(options.runID)", "limit": "\(use.limit.rawValue)", "used": "\(use.used)",
        "allowed": "\(use.allowed)",
      ])
  }

  /// How long to wait until a window opens, where the run does that; nil where it does not, or where
  /// none will do.
  private func secondsToWindow(_ reason: StopReason, for attempt: SpendingAttempt) -> Double? {
    guard options.waitsForWindow, let opensAt = reason.opensAt else { return nil }
    if case .budget(let use) = reason {
      let needed = use.limit == .dailyCost ? attempt.cost.nano : 1
      guard needed <= use.allowed else { return nil }
    }
    tellWaiting("\(reason)")
    // In steps, since another process may give back what it had reserved.
    return min(max(opensAt.timeIntervalSinceNow, 0.1), 60)
  }

  /// Waits. During a long wait other runs may claim the texts; returns false if one did.
  private func pause(
    _ seconds: Double, _ reason: String? = nil, lettingGo hold: (any BatchHold)?
  ) async throws -> Bool {
    guard let hold, seconds >= Self.longWait else {
      try await pause(seconds, reason)
      return true
    }
    await hold.release()
    try await pause(seconds, reason)
    return try await hold.take()
  }

  /// Waits, and tells so where it is long; ends early where the run was stopped.
  private func pause(_ seconds: Double, _ reason: String? = nil) async throws {
    if let reason, seconds >= Self.longWait { tellWaiting("\(reason) (\(Int(seconds)) s)") }
    let end = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < end, state.withLock({ $0.stopped?.isBudget ?? true }) {
      try await Task.sleep(for: min(.seconds(Self.step), end - ContinuousClock.now))
    }
  }

  /// Tells that the run waits, once a minute for all its batches.
  package func tellWaiting(_ reason: String) {
    guard state.withLock({ $0.tellsOfWait() }) else { return }
    options.onWait?(reason)
    logger.notice("waiting", metadata: ["run": "\(options.runID)", "reason": "\(reason)"])
  }

  private func busy(_ seconds: Double) -> ServiceError {
    ServiceError(
      .rate, code: "client_rate_limit",
      message: "the rate limit of \(service.space.provider) is reached for another "
        + "\(Int(seconds.rounded(.up))) s; try again then", billing: .notSent)
  }

  // MARK: - One attempt

  /// Sends one request and settles it; nil where the run was stopped before it was sent. Throws only
  /// `CancellationError`.
  private func attempt(
    _ texts: [String], _ reservation: Reservation, deadline: ContinuousClock.Instant
  ) async throws -> Result<EmbeddingBatch, any Error>? {
    let attempt = reservation.attempt
    await lane.slots.take(for: options.purpose)
    // What was granted before the budget was used up is still sent.
    guard !Task.isCancelled, state.withLock({ $0.stopped?.isBudget ?? true }) else {
      await lane.slots.give()
      release(attempt.cost)
      try? await ledger.settle(reservation, as: .cancelled(wasSent: false))
      return nil
    }
    state.withLock { $0.totals.requests += 1 }
    let start = ContinuousClock.now
    let result: Result<EmbeddingBatch, any Error>
    do {
      result = .success(
        options.patience.isFinite
          ? try await embed(texts, attempt.requestID, before: deadline)
          : try await embed(texts, attempt.requestID))
    } catch var error as ServiceError {
      error.requestID = attempt.requestID
      error.isAboutRequest =
        error.hasAdapted || action(after: error, attempt.number, texts.count) == .split
      result = .failure(error)
      // Before the slot is free: what waits for it would be refused as well.
      if error.kind == .authentication || error.kind == .quota, !error.hasAdapted {
        _ = stop(.refused(error))
      }
    } catch {
      result = .failure(error)
    }
    await lane.slots.give()
    let outcome = outcome(of: result, attempt)
    note(outcome, of: attempt)
    if case .success(let answer) = result {
      lane.sizer.withLock {
        $0.succeed(
          texts: attempt.texts, tokens: attempt.tokens, told: answer.tokens,
          seconds: (ContinuousClock.now - start) / .seconds(1))
      }
    }
    do {
      try await ledger.settle(reservation, as: outcome)
    } catch {
      // The answer is paid for; in the ledger it stays at its reserved cost.
      _ = stop(.failed("\(error)", underlying: error))
    }
    if case .failure(let error) = result, error is CancellationError { throw error }
    return result
  }

  private func embed(_ texts: [String], _ requestID: String) async throws -> EmbeddingBatch {
    if let adaptive = service as? any AdaptiveService {
      let roles = options.roles ?? service.roles
      return try await adaptive.attempt(texts, as: roles[options.purpose], requestID: requestID)
    }
    return try await service.embed(texts, purpose: options.purpose, requestID: requestID)
  }

  /// The same for somebody who waits no longer than that: a server on this machine has minutes to answer.
  private func embed(
    _ texts: [String], _ requestID: String, before deadline: ContinuousClock.Instant
  ) async throws -> EmbeddingBatch {
    let patience = ServiceError(
      .network, code: "no_answer_yet",
      message: "\(service.space.provider) has not answered in time; try again later",
      billing: .possible)
    return try await withThrowingTaskGroup(of: EmbeddingBatch.self) { group in
      defer { group.cancelAll() }
      group.addTask { try await self.embed(texts, requestID) }
      group.addTask {
        try await Task.sleep(until: deadline, clock: .continuous)
        throw patience
      }
      guard let answer = try await group.next() else { throw patience }
      return answer
    }
  }

  private func outcome(
    of result: Result<EmbeddingBatch, any Error>, _ attempt: SpendingAttempt
  ) -> AttemptOutcome {
    switch result {
    case .success(let answer):
      let terms = service.terms
      // A service that tells no usage, or what cannot be, is entered with what was counted here.
      let isTold = answer.tokens > 0 || (answer.tokens == 0 && !terms.isMetered)
      let most = 16 * attempt.tokens + 4096
      let tokens = isTold && answer.tokens <= most ? answer.tokens : attempt.tokens
      return .answered(
        tokens: tokens, cost: terms.cost(ofTokens: tokens), rateLimits: answer.rateLimits)
    case .failure(let error as ServiceError): return .failed(error)
    case .failure: return .cancelled(wasSent: true)
    }
  }

  private func note(_ outcome: AttemptOutcome, of attempt: SpendingAttempt) {
    let metadata: Logger.Metadata = [
      "run": "\(options.runID)", "request": "\(attempt.requestID)", "try": "\(attempt.number)",
      "texts": "\(attempt.texts)", "tokens": "\(attempt.tokens)",
    ]
    state.withLock { $0.count(outcome, of: attempt) }
    switch outcome {
    case .answered: logger.debug("answered", metadata: metadata)
    case .failed(let error):
      logger.info("request failed: \(error.message)", metadata: metadata)
    case .cancelled: logger.debug("cancelled", metadata: metadata)
    }
  }

  /// Whether a service that refuses a text, and has answered nothing yet, refuses every text.
  private func refusesAll() async throws -> Bool {
    guard !state.withLock({ $0.hasAnswer }),
      case .failure(let error as ServiceError) = try await tryALetter()
    else { return false }
    return error.kind == .input || error.kind == .requestTooLarge
  }

  /// Whether the service embeds a letter now.
  private func takesALetter() async throws -> Bool {
    if case .success = try await tryALetter() { true } else { false }
  }

  /// What the service answers to one letter; nil if it cannot be sent now.
  private func tryALetter() async throws -> Result<EmbeddingBatch, any Error>? {
    let deadline = ContinuousClock.now + .seconds(60)
    guard
      case .granted(let reservation) = try await admit(
        newAttempt(texts: 1, tokens: 1), deadline: deadline)
    else { return nil }
    return try await attempt(Self.letter, reservation, deadline: deadline)
  }

  private func refusalOfAll(_ refusal: ServiceError) -> ServiceError {
    var all = refusal
    all.message =
      "\(service.space.provider) refuses every text, a single letter too: \(refusal.message); check "
      + "the address and the model"
    return all
  }

  // MARK: - Batches of the service

  /// Enters a batch at half the price, before anything of it is sent.
  ///
  /// - Parameter name: what it is called in the ledger, by which any process settles it.
  /// - Returns: the reservation; `tooDear` and `stopped` where there is none.
  package func reserveBatch(
    named name: String, texts: Int, tokens: Int
  ) async throws -> (reservation: Reservation?, refusal: Outcome?) {
    var attempt = newAttempt(texts: texts, tokens: tokens)
    attempt.requestID = name
    attempt.isBatch = true
    attempt.cost = service.terms.price.halved.cost(ofTokens: tokens)
    let deadline = ContinuousClock.now + .seconds(min(options.patience, 1e9))
    switch try await admit(attempt, deadline: deadline) {
    case .granted(let reservation): return (reservation, nil)
    case .outcome(let outcome): return (nil, outcome)
    }
  }

  /// Counts a batch that the service has, at what it costs at most.
  package func count(batch: Reservation) {
    state.withLock { $0.count(batch: batch.attempt) }
  }

  /// Gives back what was reserved for a batch that the service does not have.
  package func giveBack(batch: Reservation) async {
    release(batch.attempt.cost)
    // Though the run is cancelled. What cannot be entered counts as possibly billed.
    await Task { [ledger] in
      try? await ledger.settle(batch, as: .cancelled(wasSent: false))
    }.value
  }

  /// Does what costs nothing, again if that helps.
  ///
  /// - Parameter isSafe: whether it may be done again after an error.
  /// - Throws: what `body` throws the last time.
  package func retrying<Result: Sendable>(
    if isSafe: @Sendable (ServiceError) -> Bool = { _ in true },
    _ body: @Sendable () async throws -> Result
  ) async throws -> Result {
    var number = 1
    while true {
      do {
        return try await body()
      } catch let error as ServiceError {
        guard isSafe(error), case .retry(let seconds) = action(after: error, number, 1) else {
          throw error
        }
        try await pause(seconds, "\(error)")
        number += 1
      }
    }
  }

  /// Stops the run: the service refuses batches.
  package func stop(after error: ServiceError) -> StopReason { stop(.refused(error)) }

  /// Stops the run for all its batches; the first reason stays.
  private func stop(_ reason: StopReason) -> StopReason { state.withLock { $0.stop(reason) } }
}

/// What keeps others from sending the texts of a batch while it is on its way.
package protocol BatchHold: Sendable {
  /// Takes hold of all texts, or of none: false where somebody else has one on its way or its vector.
  func take() async throws -> Bool

  /// Lets all texts go.
  func release() async
}
