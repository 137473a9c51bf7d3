// The ledger beside the store: whole, its totals right, no reservation left behind.

import Foundation
import GRDB

/// Looks at the ledger's file, if there is one.
struct LedgerCheck: StoreCheck {
  let path: String
  let names = [DoctorReport.Name.ledger, .reservations]

  func run(_ db: Database) throws -> [DoctorReport.Check] {
    guard StoreFile.size(of: path) > 0 else {
      return names.map { DoctorReport.Check($0, .ok, "there is no ledger yet") }
    }
    do {
      var configuration = Configuration()
      // What a killed command left half written is rolled back by whoever opens the ledger next, as every
      // command does; only a connection that may write can.
      configuration.readonly = StoreFile.size(of: path + "-journal") == 0
      // 10 s at most.
      configuration.busyMode = .callback { tries in
        usleep(10_000)
        return tries < 1000 && (try? Cancellation.check()) != nil
      }
      configuration.prepareDatabase { try $0.execute(sql: "PRAGMA trusted_schema = OFF") }
      return try DatabaseQueue(path: path, configuration: configuration).read { db in
        try Cancellation.interrupting(db, look)
      }
    } catch {
      let error = StoreError.ledger(error, path: path, during: .reading)
      var check = DoctorReport.Check(.ledger, .problem, "\(error)")
      check.count = 1
      return [check, DoctorReport.Check(.reservations, .ok, "the ledger cannot be read")]
    }
  }

  func repair(_ file: StoreFile) async throws -> [DoctorReport.Name: String] {
    do {
      return try await UserDatabase(path: path, form: LedgerSchema.form).write { db in
        let audit = LedgerAudit(db: db, now: LedgerTime(Date()))
        var done: [DoctorReport.Name: String] = [:]
        let abandoned = try audit.abandoned()
        let short = try audit.differences().filter(\.isShort)
        for difference in short { try audit.correct(difference) }
        for attempt in abandoned { try audit.settle(attempt) }
        if !short.isEmpty { done[.ledger] = "\(short.count) totals were summed up again" }
        if !abandoned.isEmpty {
          done[.reservations] = "\(abandoned.count) were settled as possibly billed"
        }
        return done
      }
    } catch {
      // It is told by the check: the store is repaired without it.
      return [:]
    }
  }

  private func look(_ db: Database) throws -> [DoctorReport.Check] {
    let application = try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0
    guard application == LedgerSchema.applicationID else {
      throw UserDatabase.Refusal.otherProgram(applicationID: application)
    }
    try LedgerSchema.form.refuseForeignSchema(db)
    let complaints = try String.fetchAll(db, sql: "PRAGMA integrity_check(100)")
    guard complaints == ["ok"] else {
      var check = DoctorReport.Check(
        .ledger, .problem, "the ledger \(path) is damaged: SQLite's integrity_check complains")
      check.count = complaints.count
      check.examples = Array(complaints.prefix(Findings.listed))
      check.advice =
        "\(StoreError.restoringLedger(path)), or move it away: a new one is then begun, which knows nothing "
        + "of what was spent"
      return [check, DoctorReport.Check(.reservations, .ok, "the ledger cannot be read")]
    }
    let audit = LedgerAudit(db: db, now: LedgerTime(Date()))
    return [try totals(audit), try reservations(audit)]
  }

  private func totals(_ audit: LedgerAudit) throws -> DoctorReport.Check {
    let differences = try audit.differences()
    var findings = Findings()
    for difference in differences {
      let day = UsageReader.name(ofDay: difference.day)
      findings.add(
        "\(day), \(difference.account), \(difference.model): \(difference.stored.requests) requests for "
          + "\(NanoDollars(nano: difference.stored.counted).usd) dollars, its attempts come to "
          + "\(difference.summed.requests) for \(NanoDollars(nano: difference.summed.counted).usd)")
    }
    let isShort = differences.contains(where: \.isShort)
    return findings.check(
      .ledger, well: "the ledger is whole, its totals are those of its attempts",
      isShort ? .problem : .warning, found: "totals of the ledger differ from its attempts",
      advice: isShort
        ? "a repair raises the totals that are too low; too much could be spent until then"
        : "the totals know of more than the attempts tell, so no limit is loosened; they are left")
  }

  private func reservations(_ audit: LedgerAudit) throws -> DoctorReport.Check {
    var findings = Findings()
    for attempt in try audit.abandoned() {
      findings.add(
        "\(attempt.account), \(attempt.model): \(NanoDollars(nano: attempt.cost).usd) dollars")
    }
    return findings.check(
      .reservations, well: "no reservation was left behind", .warning,
      found: "reservations in the ledger were left behind by processes that are gone",
      advice: "they count as possibly billed; a repair enters them so")
  }
}
