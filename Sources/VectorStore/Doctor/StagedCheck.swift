// Vectors that were made and never placed, and commands that were cut off. Called by Doctor.

import GRDB

/// Looks at the table of vectors that wait.
struct StagedCheck: StoreCheck {
  let names = [DoctorReport.Name.staged]

  func run(_ db: Database) throws -> [DoctorReport.Check] {
    var (all, useless) = (0, 0)
    try db.forEachRawRow(
      bulk: """
        SELECT COUNT(*), COALESCE(SUM(s.kind = 'mock' OR g.run_id IS NOT NULL
          OR EXISTS (SELECT 1 FROM chunks c JOIN vectors v ON v.chunk_id = c.id
            AND v.space_id = g.space_id WHERE c.text_hash = g.text_hash)), 0)
        FROM staged g LEFT JOIN spaces s ON s.id = g.space_id
        """
    ) { (all, useless) = (Int($0.integer(0)), Int($0.integer(1))) }
    var check = DoctorReport.Check(.staged, .ok, "no vector waits for its document")
    guard all > 0 else { return [check] }
    check.state = .warning
    check.count = all
    check.message =
      "\(all) vectors were made and wait for their documents, \(useless) of them are of no use any more"
    check.advice =
      "adding the documents again uses them and pays nothing; `store compact` forgets what is of no use"
    return [check]
  }
}

/// Looks at the table of runs.
struct RunsCheck: StoreCheck {
  let names = [DoctorReport.Name.runs]

  func run(_ db: Database) throws -> [DoctorReport.Check] {
    var findings = Findings()
    var isLast = false
    var last: Int64 = 0
    try db.forEachRawRow(bulk: "SELECT MAX(id) FROM runs") { last = $0.integer(0) }
    try db.forEachRawRow(
      bulk: """
        SELECT id, command, started_at FROM runs WHERE finished_at IS NULL ORDER BY id DESC
        """
    ) { row in
      findings.add("\(row.text(1) ?? "?") of \(row.text(2) ?? "?")")
      if row.integer(0) == last { isLast = true }
    }
    let check = findings.check(
      .runs, well: "every command that wrote came to its end", isLast ? .warning : .ok,
      found: isLast
        ? "commands were cut off, the last one among them, unless it is still at work"
        : "commands were cut off, but not the last one",
      advice: isLast ? "run it again: it goes on where it stopped" : nil)
    return [check]
  }
}
