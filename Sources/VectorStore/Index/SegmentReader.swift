// Reads segments out of the file and checks them.

import Foundation
import GRDB
import GRDBSQLite
import VectorStoreSearch

/// Reads the segments of a space.
struct SegmentReader {
  let space: SpaceRecord

  /// Segments read into one piece of memory.
  private static let readTogether = 8

  /// Segments in memory, without their fine codes, or why they are not as they were written.
  func load(
    _ records: [SegmentRecord], _ db: Database
  ) throws -> [Int64: Result<CodeSegment, CodeSegment.Damage>] {
    var loaded: [Int64: Result<CodeSegment, CodeSegment.Damage>] = [:]
    for start in stride(from: 0, to: records.count, by: Self.readTogether) {
      let group = records[start..<min(start + Self.readTogether, records.count)]
      let memory = AlignedBytes.together(
        group.flatMap { record in
          let layout = layout(of: record)
          return [layout.headCount, layout.codesCount]
        })
      for (index, record) in group.enumerated() {
        do {
          loaded[record.id] = .success(
            try load(record, head: memory[2 * index], codes: memory[2 * index + 1], db))
        } catch let damage as CodeSegment.Damage {
          loaded[record.id] = .failure(damage)
        }
      }
    }
    return loaded
  }

  private func layout(of record: SegmentRecord) -> SegmentLayout {
    SegmentLayout(
      rows: record.rows, paddedDimensions: Rotation.paddedDimensions(of: space.space.dimensions))
  }

  private func load(
    _ record: SegmentRecord, head: AlignedBytes, codes: AlignedBytes, _ db: Database
  ) throws -> CodeSegment {
    guard record.format == SegmentLayout.format else {
      throw CodeSegment.Damage(segment: record.id, part: "row")
    }
    try read("segment_heads", record, into: head, part: "head", db)
    try read("segment_codes", record, into: codes, part: "codes", db)
    let segment = try CodeSegment(
      id: record.id, layout: layout(of: record), head: head, headChecksum: record.headChecksum,
      codes: codes, codesChecksum: record.codesChecksum)
    guard let first = segment.vectorIDs.first, let last = segment.vectorIDs.last,
      first > record.after, last <= record.through
    else { throw CodeSegment.Damage(segment: record.id, part: "range") }
    return segment
  }

  /// The ids of a segment's vectors; nil where its head is not as it was written.
  func vectorIDs(of record: SegmentRecord, _ db: Database) throws -> [Int64]? {
    guard record.format == SegmentLayout.format else { return nil }
    let layout = layout(of: record)
    let head = AlignedBytes(count: layout.headCount)
    do {
      try read("segment_heads", record, into: head, part: "head", db)
      return try CodeSegment.vectorIDs(
        segment: record.id, layout: layout, head: head, headChecksum: record.headChecksum)
    } catch is CodeSegment.Damage {
      return nil
    }
  }

  /// Whether all parts of a segment are there and as they were written.
  func isWhole(_ record: SegmentRecord, _ db: Database) throws -> Bool {
    do {
      guard let segment = try load([record], db)[record.id]?.get() else { return false }
      try SnapshotReader(db, space: space.space).readFineCodes(
        of: segment, into: AlignedBytes(count: segment.layout.fineCount))
      return true
    } catch is CodeSegment.Damage {
      return false
    }
  }

  /// A blob of known size, straight into memory (`sqlite3_blob_read`).
  private func read(
    _ table: String, _ record: SegmentRecord, into bytes: AlignedBytes, part: String,
    _ db: Database
  ) throws {
    let connection = db.sqliteConnection
    let code = ConnectionGuard.inside(connection) {
      var blob: OpaquePointer?
      let code = sqlite3_blob_open(connection, "main", table, "data", record.id, 0, &blob)
      guard code == SQLITE_OK else { return code }
      defer { sqlite3_blob_close(blob) }
      guard Int(sqlite3_blob_bytes(blob)) == bytes.count else { return SQLITE_MISMATCH }
      return sqlite3_blob_read(blob, bytes.start, Int32(bytes.count), 0)
    }
    guard code == SQLITE_OK else {
      throw SnapshotReader.error(code, CodeSegment.Damage(segment: record.id, part: part))
    }
  }
}
