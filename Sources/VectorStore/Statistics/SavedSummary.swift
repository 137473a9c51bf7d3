// What is kept of a space's statistics to compare with later: no vector and no text. Made by
// SpaceAnalysis, kept by Tables/StatisticsTable, compared by Statistics/DriftComparison.

import Foundation
import VectorStoreSearch

/// A space's rows summed up under a name.
struct SavedSummary: Sendable {
  /// The figures that are compared as they are.
  struct Figures: Sendable, Codable, Equatable {
    var meanCosine: Double?
    var participationRatio: Double?
    var effectiveRank: Double?
    var eigenvalues: [Double]
    /// The cosines to the nearest other row, at ``Distribution/percents``.
    var nearestPercentiles: [Double]
    var nearestMedian: Double?
    /// The 99th percentile of the distances of the rows to their mean.
    var distance99: Double
  }

  let name: String
  /// The collection, empty for all.
  let collection: String
  let savedAt: String
  let rows: Int
  /// The greatest chunk id then: chunks with a greater one were placed later.
  let lastChunk: Int64
  let gaussian: GaussianSummary
  let figures: Figures
}
