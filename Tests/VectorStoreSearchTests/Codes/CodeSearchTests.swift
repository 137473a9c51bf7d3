// Search by codes against exact search: the same rows with the same scores, whatever the vectors are like.
// Tests Sources/VectorStoreSearch/Codes/CodeSearch.swift, SegmentScan.swift and SegmentEncoder.swift.

import Foundation
import TestSupport
import Testing

@testable import VectorStoreSearch

@Suite struct CodeSearchTests {
  @Test(arguments: 0..<12 as Range<UInt64>)
  func randomRowsGiveTheResultsOfExactSearch(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let dimensions = [64, 100, 384, 768, 1000, 1536][Int(seed) % 6]
    let rows = try RandomVectors.units(700, dimensions: dimensions, using: &generator)
    let queries = (0..<4).map { _ in RandomVectors.vector(dimensions, using: &generator) }
    let made = CodedRows(rows, segmentRows: 200)
    for limit in [1, 10, 60] {
      try made.expectExact(queries, limit: limit, "seed \(seed), limit \(limit)")
    }
  }

  @Test(arguments: 0..<6 as Range<UInt64>)
  func clusteredRowsAndDuplicates(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let dimensions = 384
    let centres = try RandomVectors.units(8, dimensions: dimensions, using: &generator)
    var rows: [[Float]] = try (0..<600).map { _ in
      let centre = centres[Int.random(in: 0..<8, using: &generator)]
      let noise = RandomVectors.vector(dimensions, using: &generator)
      return try UnitVector(
        zip(centre, noise).map { $0 + 0.05 * $1 }, dimensions: dimensions
      ).components
    }
    // Half of all rows are copies of a few, within a segment and across.
    for _ in 0..<600 { rows.append(rows[Int.random(in: 0..<20, using: &generator)]) }
    rows.shuffle(using: &generator)
    let made = CodedRows(rows, segmentRows: 256)
    try made.expectExact(
      Array(centres.prefix(3)) + [rows[0], rows[700]], limit: 10, "seed \(seed)")
  }

  /// Rows around a line: nearly the same, and nearly the opposite.
  @Test func nearAntipodalRows() throws {
    var generator = SeededGenerator(seed: 5)
    let dimensions = 256
    let axis = try RandomVectors.units(1, dimensions: dimensions, using: &generator)[0]
    let rows: [[Float]] = try (0..<500).map { index in
      let noise = RandomVectors.vector(dimensions, using: &generator)
      let sign: Float = index.isMultiple(of: 2) ? 1 : -1
      return try UnitVector(
        zip(axis, noise).map { sign * $0 + 1e-4 * $1 }, dimensions: dimensions
      ).components
    }
    let made = CodedRows(rows, segmentRows: 128)
    try made.expectExact([axis, axis.map { -$0 }], limit: 10, "antipodal")
  }

  /// More queries than are scanned for together.
  @Test func manyQueriesAreAnsweredInTheirOrder() throws {
    var generator = SeededGenerator(seed: 21)
    let rows = try RandomVectors.units(300, dimensions: 64, using: &generator)
    let queries = (0..<50).map { _ in RandomVectors.vector(64, using: &generator) }
    try CodedRows(rows, segmentRows: 64).expectExact(queries, limit: 5, "50 queries")
  }

  @Test(arguments: 1...20)
  func tinyNumbersOfRows(count: Int) throws {
    var generator = SeededGenerator(seed: UInt64(count))
    let rows = try RandomVectors.units(count, dimensions: 64, using: &generator)
    let made = CodedRows(rows, segmentRows: 7)
    let queries = [rows[0], RandomVectors.vector(64, using: &generator)]
    try made.expectExact(queries, limit: 10, "\(count) rows")
    try made.expectExact(queries, limit: 1000, "\(count) rows, limit 1000")
  }

  /// One row is its own mean: its residual is zero, and its estimate is its score.
  @Test func equalRowsHaveNoResidual() throws {
    var generator = SeededGenerator(seed: 1)
    let row = try RandomVectors.units(1, dimensions: 128, using: &generator)[0]
    let made = CodedRows([[Float]](repeating: row, count: 50), segmentRows: 50)
    try made.expectExact([row, RandomVectors.vector(128, using: &generator)], limit: 5, "equal")
  }

  /// Few components are not zero: the rotation has to spread them.
  @Test func sparseRows() throws {
    var generator = SeededGenerator(seed: 3)
    let dimensions = 1536
    let rows: [[Float]] = try (0..<400).map { _ in
      var row = [Float](repeating: 0, count: dimensions)
      for _ in 0..<3 { row[Int.random(in: 0..<60, using: &generator)] += 1 }
      return try UnitVector(row, dimensions: dimensions).components
    }
    let made = CodedRows(rows, segmentRows: 150)
    try made.expectExact(Array(rows.prefix(10)), limit: 10, "sparse")
  }

  @Test func maskedRowsNeitherAppearNorPrune() throws {
    var generator = SeededGenerator(seed: 8)
    let dimensions = 128
    let rows = try RandomVectors.units(900, dimensions: dimensions, using: &generator)
    let query = RandomVectors.vector(dimensions, using: &generator)
    // Every row that would be a result is dead, so that their bounds would wrongly rule out the others.
    let best = Set(
      NaiveSearch.search(query, rows: rows, ids: (0..<900).map { $0 }, limit: 40).map(\.id))
    let made = CodedRows(rows, segmentRows: 128)
    try made.expectExact([query], limit: 10, "masked") { !best.contains($0) }
    // One row in two, which are scanned for, and one in a hundred, whose fine codes are looked at without a scan.
    try made.expectExact([query], limit: 1, "half") { $0.isMultiple(of: 2) }
    try made.expectExact([query], limit: 10, "selected") { $0 % 100 == 3 }
    try made.expectExact([query], limit: 10, "nothing") { _ in false }
  }

  @Test func seedsAreResultsToo() throws {
    var generator = SeededGenerator(seed: 9)
    let rows = try RandomVectors.units(300, dimensions: 64, using: &generator)
    let query = rows[17]
    let made = CodedRows(Array(rows.prefix(200)), segmentRows: 64)
    let seeds = NaiveSearch.search(
      query, rows: Array(rows.suffix(100)), ids: (200..<300).map { $0 }, limit: 10)
    let found = try made.search([query], limit: 10, seeds: [seeds])
    #expect(found == [NaiveSearch.search(query, rows: rows, ids: (0..<300).map { $0 }, limit: 10)])
  }

  private static let realFiles = ["text-embedding-3-small", "text-embedding-ada-002"]

  private static func real(_ name: String) -> URL? {
    SharedData.file("openai1536/\(name).npy")
  }

  @Test(
    .enabled(if: realFiles.allSatisfy { real($0) != nil }, "needs the shared data"),
    arguments: realFiles)
  func realVectorsGiveTheResultsOfExactSearch(name: String) throws {
    let matrix = try NPYFixture(contentsOf: try #require(Self.real(name)))
    let rows = try (0..<matrix.rows).map {
      try UnitVector(matrix[$0], dimensions: matrix.columns).components
    }
    let made = CodedRows(rows, segmentRows: 512)
    let queries = stride(from: 0, to: rows.count, by: rows.count / 40).map { rows[$0] }
    try made.expectExact(queries, limit: 10, "\(name)")
  }

  @Test func aDamagedRowIsReported() throws {
    var generator = SeededGenerator(seed: 2)
    let rows = try RandomVectors.units(100, dimensions: 64, using: &generator)
    let made = CodedRows(rows, segmentRows: 50, damaged: [60])
    #expect(throws: SearchError.notUnitLength(id: 60, norm: 0)) {
      _ = try made.search([rows[3]], limit: 5)
    }
  }
}

/// Rows as segments, and the float32 rows behind them. Row `i` is vector `i` and chunk `i`.
struct CodedRows {
  let rows: [[Float]]
  let rotation: Rotation
  let segments: [CodeSegment]

  init(_ rows: [[Float]], segmentRows: Int, damaged: Set<Int> = []) {
    var rows = rows
    for row in damaged { rows[row] = [Float](repeating: 0, count: rows[row].count) }
    self.rows = rows
    let rotation = Rotation(dimensions: rows[0].count)
    self.rotation = rotation
    segments = stride(from: 0, to: rows.count, by: segmentRows).map { start in
      let part = start..<min(start + segmentRows, rows.count)
      let names = part.map {
        SegmentRow(vector: Int64($0), chunk: Int64($0), document: Int64($0), collection: 1)
      }
      return rows[part].flatMap { $0 }.withUnsafeBufferPointer {
        SegmentEncoder(rotation: rotation).encode(
          $0, rows: names,
          damaged: Set(damaged.filter { part.contains($0) }.map { $0 - start }))
      }
    }
  }

  func search(
    _ queries: [[Float]], limit: Int, seeds: [[ScoredRow]] = [],
    where includes: ((Int64) -> Bool)? = nil
  ) throws -> [[ScoredRow]] {
    let search = try CodeSearch(
      queries: queries, rotation: rotation, limit: limit,
      deviations: ErrorBound.deviations(failureProbability: 1e-6))
    let masked = segments.map { segment in
      var mask = RowMask(rows: segment.layout.rows)
      for (row, id) in segment.vectorIDs.enumerated() where !(includes?(id) ?? true) {
        mask.remove(row)
      }
      return MaskedSegment(segment, mask: includes == nil ? nil : mask)
    }
    return try search.run(masked, seeds: seeds, source: self).results
  }

  func expectExact(
    _ queries: [[Float]], limit: Int, _ name: Comment, where includes: ((Int64) -> Bool)? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let kept = rows.indices.filter { includes?(Int64($0)) ?? true }
    let expected = queries.map {
      NaiveSearch.search(
        $0, rows: kept.map { rows[$0] }, ids: kept.map { Int64($0) }, limit: limit)
    }
    let found = try search(queries, limit: limit, where: includes)
    #expect(found == expected, name, sourceLocation: sourceLocation)
  }
}

extension CodedRows: SearchSource {
  /// All fine codes are in memory.
  func withFineCode(
    _ row: Int, of segment: CodeSegment, _ body: (UnsafeRawPointer) throws -> Void
  ) throws {
    throw CodeSegment.Damage(segment: segment.id, part: "fine codes")
  }

  func readFineCodes(of segment: CodeSegment, into bytes: AlignedBytes) throws {
    throw CodeSegment.Damage(segment: segment.id, part: "fine codes")
  }

  func withVector(
    _ vector: Int64, of segment: Int64, _ body: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    try rows[Int(vector)].withUnsafeBytes { try body($0) }
  }

  func checkCancellation() throws { try Task.checkCancellation() }
}
