// Callers at full speed, a ledger and a rate-limited server on a clock that is only counted, to see
// how often requests are refused and how much of the rate is used. Used by RateLimiterTests.

import Foundation
import Synchronization
import TestSupport

@testable import VectorStoreEmbedding

/// Callers that share a ledger, and their server.
struct RateSimulation {
  /// What the server tells about its rate.
  enum Telling {
    case headers, retryAfter, nothing
  }

  struct Outcome {
    var answered = 0
    var answeredTokens = 0
    var refused = 0
    /// How often the ledger was asked.
    var asked = 0
    /// The part of the requests that were refused.
    var refusals: Double { Double(refused) / Double(max(1, answered + refused)) }
  }

  var window = RateServer.Window.rolling
  var telling = Telling.headers
  /// The server's limits.
  var requestsPerMinute = 3500
  var tokensPerMinute = 1_000_000
  /// What the callers believe.
  var configured = SpendingLimits(requestsPerMinute: 3500, tokensPerMinute: 1_000_000)
  var callers = 4
  var tokensPerRequest = 60_000...102_400
  /// From the grant to the server, in seconds.
  var travel = 0.02...0.2
  /// From there back.
  var latency = 0.1...1.5
  var minutes = 10.0

  private enum Step {
    case ask
    case arrive(Reservation)
    case finish(Reservation, AttemptOutcome)
  }

  private struct Event {
    var at: Double
    var caller: Int
    var step: Step
  }

  /// How the simulation stands.
  private struct Stage {
    var generator: SeededGenerator
    var server: RateServer
    var sizes: [Int]
    var tries: [Int]
    var outcome = Outcome()
  }

  func run(seed: UInt64) async throws -> Outcome {
    var generator = SeededGenerator(seed: seed)
    let server = RateServer(
      window: window, requestsPerMinute: requestsPerMinute, tokensPerMinute: tokensPerMinute,
      offset: Double.random(in: 0..<60, using: &generator))
    let sizes = (0..<callers).map { _ in Int.random(in: tokensPerRequest, using: &generator) }
    var stage = Stage(
      generator: generator, server: server, sizes: sizes,
      tries: [Int](repeating: 1, count: callers))
    let clock = CountedClock()
    let ledger = MemoryLedger { clock.now }
    let end = clock.now.timeIntervalSince1970 + minutes * 60
    var events = (0..<callers).map { Event(at: end - minutes * 60, caller: $0, step: .ask) }
    while let next = events.indices.min(by: { events[$0].at < events[$1].at }) {
      let event = events.remove(at: next)
      guard event.at < end else { break }
      clock.now = Date(timeIntervalSince1970: event.at)
      events.append(try await follow(event, &stage, ledger))
    }
    return stage.outcome
  }

  /// What comes of an event.
  private func follow(
    _ event: Event, _ stage: inout Stage, _ ledger: MemoryLedger
  ) async throws -> Event {
    var next = event
    switch event.step {
    case .ask:
      stage.outcome.asked += 1
      let attempt = SpendingAttempt(
        account: "a", model: "m", runID: "r", requestID: "q", number: stage.tries[event.caller],
        texts: 256, tokens: stage.sizes[event.caller], cost: .zero)
      switch try await ledger.reserve(attempt, under: configured) {
      case .granted(let reservation):
        next.at += Double.random(in: travel, using: &stage.generator)
        next.step = .arrive(reservation)
      case .wait(let seconds, _): next.at += seconds
      case .refused, .breakerOpen: throw Unexpected()
      }
    case .arrive(let reservation):
      let outcome = answer(to: reservation, &stage, at: event.at)
      next.at += Double.random(in: latency, using: &stage.generator)
      next.step = .finish(reservation, outcome)
    case .finish(let reservation, let outcome):
      try await ledger.settle(reservation, as: outcome)
      next.step = .ask
      guard case .failed(let error) = outcome else {
        stage.tries[event.caller] = 1
        stage.sizes[event.caller] = Int.random(in: tokensPerRequest, using: &stage.generator)
        break
      }
      let action = RetryPolicy(maximumRetries: 1000).action(
        after: error, tryNumber: stage.tries[event.caller], texts: 256,
        random: Double.random(in: 0..<1, using: &stage.generator))
      guard case .retry(let seconds) = action else { throw Unexpected() }
      stage.tries[event.caller] += 1
      next.at += seconds
    }
    return next
  }

  private func answer(
    to reservation: Reservation, _ stage: inout Stage, at now: Double
  ) -> AttemptOutcome {
    let tokens = reservation.attempt.tokens
    let isAccepted = stage.server.accepts(tokens: tokens, at: now)
    let headers = telling == .headers ? stage.server.headers(at: now) : nil
    if isAccepted {
      stage.outcome.answered += 1
      stage.outcome.answeredTokens += tokens
      return .answered(tokens: tokens, cost: .zero, rateLimits: headers)
    }
    stage.outcome.refused += 1
    return .failed(
      ServiceError(
        .rate, code: "rate_limit_exceeded", message: "too fast", status: 429,
        retryAfter: telling == .nothing ? nil : stage.server.wait(tokens: tokens, at: now),
        rateLimits: headers))
  }

  private struct Unexpected: Error {}
}

/// A clock that stands until it is set.
final class CountedClock: Sendable {
  private let time: Mutex<Date>

  init(_ start: Date = Date(timeIntervalSince1970: 1_800_000_000.25)) { time = Mutex(start) }

  var now: Date {
    get { time.withLock { $0 } }
    set { time.withLock { $0 = newValue } }
  }

  func advance(_ seconds: Double) { time.withLock { $0 += seconds } }
}
