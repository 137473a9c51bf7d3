// segments and their parts: codes of vectors, derived from `vectors` and rebuilt from it at any
// time.

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

  /// Ids that leave room for those of fine codes.
  static let possibleIDs: ClosedRange<Int64> = 1...1 << 50

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

  /// The segments of a space by their rows.
  struct List {
    /// Those whose rows can be right, in the order of the vectors they cover.
    var sound: [SegmentRecord] = []
    /// The ids of those whose rows hold values that this program never wrote: they are as if absent.
    var damaged: [Int64] = []
    /// The ids of those that cover vectors that have not been given yet, which would stay hidden.
    var early: [Int64] = []

    /// What nobody reads and the next write deletes.
    var unusable: [Int64] { damaged + early }
  }

  /// The segments of a space.
  static func list(space: Int64, _ db: Database) throws -> List {
    let newest = try VectorsTable.newest(db)
    var list = List()
    try db.forEachRow(
      bulk: """
        SELECT id, after_id, through_id, rows, format, head_checksum, codes_checksum, removed
        FROM segments WHERE space_id = ? ORDER BY after_id
        """, .integer(space)
    ) { row in
      let id = row.raw.integer(0)
      do throws(DamagedValue) {
        let record = try record(row, space)
        if record.through > newest {
          list.early.append(id)
        } else {
          list.sound.append(record)
        }
      } catch {
        list.damaged.append(id)
      }
    }
    return list
  }

  /// The segments of a space whose rows can be right, in the order of the vectors they cover.
  static func all(space: Int64, _ db: Database) throws -> [SegmentRecord] {
    try list(space: space, db).sound
  }

  private static func record(
    _ row: BulkRow, _ space: Int64
  ) throws(DamagedValue) -> SegmentRecord {
    let after = try row.integer(1, in: 0...Int64.max - 1)
    let rows = Int(try row.integer(3, in: 1...Int64(SegmentLayout.maximumRows)))
    let removed = try row.isNull(7) ? nil : row.blob(7, count: (rows + 7) / 8)
    return SegmentRecord(
      id: try row.integer(0, in: SegmentRecord.possibleIDs), space: space, after: after,
      through: try row.integer(2, in: after + 1...Int64.max), rows: rows,
      format: Int(try row.integer(4)), headChecksum: try row.integer(5),
      codesChecksum: try row.integer(6), removed: removed.map { Array($0) })
  }

  /// The last vector of a space that a segment covers, 0 where there is none.
  static func lastCovered(space: Int64, _ db: Database) throws -> Int64 {
    try all(space: space, db).last?.through ?? 0
  }

  /// Writes a segment that covers vectors of a space.
  static func insert(
    _ segment: CodeSegment, space: Int64, after: Int64, through: Int64, _ db: Database
  ) throws {
    let checksums = segment.checksums
    // A counter that was damaged would give ids that fine codes have no room for.
    try db.run(
      bulk: """
        UPDATE sqlite_sequence
        SET seq = (SELECT COALESCE(MAX(id), 0) FROM segments WHERE id BETWEEN ?1 AND ?2)
        WHERE name = 'segments' AND (typeof(seq) <> 'integer' OR seq NOT BETWEEN 0 AND ?2 - 1)
        """,
      .integer(SegmentRecord.possibleIDs.lowerBound),
      .integer(SegmentRecord.possibleIDs.upperBound))
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

  /// Vectors that have been deleted and that their segments do not know of yet, by space. One that is
  /// there was not deleted, whatever the table says.
  static func removedVectors(_ db: Database) throws -> [Int64: [Int64]] {
    var removed: [Int64: [Int64]] = [:]
    try db.forEachRawRow(
      bulk: """
        SELECT r.id, r.space_id FROM removed_vectors r
        WHERE NOT EXISTS (SELECT 1 FROM vectors v WHERE v.id = r.id) ORDER BY r.id
        """
    ) { row in
      removed[row.integer(1), default: []].append(row.integer(0))
    }
    return removed
  }

  /// Whether the table of deleted vectors holds any row.
  static func hasRemoved(_ db: Database) throws -> Bool {
    try db.firstRow(bulk: "SELECT EXISTS (SELECT 1 FROM removed_vectors)") { try $0.bool(0) }
      ?? false
  }

  /// Forgets them.
  static func forgetRemoved(_ db: Database) throws {
    try db.run(bulk: "DELETE FROM removed_vectors")
  }
}
