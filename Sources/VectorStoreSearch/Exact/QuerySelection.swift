// Which rows of a block can be among a query's best, by the bound on rounding.

/// The best rows of one query so far.
struct QuerySelection: Sendable {
  /// The best rows by their exact score.
  private(set) var best: TopK
  private let scorer: ExactScorer
  private let minimumScore: Double
  private let bound: Double
  /// The best float32 scores over all blocks; only the k-th of them is of use.
  private var approximate: TopK

  /// - Parameters:
  ///   - query: The query as it was given: finite, not zero.
  ///   - norm: Its length.
  ///   - bound: How far a float32 score may be from the exact one.
  init(query: [Float], norm: Double, limit: Int, minimumScore: Double?, bound: Double) {
    scorer = ExactScorer(query: query, norm: norm)
    self.minimumScore = minimumScore ?? -.infinity
    self.bound = bound
    self.best = TopK(limit: limit)
    self.approximate = TopK(limit: limit)
  }

  /// Takes the rows of a block that are among the best so far.
  ///
  /// - Parameters:
  ///   - scores: One float32 score a row, within `bound` of the exact one.
  ///   - rows: The rows, `ids.count` × the query's number of components.
  /// - Returns: How many rows were scored again.
  /// - Throws: ``SearchError`` `notUnitLength` for a row looked at that is damaged.
  mutating func take(
    scores: UnsafeBufferPointer<Float>, rows: UnsafeBufferPointer<Float>,
    ids: UnsafeBufferPointer<Int64>
  ) throws(SearchError) -> Int {
    raiseApproximate(scores, ids: ids)
    var rescored = 0
    var cut = Self.floor(lowestCandidate)
    for row in scores.indices where !(scores[row] < cut) {
      rescored += 1
      let start = row * scorer.dimensions
      let vector = UnsafeBufferPointer(rebasing: rows[start..<start + scorer.dimensions])
      let score = try scorer.score(vector, id: ids[row])
      if score >= minimumScore, best.insert(ScoredRow(id: ids[row], score: score)) {
        cut = Self.floor(lowestCandidate)
      }
    }
    return rescored
  }

  /// Looks at all float32 scores of a block before any row is scored again, so that rows in rising
  /// order of score, the worst order, do not all get scored again.
  private mutating func raiseApproximate(
    _ scores: UnsafeBufferPointer<Float>, ids: UnsafeBufferPointer<Int64>
  ) {
    // NaN, from a damaged row, compares false and stays out; take() then finds the row.
    var worst = Self.floor(approximate.worst?.score ?? -.infinity)
    for row in scores.indices where scores[row] >= worst {
      approximate.insert(ScoredRow(id: ids[row], score: Double(scores[row])))
      worst = Self.floor(approximate.worst?.score ?? -.infinity)
    }
  }

  /// The least float32 score of a row that could still be a result.
  ///
  /// A result's exact score is at least the minimum score and the k-th best exact score so far, and
  /// its float32 score is at most `bound` below that. Before k rows have been scored exactly, the
  /// k-th best float32 score f serves: k rows have exact scores of f − bound or more, so a result has
  /// too, and its float32 score is at least f − 2 · bound. Equal scores pass, since ids decide there.
  private var lowestCandidate: Double {
    max(
      minimumScore - bound,
      (best.worst?.score ?? -.infinity) - bound,
      (approximate.worst?.score ?? -.infinity) - 2 * bound)
  }

  /// The greatest float32 number that is not above `value`, so that scores are compared as they are.
  static func floor(_ value: Double) -> Float {
    let nearest = Float(value)
    return Double(nearest) > value ? nearest.nextDown : nearest
  }
}

/// The bound behind exact search: |float32 score − cosine| ≤ `of(dimensions:)`.
///
/// Let u = 2⁻²⁴ and γₙ = n·u / (1 − n·u). For a dot product of n float32 numbers, summed in any
/// order, with or without fused multiply-add, the computed s satisfies
///
///     |s − q·v| ≤ γₙ |q|ᵀ|v| ≤ γₙ ‖q‖ ‖v‖
///
/// (N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd edition, SIAM 2002, section
/// 3.1 for one product, section 3.5 for a product of matrices; then Cauchy and Schwarz.)
/// With ‖q‖ and ‖v‖ within τ = ``UnitVector/tolerance`` of 1, and q within τ of the unit vector of
/// the query as it was given (kept as it is, or divided by its length and rounded), it follows that
///
///     |s − cosine| ≤ γₙ (1 + τ)² + 2τ + τ².
///
/// The bound takes γₙ₊₁ for γₙ. What this adds, at least u = 6e-8, is room for what is left out above:
/// the rounding of the double-precision score (below 1e-12 for 4,096 dimensions), the comparisons
/// made with the bound, and numbers below 2⁻¹²⁶ that a processor may take for zero (n · 2⁻¹²⁵).
package enum RoundingBound {
  /// The bound for vectors of `dimensions` components: 9.4e-5 for 1536.
  package static func of(dimensions: Int) -> Double {
    let unitRoundoff = 0x1p-24
    let terms = Double(dimensions + 1) * unitRoundoff
    let gamma = terms / (1 - terms)
    let tolerance = UnitVector.tolerance
    return gamma * (1 + tolerance) * (1 + tolerance) + 2 * tolerance + tolerance * tolerance
  }
}
