// `compact`: the file without anything that was deleted. Calls StoreFile.

import Foundation
import GRDB

extension Store {
  /// Rebuilds the file without free pages, so that it is as small as it can be and nothing that was
  /// removed is in any byte of it.
  ///
  /// - Throws: ``StoreError`` with `locked` where another program still reads the old pages, and
  ///   `diskFull`: it needs room for two more copies of the file while it works.
  /// - Complexity: reads and writes the whole file.
  @discardableResult
  public func compact() async throws -> CompactReport {
    let started = Date()
    let before = file.size()
    try await compactSegments()
    let path = file.path
    let presence = try await file.work { try RunPresence(storePath: path, run: 0) }
    try await file.compact { db in
      // A deleted word stays in the word index's older segments until they are merged.
      try db.execute(sql: "INSERT INTO chunk_search(chunk_search) VALUES ('optimize')")
      // Mock vectors that were staged by a run which never came back cost nothing to make again.
      try db.execute(
        sql: "DELETE FROM staged WHERE space_id IN (SELECT id FROM spaces WHERE kind = 'mock')")
      try VectorsTable.unstageReplaced(db)
      try ClaimsTable.release(whereOver: { !presence.isAtWork($0) }, db)
      try StoreStateTable.raiseGeneration(db)
    }
    return CompactReport(
      bytesBefore: before, bytesAfter: file.size(), seconds: Date().timeIntervalSince(started))
  }

  /// Makes segments anew that are damaged or have dead rows, and seals the tail.
  private func compactSegments() async throws {
    let damaged = try await file.read { try SegmentMaintenance.damagedSegments($0) }
    let rows = configuration.segmentRows
    var goesOn = true
    while goesOn {
      goesOn = try await file.write { db in
        var maintenance = SegmentMaintenance(db, segmentRows: rows)
        return try maintenance.compact(damaged: damaged)
      }
    }
  }
}
