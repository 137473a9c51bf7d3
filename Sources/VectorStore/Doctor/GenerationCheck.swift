// The row of store_state, by whose counter caches see that something was written. Called by Doctor.

import GRDB

/// Looks whether the counter is there.
struct GenerationCheck: StoreCheck {
  let names = [DoctorReport.Name.generation]

  func run(_ db: Database) throws -> [DoctorReport.Check] {
    var found: Int64?
    try db.forEachRawRow(
      bulk: "SELECT generation FROM store_state WHERE id = 1 AND typeof(generation) = 'integer'"
    ) { found = $0.integer(0) }
    if let found, StoreStateTable.isPossible(found) {
      return [
        DoctorReport.Check(
          .generation, .ok, "open stores see by a number what others write, now \(found)")
      ]
    }
    var check = DoctorReport.Check(
      .generation, .problem,
      "the counter of write transactions is missing or impossible, so that open stores do not see what others write"
    )
    check.count = 1
    check.advice = "`store doctor --repair` begins a new one"
    return [check]
  }

  func repair(_ file: StoreFile) async throws -> [DoctorReport.Name: String] {
    // Every write transaction begins a new one where it has to.
    try await file.write { _ in [.generation: "a new one was begun"] }
  }
}
