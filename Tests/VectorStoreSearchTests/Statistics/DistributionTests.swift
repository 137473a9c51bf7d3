// Percentiles, histograms, jackknife and robust scores on numbers whose figures are known.
// Tests Sources/VectorStoreSearch/Statistics/Distribution.swift, SampledMean, CosineMoments.

import Testing
import VectorStoreSearch

@Suite struct DistributionTests {
  @Test func percentilesLieBetweenTheNearestRanks() throws {
    let distribution = try #require(VectorStatistics.Distribution(of: [4, 1, 3, 2], population: 4))
    let values = Dictionary(
      uniqueKeysWithValues: distribution.percentiles.map { ($0.percent, $0.value) })
    #expect(values[0] == 1 && values[50] == 2.5 && values[75] == 3.25 && values[100] == 4)
    #expect(distribution.mean == 2.5 && distribution.meanError == nil)
    #expect(distribution.histogram.counts.reduce(0, +) == 4)
    #expect(VectorStatistics.Distribution(of: [], population: 9) == nil)
  }

  @Test func sampledMeansKnowTheirPopulation() {
    let values = [1.0, 2, 3, 4]
    #expect(SampledMean(values, population: 4).standardError == 0)
    // s² = 5/3, over 4, times 1 − 4/8.
    let half = SampledMean(values, population: 8).standardError
    #expect(abs(half - (5.0 / 3 / 4 / 2).squareRoot()) < 1e-12)
    #expect(SampledMean.jackknifeError([1, nil]) == nil)
    // Of a mean over single values the jackknife is the standard error.
    let left = values.indices.map { out in
      Optional(values.enumerated().filter { $0.offset != out }.map(\.element).reduce(0, +) / 3)
    }
    let error = SampledMean.jackknifeError(left) ?? 0
    #expect(abs(error - (5.0 / 3 / 4).squareRoot()) < 1e-12)
  }

  @Test func robustScoresIgnoreWhatTheyFind() {
    let scores = RobustOutliers.scores([5, 6, 7, 8, 9, -100])
    #expect(scores[5] > RobustOutliers.limit && scores[0] < RobustOutliers.limit)
    #expect(RobustOutliers.scores([1, 1, 1, 0]) == [0, 0, 0, 0])
    #expect(RobustOutliers.scores([]).isEmpty)
  }
}
