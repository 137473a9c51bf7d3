// Texts that several runs add at once: each is sent once, and a run that is over keeps nobody waiting.

import Foundation
import GRDB
import TestSupport
import Testing

@testable import VectorStore

@Suite struct ClaimsTests {
  /// A server that takes its time, so that runs meet.
  private static var slow: LoopbackBehaviour {
    var behaviour = LoopbackBehaviour()
    behaviour.latency = 0.1
    return behaviour
  }

  /// Adds the same texts to collections of their own, all at once.
  private func addAtOnce(_ stores: [Store], _ texts: [Document]) async throws -> [AddReport] {
    try await withThrowingTaskGroup(of: AddReport.self) { group in
      for (number, store) in stores.enumerated() {
        group.addTask { try await store.add(texts, to: "collection \(number)") }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
  }

  private func expectPaidOnce(_ reports: [AddReport], _ texts: [Document], _ paid: PaidStore)
    async throws
  {
    #expect(paid.server.billing.paidTwice.isEmpty)
    #expect(paid.server.billing.timesBilled.count == texts.count)
    #expect(reports.allSatisfy { $0.documents == .init(added: texts.count) }, "\(reports)")
    #expect(reports.reduce(0) { $0 + $1.chunks.embedded } == texts.count)
    #expect(reports.reduce(0) { $0 + $1.tokens } == paid.server.billing.tokens, "told the truth")
    let left = try await DatabaseQueue(path: paid.path).read { db in
      try ["claims", "staged"].map { try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM \($0)") }
    }
    #expect(left == [0, 0])
  }

  @Test(arguments: [2, 4, 8])
  func tasksOfOneStoreThatAddTheSameTextsPayOnce(_ count: Int) async throws {
    try await withPaidStore(Self.slow) { paid in
      let store = try await paid.open(service: try paid.service())
      let texts = numberedTexts(500)
      let reports = try await addAtOnce(Array(repeating: store, count: count), texts)
      try await expectPaidOnce(reports, texts, paid)
      try await store.close()
    }
  }

  @Test(arguments: [2, 4, 8])
  func storesOnOneFileThatAddTheSameTextsPayOnce(_ count: Int) async throws {
    try await withPaidStore(Self.slow) { paid in
      var stores: [Store] = []
      for _ in 0..<count {
        stores.append(try await paid.open(service: try paid.service { $0.maximumBatchSize = 16 }))
      }
      let texts = numberedTexts(500)
      let reports = try await addAtOnce(stores, texts)
      try await expectPaidOnce(reports, texts, paid)
      for store in stores { try await store.close() }
    }
  }

  /// Runs whose documents another run placed first counted what they paid for as reused.
  @Test func storesThatAddTheSameDocumentsCountEachTextOnce() async throws {
    try await withPaidStore(Self.slow) { paid in
      var stores: [Store] = []
      for _ in 0..<4 {
        stores.append(try await paid.open(service: try paid.service { $0.maximumBatchSize = 16 }))
      }
      let texts = numberedTexts(300)
      let reports = try await withThrowingTaskGroup(of: AddReport.self) { group in
        for store in stores { group.addTask { try await store.add(texts) } }
        return try await group.reduce(into: [AddReport]()) { $0.append($1) }
      }
      #expect(paid.server.billing.timesBilled.count == 300)
      #expect(reports.reduce(0) { $0 + $1.chunks.embedded } == 300)
      #expect(reports.allSatisfy { $0.chunks.embedded + $0.chunks.reused == 300 }, "\(reports)")
      for store in stores { try await store.close() }
    }
  }

  /// One row that is no claim made every `add` fail.
  @Test func rowsThatAreNoClaimsAreDropped() async throws {
    let schema = ClaimsTable.schema.replacingOccurrences(of: "STRICT, ", with: "")
      .replacingOccurrences(of: " NOT NULL", with: "")
    let left = try await DatabaseQueue().write { db in
      try db.execute(
        sql: schema + """
          INSERT INTO claims VALUES (x'01', 1, 7, 'now'), (x'02', 1, 8, 'now'), (x'03', 1, 'a', 'now'),
            (x'04', 1, 7, NULL), ('text', 1, 7, 'now'), (x'05', 'b', 7, 'now')
          """)
      try ClaimsTable.release(whereOver: { $0 == 8 }, db)
      return try Data.fetchAll(db, sql: "SELECT text_hash FROM claims")
    }
    #expect(left == [Data([1])])
  }

  @Test func anAddAndAReembedPayOnceForTheSameTexts() async throws {
    try await withPaidStore(Self.slow) { paid in
      let texts = numberedTexts(300)
      let mock = try await paid.open(mode: .hybrid, service: nil)
      #expect(try await mock.add(texts, to: "old").chunks.standIn == 300)
      try await mock.close()
      let store = try await paid.open(service: try paid.service())
      async let brought = store.reembed("old")
      async let added = store.add(texts, to: "new")
      let (reembedded, new) = try await (brought, added)
      #expect(reembedded.isComplete && new.documents == .init(added: 300))
      #expect(reembedded.chunks.embedded + new.chunks.embedded == 300)
      #expect(paid.server.billing.paidTwice.isEmpty)
      try await store.close()
    }
  }

  @Test(arguments: [ServiceMode.real, .hybrid])
  func whoeverWaitsTakesOverWhatAnotherRunIsRefused(_ mode: ServiceMode) async throws {
    var behaviour = LoopbackBehaviour()
    behaviour.latency = 0.5
    behaviour.keys = ["sk-right"]
    try await withPaidStore(behaviour) { paid in
      let texts = numberedTexts(192)
      let refused = try await paid.open(mode: mode, service: try paid.service(key: "sk-wrong"))
      let other = try await paid.open(mode: mode, service: try paid.service(key: "sk-right"))
      async let first = refused.add(texts, to: "first")
      // Until the first has texts on their way: once one request is refused, it sends no more.
      try await paid.server.waitForRequests(1)
      let second = try await other.add(texts, to: "second")
      #expect(second.documents == .init(added: 192) && second.chunks.embedded == 192)
      #expect(second.stopped == nil)
      #expect(try await first.stopped?.code == "authentication_failed")
      #expect(paid.server.billing.paidTwice.isEmpty)
      try await refused.close()
      try await other.close()
    }
  }

  @Test func aWaitingRunKeepsToItsOwnLimit() async throws {
    var behaviour = LoopbackBehaviour()
    behaviour.latency = 0.5
    behaviour.keys = ["sk-right"]
    try await withPaidStore(behaviour) { paid in
      let texts = numberedTexts(128)
      let refused = try await paid.open(service: try paid.service(key: "sk-wrong"))
      let other = try await paid.open(service: try paid.service(key: "sk-right"))
      async let first = refused.add(texts, to: "first")
      try await paid.server.waitForRequests(1)
      var options = AddOptions()
      options.spending.maximumCost = .atMost(NanoDollars(nano: 20 * 64))
      let second = try await other.add(texts, to: "second", options: options)
      #expect(second.stopped?.code == "budget_exceeded")
      #expect(second.costUSD <= 20 * 64 / 1e9 && second.documents.pending > 0)
      _ = try await first
      try await refused.close()
      try await other.close()
    }
  }

  /// Enters claims of a run on texts.
  private func claim(_ texts: [Document], for run: Int64, in store: Store) async throws {
    let hashes = texts.compactMap(\.text).map(TextHash.of)
    try await store.file.write { db in
      let space = try SpacesTable.findOrCreate(.openAI3Small, db)
      for hash in hashes {
        try ClaimsTable.claim(
          textHash: hash, space: space.id, run: run, now: Timestamp.now(), db)
      }
    }
  }

  @Test func theClaimOfARunThatHasEndedIsNotHeeded() async throws {
    try await withPaidStore { paid in
      let store = try await paid.open(service: try paid.service())
      try await store.add([Document(id: "before", text: "something else")])
      let ended = try await store.file.read { try Int64.fetchOne($0, sql: "SELECT id FROM runs") }
      let texts = numberedTexts(100)
      try await claim(texts, for: try #require(ended), in: store)
      let report = try await store.add(texts)
      #expect(report.documents == .init(added: 100) && report.duration < .seconds(30))
      try await expectNoClaims(store)
      try await store.close()
    }
  }

  @Test func theClaimOfARunAtWorkIsWaitedForUntilItEnds() async throws {
    try await withPaidStore { paid in
      let store = try await paid.open(service: try paid.service())
      let texts = numberedTexts(100)
      var other: FileRunPresence? = try FileRunPresence(storePath: paid.path, run: 4711)
      try await claim(Array(texts[..<60]), for: 4711, in: store)
      let adding = Task { try await store.add(texts) }
      // The rest goes on.
      while paid.server.billing.timesBilled.count < 40 {
        try await Task.sleep(for: .milliseconds(5))
      }
      try await Task.sleep(for: .milliseconds(400))
      #expect(paid.server.billing.timesBilled.count == 40)
      withExtendedLifetime(other) {}
      other = nil
      #expect(try await adding.value.documents == .init(added: 100))
      #expect(paid.server.billing.paidTwice.isEmpty)
      try await expectNoClaims(store)
      try await store.close()
    }
  }

  @Test func aRunThatOnlyWaitsEndsWhenItIsCancelled() async throws {
    try await withPaidStore { paid in
      let store = try await paid.open(service: try paid.service())
      let texts = numberedTexts(100)
      let other = try FileRunPresence(storePath: paid.path, run: 4711)
      try await claim(texts, for: 4711, in: store)
      let adding = Task { try await store.add(texts) }
      try await Task.sleep(for: .milliseconds(500))
      let cancelled = ContinuousClock.now
      adding.cancel()
      await #expect(throws: CancellationError.self) { try await adding.value }
      #expect(ContinuousClock.now - cancelled < .seconds(10), "the claim would hold for minutes")
      withExtendedLifetime(other) {}
      #expect(paid.server.embeddingRequests.isEmpty)
      try await store.close()
    }
  }

  @Test func aClaimOfTenMinutesIsNotHeeded() async throws {
    try await withPaidStore { paid in
      let store = try await paid.open(service: try paid.service())
      let texts = numberedTexts(10)
      let suspended = try FileRunPresence(storePath: paid.path, run: 4711)
      try await claim(texts, for: 4711, in: store)
      let old = Timestamp.of(Date() - 601)
      try await store.file.write {
        try $0.execute(sql: "UPDATE claims SET claimed_at = ?", arguments: [old])
      }
      #expect(try await store.add(texts).documents == .init(added: 10))
      withExtendedLifetime(suspended) {}
      try await store.close()
    }
  }

  @Test func aRunIsSeenAtWorkWhileItIsAndNoLonger() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("store.db")
    let looking = try FileRunPresence(storePath: path, run: 1)
    var other: FileRunPresence? = try FileRunPresence(storePath: path, run: 2)
    #expect(looking.isAtWork(1) && looking.isAtWork(2) && !looking.isAtWork(3))
    #expect(!looking.isAtWork(-1) && !looking.isAtWork(.max) && !looking.isAtWork(.min))
    withExtendedLifetime(other) {}
    other = nil
    #expect(!looking.isAtWork(2))
  }

  private func expectNoClaims(_ store: Store) async throws {
    let claims = try await store.file.read {
      try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM claims")
    }
    #expect(claims == 0)
  }
}
