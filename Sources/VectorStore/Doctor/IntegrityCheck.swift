// SQLite's own check of the file. Indexes and derived tables can be made anew; damaged pages of tables that
// hold texts and vectors cannot. Called by Doctor; calls FileRebuild.

import GRDB

/// `PRAGMA integrity_check`.
struct IntegrityCheck: StoreCheck {
  let path: String
  /// The rows of a full segment.
  let segmentRows: Int
  let names = [DoctorReport.Name.integrity]

  func run(_ db: Database) throws -> [DoctorReport.Check] {
    var findings = Findings()
    for line in try Self.complaints(db) { findings.add(line) }
    return [
      findings.check(
        .integrity, well: "SQLite finds every page, table and index whole",
        found: "complaints of SQLite's integrity_check",
        advice: "`store doctor --repair` makes anew what is derived; if that does not help: "
          + Unopened.rescue(path))
    ]
  }

  /// Makes all indexes anew in a transaction that is kept only if SQLite then finds nothing any more; else
  /// makes the whole store anew from what is not derived, if that can be read.
  func repair(_ file: StoreFile) async throws -> [DoctorReport.Name: String] {
    let isReindexed = try await helps {
      try await file.write { db in
        try db.execute(sql: "REINDEX")
        guard try Self.complaints(db).isEmpty else { throw FileRebuild.Incomplete() }
      }
    }
    if isReindexed { return [.integrity: "all indexes were made anew"] }
    let leastRows = try await FileRebuild.leastRows(file)
    let isRebuilt = try await helps { [segmentRows] in
      try await file.rebuild {
        try FileRebuild(db: $0, segmentRows: segmentRows, leastRows: leastRows).fill()
      }
    }
    return isRebuilt
      ? [.integrity: "texts and vectors were copied, and all that is derived was made anew"] : [:]
  }

  private func helps(_ repair: () async throws -> Void) async throws -> Bool {
    do {
      try await repair()
      return true
    } catch is FileRebuild.Incomplete {
      return false
    } catch let error as StoreError where [.damaged, .database].contains(error.code) {
      return false
    }
  }

  /// What SQLite finds wrong with the file itself.
  static func complaints(_ db: Database) throws -> [String] {
    let lines = try String.fetchAll(db, sql: "PRAGMA main.integrity_check(100)")
    return lines == ["ok"] ? [] : lines
  }
}
