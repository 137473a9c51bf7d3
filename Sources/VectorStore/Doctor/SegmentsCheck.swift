// Checks the segments of codes against the vectors they were made of.

import GRDB
import VectorStoreSearch

/// Looks at the segments of all spaces.
struct SegmentsCheck: StoreCheck {
  /// The rows of a full segment.
  let segmentRows: Int
  let names = [DoctorReport.Name.segments, .segmentChain, .segmentRows, .codes]

  private static let advice =
    "a repair builds the segments again; until then searches look at their vectors one by one"

  func run(_ db: Database) throws -> [DoctorReport.Check] {
    let audit = try SegmentAudit(db)
    return [
      audit.parts.check(
        .segments, well: "\(audit.segments) segments are whole", found: "segments are damaged",
        advice: Self.advice),
      audit.chain.check(
        .segmentChain, well: "they follow one another", found: "gaps or overlaps between segments",
        advice: Self.advice),
      audit.names.check(
        .segmentRows, well: "they name the right vectors and know which are gone",
        found: "segments name other vectors than there are", advice: Self.advice),
      audit.codes.check(
        .codes, well: "the codes of \(audit.rows) vectors are theirs",
        found: "segments hold codes that are not those of their vectors", advice: Self.advice),
    ]
  }

  func repair(_ file: StoreFile) async throws -> [DoctorReport.Name: String] {
    let rows = segmentRows
    let audit = try await file.readDatabase { try SegmentAudit($0) }
    var goesOn = true
    var isFirst = true
    while goesOn {
      try Task.checkCancellation()
      goesOn = try await file.writeDatabase { [isFirst] db in
        if isFirst {
          for stray in SegmentAudit.strays { try db.execute(sql: "DELETE FROM \(stray)") }
        }
        var maintenance = SegmentMaintenance(db, segmentRows: rows)
        return try maintenance.compact(damaged: audit.bad)
      }
      isFirst = false
    }
    var done: [DoctorReport.Name: String] = [:]
    for name in names { done[name] = "segments were built again" }
    return done
  }
}

/// What is wrong with segments, and which of them are to be rebuilt.
struct SegmentAudit {
  /// How many segments there are, and rows in them that are alive.
  private(set) var (segments, rows) = (0, 0)
  /// Segments with missing or damaged parts, and parts of no segment.
  private(set) var parts = Findings()
  private(set) var chain = Findings()
  private(set) var names = Findings()
  private(set) var codes = Findings()
  /// To be rebuilt in their place.
  private(set) var bad: Set<Int64> = []

  /// - Complexity: reads all segments and vectors, and encodes every row.
  init(_ db: Database) throws {
    let removed = try SegmentsTable.removedVectors(db)
    for space in try SpacesTable.all(db) {
      var covered: Int64 = 0
      let list = try SegmentsTable.list(space: space.id, db)
      segments += list.unusable.count
      for id in list.damaged { parts.add("segment \(id) of \(space.space): its row is damaged") }
      for id in list.early { chain.add("segment \(id) covers vectors that there are not yet") }
      for record in list.sound {
        try link(record, covered: covered, db)
        covered = max(covered, record.through)
        try look(at: record, space, Set(removed[space.id] ?? []), db)
      }
    }
    let hidden = try Int.fetchOne(
      db, sql: "SELECT COUNT(*) FROM removed_vectors WHERE id IN (SELECT id FROM vectors)")
    if let hidden, hidden > 0 {
      names.add("\(hidden) vectors are listed as deleted that are there")
    }
    let strays = try Self.strayParts(db)
    if strays > 0 { parts.add("\(strays) parts belong to no segment") }
  }

  /// How a segment follows the ones before it.
  private mutating func link(
    _ record: SegmentRecord, covered: Int64, _ db: Database
  ) throws {
    segments += 1
    if record.after < covered {
      chain.add("segment \(record.id) covers vectors that the one before it covers")
    } else if record.after > covered,
      try !VectorsTable.ids(
        space: record.space, after: covered, through: record.after, limit: 1, db
      ).isEmpty
    {
      chain.add("no segment covers the vectors between \(covered) and \(record.after)")
    }
  }

  private mutating func look(
    at record: SegmentRecord, _ space: SpaceRecord, _ removed: Set<Int64>, _ db: Database
  ) throws {
    let segment: CodeSegment
    let fine: AlignedBytes
    do {
      let loaded = try SegmentReader(space: space).load([record], db)[record.id]
      segment = try loaded?.get() ?? { throw CodeSegment.Damage(segment: record.id, part: "row") }()
      fine = AlignedBytes(count: segment.layout.fineCount)
      try SnapshotReader(db, space: space.space).readFineCodes(
        of: segment, into: fine)
    } catch let damage as CodeSegment.Damage {
      parts.add("segment \(record.id) of \(space.space): its \(damage.part) is damaged or missing")
      bad.insert(record.id)
      return
    }
    var walk = Walk(record, segment)
    let verifier = CodeVerifier(
      rotation: Rotation(dimensions: space.space.dimensions), segment: segment, fine: fine)
    var (wrongCodes, soundRows) = (0, 0)
    try VectorsTable.forEachNamed(
      space: space, after: record.after, through: record.through, db
    ) { vector in
      guard let row = walk.meet(vector), Self.isSound(vector.bytes, space) else { return }
      soundRows += 1
      if !verifier.agrees(row: row, vector: vector.bytes) { wrongCodes += 1 }
    }
    walk.end(removed: removed)
    rows += soundRows
    for complaint in walk.complaints { names.add("segment \(record.id): \(complaint)") }
    if wrongCodes > 0 {
      codes.add("segment \(record.id) of \(space.space): \(wrongCodes) of \(soundRows) rows")
    }
    if wrongCodes > 0 || !walk.complaints.isEmpty { bad.insert(record.id) }
  }

  private static func isSound(_ bytes: UnsafeRawBufferPointer, _ space: SpaceRecord) -> Bool {
    bytes.count == 4 * space.space.dimensions
      && UnitVector.isUnitLength(Kernels.norm(ofUnaligned: bytes))
  }

  /// Parts whose segment is gone.
  static let strays = [
    "segments WHERE space_id IS NULL OR space_id NOT IN (SELECT id FROM spaces)",
    "segment_heads WHERE id NOT IN (SELECT id FROM segments)",
    "segment_codes WHERE id NOT IN (SELECT id FROM segments)",
    "segment_fine_codes WHERE id / 4096 NOT IN (SELECT id FROM segments)",
  ]

  private static func strayParts(_ db: Database) throws -> Int {
    try strays.reduce(0) { try $0 + (Int.fetchOne(db, sql: "SELECT COUNT(*) FROM \($1)") ?? 0) }
  }
}

/// Goes through the rows of a segment and the living vectors of its range side by side.
private struct Walk {
  private let segment: CodeSegment
  private let dead: [UInt8]?
  private var seen: [Bool]
  private var next = 0
  private var (unknown, misnamed, hidden, undead) = (0, 0, 0, 0)

  init(_ record: SegmentRecord, _ segment: CodeSegment) {
    self.segment = segment
    dead = record.removed
    seen = [Bool](repeating: false, count: segment.layout.rows)
  }

  private func isDead(_ row: Int) -> Bool {
    dead.map { $0[row / 8] >> UInt8(row % 8) & 1 == 1 } ?? false
  }

  /// The row of a living vector, if it has one.
  mutating func meet(_ vector: VectorsTable.NamedVector) -> Int? {
    let ids = segment.vectorIDs
    while next < ids.count, ids[next] < vector.id { next += 1 }
    guard next < ids.count, ids[next] == vector.id else {
      unknown += 1
      return nil
    }
    seen[next] = true
    let isNamed =
      segment.chunkIDs[next] == vector.chunk && segment.documentIDs[next] == vector.document
      && segment.collectionIDs[next] == UInt32(clamping: vector.collection)
    if !isNamed { misnamed += 1 }
    if isDead(next) { hidden += 1 }
    return next
  }

  /// Looks at the rows that no living vector was met for.
  mutating func end(removed: Set<Int64>) {
    for row in seen.indices where !seen[row] && !isDead(row) {
      if !removed.contains(segment.vectorIDs[row]) { undead += 1 }
    }
  }

  var complaints: [String] {
    [
      (unknown, "vectors are missing in it"),
      (misnamed, "vectors have another chunk, document or collection"),
      (hidden, "vectors are marked as gone that are there"),
      (undead, "vectors are gone and not marked"),
    ].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
  }
}
