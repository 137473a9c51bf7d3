// When the breaker opens, who may find out whether the service is back, and what that changes.

import Foundation
import TestSupport
import Testing

@testable import VectorStoreEmbedding

@Suite struct CircuitBreakerTests {
  private func time(_ seconds: Double) -> Date {
    Date(timeIntervalSince1970: 1_800_000_000 + seconds)
  }

  /// A breaker that opened at second 0.
  private func openBreaker() -> CircuitBreaker {
    var breaker = CircuitBreaker()
    breaker.fail(.server, admittedAt: time(-5), now: time(-2))
    for _ in 1..<10 { breaker.fail(.server, admittedAt: time(-5), now: time(0)) }
    return breaker
  }

  @Test(arguments: [
    ServiceError.Kind.network, .server, .badAnswer, .init(rawValue: "of_another_service"),
  ])
  func tenFailuresInARowOpenItForFifteenSeconds(kind: ServiceError.Kind) {
    var breaker = CircuitBreaker()
    for _ in 0..<12 { breaker.fail(kind, admittedAt: time(-3), now: time(-2)) }
    #expect(breaker.admit(now: time(-2)) == .pass, "many at once are one hiccup")
    breaker.succeed(admittedAt: time(-3), now: time(-2))
    for _ in 0..<9 { breaker.fail(kind, admittedAt: time(-3), now: time(-2)) }
    #expect(breaker.admit(now: time(0)) == .pass)
    #expect(breaker.state(now: time(0)) == .closed)
    breaker.fail(kind, admittedAt: time(-1), now: time(0))
    #expect(breaker.admit(now: time(0)) == .open(until: time(15)))
    #expect(breaker.admit(now: time(14.9)) == .open(until: time(15)))
    #expect(breaker.state(now: time(14.9)) == .open(until: time(15)))
    #expect(breaker.state(now: time(15)) == .halfOpen)
    #expect(breaker.admit(now: time(15)) == .probe)
  }

  @Test func goodAnswerStartsTheCountAgain() {
    var breaker = CircuitBreaker()
    for _ in 0..<3 {
      for _ in 0..<9 { breaker.fail(.network, admittedAt: time(0), now: time(1)) }
      breaker.succeed(admittedAt: time(0), now: time(1))
    }
    #expect(breaker == CircuitBreaker())
  }

  @Test(arguments: [
    ServiceError.Kind.authentication, .quota, .rate, .input, .requestTooLarge,
  ])
  func refusalsAreNotCountedAndTakeNothingBack(kind: ServiceError.Kind) {
    var breaker = CircuitBreaker()
    for _ in 0..<50 { breaker.fail(kind, admittedAt: time(0), now: time(1)) }
    #expect(breaker == CircuitBreaker())
    for _ in 0..<9 { breaker.fail(.server, admittedAt: time(-2), now: time(-1)) }
    breaker.fail(kind, admittedAt: time(0), now: time(1))
    #expect(breaker.admit(now: time(1)) == .pass)
    breaker.fail(.server, admittedAt: time(0), now: time(1))
    #expect(breaker.admit(now: time(1)) == .open(until: time(16)))
  }

  @Test func oneProbePassesAndTheOthersWaitForIt() {
    var breaker = openBreaker()
    #expect(breaker.admit(now: time(15)) == .probe)
    #expect(breaker.admit(now: time(15)) == .probing(until: time(75)))
    #expect(breaker.admit(now: time(40)) == .probing(until: time(75)))
    #expect(breaker.state(now: time(40)) == .halfOpen)
    breaker.succeed(admittedAt: time(15), now: time(41))
    #expect(breaker.state(now: time(41)) == .closed)
    #expect(breaker.admit(now: time(41)) == .pass)
  }

  @Test func cooldownDoublesWithEachFailedProbeUpToFiveMinutes() {
    var breaker = openBreaker()
    var now = 15.0
    for cooldown in [30.0, 60, 120, 240, 300, 300] {
      #expect(breaker.admit(now: time(now)) == .probe)
      breaker.fail(.network, admittedAt: time(now), now: time(now + 1))
      #expect(breaker.state(now: time(now + 1)) == .open(until: time(now + 1 + cooldown)))
      now += 1 + cooldown
    }
    #expect(breaker.admit(now: time(now)) == .probe)
    breaker.succeed(admittedAt: time(now), now: time(now + 1))
    breaker.fail(.server, admittedAt: time(now + 2), now: time(now + 1))
    for _ in 1..<10 { breaker.fail(.server, admittedAt: time(now + 2), now: time(now + 3)) }
    #expect(breaker.state(now: time(now + 3)) == .open(until: time(now + 18)))
  }

  @Test(arguments: [
    ServiceError.Kind.authentication, .quota, .rate, .input, .requestTooLarge,
  ])
  func refusedProbeShowsThatTheServiceIsBack(kind: ServiceError.Kind) {
    var breaker = openBreaker()
    #expect(breaker.admit(now: time(15)) == .probe)
    breaker.fail(kind, admittedAt: time(15), now: time(16))
    #expect(breaker.state(now: time(16)) == .closed)
  }

  @Test func probeThatNobodyHearsOfMakesRoomAfterAMinute() {
    var breaker = openBreaker()
    #expect(breaker.admit(now: time(20)) == .probe)
    #expect(breaker.admit(now: time(79.9)) == .probing(until: time(80)))
    #expect(breaker.admit(now: time(80)) == .probe)
    // The first probe was only slow: its failure says nothing about the second.
    breaker.fail(.network, admittedAt: time(20), now: time(81))
    #expect(breaker.admit(now: time(81)) == .probing(until: time(140)))
    breaker.fail(.network, admittedAt: time(80), now: time(82))
    #expect(breaker.state(now: time(82)) == .open(until: time(112)))
  }

  @Test func cancelledProbeGivesItsPlaceBack() {
    var breaker = openBreaker()
    #expect(breaker.admit(now: time(15)) == .probe)
    breaker.cancel(admittedAt: time(-3), now: time(16))
    #expect(breaker.admit(now: time(16)) == .probing(until: time(75)))
    breaker.cancel(admittedAt: time(15), now: time(17))
    #expect(breaker.state(now: time(17)) == .halfOpen)
    #expect(breaker.admit(now: time(17)) == .probe)
    breaker.fail(.server, admittedAt: time(17), now: time(18))
    #expect(breaker.state(now: time(18)) == .open(until: time(48)))
  }

  @Test func cancelledRequestChangesNothingElsewhere() {
    var closed = CircuitBreaker()
    closed.cancel(admittedAt: time(0), now: time(1))
    #expect(closed == CircuitBreaker())
    var open = openBreaker()
    open.cancel(admittedAt: time(-5), now: time(1))
    #expect(open == openBreaker())
  }

  @Test func outcomesFromBeforeItOpenedSayNothing() {
    var breaker = openBreaker()
    breaker.fail(.network, admittedAt: time(-4), now: time(14))
    #expect(breaker.state(now: time(14)) == .open(until: time(15)))
    breaker.succeed(admittedAt: time(-4), now: time(14))
    #expect(breaker.state(now: time(14)) == .open(until: time(15)))
    #expect(breaker.admit(now: time(15)) == .probe)
    breaker.fail(.network, admittedAt: time(-4), now: time(16))
    breaker.succeed(admittedAt: time(-4), now: time(16))
    #expect(breaker.admit(now: time(16)) == .probing(until: time(75)))
    breaker.succeed(admittedAt: time(15), now: time(17))
    for _ in 0..<30 { breaker.fail(.network, admittedAt: time(-4), now: time(18)) }
    #expect(breaker.admit(now: time(18)) == .pass)
  }

  @Test func probeIsKnownByATimeInWholeSeconds() {
    var breaker = openBreaker()
    #expect(breaker.admit(now: time(15.9)) == .probe)
    breaker.succeed(admittedAt: time(15), now: time(17))
    #expect(breaker.state(now: time(17)) == .closed)
  }

  @Test func clockThatIsSetBackKeepsItOpenForACooldownAtMost() {
    var breaker = openBreaker()
    #expect(breaker.state(now: time(-7200)) == .open(until: time(-7185)))
    #expect(breaker.admit(now: time(-7200)) == .open(until: time(-7185)))
    #expect(breaker.admit(now: time(-7185)) == .probe)
    #expect(breaker.admit(now: time(-9000)) == .probing(until: time(-8940)))
    #expect(breaker.admit(now: time(-8940)) == .probe)
    breaker.succeed(admittedAt: time(-8940), now: time(-8939))
    #expect(breaker.state(now: time(-8939)) == .closed)
    breaker.fail(.server, admittedAt: time(-9500), now: time(-9501))
    for _ in 1..<10 { breaker.fail(.server, admittedAt: time(-9500), now: time(-9499)) }
    #expect(breaker.state(now: time(-9499)) == .open(until: time(-9484)))
  }

  @Test func oneFailureInThreeAtRandomHardlyEverOpensIt() {
    var opened = 0
    for seed in 0..<20 {
      var generator = SeededGenerator(seed: UInt64(seed))
      var breaker = CircuitBreaker()
      for number in 0..<1000 {
        let now = time(Double(number))
        guard case .pass = breaker.admit(now: now) else {
          opened += 1
          breaker = CircuitBreaker()
          continue
        }
        if Int.random(in: 0..<3, using: &generator) == 0 {
          breaker.fail(.network, admittedAt: now, now: now)
        } else {
          breaker.succeed(admittedAt: now, now: now)
        }
      }
    }
    // 20,000 requests: 0.23 times are to be expected.
    #expect(opened <= 1)
  }

  @Test func stateIsTheSameAfterItWasStored() throws {
    var probing = openBreaker()
    _ = probing.admit(now: time(15.123456789))
    for breaker in [CircuitBreaker(), openBreaker(), probing] {
      let stored = try JSONEncoder().encode(breaker)
      #expect(try JSONDecoder().decode(CircuitBreaker.self, from: stored) == breaker)
    }
  }
}
