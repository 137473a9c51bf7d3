// Search by codes: the exact results of ExactSearch for a fraction of its reading. Called by the layer
// above with segments and a way to read single rows; calls SegmentScan on all cores, then ExactScorer.

import Synchronization

/// A segment and which of its rows take part.
package struct MaskedSegment: Sendable {
  /// The segment.
  package let segment: CodeSegment
  /// The rows that take part; nil is all.
  package let mask: RowMask?

  package init(_ segment: CodeSegment, mask: RowMask? = nil) {
    self.segment = segment
    self.mask = mask
  }

  /// How many rows take part.
  package var count: Int { mask?.count ?? segment.layout.rows }

  func withMask<Result>(_ body: (UnsafePointer<UInt8>?) -> Result) -> Result {
    guard let mask else { return body(nil) }
    return mask.bytes.withUnsafeBufferPointer { body($0.baseAddress) }
  }
}

/// A search of one query or many over segments of codes.
///
///     let search = try CodeSearch(queries: [query], rotation: rotation, limit: 10, deviations: 4.75)
///     let effort = try search.run(segments, source: file, readRow: read) { query, results in … }
///
/// Three stages, each cheaper a row than the next and looking at fewer rows: the 1-bit codes of all, the
/// 4-bit codes of those whose upper bound reaches the k-th best lower bound, and the float32 rows of what
/// is left, by falling upper bound until none can enter the results (DESIGN after Gao & Long, SIGMOD 2024).
/// Results and scores are those of ``ExactSearch`` to the bit, but for the probability that a bound fails.
package struct CodeSearch: Sendable {
  /// Reads one row: calls the closure with the bytes of the vector of that id, which the segment of that
  /// id holds.
  package typealias RowReader = (
    _ vector: Int64, _ segment: Int64, _ body: (UnsafeRawBufferPointer) throws -> Void
  ) throws -> Void

  private let queries: [CodeQuery]
  private let scorers: [ExactScorer]
  private let rotation: Rotation
  private let limit: Int
  private let deviations: Double

  /// Rows that one query looks at before it is worth to wake another core.
  private static let rowsWorthAWorker = 8192

  /// Starts a search.
  ///
  /// - Parameters:
  ///   - queries: each of the rotation's dimensions and any length above 0.
  ///   - rotation: the one that the segments were made with.
  ///   - limit: the most results a query gets, at least 1.
  ///   - deviations: how many standard deviations a bound is wide, see ``ErrorBound``.
  /// - Throws: ``SearchError`` `badQuery`.
  package init(
    queries: [[Float]], rotation: Rotation, limit: Int, deviations: Double
  ) throws(SearchError) {
    precondition(limit > 0, "limit \(limit)")
    var prepared: [CodeQuery] = []
    var scorers: [ExactScorer] = []
    for (index, query) in queries.enumerated() {
      do {
        let unit = try UnitVector(query, dimensions: rotation.dimensions)
        prepared.append(CodeQuery(unit, rotation: rotation))
        scorers.append(ExactScorer(query: query, norm: unit.norm))
      } catch {
        throw .badQuery(index: index, reason: error)
      }
    }
    self.queries = prepared
    self.scorers = scorers
    self.rotation = rotation
    self.limit = limit
    self.deviations = deviations
  }

  /// Queries that are scanned for together: enough for the codes to come out of a core's cache, few enough for
  /// the rows of one group to be read while the codes for the next are scanned.
  private static let groupSize = 16
  /// A segment is scanned for so many parts of a group, one after the other or on several cores.
  private static let partsOfAGroup = 4

  /// Finds the results of each query and delivers them, best first, ids being those of chunks. Returns what
  /// it took.
  ///
  /// - Parameters:
  ///   - segments: made with the search's rotation.
  ///   - seeds: rows that have been scored already, for each query; they may be results too.
  ///   - source: where fine codes are that are not in memory.
  ///   - readRow: reads a float32 row; called on the caller's thread.
  ///   - deliver: takes the results of a query; called on the caller's thread, in the order of the queries.
  /// - Throws: ``CodeSegment/Damage``, ``SearchError``, and what the closures throw.
  /// - Complexity: O(queries · rows · P / 64), and some 20 rows read a query.
  package func run(
    _ segments: [MaskedSegment], seeds: [[ScoredRow]] = [], source: (any FineCodeSource)?,
    readRow: RowReader, deliver: (_ query: Int, _ results: [ScoredRow]) throws -> Void
  ) throws -> SearchEffort {
    var effort = SearchEffort()
    let segments = segments.filter { $0.count > 0 }
    let rows = segments.reduce(0) { $0 + $1.count }
    effort.scanned = rows * queries.count
    let scans = makeScans(segments, limit: min(limit, max(rows, 1)), source: source)
    var scanned: Group?
    /// What is left to do for a group whose codes have been scanned.
    func finish() throws {
      guard let group = scanned else { return }
      for (place, query) in group.queries.enumerated() {
        var best = TopK(limit: limit)
        if !seeds.isEmpty { for row in seeds[query] { best.insert(row) } }
        effort.refined += group.workers.reduce(0) { $0 + $1.findings[place].refined }
        effort.scored += try score(
          group.workers.flatMap { $0.findings[place].survivors }, segments, query, into: &best,
          readRow)
        try deliver(query, best.sorted())
      }
    }
    for start in stride(from: 0, to: queries.count, by: Self.groupSize) {
      let group = Group(
        queries: start..<min(start + Self.groupSize, queries.count), scans: scans,
        limit: min(limit, max(rows, 1)), seeds: seeds, seedLimit: limit)
      try scan(segments, for: group, first: finish)
      scanned = group
    }
    try finish()
    return effort
  }

  /// One worker's memory and what it has found, for each query of a group.
  ///
  /// `@unchecked Sendable`: one thread uses it at a time.
  private final class Worker: @unchecked Sendable {
    let scan: SegmentScan
    var findings: [Findings]

    init(scan: SegmentScan, findings: [Findings]) {
      self.scan = scan
      self.findings = findings
    }
  }

  /// Queries that are scanned for together.
  private struct Group: Sendable {
    let queries: Range<Int>
    let workers: [Worker]

    init(
      queries: Range<Int>, scans: [SegmentScan], limit: Int, seeds: [[ScoredRow]], seedLimit: Int
    ) {
      self.queries = queries
      let shared = queries.map { query in
        // Seeds that fill the results are a threshold to begin with.
        let isFull = !seeds.isEmpty && seeds[query].count >= seedLimit
        let worst = isFull ? seeds[query].last?.score : nil
        return SharedThreshold(worst.map { QuerySelection.floor($0) } ?? -.infinity)
      }
      workers = scans.map { scan in
        Worker(scan: scan, findings: shared.map { Findings(limit: limit, shared: $0) })
      }
    }
  }

  private func makeScans(
    _ segments: [MaskedSegment], limit: Int, source: (any FineCodeSource)?
  ) -> [SegmentScan] {
    let mostRows = segments.lazy.map(\.segment.layout.rows).max() ?? 0
    return (0..<SearchWorkers.maximumWorkers).map { _ in
      SegmentScan(
        paddedDimensions: rotation.paddedDimensions, rows: mostRows, limit: limit,
        deviations: deviations, source: source)
    }
  }

  /// Scans all segments for a group of queries: a segment's codes stay in a core's cache meanwhile.
  private func scan(
    _ segments: [MaskedSegment], for group: Group, first: () throws -> Void
  ) throws {
    let failure = Mutex<(any Error)?>(nil)
    let work = segments.reduce(0) { $0 + $1.count } * group.queries.count
    // Small pieces, so that no core is left waiting long for another one's last.
    let parts = min(Self.partsOfAGroup, group.queries.count)
    let pieces = segments.count * parts
    let perCore = max(1, pieces * Self.rowsWorthAWorker / max(work, 1))
    try SearchWorkers.forEach(pieces, atLeast: perCore, first: first) { piece, number in
      let worker = group.workers[number]
      let place = piece / parts
      do {
        for index in stride(from: piece % parts, to: group.queries.count, by: parts) {
          try worker.scan.scan(
            queries[group.queries.lowerBound + index], segments[place], place: place,
            into: &worker.findings[index])
        }
      } catch {
        failure.withLock { $0 = $0 ?? error }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
  }

  /// Scores the float32 rows of what could be results. Returns how many.
  private func score(
    _ found: [Survivor], _ segments: [MaskedSegment], _ query: Int, into best: inout TopK,
    _ readRow: RowReader
  ) throws -> Int {
    var bound = TopScores(limit: min(limit, max(found.count, 1)))
    for survivor in found { bound.insert(survivor.lower) }
    let threshold = found.count < limit ? -.infinity : bound.threshold
    var survivors = found.filter { !($0.upper < threshold) }
    // The likely results first: their exact scores rule most of the others out.
    survivors.sort { $0.estimate > $1.estimate }
    var row = [Float](repeating: 0, count: rotation.dimensions)
    var scored = 0
    for survivor in survivors.prefix(limit) {
      scored += 1
      try score(survivor, segments, query, &row, into: &best, readRow)
    }
    for survivor in survivors.dropFirst(limit).sorted(by: { $0.upper > $1.upper }) {
      if let worst = best.worst, Double(survivor.upper) < worst.score { break }
      scored += 1
      try score(survivor, segments, query, &row, into: &best, readRow)
    }
    return scored
  }

  private func score(
    _ survivor: Survivor, _ segments: [MaskedSegment], _ query: Int, _ row: inout [Float],
    into best: inout TopK, _ readRow: RowReader
  ) throws {
    let segment = segments[Int(survivor.segment)].segment
    let vector = segment.vectorIDs[Int(survivor.row)]
    try readRow(vector, segment.id) { bytes in
      let expected = rotation.dimensions * MemoryLayout<Float>.stride
      guard bytes.count == expected else {
        throw SearchError.wrongByteCount(id: vector, found: bytes.count, expected: expected)
      }
      // A copy, since what SQLite hands out is aligned to nothing.
      row.withUnsafeMutableBytes { $0.copyMemory(from: bytes) }
    }
    let score = try row.withUnsafeBufferPointer { try scorers[query].score($0, id: vector) }
    best.insert(ScoredRow(id: segment.chunkIDs[Int(survivor.row)], score: score))
  }
}
