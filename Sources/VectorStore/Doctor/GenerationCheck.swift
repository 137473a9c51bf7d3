// The row of store_state, by whose counter caches see that something was written. Called by Doctor.

import Foundation
import GRDB

/// Looks whether the counter is there.
struct GenerationCheck: StoreCheck {
  let names = [DoctorReport.Name.generation]

  func run(_ db: Database) throws -> [DoctorReport.Check] {
    var found: Int64?
    try db.forEachRow(bulk: "SELECT generation FROM store_state WHERE id = 1") {
      found = $0.integer(0)
    }
    if let found, found >= 0 {
      return [
        DoctorReport.Check(
          .generation, .ok, "open stores see by a number what others write, now \(found)")
      ]
    }
    var check = DoctorReport.Check(
      .generation, .problem,
      "the counter of write transactions is missing, so that open stores do not see what others write"
    )
    check.count = 1
    check.advice = "`store doctor --repair` begins a new one"
    return [check]
  }

  func repair(_ file: StoreFile) async throws -> [DoctorReport.Name: String] {
    try await file.write { db in
      // Above every count that an open store may have seen.
      let start = Int64(Date().timeIntervalSince1970) << 28
      try db.execute(
        sql: "INSERT OR REPLACE INTO store_state(id, generation) VALUES (1, ?)", arguments: [start])
      return [.generation: "a new one was begun"]
    }
  }
}
