// Segments of codes: their parts, their order, what they name, and the codes themselves. All of it is derived
// from the vectors. Called by Doctor; calls SegmentAudit and SegmentMaintenance.

import GRDB

/// Looks at the segments of all spaces.
struct SegmentsCheck: StoreCheck {
  /// The rows of a full segment.
  let segmentRows: Int
  let names = [DoctorReport.Name.segments, .segmentChain, .segmentRows, .codes]

  private static let advice =
    "`store doctor --repair` makes the segments anew; until then searches look at their vectors one by one"

  func run(_ db: Database) throws -> [DoctorReport.Check] {
    let audit = try SegmentAudit(db)
    return [
      audit.parts.check(
        .segments, well: "\(audit.segments) segments are whole", found: "segments are damaged",
        advice: Self.advice),
      audit.chain.check(
        .segmentChain, well: "they follow one another", found: "gaps or overlaps between segments",
        advice: Self.advice),
      audit.names.check(
        .segmentRows, well: "they name the right vectors and know which are gone",
        found: "segments name other vectors than there are", advice: Self.advice),
      audit.codes.check(
        .codes, well: "the codes of \(audit.rows) vectors are theirs",
        found: "segments hold codes that are not those of their vectors", advice: Self.advice),
    ]
  }

  func repair(_ file: StoreFile) async throws -> [DoctorReport.Name: String] {
    let rows = segmentRows
    let audit = try await file.read { try SegmentAudit($0) }
    var goesOn = true
    var isFirst = true
    while goesOn {
      try Task.checkCancellation()
      goesOn = try await file.write { [isFirst] db in
        if isFirst {
          for stray in SegmentAudit.strays { try db.execute(sql: "DELETE FROM \(stray)") }
        }
        var maintenance = SegmentMaintenance(db, segmentRows: rows)
        return try maintenance.compact(damaged: audit.bad)
      }
      isFirst = false
    }
    var done: [DoctorReport.Name: String] = [:]
    for name in names { done[name] = "segments were made anew" }
    return done
  }
}
