// Counts in bins of equal width. Made by Distribution and by the statistics of rows; part of the
// public report. Calls nothing.

/// How many values fall into each of some bins of equal width.
///
/// Bin `i` holds the values from `edges[i]` on, below `edges[i + 1]`; the last bin holds its upper
/// edge too.
public struct Histogram: Sendable, Codable, Equatable {
  /// The edges of the bins, rising: one more than there are bins; empty where there are none.
  public var edges: [Double]
  /// How many values each bin holds.
  public var counts: [Int]

  /// Creates a histogram of bins that have been counted.
  public init(edges: [Double], counts: [Int]) {
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
  public var total: Int { counts.reduce(0, +) }
}
