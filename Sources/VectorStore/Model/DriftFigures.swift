// What moved between a saved summary of a space and its rows now. Made by Statistics/; as JSON its
// keys are public.

/// How a space differs from a summary of it that was saved before.
public struct DriftFigures: Sendable, Codable, Equatable {
  /// A figure then and now.
  public struct Change: Sendable, Codable, Equatable {
    /// When the summary was saved.
    public var before: Double
    /// Now.
    public var now: Double
  }

  /// The name under which the summary was saved.
  public var name: String
  /// When it was saved, ISO 8601, UTC.
  public var savedAt: String
  /// How many rows there were, and are.
  public var rowsBefore: Int
  /// How many rows there are now.
  public var rowsNow: Int
  /// The cosine between the two means.
  public var centroidCosine: Double?
  /// The distance between the two means.
  public var centroidDistance: Double
  /// The squared Fréchet distance between the Gaussians with the two means and covariances:
  /// ‖m₁ − m₂‖² + tr(C₁ + C₂ − 2 (C₁C₂)^½) (Dowson and Landau, Journal of Multivariate Analysis 12,
  /// 1982; as in the Fréchet inception distance). Unit vectors: at most 4.
  public var frechetDistance: Double
  /// ``frechetDistance`` over the total variance then: below 0.01 as good as nothing moved.
  public var relativeFrechetDistance: Double?
  /// Half the sum of |λ/Σλ then − now| over the ordered spectra: 0 the same shape, 1 nothing shared.
  public var spectrumDistance: Double?
  /// The mean cosine of pairs.
  public var meanCosine: Change?
  /// The participation ratio.
  public var participationRatio: Change?
  /// The effective rank.
  public var effectiveRank: Change?
  /// The median cosine to the nearest other row.
  public var nearestNeighbourMedian: Change?
  /// The 99th percentile of the distances of the rows then to their mean.
  public var distance99: Double
  /// The share of all rows now that lie farther from the old mean than ``distance99``: 0.01 if nothing
  /// moved.
  public var shareBeyond: Double?
  /// Rows that were placed after the summary was saved.
  public var newRows: Int
  /// The share of those that lie farther from the old mean than ``distance99``.
  public var newShareBeyond: Double?
}
