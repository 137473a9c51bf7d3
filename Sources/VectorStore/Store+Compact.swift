// `compact`: the file without anything that was deleted.

import Foundation

extension Store {
  /// Rebuilds the file without free pages, so that it is as small as it can be and nothing that was
  /// removed is in any byte of it.
  ///
  /// - Throws: ``StoreError`` with `locked` where another program still reads the old pages, and
  ///   `diskFull`: it needs room for two more copies of the file while it works.
  /// - Complexity: reads and writes the whole file.
  @discardableResult
  public func compact() async throws -> CompactReport {
    let started = ContinuousClock.now
    let file = try storeFile(for: "compacting")
    let before = file.size()
    try await compactSegments(of: file)
    try await file.addChecksums()
    let presence = try await file.presence(of: 0)
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
      bytesBefore: before, bytesAfter: file.size(), duration: ContinuousClock.now - started)
  }

  /// Rebuilds segments that are damaged or have dead rows.
  private func compactSegments(of file: StoreFile) async throws {
    let damaged = try await file.readDatabase { try SegmentMaintenance.damagedSegments($0) }
    let rows = configuration.segmentRows
    var goesOn = true
    while goesOn {
      goesOn = try await file.writeDatabase { db in
        var maintenance = SegmentMaintenance(db, segmentRows: rows)
        return try maintenance.compact(damaged: damaged)
      }
    }
  }
}

extension StoreFile {
  /// Vectors that get their checksums in one transaction.
  private static let checkedAtOnce = 2048

  /// Gives checksums to vectors that an earlier version wrote. Returns in how many
  /// transactions.
  @discardableResult
  func addChecksums() async throws -> Int {
    var transactions = 0
    for table in ChecksummedTable.allCases {
      var last: Int64? = .min
      while let after = last {
        try Task.checkCancellation()
        last = try await nextWithoutChecksum(table, after: after)
        guard last != nil else { break }
        last = try await write { db in
          try VectorsTable.addChecksums(to: table, after: after, limit: Self.checkedAtOnce, db)
        }
        transactions += 1
      }
    }
    return transactions
  }

  /// Looked for by readers, so that a store without such rows is not written to.
  private func nextWithoutChecksum(
    _ table: ChecksummedTable, after: Int64
  ) async throws -> Int64? {
    try await read { db in
      try db.firstRow(
        bulk: """
          SELECT rowid FROM \(table.rawValue) WHERE rowid > ? AND checksum IS NULL LIMIT 1
          """, .integer(after)
      ) { try $0.integer(0) }
    }
  }
}
