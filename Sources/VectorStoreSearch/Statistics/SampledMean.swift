// Means over a sample and how far off they may be. Used by everything that is sampled; calls nothing.

/// The mean of some values, taken at random without replacement out of a population.
package struct SampledMean: Sendable {
  /// The mean.
  package let value: Double
  /// The standard error: s/√n · √(1 − n/N), s with n − 1; 0 where the sample is the population.
  package let standardError: Double

  /// - Parameters:
  ///   - values: At least one.
  ///   - population: How many there are in all.
  package init(_ values: [Double], population: Int) {
    let n = Double(values.count)
    let mean = values.reduce(0, +) / n
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    value = mean
    let fraction = max(0, 1 - n / Double(max(population, values.count)))
    standardError = n > 1 ? (squares / (n - 1) / n * fraction).squareRoot() : 0
  }

  /// The standard error of a figure from what it comes to without each of g groups of the sample in
  /// turn: √((g − 1)/g · Σ(θᵢ − θ̄)²), the delete-a-group jackknife (Kott, Journal of Official
  /// Statistics 17, 2001); nil where a group gives no figure.
  package static func jackknifeError(_ figures: [Double?]) -> Double? {
    let values = figures.compactMap { $0 }
    guard values.count == figures.count, values.count > 1 else { return nil }
    let g = Double(values.count)
    let mean = values.reduce(0, +) / g
    return ((g - 1) / g * values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }).squareRoot()
  }
}

extension Distribution {
  /// How values are spread; nil where there are none.
  ///
  /// - Parameters:
  ///   - values: Of a sample, or all.
  ///   - population: How many there are in all.
  /// - Complexity: O(values · log values).
  package init?(of values: [Double], population: Int) {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    let mean = SampledMean(values, population: population)
    let squares = values.reduce(0) { $0 + ($1 - mean.value) * ($1 - mean.value) }
    self.init(
      count: values.count, mean: mean.value,
      standardDeviation: (squares / Double(values.count)).squareRoot(),
      meanError: values.count < population ? mean.standardError : nil,
      percentiles: Self.percents.map {
        Percentile(percent: $0, value: Self.value(atPercent: $0, in: sorted))
      },
      histogram: Histogram(of: values, bins: 60))
  }

  /// A percentile of values in rising order, interpolated between the two nearest in rank.
  ///
  /// - Precondition: there is at least one value.
  package static func value(atPercent percent: Double, in sorted: [Double]) -> Double {
    let rank = percent / 100 * Double(sorted.count - 1)
    let low = min(sorted.count - 1, max(0, Int(rank)))
    let high = min(sorted.count - 1, low + 1)
    return sorted[low] + (rank - Double(low)) * (sorted[high] - sorted[low])
  }
}
