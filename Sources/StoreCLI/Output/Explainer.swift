// What the scores of hits mean, for `query --explain`: percentiles among the collection's own
// vectors, and what the search took.

import VectorStore

/// Reads scores by the calibrations of the spaces that the hits come from.
struct Explainer {
  /// What stands in a hit's line of JSON.
  struct Line: Encodable {
    let percentOfRandomPairs: Double?
    let percentOfNearestNeighbours: Double?
    let suggestedMinimumScore: Double?
    let effort: SearchEffort
  }

  /// A space in a collection.
  private struct Place: Hashable {
    let collection: String
    let space: EmbeddingSpace

    init?(_ hit: Hit) {
      guard hit.cosine != nil, let space = hit.space else { return nil }
      (self.collection, self.space) = (hit.collection, space)
    }
  }

  private let calibrations: [Place: ScoreCalibration]

  /// Measures each space, by collection, that has a hit with a cosine.
  init(_ results: [QueryResult], _ store: Store) async throws {
    var calibrations: [Place: ScoreCalibration] = [:]
    for place in Set(results.flatMap(\.hits).compactMap(Place.init)) {
      calibrations[place] = try await store.calibration(of: place.collection, space: place.space)
    }
    self.calibrations = calibrations
  }

  /// For programs.
  func line(_ hit: Hit, _ result: QueryResult) -> Line {
    let explanation = explanation(hit)
    return Line(
      percentOfRandomPairs: explanation?.percentOfRandomPairs,
      percentOfNearestNeighbours: explanation?.percentOfNearestNeighbours,
      suggestedMinimumScore: Place(hit).flatMap { calibrations[$0]?.suggestedMinimumScore },
      effort: result.effort)
  }

  /// What a hit's cosine means; nil for a hit without one.
  func sentence(_ hit: Hit) -> String? {
    guard let cosine = hit.cosine, let explanation = explanation(hit),
      let nearest = explanation.percentOfNearestNeighbours
    else { return hit.cosine == nil ? "ranked by words; no cosine" : nil }
    return
      "cosine \(Format.fixed(cosine, 3)): above \(Self.percent(explanation.percentOfRandomPairs)) of random pairs and "
      + "\(Self.percent(nearest)) of nearest neighbours"
  }

  /// What is the same for all hits.
  func summary(_ result: QueryResult) -> [String] {
    let scores = calibrations.values.sorted { $0.space.name < $1.space.name }.compactMap {
      calibration in
      calibration.suggestedMinimumScore.map { score in
        "\(calibration.space): --min-score \(Format.fixed(score, 2)) suggested, from "
          + "\(Format.count(calibration.rows)) of \(Format.counted(calibration.of, "row"))"
      }
    }
    let effort = result.effort
    return scores + [
      "looked at: \(Format.counted(effort.scanned, "row")) by 1-bit codes, "
        + "\(Format.count(effort.refined)) by 4-bit codes, \(Format.count(effort.scored)) in full"
        + (effort.isApproximate
          ? ", found by an index that may miss some (--exact looks at all)" : "")
    ]
  }

  private func explanation(_ hit: Hit) -> ScoreCalibration.Explanation? {
    guard let cosine = hit.cosine, let place = Place(hit) else { return nil }
    return calibrations[place]?.explanation(of: cosine)
  }

  /// `97.3 %`; never 100 % for what a sample cannot tell from it.
  private static func percent(_ value: Double) -> String {
    value >= 100 ? "all" : "\(Format.fixed(min(value, 99.9), 1)) %"
  }
}
