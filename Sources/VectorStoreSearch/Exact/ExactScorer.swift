// The score of one row, as every search gives it. Called by QuerySelection and CodeSearch; calls Kernels.

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
