// How numbers are spread; as JSON the keys are public.

import VectorStoreSearch

extension StatisticsReport {
  /// How some numbers are spread: mean, deviation, percentiles and a histogram.
  public struct Distribution: Sendable, Codable, Hashable {
    /// A value that a share of the others do not exceed.
    public struct Percentile: Sendable, Codable, Hashable {
      /// The share in percent, 0 to 100.
      public var percent: Double
      /// The value: interpolated between the two nearest in rank, as numpy's default does (Hyndman and
      /// Fan, Sample Quantiles in Statistical Packages, The American Statistician 50, 1996, type 7).
      public var value: Double

      /// Creates a value from its parts.
      public init(percent: Double, value: Double) {
        self.percent = percent
        self.value = value
      }
    }

    /// The percentages of ``percentiles``: whole ones, and finer ones at both ends.
    public static let percents: [Double] = VectorStatistics.Distribution.percents

    /// How many numbers there are.
    public var count: Int
    /// Their mean.
    public var mean: Double
    /// Their standard deviation, divided by the count.
    public var standardDeviation: Double
    /// The standard error of the mean, from the deviation between groups of the sample; nil where the
    /// figures are exact.
    public var meanError: Double?
    /// The values at ``percents``, rising.
    public var percentiles: [Percentile]
    /// How they are spread over bins of equal width.
    public var histogram: Histogram

    /// Creates a value from its parts.
    public init(
      count: Int, mean: Double, standardDeviation: Double, meanError: Double? = nil,
      percentiles: [Percentile], histogram: Histogram
    ) {
      self.count = count
      self.mean = mean
      self.standardDeviation = standardDeviation
      self.meanError = meanError
      self.percentiles = percentiles
      self.histogram = histogram
    }

    init(_ figures: VectorStatistics.Distribution) {
      self.init(
        count: figures.count, mean: figures.mean, standardDeviation: figures.standardDeviation,
        meanError: figures.meanError,
        percentiles: figures.percentiles.map { Percentile(percent: $0.percent, value: $0.value) },
        histogram: Histogram(figures.histogram))
    }

    /// The value at a percentage, interpolated between those of ``percentiles``; nil where there are
    /// none.
    public func value(atPercent percent: Double) -> Double? {
      guard let first = percentiles.first, let last = percentiles.last else { return nil }
      guard percent > first.percent else { return first.value }
      guard percent < last.percent,
        let upper = percentiles.firstIndex(where: { $0.percent >= percent }), upper > 0
      else { return last.value }
      let (low, high) = (percentiles[upper - 1], percentiles[upper])
      let share = (percent - low.percent) / (high.percent - low.percent)
      return low.value + share * (high.value - low.value)
    }

    /// How many percent of the numbers lie below a value: 0 below the least, 100 from the greatest on;
    /// among equal percentiles the middle. Nil where there are none, or for NaN.
    ///
    /// - Complexity: O(percentiles).
    public func percent(of value: Double) -> Double? {
      guard let first = percentiles.first, let last = percentiles.last, !value.isNaN else {
        return nil
      }
      if value < first.value { return 0 }
      if value > last.value { return 100 }
      let equal = percentiles.filter { $0.value == value }
      if let low = equal.first, let high = equal.last {
        return (low.percent + high.percent) / 2
      }
      guard let upper = percentiles.firstIndex(where: { $0.value > value }), upper > 0 else {
        return 100
      }
      let (low, high) = (percentiles[upper - 1], percentiles[upper])
      let share = (value - low.value) / (high.value - low.value)
      return low.percent + share * (high.percent - low.percent)
    }
  }

  /// How many values fall into each of some bins of equal width.
  ///
  /// Bin `i` holds the values from `edges[i]` on, below `edges[i + 1]`; the last bin holds its upper
  /// edge too.
  public struct Histogram: Sendable, Codable, Hashable {
    /// The edges of the bins, rising: one more than there are bins; empty where there are none.
    public var edges: [Double]
    /// How many values each bin holds.
    public var counts: [Int]

    /// Creates a value from its parts.
    public init(edges: [Double], counts: [Int]) {
      self.edges = edges
      self.counts = counts
    }

    init(_ figures: VectorStatistics.Histogram) {
      self.init(edges: figures.edges, counts: figures.counts)
    }

    /// All values.
    public var total: Int { counts.reduce(0, +) }
  }
}
