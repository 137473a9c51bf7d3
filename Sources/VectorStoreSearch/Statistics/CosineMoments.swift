// Figures that follow from the mean and the spectrum without another look at the rows. Called by
// RowAnalysis; calls nothing.

/// Cosines between rows, from moments.
package enum CosineMoments {
  /// The standard deviation of the cosine over all pairs of distinct rows.
  ///
  /// With x = m + y, x·x′ is ‖m‖² + m·y + m·y′ + y·y′, of which the last three are uncorrelated over all
  /// ordered pairs: their variance is 2 mᵀΣm + ‖Σ‖²_F, Σ the covariance divided by n (‖Σ‖²_F the sum of
  /// its squared eigenvalues; the sum over pairs of cos² is ‖XᵀX‖²_F). Then the pairs of a row with itself
  /// are taken out. Nothing large is subtracted from something large.
  ///
  /// - Parameters:
  ///   - moments: The sums over rows.
  ///   - alongMean: Σᵢ (m·yᵢ)² over rows.
  ///   - spectrum: Of the covariance divided by n − 1.
  /// - Returns: nil below two rows.
  package static func spread(
    _ moments: RowMoments, alongMean: Double, spectrum: Spectrum
  ) -> Double? {
    guard let mean = moments.meanCosine else { return nil }
    let n = Double(moments.count)
    let scale = (n - 1) / n
    let frobenius = spectrum.eigenvalues.reduce(0) { $0 + $1 * scale * $1 * scale }
    let all = n * n * (2 * alongMean / n + frobenius)
    let shift = moments.meanSquared - mean
    let own = moments.fourths - 2 * mean * moments.squares + n * mean * mean
    return (max(0, all + n * n * shift * shift - own) / (n * (n - 1))).squareRoot()
  }

  /// How evenly rows point everywhere, 0 to 1: the ratio min Z(c) / max Z(c) of the partition function
  /// Z(c) = Σ exp(c·x) over unit vectors c, to second order (Mu and Viswanath, All-but-the-Top: Simple and
  /// Effective Postprocessing for Word Representations, ICLR 2018, section 2.2):
  ///
  ///     (1 − ‖m‖ + λmin/2) / (1 + ‖m‖ + λmax/2)
  ///
  /// with m the mean of the rows and λ the eigenvalues of their second moments XᵀX / n, not centred.
  package static func isotropy(
    meanSquared: Double, least: Double, greatest: Double
  ) -> Double {
    let length = meanSquared.squareRoot()
    return min(1, max(0, 1 - length + least / 2) / (1 + length + greatest / 2))
  }
}

/// Values far below the others.
package enum RobustOutliers {
  /// Beyond so many robust deviations a value is an outlier.
  package static let limit = 3.5

  /// How many robust deviations each value lies below the median: (median − x) / (1.4826 · MAD)
  /// (Iglewicz and Hoaglin, How to Detect and Handle Outliers, ASQC 1993, whose 0.6745 is 1/1.4826); zeros
  /// where more than half of the values are the same.
  ///
  /// - Complexity: O(values · log values).
  package static func scores(_ values: [Double]) -> [Double] {
    guard !values.isEmpty else { return [] }
    let median = Distribution.value(atPercent: 50, in: values.sorted())
    let deviations = values.map { abs($0 - median) }.sorted()
    let deviation = 1.4826 * Distribution.value(atPercent: 50, in: deviations)
    guard deviation > 1e-9 else { return values.map { _ in 0 } }
    return values.map { (median - $0) / deviation }
  }
}
