// Search by codes: the exact results of ExactSearch for a fraction of its reading.

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
///     let (results, effort) = try search.run(segments, source: snapshot)
///
/// Three stages, each cheaper a row than the next and looking at fewer rows: the 1-bit codes of all, the
/// 4-bit codes of those whose upper bound reaches the k-th best lower bound, and the float32 rows of what
/// is left, by falling upper bound until none can enter the results (after Gao & Long, SIGMOD 2024).
/// Results and scores are those of ``ExactSearch`` to the bit, but for the probability that a bound fails.
package struct CodeSearch: Sendable {
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

  /// Finds the results of each query, best first, ids being those of chunks, and what it took.
  ///
  /// - Parameters:
  ///   - segments: made with the search's rotation.
  ///   - seeds: rows that have been scored already, for each query; they may be results too.
  ///   - source: where fine codes and float32 rows are read.
  /// - Throws: ``CodeSegment/Damage``, ``SearchError``, and what the source throws.
  /// - Complexity: O(queries · rows · P / 64), and some 20 rows read a query.
  package func run(
    _ segments: [MaskedSegment], seeds: [[ScoredRow]] = [], source: any SearchSource
  ) throws -> (results: [[ScoredRow]], effort: SearchEffort) {
    let run = Run(segments.filter { $0.count > 0 }, seeds, source)
    let scans = makeScans(run)
    var results: [[ScoredRow]] = []
    var effort = SearchEffort()
    var scanned: Group?
    for start in stride(from: 0, to: queries.count + Self.groupSize, by: Self.groupSize) {
      var group: Group?
      if start < queries.count {
        group = Group(
          queries: start..<min(start + Self.groupSize, queries.count), scans: scans,
          limit: min(limit, max(run.rows, 1)), seeds: seeds, seedLimit: limit)
      }
      // The rows of one group are read on one core while the others scan the codes for the next.
      let finished = try work(run, scanning: group, finishing: scanned)
      results += finished.results
      effort.add(finished.effort)
      scanned = group
    }
    effort.scanned = run.rows * queries.count
    return (results, effort)
  }

  /// What one call of ``run(_:seeds:source:)`` searches.
  private struct Run: Sendable {
    let segments: [MaskedSegment]
    let rows: Int
    let seeds: [[ScoredRow]]
    let source: any SearchSource

    init(_ segments: [MaskedSegment], _ seeds: [[ScoredRow]], _ source: any SearchSource) {
      self.segments = segments
      rows = segments.reduce(0) { $0 + $1.count }
      self.seeds = seeds
      self.source = source
    }
  }

  /// The results of a group's queries, and what it took to score their rows.
  private struct Finished: Sendable {
    var results: [[ScoredRow]] = []
    var effort = SearchEffort()
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

  private func makeScans(_ run: Run) -> [SegmentScan] {
    let mostRows = run.segments.lazy.map(\.segment.layout.rows).max() ?? 0
    return (0..<SearchWorkers.maximumWorkers).map { _ in
      SegmentScan(
        paddedDimensions: rotation.paddedDimensions, rows: mostRows,
        limit: min(limit, max(run.rows, 1)), deviations: deviations, source: run.source)
    }
  }

  /// Scans all segments for one group of queries, and meanwhile finishes another, whose codes have been
  /// scanned. A segment's codes stay in a core's cache for all queries of the group.
  private func work(
    _ run: Run, scanning group: Group?, finishing scanned: Group?
  ) throws -> Finished {
    let outcome = Mutex<(finished: Finished, failure: (any Error)?)>((Finished(), nil))
    let queries = group?.queries.count ?? 0
    let work = run.rows * queries
    // Small pieces, so that no core is left waiting long for another one's last.
    let parts = min(Self.partsOfAGroup, queries)
    let pieces = run.segments.count * parts
    let first = scanned == nil ? 0 : 1
    let perCore = max(1, pieces * Self.rowsWorthAWorker / max(work, 1))
    SearchWorkers.forEach(first + pieces, atLeast: perCore) { item, number in
      guard outcome.withLock({ $0.failure == nil }) else { return }
      do {
        try run.source.checkCancellation()
        if item < first, let scanned {
          let finished = try finish(scanned, run)
          outcome.withLock { $0.finished = finished }
        } else if let group {
          let piece = item - first
          try scan(piece / parts, part: piece % parts, of: parts, group, number, run)
        }
      } catch {
        outcome.withLock { $0.failure = $0.failure ?? error }
      }
    }
    return try outcome.withLock { outcome in
      if let failure = outcome.failure { throw failure }
      return outcome.finished
    }
  }

  /// Scans one segment for a part of a group's queries.
  private func scan(
    _ place: Int, part: Int, of parts: Int, _ group: Group, _ number: Int, _ run: Run
  ) throws {
    let worker = group.workers[number]
    for index in stride(from: part, to: group.queries.count, by: parts) {
      try worker.scan.scan(
        queries[group.queries.lowerBound + index], run.segments[place], place: place,
        into: &worker.findings[index])
    }
  }

  /// What is left to do for a group whose codes have been scanned.
  private func finish(_ group: Group, _ run: Run) throws -> Finished {
    var finished = Finished()
    for (place, query) in group.queries.enumerated() {
      var best = TopK(limit: limit)
      if !run.seeds.isEmpty { for row in run.seeds[query] { best.insert(row) } }
      finished.effort.refined += group.workers.reduce(0) { $0 + $1.findings[place].refined }
      finished.effort.scored += try score(
        group.workers.flatMap { $0.findings[place].survivors }, query, run, into: &best)
      finished.results.append(best.sorted())
    }
    return finished
  }

  /// Scores the float32 rows of what could be results. Returns how many.
  private func score(
    _ found: [Survivor], _ query: Int, _ run: Run, into best: inout TopK
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
      try score(survivor, query, run, &row, into: &best)
    }
    for survivor in survivors.dropFirst(limit).sorted(by: { $0.upper > $1.upper }) {
      if let worst = best.worst, Double(survivor.upper) < worst.score { break }
      scored += 1
      try score(survivor, query, run, &row, into: &best)
    }
    return scored
  }

  private func score(
    _ survivor: Survivor, _ query: Int, _ run: Run, _ row: inout [Float], into best: inout TopK
  ) throws {
    let segment = run.segments[Int(survivor.segment)].segment
    let vector = segment.vectorIDs[Int(survivor.row)]
    try run.source.withVector(vector, of: segment.id) { bytes in
      let expected = rotation.dimensions * MemoryLayout<Float>.stride
      guard bytes.count == expected else {
        throw SearchError.wrongByteCount(id: vector, found: bytes.count, expected: expected)
      }
      // A copy, since what SQLite hands out is aligned to nothing, and others wait to read.
      row.withUnsafeMutableBytes { $0.copyMemory(from: bytes) }
    }
    let score = try row.withUnsafeBufferPointer { try scorers[query].score($0, id: vector) }
    best.insert(ScoredRow(id: segment.chunkIDs[Int(survivor.row)], score: score))
  }
}

/// How many rows a search looked at, and how closely.
public struct SearchEffort: Sendable, Hashable, Codable {
  /// Rows scanned by their 1-bit codes, a row once a query.
  public var scanned = 0
  /// Of those, rows whose 4-bit codes were looked at.
  public var refined = 0
  /// Float32 rows read and scored.
  public var scored = 0
  /// Whether rows may have been missed that are nearer: an index was searched that does not promise all, as that of
  /// a store on PostgreSQL.
  public var isApproximate = false

  /// Creates counts; without any, nothing was looked at.
  public init(scanned: Int = 0, refined: Int = 0, scored: Int = 0, isApproximate: Bool = false) {
    self.scanned = scanned
    self.refined = refined
    self.scored = scored
    self.isApproximate = isApproximate
  }

  /// Adds what another search took.
  package mutating func add(_ other: SearchEffort) {
    scanned += other.scanned
    refined += other.refined
    scored += other.scored
    isApproximate = isApproximate || other.isApproximate
  }
}

/// A query that is searched by codes.
struct CodeQuery: Sendable {
  /// The query brought to unit length, rotated: the padded dimensions.
  let rotated: [Float]

  init(_ unit: UnitVector, rotation: Rotation) {
    var rotated = unit.components
    rotated += [Float](repeating: 0, count: rotation.paddedDimensions - rotated.count)
    rotated.withUnsafeMutableBufferPointer { buffer in
      if let start = buffer.baseAddress { rotation.apply(start) }
    }
    self.rotated = rotated
  }
}
