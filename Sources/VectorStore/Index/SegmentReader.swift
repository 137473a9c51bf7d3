// Reads segments out of the file and checks them. Called by SpaceIndex and SegmentMaintenance; calls
// SQLite's C interface.

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
        do throws(CodeSegment.Damage) {
          loaded[record.id] = .success(
            try load(record, head: memory[2 * index], codes: memory[2 * index + 1], db))
        } catch {
          loaded[record.id] = .failure(error)
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
  ) throws(CodeSegment.Damage) -> CodeSegment {
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
  func vectorIDs(of record: SegmentRecord, _ db: Database) -> [Int64]? {
    guard record.format == SegmentLayout.format else { return nil }
    let layout = layout(of: record)
    let head = AlignedBytes(count: layout.headCount)
    do {
      try read("segment_heads", record, into: head, part: "head", db)
      return try CodeSegment.vectorIDs(
        segment: record.id, layout: layout, head: head, headChecksum: record.headChecksum)
    } catch {
      return nil
    }
  }

  /// Whether all parts of a segment are there and as they were written.
  func isWhole(_ record: SegmentRecord, _ db: Database) -> Bool {
    do {
      guard let segment = try load([record], db)[record.id]?.get() else { return false }
      try FineCodeReader(db).readAll(
        of: segment, into: AlignedBytes(count: segment.layout.fineCount))
      return true
    } catch {
      return false
    }
  }

  /// A blob of known size, straight into memory (`sqlite3_blob_read`).
  private func read(
    _ table: String, _ record: SegmentRecord, into bytes: AlignedBytes, part: String,
    _ db: Database
  ) throws(CodeSegment.Damage) {
    let damage = CodeSegment.Damage(segment: record.id, part: part)
    var blob: OpaquePointer?
    let connection = db.sqliteConnection
    guard sqlite3_blob_open(connection, "main", table, "data", record.id, 0, &blob) == SQLITE_OK
    else { throw damage }
    defer { sqlite3_blob_close(blob) }
    guard Int(sqlite3_blob_bytes(blob)) == bytes.count,
      sqlite3_blob_read(blob, bytes.start, Int32(bytes.count), 0) == SQLITE_OK
    else { throw damage }
  }
}

/// Reads fine codes out of the file, for one query.
///
/// `@unchecked Sendable`: the workers of a search call it while the query's thread, which the connection
/// belongs to, waits for them or is one of them; the lock lets one in at a time.
final class FineCodeReader: FineCodeSource, @unchecked Sendable {
  private let statement: SQLiteStatement?
  private let lock = NSLock()

  /// - Parameter db: used until the search has ended.
  init(_ db: Database) throws {
    statement = try db.cachedStatement(
      sql: "SELECT data FROM segment_fine_codes WHERE id = ?"
    ).sqliteStatement
  }

  func withRow(
    _ row: Int, of segment: CodeSegment, _ body: (UnsafeRawPointer) throws -> Void
  ) throws {
    let rows = SegmentsTable.fineRowsAtOnce(segment.layout)
    try withBlock(row / rows, of: segment) { bytes in
      let start = row % rows * segment.layout.fineBytes
      guard start + segment.layout.fineBytes <= bytes.count, let base = bytes.baseAddress else {
        throw CodeSegment.Damage(segment: segment.id, part: "fine codes")
      }
      try body(base + start)
    }
  }

  func readAll(of segment: CodeSegment, into target: AlignedBytes) throws {
    let size = SegmentsTable.fineRowsAtOnce(segment.layout) * segment.layout.fineBytes
    for (block, start) in stride(from: 0, to: target.count, by: size).enumerated() {
      try withBlock(block, of: segment) { bytes in
        guard bytes.count == min(size, target.count - start), let base = bytes.baseAddress else {
          throw CodeSegment.Damage(segment: segment.id, part: "fine codes")
        }
        (target.start + start).copyMemory(from: base, byteCount: bytes.count)
      }
    }
    try segment.check(fineCodes: target)
  }

  private func withBlock(
    _ block: Int, of segment: CodeSegment, _ body: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    lock.lock()
    defer { lock.unlock() }
    guard let statement else { return }
    defer { sqlite3_reset(statement) }
    sqlite3_bind_int64(
      statement, 1, SegmentsTable.fineID(segment: segment.id, block: block))
    guard sqlite3_step(statement) == SQLITE_ROW else {
      throw CodeSegment.Damage(segment: segment.id, part: "fine codes")
    }
    try body(BulkRow(statement: statement).raw.blob(0))
  }
}
