// How far a float32 dot product of unit vectors, summed by BLAS, can be from their cosine. Used by
// Exact/ExactSearch to leave out no row that could be a result; calls nothing.

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
