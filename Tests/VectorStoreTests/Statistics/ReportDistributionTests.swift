// What a report's distribution says of values. Tests StatisticsReport+Distribution.

import Testing
import VectorStoreSearch

@testable import VectorStore

struct ReportDistributionTests {
  private func distribution(of values: [Double]) throws -> StatisticsReport.Distribution {
    StatisticsReport.Distribution(
      try #require(VectorStatistics.Distribution(of: values, population: values.count)))
  }

  @Test func percentilesLieBetweenTheNearestRanks() throws {
    let distribution = try distribution(of: [4, 1, 3, 2])
    #expect(distribution.value(atPercent: 0) == 1)
    #expect(distribution.value(atPercent: 50) == 2.5)
    #expect(distribution.value(atPercent: 75) == 3.25)
    #expect(distribution.value(atPercent: 100) == 4)
    #expect(distribution.mean == 2.5 && distribution.meanError == nil)
    #expect(distribution.histogram.total == 4)
  }

  @Test func aScoreHasItsPercentile() throws {
    let distribution = try distribution(of: (0...1000).map { Double($0) / 1000 })
    for value in [0.0, 0.123, 0.5, 0.9995, 1] {
      #expect(abs((distribution.percent(of: value) ?? -1) - value * 100) < 0.01)
    }
    #expect(distribution.percent(of: -1) == 0 && distribution.percent(of: 2) == 100)
    #expect(distribution.percent(of: .nan) == nil)
    let flat = try self.distribution(of: [1, 1, 1])
    #expect(flat.percent(of: 1) == 50 && flat.percent(of: 0.5) == 0)
  }
}
