// The intrinsic dimension out of the two nearest neighbours of each row. Called by NeighbourFigures;
// calls nothing.

/// TwoNN (Facco, d'Errico, Rodriguez and Laio, Estimating the intrinsic dimension of datasets by a
/// minimal neighborhood information, Scientific Reports 7, 12140, 2017).
///
/// With r₁ and r₂ the distances of a row to its two nearest others, μ = r₂ / r₁ has the distribution
/// F(μ) = 1 − μ^(−d) where the density hardly changes over the two. So d is the slope of the line
/// through the origin that fits the points (log μ₍ᵢ₎, −log(1 − i/N)), μ in rising order, of which the
/// tenth with the greatest μ is left out: Σxy / Σx². Distances are those of unit vectors, √(2 − 2 cos).
///
/// Rows in the same place count once, and a row at distance 0 is no neighbour: the ratio would mean
/// nothing.
package enum TwoNearest {
  /// The share of the greatest ratios that is left out, as in the paper.
  static let discarded = 0.1
  /// Nearer than this, two rows are in the same place: float32 rounding alone moves one by 6·10⁻⁸.
  static let least = 1e-6

  /// The ratio r₂ / r₁ of a row; nil where it has no two neighbours in other places, or a row in the
  /// same place with a lower id stands for it.
  package static func ratio(of id: Int64, nearest: [ScoredRow]) -> Double? {
    var distances: [Double] = []
    for neighbour in nearest {
      let distance = max(0, 2 - 2 * neighbour.score).squareRoot()
      guard distance > least else {
        if neighbour.id < id { return nil }
        continue
      }
      distances.append(distance)
      if distances.count == 2 { return distances[1] / distances[0] }
    }
    return nil
  }

  /// The intrinsic dimension out of the ratios of rows, in any order; nil where there are fewer than
  /// three, or all are 1.
  ///
  /// - Complexity: O(ratios · log ratios).
  package static func dimension(_ ratios: [Double]) -> Double? {
    let sorted = ratios.sorted()
    let kept = Int(Double(sorted.count) * (1 - discarded))
    guard sorted.count > 2, kept > 0 else { return nil }
    var (products, squares) = (0.0, 0.0)
    for index in 0..<kept {
      let x = sorted[index].logarithm
      let y = -(1 - Double(index + 1) / Double(sorted.count)).logarithm
      products += x * y
      squares += x * x
    }
    return squares > 0 ? products / squares : nil
  }
}
