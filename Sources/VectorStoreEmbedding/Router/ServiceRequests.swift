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
    /// The most that this run may cost, with what it pays other services from the same purse.
    package var maximumCost = SpendingLimit<NanoDollars>.unlimited
    package var purse = RunPurse()
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
  static let longWait = 5.0
  /// How soon a wait notices that the run was stopped, in seconds.
  static let step = 0.2
  /// The shortest text, by which a server is tried.
  private static let letter = ["a"]

  /// The service.
  package let service: any EmbeddingService
  let ledger: any SpendingLedger
  let limits: SpendingLimits
  private let lane: ServiceLane
  private let policy: RetryPolicy
  let options: Options
  let logger: Logger
  let state = Mutex(RequestState())

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
    guard try await lane.gate.take(for: options.purpose, until: deadlineOfPatience) else {
      return .putOff(noAnswerYet(.notSent))
    }
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
      case nil where isStopped || ContinuousClock.now < deadline: continue
      case nil: return .putOff(noAnswerYet(.notSent))
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

  func action(
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

  // MARK: - One attempt

  /// Sends one request and settles it; nil if it was not sent, since the run was stopped or no slot was free
  /// before the deadline. Nothing stays reserved for what was not sent. Throws only `CancellationError`.
  private func attempt(
    _ texts: [String], _ reservation: Reservation, deadline: ContinuousClock.Instant
  ) async throws -> Result<EmbeddingBatch, any Error>? {
    let attempt = reservation.attempt
    let hasSlot: Bool
    do {
      hasSlot = try await lane.slots.take(
        for: options.purpose, until: options.patience.isFinite ? deadline : nil)
    } catch {
      await withdraw(reservation)
      throw error
    }
    // What was granted before the budget was used up is still sent.
    guard hasSlot, !Task.isCancelled, state.withLock({ $0.stopped?.isBudget ?? true }) else {
      if hasSlot { await lane.slots.give() }
      await withdraw(reservation)
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

  /// Frees what was reserved for a request that is not sent.
  private func withdraw(_ reservation: Reservation) async {
    release(reservation.attempt.cost)
    // Though the task is cancelled. What cannot be entered counts as possibly billed.
    await Task { [ledger] in
      try? await ledger.settle(reservation, as: .cancelled(wasSent: false))
    }.value
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
    let patience = noAnswerYet(.possible)
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

  private func noAnswerYet(_ billing: ServiceError.Billing) -> ServiceError {
    ServiceError(
      .network, code: "no_answer_yet",
      message: "\(service.space.provider) has not answered in time; try again later",
      billing: billing)
  }

  /// When the patience with a batch that is sent now is over; nil if it never is.
  private var deadlineOfPatience: ContinuousClock.Instant? {
    options.patience.isFinite ? .now + .seconds(min(options.patience, 1e9)) : nil
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

  func note(_ outcome: AttemptOutcome, of attempt: SpendingAttempt) {
    let metadata: Logger.Metadata = [
      "run": "\(options.runID)", "request": "\(attempt.requestID)", "try": "\(attempt.number)",
      "texts": "\(attempt.texts)", "tokens": "\(attempt.tokens)",
    ]
    change { state, _ in state.count(outcome, of: attempt) }
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

  /// Stops the run for all its batches; the first reason stays.
  func stop(_ reason: StopReason) -> StopReason { state.withLock { $0.stop(reason) } }
}

/// What keeps others from sending the texts of a batch while it is on its way.
package protocol BatchHold: Sendable {
  /// Takes hold of all texts, or of none: false where somebody else has one on its way or its vector.
  func take() async throws -> Bool

  /// Lets all texts go.
  func release() async
}
