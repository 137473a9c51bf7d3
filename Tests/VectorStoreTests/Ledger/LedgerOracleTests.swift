import Foundation
import TestSupport
import Testing

@testable import VectorStore

/// The ledger on the disk against the one in memory, and under many processes at once.
@Suite struct LedgerOracleTests {
  typealias Fixture = LedgerFixture

  @Test(arguments: 1...3)
  func decidesAsTheLedgerInMemoryDoes(seed: UInt64) async throws {
    let fixture = try Fixture()
    let memory = MemoryLedger { [clock = fixture.clock] in clock.now }
    var random = SeededGenerator(seed: seed)
    let limits = Fixture.limits(nano: 2000, hourly: 25, minute: 6)
    var flying: [(disk: Reservation, memory: Reservation)] = []
    for step in 0..<80 {
      if flying.count < 4, Bool.random(using: &random) {
        let attempt = Fixture.attempt(
          "\(step)", nano: .random(in: 0...200, using: &random),
          tokens: .random(in: 1...1000, using: &random))
        let onDisk = try await fixture.ledger.reserve(attempt, under: limits)
        let inMemory = try await memory.reserve(attempt, under: limits)
        if case .granted(let disk) = onDisk, case .granted(let other) = inMemory {
          #expect(disk.warnings == other.warnings, "seed \(seed), step \(step)")
          flying.append((disk, other))
        } else {
          #expect(onDisk == inMemory, "seed \(seed), step \(step)")
        }
      } else if !flying.isEmpty {
        let pair = flying.removeFirst()
        let outcome = Self.outcome(of: pair.disk.attempt, &random)
        try await fixture.ledger.settle(pair.disk, as: outcome)
        try await memory.settle(pair.memory, as: outcome)
      }
      let activity = try await fixture.ledger.activity(of: "openai")
      let expected = try await memory.activity(of: "openai")
      #expect(activity == expected, "seed \(seed), step \(step)")
      // Now and then hours pass, but never while something is in flight.
      let pause = flying.isEmpty && step % 7 == 0 ? 20_000_000 : 20_000
      fixture.clock.advance(by: Double(Int.random(in: 0...pause, using: &random)) / 1000)
    }
    try await fixture.expectWhole()
  }

  private static func outcome(
    of attempt: SpendingAttempt, _ random: inout SeededGenerator
  ) -> AttemptOutcome {
    switch Int.random(in: 0..<8, using: &random) {
    case 0: return .failed(.network, .notSent)
    case 1: return .failed(.rate, .refused)
    case 2: return .failed(.server, .possible)
    case 3: return .cancelled(wasSent: Bool.random(using: &random))
    default:
      var headers = RateLimitHeaders()
      headers.limitRequests = 5
      headers.remainingRequests = Int.random(in: 0...5, using: &random)
      headers.resetRequests = 10
      return .answered(
        tokens: attempt.tokens / 2 + 1, cost: NanoDollars(nano: attempt.cost.nano / 2 + 1),
        rateLimits: headers)
    }
  }

  @Test func eightAtOnceNeverPassTheLimitAndReachIt() async throws {
    let fixture = try Fixture()
    let limit: Int64 = 100_000
    // Eight connections, as of eight processes; they make the file at the same moment.
    let granted = try await withThrowingTaskGroup(of: Int64.self) { group in
      for worker in 0..<8 {
        group.addTask { try await Self.spend(worker, limit: limit, fixture.reopened()) }
      }
      return try await group.reduce(0, +)
    }
    let used = try await fixture.ledger.activity(of: "openai")
    #expect(used.reservedToday == .zero)
    #expect(used.billedToday.nano == granted)
    #expect(granted <= limit)
    #expect(granted > limit * 9 / 10)
    #expect(try permissions(fixture.path) == 0o600)
    #expect(try permissions(fixture.folder.path("state")) == 0o700)
    try await fixture.expectWhole()
  }

  /// Reserves and settles until nothing more fits. Returns what it spent.
  private static func spend(
    _ worker: Int, limit: Int64, _ ledger: DatabaseLedger
  ) async throws -> Int64 {
    var random = SeededGenerator(seed: UInt64(worker))
    var spent: Int64 = 0
    for number in 0..<10_000 {
      let cost = Int64.random(in: limit / 60...limit / 20, using: &random)
      let attempt = Fixture.attempt("\(worker).\(number)", nano: cost)
      switch try await ledger.reserve(attempt, under: Fixture.limits(nano: limit)) {
      case .granted(let reservation):
        // The clock stands still: what was refused in this minute says nothing.
        let outcomes: [AttemptOutcome] = [
          .answered(cost / 2), .answered(cost), .failed(.input, .refused),
          .failed(.input, .possible), .cancelled(wasSent: true),
        ]
        let outcome = try #require(outcomes.randomElement(using: &random))
        try await ledger.settle(reservation, as: outcome)
        spent += outcome.bill(reserved: reservation.attempt.cost).nano
      case .wait: try await Task.sleep(for: .milliseconds(5))
      case .refused: return spent
      case .breakerOpen: Issue.record("the breaker is open")
      }
    }
    return spent
  }
}
