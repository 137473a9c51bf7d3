// Before a request is sent: the run's own limit, the ledger's answer, and the waits.

import Foundation
import Logging
import Synchronization

extension ServiceRequests {
  enum Admission {
    case granted(Reservation)
    case outcome(Outcome)
  }

  func newAttempt(
    texts: Int, tokens: Int, number: Int = 1, kind: String = ""
  ) -> SpendingAttempt {
    let sequence = state.withLock { $0.nextSequence() }
    return SpendingAttempt(
      account: service.space.provider, model: service.space.model, runID: options.runID,
      requestID: "\(options.runID)-\(kind)\(sequence)", number: number, texts: texts,
      tokens: tokens, cost: service.terms.cost(ofTokens: tokens))
  }

  /// Waits for the rate, asks the ledger and enters the attempt.
  func admit(
    _ attempt: SpendingAttempt, deadline: ContinuousClock.Instant, hold: (any BatchHold)? = nil
  ) async throws -> Admission {
    while true {
      try Task.checkCancellation()
      if let reason = state.withLock({ $0.stopped }) { return .outcome(.stopped(reason)) }
      switch reserve(attempt.cost) {
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

  private func reserve(_ cost: NanoDollars) -> RequestState.Reservation {
    change { $0.reserve(cost, within: options.maximumCost, beside: $1) }
  }

  func release(_ cost: NanoDollars) { change { state, _ in state.release(cost) } }

  /// Changes what is spent and reserved.
  func change<Result>(
    _ body: (inout RequestState, _ others: RunPurse.Share) -> Result
  ) -> Result {
    options.purse.change(self) { others in
      state.withLock { state in (body(&state, others), state.share) }
    }
  }

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
  func pause(
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
  func pause(_ seconds: Double, _ reason: String? = nil) async throws {
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
}
