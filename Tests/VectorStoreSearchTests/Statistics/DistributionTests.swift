// Percentiles, histograms, jackknife and robust scores on numbers whose figures are known.
// Tests Sources/VectorStoreSearch/Statistics/Distribution.swift, SampledMean, CosineMoments.

import Testing
import VectorStoreSearch

@Suite struct DistributionTests {
  @Test func percentilesLieBetweenTheNearestRanks() throws {
    let distribution = try #require(VectorStatistics.Distribution(of: [4, 1, 3, 2], population: 4))
    #expect(distribution.value(atPercent: 0) == 1)
    #expect(distribution.value(atPercent: 50) == 2.5)
    #expect(distribution.value(atPercent: 75) == 3.25)
    #expect(distribution.value(atPercent: 100) == 4)
    #expect(distribution.mean == 2.5 && distribution.meanError == nil)
    #expect(distribution.histogram.total == 4)
    #expect(VectorStatistics.Distribution(of: [], population: 9) == nil)
  }

  @Test func aScoreHasItsPercentile() throws {
    let values = (0...1000).map { Double($0) / 1000 }
    let distribution = try #require(
      VectorStatistics.Distribution(of: values, population: values.count))
    for value in [0.0, 0.123, 0.5, 0.9995, 1] {
      #expect(abs((distribution.percent(of: value) ?? -1) - value * 100) < 0.01)
    }
    #expect(distribution.percent(of: -1) == 0 && distribution.percent(of: 2) == 100)
    #expect(distribution.percent(of: .nan) == nil)
    let flat = try #require(VectorStatistics.Distribution(of: [1, 1, 1], population: 3))
    #expect(flat.percent(of: 1) == 50 && flat.percent(of: 0.5) == 0)
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
