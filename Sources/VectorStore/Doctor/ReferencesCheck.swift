// Rows whose parents are gone, as another program leaves them that writes without foreign keys. Called by
// Doctor; repaired by ReferencesRepair.

import GRDB

/// `PRAGMA foreign_key_check`.
struct ReferencesCheck: StoreCheck {
  let names = [DoctorReport.Name.references]

  func run(_ db: Database) throws -> [DoctorReport.Check] {
    var counts: [String: Int] = [:]
    try db.forEachRawRow(bulk: "PRAGMA foreign_key_check") { row in
      let (child, parent) = (row.text(0) ?? "?", row.text(2) ?? "?")
      counts["\(child) without \(parent)", default: 0] += 1
    }
    var check = DoctorReport.Check(.references, .ok, "every row's parents are there")
    guard !counts.isEmpty else { return [check] }
    check.state = .problem
    check.count = counts.values.reduce(0, +)
    check.message = "\(check.count) rows have lost a row that they belong to"
    check.examples = counts.sorted { $0.key < $1.key }.map { "\($0.value) rows of \($0.key)" }
    check.advice =
      "`store doctor --repair` gives chunks and pending texts a document named recovered/…, and "
      + "deletes vectors whose chunks are gone; a vector whose space is gone is left: restore a backup"
    return [check]
  }

  func repair(_ file: StoreFile) async throws -> [DoctorReport.Name: String] {
    let done = try await file.write { db in try ReferencesRepair(db).run() }
    return done.isEmpty ? [:] : [.references: done.joined(separator: "; ")]
  }
}
