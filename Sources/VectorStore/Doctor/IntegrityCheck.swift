// SQLite's own check of the file. Its indexes and the word index can be made anew; damaged pages of tables
// cannot. Called by Doctor.

import GRDB

/// `PRAGMA integrity_check`.
struct IntegrityCheck: StoreCheck {
  let path: String
  let names = [DoctorReport.Name.integrity]

  func run(_ db: Database) throws -> [DoctorReport.Check] {
    var findings = Findings()
    for line in try Self.complaints(db) { findings.add(line) }
    return [
      findings.check(
        .integrity, well: "SQLite finds every page, table and index whole",
        found: "complaints of SQLite's integrity_check",
        advice: "`store doctor --repair` makes indexes anew; if that does not help: "
          + Unopened.rescue(path))
    ]
  }

  /// Makes all indexes anew, then the word index, in a transaction that is kept only if SQLite then finds
  /// nothing any more.
  func repair(_ file: StoreFile) async throws -> [DoctorReport.Name: String] {
    do {
      return try await file.write { db in
        try db.execute(sql: "REINDEX")
        if try Self.complaints(db).isEmpty { return [.integrity: "all indexes were made anew"] }
        try WordsRepair.rebuild(keeping: [], db)
        guard try Self.complaints(db).isEmpty else { throw Unrepaired() }
        return [.integrity: "all indexes and the word index were made anew"]
      }
    } catch is Unrepaired {
      return [:]
    } catch let error as StoreError where [.damaged, .database].contains(error.code) {
      return [:]
    }
  }

  private struct Unrepaired: Error {}

  private static func complaints(_ db: Database) throws -> [String] {
    let lines = try String.fetchAll(db, sql: "PRAGMA integrity_check(100)")
    return lines == ["ok"] ? [] : lines
  }
}
