// The ledger beside a store. Tests Sources/VectorStore/Doctor/LedgerCheck.swift and Ledger/LedgerAudit.swift.

import Foundation
import GRDB
import TestSupport
import Testing

@testable import VectorStore

@Suite struct DoctorLedgerTests {
  /// A ledger of today with one answered attempt and one that its process left behind.
  private static func makeLedger(_ fixture: LedgerFixture) async throws {
    fixture.clock.set(Date())
    let answered = try await fixture.grant(LedgerFixture.attempt("a", nano: 100))
    try await fixture.ledger.settle(answered, as: .answered(80))
    try await fixture.grant(LedgerFixture.attempt("b", nano: 50))
  }

  private static func examine(_ ledger: String, repairs: Bool = false) async throws -> DoctorReport
  {
    let fixture = try await DoctorFixture()
    var configuration = fixture.configuration
    configuration.budget.ledgerPath = ledger
    var options = DoctorOptions()
    options.repairs = repairs
    return try await Store.doctor(
      path: fixture.path, configuration: configuration, options: options)
  }

  @Test func aLedgerInUseIsWell() async throws {
    let fixture = try LedgerFixture()
    try await Self.makeLedger(fixture)
    #expect(try await Self.examine(fixture.path).unwell.isEmpty)
  }

  /// A stranger's table or trigger could change what was spent.
  @Test(arguments: [
    ("CREATE TRIGGER ev AFTER INSERT ON attempts BEGIN DELETE FROM days; END", "the trigger ev"),
    ("DROP TABLE accounts; CREATE VIEW accounts AS SELECT 1 AS account", "the view accounts"),
    ("ALTER TABLE days ADD COLUMN more INTEGER", "the table days"),
    ("DROP TABLE days", "the table days"),
  ])
  func aLedgerWithOtherTablesIsRefused(sql: String, name: String) async throws {
    let fixture = try LedgerFixture()
    try await Self.makeLedger(fixture)
    try await DatabaseQueue(path: fixture.path).write { try $0.execute(sql: sql) }
    let error = await #expect(throws: StoreError.self) {
      try await fixture.reopened().reserve(LedgerFixture.attempt(), under: LedgerFixture.limits())
    }
    #expect(error?.code == .foreignSchema)
    #expect(error?.message.contains(name) == true, "\(error?.message ?? "none")")
    let report = try await Self.examine(fixture.path)
    #expect(report[.ledger]?.state == .problem)
    #expect(report[.ledger]?.message.contains(name) == true)
  }

  @Test func aUsersIndexInTheLedgerIsTheirOwn() async throws {
    let fixture = try LedgerFixture()
    try await Self.makeLedger(fixture)
    try await DatabaseQueue(path: fixture.path).write {
      try $0.execute(sql: "CREATE INDEX mine ON attempts(model COLLATE NOCASE)")
    }
    #expect(try await Self.examine(fixture.path).unwell.isEmpty)
    _ = try await fixture.reopened().reserve(
      LedgerFixture.attempt(), under: LedgerFixture.limits())
  }

  /// It was called broken: a connection that only reads cannot roll the journal back.
  @Test func aLedgerWhoseWriterWasKilledIsWell() async throws {
    let fixture = try LedgerFixture()
    try await Self.makeLedger(fixture)
    let folder = try TemporaryFolder()
    let copy = folder.path("ledger.db")
    let queue = try DatabaseQueue(path: fixture.path)
    try await queue.writeWithoutTransaction { [path = fixture.path] db in
      // The file and its journal in the middle of a transaction that has spilled from the cache.
      try db.execute(
        sql: "PRAGMA journal_mode = TRUNCATE; PRAGMA cache_size = 1; BEGIN IMMEDIATE")
      try db.execute(sql: "UPDATE days SET cost_nano = 7")
      for number in 0..<200 {
        try db.execute(
          sql: "INSERT INTO accounts VALUES (?, zeroblob(2000) || '')", arguments: ["x\(number)"])
      }
      for side in ["", "-journal"] {
        try FileManager.default.copyItem(atPath: path + side, toPath: copy + side)
      }
      try db.execute(sql: "ROLLBACK")
    }
    try queue.close()
    try #require(StoreFile.size(of: copy + "-journal") > 0)
    #expect(try await Self.examine(copy).unwell.isEmpty)
  }

  @Test func reservationsLeftBehindAreSettledAsPossiblyBilled() async throws {
    let fixture = try LedgerFixture()
    try await Self.makeLedger(fixture)
    try await fixture.execute(
      "UPDATE attempts SET process_id = 2147483000 WHERE state = 'reserved'")
    let found = try await Self.examine(fixture.path)
    #expect(found.unwell == [.reservations] && found.isWell)
    let repaired = try await Self.examine(fixture.path, repairs: true)
    #expect(repaired.unwell == [.reservations])
    #expect(repaired[.reservations]?.state == .repaired)
    #expect(try await fixture.value("SELECT possible_nano FROM days") == 50)
    #expect(try await fixture.value("SELECT reserved_nano FROM days") == 0)
    try await fixture.expectWhole()
    #expect(try await Self.examine(fixture.path).unwell.isEmpty)
  }

  @Test func totalsThatAreTooLowAreSummedAnew() async throws {
    let fixture = try LedgerFixture()
    try await Self.makeLedger(fixture)
    try await fixture.execute("UPDATE days SET cost_nano = 1, requests = 1")
    let found = try await Self.examine(fixture.path)
    #expect(found.names(.problem) == [.ledger])
    #expect(try await Self.examine(fixture.path, repairs: true)[.ledger]?.state == .repaired)
    try await fixture.expectWhole()
    try await fixture.execute("DELETE FROM days")
    #expect(try await Self.examine(fixture.path, repairs: true)[.ledger]?.state == .repaired)
    try await fixture.expectWhole()
  }

  /// A total that knows of more is not lowered: that would loosen a limit.
  @Test func totalsThatAreHigherAreLeft() async throws {
    let fixture = try LedgerFixture()
    try await Self.makeLedger(fixture)
    try await fixture.execute("DELETE FROM attempts WHERE state = 'billed'")
    let report = try await Self.examine(fixture.path, repairs: true)
    #expect(report.unwell == [.ledger] && report.isWell)
    #expect(try await fixture.value("SELECT cost_nano FROM days") == 80)
  }

  @Test func aFileThatIsNoLedgerIsTold() async throws {
    let folder = try TemporaryFolder()
    let text = try folder.write(String(repeating: "no ledger ", count: 500), to: "ledger.db")
    let report = try await Self.examine(text, repairs: true)
    #expect(report.names(.problem) == [.ledger])
    #expect(report[.ledger]?.message.contains("is not a ledger") == true)
    let other = folder.path("other.db")
    try await DatabaseQueue(path: other).write { try $0.execute(sql: "CREATE TABLE t(a)") }
    #expect(try await Self.examine(other)[.ledger]?.state == .problem)
  }
}
