// What a reader knows of one space at one generation: segments, dead rows, and loose rows.

import Foundation
import GRDB
import Logging
import VectorStoreSearch

/// The vectors of one space, as one snapshot of the store has them.
struct SpaceIndex: Sendable {
  /// A run of vectors, by their ids, that no segment covers.
  struct Range: Sendable, Equatable {
    var after: Int64
    var through: Int64
    /// How many there are.
    var count: Int
  }

  /// The generation of the store that it describes.
  let generation: Int64
  /// By which the space's codes are made.
  let rotation: Rotation
  /// The rows of a full segment.
  private let segmentRows: Int
  /// Segments with their living rows: those of the file, then those made in memory.
  private(set) var segments: [MaskedSegment] = []
  /// What is scored row by row, exactly.
  private(set) var loose: [Range] = []
  /// Segments of the file that are damaged; their rows are among the loose ones.
  private(set) var damaged: Set<Int64> = []
  /// Segments made in memory of rows that no segment of the file covers.
  private var absorbed: [CodeSegment] = []
  /// How many loose rows have been scored since the last were absorbed.
  private var scored = 0

  /// To encode a row costs about as much as to score it so many times.
  private static let scoresWorthEncoding = 3

  /// How many rows are loose.
  var looseCount: Int { loose.reduce(0) { $0 + $1.count } }

  /// Reads what has changed since an earlier snapshot, or all.
  ///
  /// - Parameter known: segments known to be damaged.
  /// - Complexity: O(new segments' bytes), and O(vectors that no segment covers).
  init(
    _ space: SpaceRecord, after earlier: SpaceIndex?, generation: Int64, known: Set<Int64>,
    segmentRows: Int, logger: Logger, _ db: Database
  ) throws {
    self.generation = generation
    self.segmentRows = segmentRows
    rotation = earlier?.rotation ?? Rotation(dimensions: space.space.dimensions)
    damaged = known
    absorbed = earlier?.absorbed ?? []
    scored = earlier?.scored ?? 0
    let loaded = Dictionary(
      uniqueKeysWithValues: (earlier?.segments ?? []).lazy.filter { $0.segment.id != 0 }
        .map { ($0.segment.id, $0.segment) })
    let list = try Self.segments(of: space, db)
    damaged.formUnion(list.unusable)
    let records = list.sound.filter { !known.contains($0.id) }
    let new = try SegmentReader(space: space).load(records.filter { loaded[$0.id] == nil }, db)
    // Another program may have deleted vectors; those of this one are in the segments' own rows.
    let removed = try SegmentsTable.removedVectors(db)[space.id] ?? []
    var covered: Int64 = 0
    for record in records where record.after >= covered {
      let segment: CodeSegment
      let known: Result<CodeSegment, CodeSegment.Damage>? = loaded[record.id].map { .success($0) }
      switch try known ?? Self.checked(new[record.id], record, db) {
      case .success(let whole): segment = whole
      case .failure(let damage):
        logger.warning(
          """
          segment \(record.id) of \(space.space) is damaged (\(damage.part)): its vectors are scored one \
          by one; compacting the store builds it again
          """)
        damaged.insert(record.id)
        continue
      case nil: continue
      }
      segments.append(
        MaskedSegment(segment, mask: Self.mask(of: segment, record.removed, removed)))
      try addGap(space, after: covered, through: record.after, db)
      covered = record.through
    }
    try addGap(space, after: covered, through: .max, db)
    let kept = Set(segments.lazy.filter { $0.segment.id == 0 }.map { ObjectIdentifier($0.segment) })
    absorbed.removeAll { !kept.contains(ObjectIdentifier($0)) }
  }

  /// A segment that was just read, unless its row says that it covers vectors before its first or after
  /// its last, which would stay hidden.
  private static func checked(
    _ segment: Result<CodeSegment, CodeSegment.Damage>?, _ record: SegmentRecord, _ db: Database
  ) throws -> Result<CodeSegment, CodeSegment.Damage>? {
    guard case .success(let whole)? = segment, let first = whole.vectorIDs.first,
      let last = whole.vectorIDs.last
    else { return segment }
    for (after, through) in [(record.after, first - 1), (last, record.through)]
    where after < through {
      let missing = try VectorsTable.ids(
        space: record.space, after: after, through: through, limit: 1, db)
      guard missing.isEmpty else {
        return .failure(CodeSegment.Damage(segment: record.id, part: "range"))
      }
    }
    return segment
  }

  /// The segments in the file; none where their table is damaged.
  private static func segments(
    of space: SpaceRecord, _ db: Database
  ) throws -> SegmentsTable.List {
    do {
      return try SegmentsTable.list(space: space.id, db)
    } catch let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT {
      return SegmentsTable.List()
    }
  }

  /// Takes in the vectors between two segments: those that were made codes of in memory, and loose ones.
  private mutating func addGap(
    _ space: SpaceRecord, after: Int64, through: Int64, _ db: Database
  ) throws {
    guard after < through else { return }
    let ids = try VectorsTable.ids(space: space.id, after: after, through: through, db)
    guard !ids.isEmpty else { return }
    var rest = ids[...]
    for segment in absorbed {
      guard let first = segment.vectorIDs.first, let last = segment.vectorIDs.last,
        first > after, last <= through
      else { continue }
      let before = rest.prefix { $0 < first }
      addLoose(before)
      rest = rest.dropFirst(before.count)
      let living = rest.prefix { $0 <= last }
      rest = rest.dropFirst(living.count)
      if let mask = Self.mask(of: segment, living) {
        segments.append(MaskedSegment(segment, mask: mask.isAll ? nil : mask))
      }
    }
    addLoose(rest)
  }

  private mutating func addLoose(_ ids: ArraySlice<Int64>) {
    guard let first = ids.first, let last = ids.last else { return }
    loose.append(Range(after: first - 1, through: last, count: ids.count))
  }

  /// The living rows of a segment of the file; nil where all are.
  private static func mask(
    of segment: CodeSegment, _ removed: [UInt8]?, _ vectors: [Int64]
  ) -> RowMask? {
    let rows = vectors.compactMap { segment.row(ofVector: $0) }
    guard removed != nil || !rows.isEmpty else { return nil }
    let count = segment.layout.rows
    var mask = removed.map { RowMask(rows: count, removed: $0) } ?? RowMask(rows: count)
    for row in rows { mask.remove(row) }
    return mask
  }

  /// Which rows of a segment are among the living vectors; nil where none is.
  private static func mask(of segment: CodeSegment, _ living: ArraySlice<Int64>) -> RowMask? {
    guard !living.isEmpty else { return nil }
    var mask = RowMask(rows: segment.layout.rows)
    mask.keep(segment.vectorIDs, in: IDSet(Array(living)))
    return mask
  }

  // MARK: - Absorbing loose rows

  /// Notes that the loose rows were scored. Returns whether to make codes of them has become worth it: the
  /// scores so far have cost as much.
  mutating func noteScored(_ count: Int) -> Bool {
    scored += count
    return count > 0 && scored >= Self.scoresWorthEncoding * (looseCount + reencoded)
  }

  /// The last segment in memory is rebuilt with the loose rows if it has room for them.
  private var reencoded: Int {
    absorbed.last.map { $0.layout.rows + looseCount <= segmentRows ? $0.layout.rows : 0 }
      ?? 0
  }

  /// The same snapshot, with codes in memory of all that was loose.
  func absorbing(_ space: SpaceRecord, _ db: Database) throws -> SpaceIndex {
    var result = self
    var ranges = loose
    if reencoded > 0, let last = absorbed.last, let first = last.vectorIDs.first,
      let end = last.vectorIDs.last, ranges.allSatisfy({ $0.after >= end })
    {
      result.absorbed.removeLast()
      result.segments.removeAll { $0.segment === last }
      ranges = [
        Range(
          after: first - 1, through: ranges.last?.through ?? end,
          count: looseCount + last.layout.rows)
      ]
    }
    let builder = SegmentBuilder(space: space, rotation: rotation)
    for range in ranges {
      var after = range.after
      while after < range.through {
        let ids = try VectorsTable.ids(
          space: space.id, after: after, through: range.through,
          limit: segmentRows, db)
        guard let last = ids.last,
          let segment = try builder.build(after: after, through: last, db)
        else { break }
        result.absorbed.append(segment)
        result.segments.append(MaskedSegment(segment))
        after = last
      }
    }
    result.loose = []
    result.scored = 0
    result.absorbed.sort { ($0.vectorIDs.first ?? 0) < ($1.vectorIDs.first ?? 0) }
    return result
  }
}
