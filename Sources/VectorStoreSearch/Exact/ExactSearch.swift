// Search by the float32 vectors of all rows, on BLAS, with scores that are exact to the bit.

/// An exact search of one query or many over rows that arrive in blocks.
///
///     var search = try ExactSearch(queries: [query], dimensions: 1536, limit: 10)
///     for block in blocks { try search.score(block) }
///     let results = search.finish()[0]  // best first
///
/// The score is the cosine dot(q, v) / (|q| · |v|) in double precision, clamped to -1...1, of the
/// query as it is given (of any length above 0) and the row as it is stored. Results are those of
/// scoring every row so: higher scores first, equal scores by rising id, each score the same in
/// every bit whatever the machine, the blocks, the other queries and BLAS's threads. Rows are first
/// scored in float32 by BLAS, at the memory's speed; only those whose float32 score is within the
/// proven rounding error (``RoundingBound``) of the results are scored again.
///
/// Rows must be of unit length within ``UnitVector/tolerance``, as ``UnitVector`` makes them. A row
/// that is not, and that is met among the candidates, is reported as damaged; one that is far below
/// them is not looked at. Ids should be different; a row given twice is a result twice.
package struct ExactSearch: Sendable {
  /// The number of components of queries and rows.
  package let dimensions: Int
  /// The most results a query gets.
  package let limit: Int
  /// How many pairs of a query and a row have been scored.
  package private(set) var scoredCount = 0
  /// How many of those were scored again in double precision.
  package private(set) var rescoredCount = 0
  private let unitQueries: Matrix
  private var selections: [QuerySelection]

  /// More queries than this are multiplied in groups, which bounds the memory for their scores (4 MB
  /// for blocks of 4,096 rows) and costs no speed: a group is wide enough for `sgemm` already.
  private static let groupSize = 256

  /// Starts a search.
  ///
  /// - Parameters:
  ///   - queries: The queries, each of `dimensions` components and any length above 0. May be empty.
  ///   - dimensions: At least 1.
  ///   - limit: The most results a query gets. 0 gives none.
  ///   - minimumScore: Rows below this score are no results; nil takes all.
  /// - Throws: ``SearchError`` `badQuery` or `minimumScoreNotFinite`.
  /// - Precondition: `dimensions` is positive, `limit` is not negative.
  package init(
    queries: [[Float]], dimensions: Int, limit: Int, minimumScore: Double? = nil
  ) throws(SearchError) {
    precondition(dimensions > 0, "\(dimensions) dimensions")
    if let minimumScore, !minimumScore.isFinite { throw .minimumScoreNotFinite }
    let bound = RoundingBound.of(dimensions: dimensions)
    var units: [Float] = []
    units.reserveCapacity(queries.count * dimensions)
    var selections: [QuerySelection] = []
    for (index, query) in queries.enumerated() {
      do {
        let unit = try UnitVector(query, dimensions: dimensions)
        units += unit.components
        selections.append(
          QuerySelection(
            query: query, norm: unit.norm, limit: limit, minimumScore: minimumScore, bound: bound))
      } catch {
        throw .badQuery(index: index, reason: error)
      }
    }
    self.dimensions = dimensions
    self.limit = limit
    self.unitQueries = Matrix(elements: units, columns: dimensions)
    self.selections = selections
  }

  /// Scores the rows of a block, which is not changed.
  ///
  /// - Throws: ``SearchError`` `notUnitLength`; the search has then seen a part of the block and is
  ///   to be given up.
  /// - Precondition: the block has the search's dimensions.
  /// - Complexity: O(queries · rows · dimensions).
  package mutating func score(_ block: VectorBlock) throws(SearchError) {
    precondition(block.dimensions == dimensions, "a block of \(block.dimensions) dimensions")
    try block.withUnsafeRows { (rows, ids) throws(SearchError) in
      try score(rows: rows, ids: ids)
    }
  }

  /// Scores rows that lie in memory: `ids.count` × `dimensions` numbers, row-major.
  ///
  /// The same as ``score(_:)`` otherwise.
  package mutating func score(
    rows: UnsafeBufferPointer<Float>, ids: UnsafeBufferPointer<Int64>
  ) throws(SearchError) {
    precondition(rows.count == ids.count * dimensions, "\(ids.count) ids, \(rows.count) numbers")
    guard limit > 0, let matrix = rows.baseAddress, !ids.isEmpty else { return }
    for start in stride(from: 0, to: selections.count, by: Self.groupSize) {
      let group = start..<min(start + Self.groupSize, selections.count)
      let scores = floatScores(of: group, matrix: matrix, rows: ids.count)
      try scores.withUnsafeBufferPointer { (scores) throws(SearchError) in
        for query in group {
          let first = (query - start) * ids.count
          rescoredCount += try selections[query].take(
            scores: UnsafeBufferPointer(rebasing: scores[first..<first + ids.count]),
            rows: rows, ids: ids)
        }
      }
      scoredCount += scores.count
    }
  }

  /// The results of each query, in the order of the queries, best first.
  ///
  /// The search may go on afterwards.
  package func finish() -> [[ScoredRow]] {
    selections.map { $0.best.sorted() }
  }

  /// The float32 scores of a group of queries: one line of `rows` scores a query.
  private func floatScores(
    of group: Range<Int>, matrix: UnsafePointer<Float>, rows: Int
  ) -> [Float] {
    let count = group.count * rows
    return unitQueries[group].withUnsafeBufferPointer { queries in
      [Float](unsafeUninitializedCapacity: count) { result, initialized in
        guard let queries = queries.baseAddress, let scores = result.baseAddress else { return }
        if group.count == 1 {
          // As quick as `sgemv`, the memory being the limit, and it wakes none of BLAS's threads, which
          // would go on spinning beside the searches of others.
          let query = UnsafeBufferPointer(start: queries, count: dimensions)
          for row in 0..<rows {
            scores[row] = Float(
              Kernels.dot(
                query, UnsafeBufferPointer(start: matrix + row * dimensions, count: dimensions)))
          }
        } else {
          BLAS.multiply(
            left: queries, leftRows: group.count, transposedRight: matrix, rightRows: rows,
            columns: dimensions, into: scores)
        }
        initialized = count
      }
    }
  }
}

/// Scores rows for one query: the cosine in double precision, dot / (|query| · |row|), in -1...1. The same
/// bits on every machine.
struct ExactScorer: Sendable {
  private let query: [Float]
  private let norm: Double

  /// - Parameters:
  ///   - query: The query as it was given: finite, not zero.
  ///   - norm: Its length.
  init(query: [Float], norm: Double) {
    self.query = query
    self.norm = norm
  }

  /// The number of components of the query and of rows.
  var dimensions: Int { query.count }

  /// The score of a row.
  ///
  /// - Throws: ``SearchError`` `notUnitLength` for a row that is damaged.
  func score(_ vector: UnsafeBufferPointer<Float>, id: Int64) throws(SearchError) -> Double {
    let length = Kernels.norm(vector)
    guard UnitVector.isUnitLength(length) else { throw .notUnitLength(id: id, norm: length) }
    let dot = query.withUnsafeBufferPointer { Kernels.dot($0, vector) }
    return min(1, max(-1, dot / (norm * length)))
  }
}
