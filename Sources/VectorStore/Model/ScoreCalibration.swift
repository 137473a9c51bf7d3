// What a score means in a space. Made by Store+Calibration; as JSON its keys are public.

/// What cosines mean among the rows of a collection: a score of 0.35 says much in one space and nothing
/// in another.
public struct ScoreCalibration: Sendable, Codable, Equatable {
  /// What one score means.
  public struct Explanation: Sendable, Codable, Equatable {
    /// How many percent of random pairs score less.
    public var percentOfRandomPairs: Double
    /// How many percent of rows have a nearest neighbour that scores less.
    public var percentOfNearestNeighbours: Double?
  }

  /// The space.
  public var space: String
  /// How many rows were looked at, all pairs of them.
  public var rows: Int
  /// Out of how many.
  public var of: Int
  /// The cosines of these pairs.
  public var randomPairs: Distribution
  /// The cosines of some of the rows to the nearest other one among all.
  public var nearestNeighbours: Distribution?
  /// A least score for queries, as ``SpaceStatistics/suggestedMinimumScore``.
  public var suggestedMinimumScore: Double?

  /// How many percent of random pairs score less, 0 to 100.
  public func percent(of score: Double) -> Double { randomPairs.percent(of: score) ?? 0 }

  /// What a score means.
  public func explanation(of score: Double) -> Explanation {
    Explanation(
      percentOfRandomPairs: percent(of: score),
      percentOfNearestNeighbours: nearestNeighbours?.percent(of: score))
  }

  mutating func enter(nearest: Distribution?) {
    nearestNeighbours = nearest
    suggestedMinimumScore = Self.suggestedMinimumScore(
      randomPairs: randomPairs, nearestNeighbours: nearest)
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
