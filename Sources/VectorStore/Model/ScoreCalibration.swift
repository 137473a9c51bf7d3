// What a cosine means among the vectors of a collection. Made by Store+Calibration from a sample, used by
// `query --explain`; as JSON its keys are public.

/// Where scores stand among those of a collection's own vectors.
///
/// A cosine of 0.35 is near in one model's space and far in another's. Compared with pairs of chunks taken at
/// random, and with what chunks have to their nearest neighbour, it can be read.
public struct ScoreCalibration: Sendable, Codable, Equatable {
  /// What one score means.
  public struct Explanation: Sendable, Codable, Equatable {
    /// How many percent of random pairs of chunks score less.
    public var percentOfRandomPairs: Double?
    /// How many percent of chunks have a nearest neighbour that scores less.
    public var percentOfNearestNeighbours: Double?
  }

  /// The space.
  public var space: String
  /// The collection.
  public var collection: String
  /// How many vectors the collection has in the space.
  public var rows: Int
  /// How many of them, taken at random, the figures are over.
  public var sampleRows: Int
  /// The cosines of pairs of distinct rows of the sample.
  public var randomPairs: Distribution?
  /// The cosine of each row of the sample to the nearest other row of all.
  public var nearestNeighbours: Distribution?
  /// A least score for queries, as ``SpaceStatistics/suggestedMinimumScore``.
  public var suggestedMinimumScore: Double?

  /// What a cosine means here; both figures are nil where there are no two rows.
  public func explanation(of cosine: Double) -> Explanation {
    Explanation(
      percentOfRandomPairs: randomPairs?.percent(of: cosine),
      percentOfNearestNeighbours: nearestNeighbours?.percent(of: cosine))
  }

  /// The 95th percentile of random pairs, or the 5th of nearest neighbours where that is less.
  static func suggestedMinimumScore(
    randomPairs: Distribution?, nearestNeighbours: Distribution?
  ) -> Double? {
    guard let random = randomPairs?.value(atPercent: 95),
      let nearest = nearestNeighbours?.value(atPercent: 5)
    else { return nil }
    return min(random, nearest)
  }
}
