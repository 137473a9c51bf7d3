// Keeps the segments of the file up to date inside a write, and builds them.

import Foundation
import GRDB
import VectorStoreSearch

/// Seals rows into segments, notes dead rows, and rebuilds segments that are damaged or half dead.
struct SegmentMaintenance {
  /// Segments made in one transaction: about half a second.
  private static let segmentsAtOnce = 8
  /// Vectors that are made when they are read, 30 microseconds each, get codes as soon as there are so many:
  /// a search then makes some 20 of them.
  private static let leastMadeRows = 128

  let db: Database
  /// The rows of a full segment.
  let segmentRows: Int
  private var made = 0

  init(_ db: Database, segmentRows: Int) {
    self.db = db
    self.segmentRows = segmentRows
  }

  /// What every write transaction does at its end: with nothing to do, a look at each segment's row.
  ///
  /// - Parameter damaged: segments that a reader found to be damaged.
  mutating func run(damaged: Set<Int64> = []) throws {
    let hasRemoved = try SegmentsTable.hasRemoved(db)
    let removed = hasRemoved ? try SegmentsTable.removedVectors(db) : [:]
    let newest = try VectorsTable.newest(db)
    for space in try SpacesTable.all(db) {
      let unusable = try SegmentsTable.list(space: space.id, db).unusable
      for id in unusable { try SegmentsTable.delete(id, db) }
      if let removed = removed[space.id] { try note(removed, in: space) }
      if !damaged.isEmpty || !unusable.isEmpty { try rebuild(damaged, in: space) }
      let isMade = try space.space.isStandIn && VectorsTable.isLastMade(space: space.id, db)
      try seal(
        space, newest: newest, least: isMade ? min(segmentRows, Self.leastMadeRows) : segmentRows)
    }
    if hasRemoved { try SegmentsTable.forgetRemoved(db) }
  }

  /// Brings every segment of every space to its best form, some a call: no dead rows, no damage, no small
  /// neighbours. A tail stays one, since its codes would make the file larger. Returns whether there is more
  /// to do.
  ///
  /// - Parameter damaged: what ``damagedSegments(_:)`` found.
  mutating func compact(damaged: Set<Int64>) throws -> Bool {
    try run()
    for space in try SpacesTable.all(db) {
      try closeGaps(in: space)
      let records = try SegmentsTable.all(space: space.id, db)
      let bad = Set(records.lazy.filter { $0.removed != nil }.map(\.id)).union(damaged)
      for group in groups(records, bad: bad) where made < Self.segmentsAtOnce {
        try rebuild(group, in: space)
      }
    }
    return made >= Self.segmentsAtOnce
  }

  /// The segments that are not as they were written. Reads all of them.
  static func damagedSegments(_ db: Database) throws -> Set<Int64> {
    var damaged: Set<Int64> = []
    for space in try SpacesTable.all(db) {
      let reader = SegmentReader(space: space)
      for record in try SegmentsTable.all(space: space.id, db)
      where try !reader.isWhole(record, db) {
        damaged.insert(record.id)
      }
    }
    return damaged
  }

  // MARK: - Sealing

  private mutating func seal(_ space: SpaceRecord, newest: Int64, least: Int) throws {
    var last = try SegmentsTable.lastCovered(space: space.id, db)
    let builder = SegmentBuilder(
      space: space, rotation: Rotation(dimensions: space.space.dimensions))
    while newest - last >= least, made < Self.segmentsAtOnce {
      let ids = try VectorsTable.ids(
        space: space.id, after: last, limit: segmentRows, db)
      guard ids.count >= least, let through = ids.last else { return }
      try write(builder, after: last, through: through)
      last = through
    }
  }

  private mutating func write(_ builder: SegmentBuilder, after: Int64, through: Int64) throws {
    guard let segment = try builder.build(after: after, through: through, db) else { return }
    try SegmentsTable.insert(
      segment, space: builder.space.id, after: after, through: through, db)
    made += 1
  }

  // MARK: - Dead rows

  /// Marks deleted vectors in their segments, and rebuilds those that are more than half dead.
  private mutating func note(_ removed: [Int64], in space: SpaceRecord) throws {
    var records = try SegmentsTable.all(space: space.id, db)
    let reader = SegmentReader(space: space)
    var damaged: Set<Int64> = []
    for (index, ids) in Self.located(removed, in: records) {
      guard let vectors = try reader.vectorIDs(of: records[index], db) else {
        damaged.insert(records[index].id)
        continue
      }
      var bits =
        records[index].removed
        ?? [UInt8](repeating: 0, count: (records[index].rows + 7) / 8)
      let rows = Dictionary(zip(vectors, 0...)) { first, _ in first }
      for row in ids.lazy.compactMap({ rows[$0] }) { bits[row / 8] |= 1 << UInt8(row % 8) }
      records[index].removed = bits
      try SegmentsTable.setRemoved(bits, segment: records[index].id, db)
    }
    let bad = damaged.union(records.lazy.filter { 2 * $0.live < $0.rows }.map(\.id))
    for group in groups(records, bad: bad)
    where made < Self.segmentsAtOnce || group.allSatisfy({ $0.live == 0 }) {
      try rebuild(group, in: space)
    }
  }

  /// Which of the segments cover which of the ids, both in rising order.
  private static func located(
    _ ids: [Int64], in records: [SegmentRecord]
  ) -> [(index: Int, ids: [Int64])] {
    var located: [(index: Int, ids: [Int64])] = []
    var index = 0
    for id in ids {
      while index < records.count, records[index].through < id { index += 1 }
      guard index < records.count else { break }
      guard records[index].after < id else { continue }
      if located.last?.index == index {
        located[located.count - 1].ids.append(id)
      } else {
        located.append((index, [id]))
      }
    }
    return located
  }

  /// Runs of neighbours to be made into one segment each: bad ones, and as many beside them as fit.
  private func groups(_ records: [SegmentRecord], bad: Set<Int64>) -> [[SegmentRecord]] {
    var groups: [[SegmentRecord]] = []
    var live = segmentRows
    for record in records {
      let follows = groups.last?.last?.through == record.after
      if follows, live + record.live <= segmentRows {
        groups[groups.count - 1].append(record)
        live += record.live
      } else {
        groups.append([record])
        live = record.live
      }
    }
    return groups.filter { group in
      group.count > 1 || group.contains { bad.contains($0.id) }
    }
  }

  /// Makes one segment of neighbours, or none where no row of them is alive: then the next one covers
  /// their ids. Where a damaged row covers more vectors than a segment holds, it makes several.
  private mutating func rebuild(_ group: [SegmentRecord], in space: SpaceRecord) throws {
    guard let first = group.first, let last = group.last else { return }
    for record in group { try SegmentsTable.delete(record.id, db) }
    let builder = SegmentBuilder(
      space: space, rotation: Rotation(dimensions: space.space.dimensions))
    let most = SegmentLayout.maximumRows
    let ids = try VectorsTable.ids(
      space: space.id, after: first.after, through: last.through, limit: most + 1, db)
    guard ids.count <= most else {
      return try fill(builder, after: first.after, through: last.through)
    }
    if let segment = try builder.build(after: first.after, through: last.through, db) {
      try SegmentsTable.insert(
        segment, space: space.id, after: first.after, through: last.through, db)
      made += 1
      return
    }
    if let next = try SegmentsTable.all(space: space.id, db).first(where: {
      $0.after == last.through
    }) {
      try SegmentsTable.setAfter(first.after, segment: next.id, db)
    }
  }

  // MARK: - Damage

  private mutating func rebuild(_ damaged: Set<Int64>, in space: SpaceRecord) throws {
    try closeGaps(in: space)
    for record in try SegmentsTable.all(space: space.id, db) where damaged.contains(record.id) {
      try rebuild([record], in: space)
    }
  }

  /// Makes segments for vectors between two segments that none covers: one was lost.
  private mutating func closeGaps(in space: SpaceRecord) throws {
    let builder = SegmentBuilder(
      space: space, rotation: Rotation(dimensions: space.space.dimensions))
    var covered: Int64 = 0
    for record in try SegmentsTable.all(space: space.id, db) {
      if record.after < covered {
        // Two cover the same vectors: both are rebuilt, the second from where the first ends.
        try SegmentsTable.delete(record.id, db)
        if record.through > covered { try fill(builder, after: covered, through: record.through) }
      } else if record.after > covered {
        try fill(builder, after: covered, through: record.after)
      }
      covered = max(covered, record.through)
    }
  }

  private mutating func fill(_ builder: SegmentBuilder, after: Int64, through: Int64) throws {
    var after = after
    while after < through {
      let ids = try VectorsTable.ids(
        space: builder.space.id, after: after, through: through,
        limit: segmentRows, db)
      guard let last = ids.last else { break }
      let end = ids.count < segmentRows ? through : last
      try write(builder, after: after, through: end)
      after = end
    }
    guard after < through else { return }
    if let next = try SegmentsTable.all(space: builder.space.id, db).first(where: {
      $0.after == through
    }) {
      try SegmentsTable.setAfter(after, segment: next.id, db)
    }
  }
}

/// Reads the vectors of a range of ids with what names them.
struct SegmentBuilder {
  let space: SpaceRecord
  let rotation: Rotation

  /// A segment of the vectors of a space with ids in (after, through], or nil where there are none.
  ///
  /// A vector that is damaged is in the segment with an estimate above everything, so that a search looks
  /// at its row and reports it.
  ///
  /// - Precondition: they are at most ``SegmentLayout/maximumRows``.
  /// - Complexity: reads 4 bytes × dimensions × rows.
  func build(after: Int64, through: Int64, _ db: Database) throws -> CodeSegment? {
    var rows: [SegmentRow] = []
    var damaged: Set<Int> = []
    let block = VectorBlock(
      dimensions: space.space.dimensions, capacity: SegmentLayout.maximumRows)
    let zero = [Float](repeating: 0, count: space.space.dimensions)
    try VectorsTable.forEachNamed(space: space, after: after, through: through, db) { vector in
      if Self.isSound(vector.bytes, dimensions: zero.count) {
        try block.append(bytes: vector.bytes, id: vector.id)
      } else {
        damaged.insert(rows.count)
        try block.append(zero, id: vector.id)
      }
      rows.append(
        SegmentRow(
          vector: vector.id, chunk: vector.chunk, document: vector.document,
          collection: vector.collection))
    }
    guard !rows.isEmpty else { return nil }
    return block.withUnsafeRows { vectors, _ in
      SegmentEncoder(rotation: rotation).encode(vectors, rows: rows, damaged: damaged)
    }
  }

  private static func isSound(_ bytes: UnsafeRawBufferPointer, dimensions: Int) -> Bool {
    guard bytes.count == 4 * dimensions else { return false }
    return UnitVector.isUnitLength(Kernels.norm(ofUnaligned: bytes))
  }
}
