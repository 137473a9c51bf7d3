// A team's ledger on PostgreSQL holds to one limit, and counts as a file does.

#if Postgres
  import Foundation
  import Synchronization
  import TestSupport
  import Testing
  @testable import VectorStore

  @Suite(
    .enabled(if: PostgresServer.isThere, "\(PostgresServer.howToGet)"), .timeLimit(.minutes(5)))
  struct PostgresLedgerTests {
    @Test func manyHoldToOneLimit() async throws {
      let database = try await PostgresServer.makeDatabase()
      let limits = LedgerFixture.limits(nano: 10_000)
      let granted = Mutex(0)
      try await withThrowingTaskGroup(of: Int.self) { group in
        for process in 0..<8 {
          group.addTask {
            // Each has connections of its own, as a process has.
            let ledger = DatabaseLedger(path: database.uri)
            var count = 0
            for number in 0..<25 {
              let attempt = LedgerFixture.attempt("\(process)/\(number)", nano: 100)
              if case .granted(let reservation) = try await ledger.reserve(attempt, under: limits) {
                count += 1
                try await ledger.settle(reservation, as: .answered(100))
              }
            }
            return count
          }
        }
        for try await count in group { granted.withLock { $0 += count } }
      }
      #expect(granted.withLock { $0 } == 100)
      let activity = try await DatabaseLedger(path: database.uri).activity(of: "openai")
      #expect(activity.billedToday == NanoDollars(nano: 10_000))
    }

    /// The same requests make the same report in a file and on a server.
    @Test(arguments: [1, 2, 3] as [UInt64]) func itCountsAsAFileDoes(seed: UInt64) async throws {
      let database = try await PostgresServer.makeDatabase()
      let fixture = try LedgerFixture()
      let clock = fixture.clock
      let ledgers = [fixture.ledger, DatabaseLedger(path: database.uri) { clock.now }]
      var random = SeededGenerator(seed: seed)
      for number in 0..<60 {
        let attempt = LedgerFixture.attempt(
          "\(number)", nano: Int64.random(in: 1...500, using: &random),
          account: Bool.random(using: &random) ? "openai" : "other",
          model: Bool.random(using: &random) ? "small" : "large")
        let limits = LedgerFixture.limits(nano: 5_000, hourly: 40)
        let outcome: AttemptOutcome? =
          switch Int.random(in: 0..<4, using: &random) {
          case 0: nil
          case 1: .failed(.server, .possible)
          case 2: .cancelled(wasSent: false)
          default: .answered(Int64.random(in: 1...500, using: &random))
          }
        for ledger in ledgers {
          guard case .granted(let reservation) = try await ledger.reserve(attempt, under: limits),
            let outcome
          else { continue }
          try await ledger.settle(reservation, as: outcome)
        }
        clock.advance(by: Double.random(in: 0...300, using: &random))
        for account in ["openai", "other"] {
          #expect(
            try await ledgers[1].activity(of: account) == ledgers[0].activity(of: account),
            "seed \(seed), request \(number)")
        }
      }
      #expect(
        try await ledgers[1].usage(account: nil, limits: nil, days: 30)
          == ledgers[0].usage(account: nil, limits: nil, days: 30))
      #expect(
        try await ledgers[1].reservation(named: "3", of: "openai")?.attempt
          == ledgers[0].reservation(named: "3", of: "openai")?.attempt)
    }
  }
#endif
