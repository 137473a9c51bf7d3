// How far an estimate from codes may be from the truth, in standard deviations.

import Foundation

/// The bound behind the pruning of rows by their codes.
///
/// The estimate of a dot product from RaBitQ's codes is unbiased, and its error is that of a normal
/// distribution with a known deviation: |r| |q| · sqrt((1 − f²) / f²) / sqrt(D − 1) for the 1-bit code,
/// f = ⟨ō, x̄⟩ (Gao & Long, SIGMOD 2024, theorem 3.2; Gao et al., SIGMOD 2025, for more bits). A row is
/// left out when its estimate plus a number of deviations does not reach the k-th best score; so the
/// number follows from the probability with which that may be wrong for one row.
///
/// Rows are left out by it in this order: by 1-bit codes in the kernels that select (`vk_select`, `codes.c`) and in
/// `SegmentScan.narrow`, by 4-bit codes in `Findings`, and before their float32 rows are read in `CodeSearch.score`.
package enum ErrorBound {
  /// What is added to every bound for the rounding of float32 sums: estimates, rotation, and lengths that
  /// are 1 within ``UnitVector/tolerance``.
  package static let slack: Float = 2e-5

  /// The number of standard deviations that a normal variable exceeds with a probability.
  ///
  /// - Parameter failureProbability: above 0 and at most 0.5; 1e-6 gives 4.75.
  package static func deviations(failureProbability: Double) -> Double {
    precondition(
      failureProbability > 0 && failureProbability <= 0.5, "probability \(failureProbability)")
    var (low, high) = (0.0, 40.0)
    for _ in 0..<60 {
      let middle = (low + high) / 2
      if erfc(middle / 2.0.squareRoot()) / 2 > failureProbability {
        low = middle
      } else {
        high = middle
      }
    }
    return high
  }
}
