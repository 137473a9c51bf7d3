// segments and their parts: codes of vectors, derived from `vectors` and rebuilt from it at any time.
// Called by Index/.

import Foundation
import GRDB
import VectorStoreSearch

/// A segment's row: which vectors it covers, and what it is checked by.
struct SegmentRecord: Sendable, Equatable {
  let id: Int64
  let space: Int64
  /// It covers the vectors of its space whose id is greater than this one…
  var after: Int64
  /// …and up to this one. The segments of a space follow each other without a gap.
  let through: Int64
  let rows: Int
  let format: Int
  let headChecksum: Int64
  let codesChecksum: Int64
  /// A bit for each row whose vector has been deleted; nil where there is none.
  var removed: [UInt8]?

  /// How many of its rows are alive.
  var live: Int { rows - (removed?.reduce(0) { $0 + $1.nonzeroBitCount } ?? 0) }
}

enum SegmentsTable {
  /// Adds what the file needs for segments; the first of them are sealed by whoever writes next.
  static let schema = """
    CREATE TABLE segments (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      space_id INTEGER NOT NULL REFERENCES spaces(id),
      after_id INTEGER NOT NULL,
      through_id INTEGER NOT NULL CHECK (through_id > after_id),
      rows INTEGER NOT NULL CHECK (rows BETWEEN 1 AND 4096),
      format INTEGER NOT NULL,
      head_checksum INTEGER NOT NULL,
      codes_checksum INTEGER NOT NULL,
      removed BLOB,
      UNIQUE (space_id, after_id)
    ) STRICT;

    CREATE TABLE segment_heads (id INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
    CREATE TABLE segment_codes (id INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
    CREATE TABLE segment_fine_codes (id INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;

    CREATE TRIGGER segments_deleted AFTER DELETE ON segments BEGIN
      DELETE FROM segment_heads WHERE id = old.id;
      DELETE FROM segment_codes WHERE id = old.id;
      DELETE FROM segment_fine_codes WHERE id BETWEEN old.id * 4096 AND old.id * 4096 + 4095;
    END;

    CREATE TABLE removed_vectors (
      id INTEGER PRIMARY KEY,
      space_id INTEGER NOT NULL
    ) STRICT;

    CREATE TRIGGER vectors_deleted AFTER DELETE ON vectors BEGIN
      INSERT OR IGNORE INTO removed_vectors(id, space_id) VALUES (old.id, old.space_id);
    END;
    """

  /// Fine codes of so many rows fill a page of the file, so that one is read by one small read.
  static func fineRowsAtOnce(_ layout: SegmentLayout) -> Int {
    max(1, (Schema.pageSize - 64) / layout.fineBytes)
  }

  /// The row of `segment_fine_codes` that holds some of a segment's.
  static func fineID(segment: Int64, block: Int) -> Int64 { segment * 4096 + Int64(block) }

  /// The segments of a space by their ids, in the order of the vectors they cover.
  static func all(space: Int64, _ db: Database) throws -> [SegmentRecord] {
    var records: [SegmentRecord] = []
    try db.forEachRow(
      bulk: """
        SELECT id, after_id, through_id, rows, format, head_checksum, codes_checksum, removed
        FROM segments WHERE space_id = ? ORDER BY after_id
        """, .integer(space)
    ) { row in
      records.append(
        SegmentRecord(
          id: row.integer(0), space: space, after: row.integer(1), through: row.integer(2),
          rows: Int(row.integer(3)), format: Int(row.integer(4)), headChecksum: row.integer(5),
          codesChecksum: row.integer(6), removed: row.isNull(7) ? nil : Array(row.blob(7))))
    }
    return records
  }

  /// The last vector of a space that a segment covers, 0 where there is none.
  static func lastCovered(space: Int64, _ db: Database) throws -> Int64 {
    let statement = try db.cachedStatement(
      sql: "SELECT through_id FROM segments WHERE space_id = ? ORDER BY after_id DESC LIMIT 1")
    return try Int64.fetchOne(statement, arguments: [space]) ?? 0
  }

  /// Writes a segment that covers vectors of a space.
  static func insert(
    _ segment: CodeSegment, space: Int64, after: Int64, through: Int64, _ db: Database
  ) throws {
    let checksums = segment.checksums
    try db.run(
      bulk: """
        INSERT INTO segments(space_id, after_id, through_id, rows, format, head_checksum,
          codes_checksum) VALUES (?, ?, ?, ?, ?, ?, ?)
        """,
      .integer(space), .integer(after), .integer(through), .integer(Int64(segment.layout.rows)),
      .integer(Int64(SegmentLayout.format)), .integer(checksums.head), .integer(checksums.codes))
    let id = db.lastInsertedRowID
    try db.run(
      bulk: "INSERT INTO segment_heads(id, data) VALUES (?, ?)", .integer(id),
      .bytes(segment.head.bytes))
    try db.run(
      bulk: "INSERT INTO segment_codes(id, data) VALUES (?, ?)", .integer(id),
      .bytes(segment.codes.bytes))
    guard let fine = segment.fine else { return }
    let size = fineRowsAtOnce(segment.layout) * segment.layout.fineBytes
    for (block, start) in stride(from: 0, to: fine.count, by: size).enumerated() {
      let bytes = UnsafeRawBufferPointer(
        rebasing: fine.bytes[start..<min(start + size, fine.count)])
      try db.run(
        bulk: "INSERT INTO segment_fine_codes(id, data) VALUES (?, ?)",
        .integer(fineID(segment: id, block: block)), .bytes(bytes))
    }
  }

  static func delete(_ id: Int64, _ db: Database) throws {
    try db.run(bulk: "DELETE FROM segments WHERE id = ?", .integer(id))
  }

  /// Says which rows of a segment are dead.
  static func setRemoved(_ removed: [UInt8], segment: Int64, _ db: Database) throws {
    try db.run(
      bulk: "UPDATE segments SET removed = ? WHERE id = ?", .blob(Data(removed)), .integer(segment))
  }

  /// Lets a segment cover what came before it too.
  static func setAfter(_ after: Int64, segment: Int64, _ db: Database) throws {
    try db.run(
      bulk: "UPDATE segments SET after_id = ? WHERE id = ?", .integer(after), .integer(segment))
  }

  /// The ids of a segment's vectors, which stand first in its head; nil where they are not all there.
  static func vectorIDs(_ record: SegmentRecord, _ db: Database) throws -> [Int64]? {
    var ids: [Int64]?
    try db.forEachRow(
      bulk: "SELECT substr(data, 1, ?) FROM segment_heads WHERE id = ?",
      .integer(Int64(8 * record.rows)), .integer(record.id)
    ) { row in
      let bytes = row.blob(0)
      guard bytes.count == 8 * record.rows else { return }
      ids = (0..<record.rows).map { bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Int64.self) }
    }
    return ids
  }

  /// Vectors that have been deleted and that their segments do not know of yet, by space.
  static func removedVectors(_ db: Database) throws -> [Int64: [Int64]] {
    var removed: [Int64: [Int64]] = [:]
    try db.forEachRow(bulk: "SELECT id, space_id FROM removed_vectors ORDER BY id") { row in
      removed[row.integer(1), default: []].append(row.integer(0))
    }
    return removed
  }

  /// Forgets them.
  static func forgetRemoved(_ db: Database) throws {
    try db.run(bulk: "DELETE FROM removed_vectors")
  }
}
