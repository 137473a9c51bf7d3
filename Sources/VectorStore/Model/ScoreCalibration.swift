// What a score means in a space. Made by Store+Calibration; as JSON its keys are public.

/// What cosines mean among the rows of a collection: a score of 0.35 says much in one space and nothing
/// in another.
public struct ScoreCalibration: Sendable, Codable, Equatable {
  /// The space.
  public var space: String
  /// How many rows were looked at, all pairs of them.
  public var rows: Int
  /// Out of how many.
  public var of: Int
  /// The cosines of these pairs.
  public var randomPairs: Distribution

  /// How many percent of random pairs score less, 0 to 100.
  public func percent(of score: Double) -> Double { randomPairs.percent(of: score) ?? 0 }
}
