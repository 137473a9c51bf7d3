// How numbers are spread: mean, deviation, percentiles and a histogram.

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// The figures that describe how numbers are spread; the public ones of statistics reports are made of them.
package enum VectorStatistics {
  /// A value that a share of the others do not exceed.
  package struct Percentile: Sendable, Equatable {
    /// The share in percent, 0 to 100.
    package var percent: Double
    /// The value: interpolated between the two nearest in rank, as numpy's default does (Hyndman and
    /// Fan, Sample Quantiles in Statistical Packages, The American Statistician 50, 1996, type 7).
    package var value: Double

    /// Creates a percentile.
    package init(percent: Double, value: Double) {
      self.percent = percent
      self.value = value
    }
  }

  /// How some numbers are spread.
  package struct Distribution: Sendable, Equatable {
    /// The percentages of ``percentiles``: whole ones, and finer ones at both ends.
    package static let percents: [Double] =
      [0, 0.01, 0.1, 0.5] + (1...99).map(Double.init) + [99.5, 99.9, 99.99, 100]

    /// How many numbers there are.
    package var count: Int
    /// Their mean.
    package var mean: Double
    /// Their standard deviation, divided by the count.
    package var standardDeviation: Double
    /// The standard error of the mean, from the deviation between groups of the sample; nil where the
    /// figures are exact.
    package var meanError: Double?
    /// The values at ``percents``, rising.
    package var percentiles: [Percentile]
    /// How they are spread over bins of equal width.
    package var histogram: Histogram

    /// Creates a distribution from its figures.
    package init(
      count: Int, mean: Double, standardDeviation: Double, meanError: Double?,
      percentiles: [Percentile], histogram: Histogram
    ) {
      self.count = count
      self.mean = mean
      self.standardDeviation = standardDeviation
      self.meanError = meanError
      self.percentiles = percentiles
      self.histogram = histogram
    }
  }

  /// How many values fall into each of some bins of equal width.
  ///
  /// Bin `i` holds the values from `edges[i]` on, below `edges[i + 1]`; the last bin holds its upper
  /// edge too.
  package struct Histogram: Sendable, Equatable {
    /// The edges of the bins, rising: one more than there are bins; empty where there are none.
    package var edges: [Double]
    /// How many values each bin holds.
    package var counts: [Int]

    /// Creates a histogram of bins that have been counted.
    package init(edges: [Double], counts: [Int]) {
      self.edges = edges
      self.counts = counts
    }

    /// Counts values in bins of equal width from the least to the greatest of them; one bin where all
    /// are equal, none where there are none.
    ///
    /// - Complexity: O(values).
    package init(of values: [Double], bins: Int) {
      guard let least = values.min(), let greatest = values.max(), bins > 0 else {
        self.init(edges: [], counts: [])
        return
      }
      // The width of a bin may be beyond the least or the greatest number.
      let width = (greatest - least) / Double(bins)
      guard width > 0, width.isFinite else {
        self.init(edges: [least, greatest], counts: [values.count])
        return
      }
      var counts = [Int](repeating: 0, count: bins)
      for value in values {
        counts[min(bins - 1, Int((value - least) / width))] += 1
      }
      let edges = (0..<bins).map { least + Double($0) * width } + [greatest]
      self.init(edges: edges, counts: counts)
    }

    /// All values.
    package var total: Int { counts.reduce(0, +) }
  }
}

extension Double {
  /// The natural logarithm (`log`).
  var logarithm: Double { log(self) }

  /// e to this power (`exp`).
  var exponential: Double { exp(self) }
}
