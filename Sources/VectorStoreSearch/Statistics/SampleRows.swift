// The rows that are compared with all others, in memory.

/// Rows in memory, each in the place that its id was given.
package struct SampleRows: Sendable {
  /// The ids of the rows, in the order of the rows.
  package let ids: [Int64]
  /// The number of components of each.
  package let dimensions: Int
  /// `ids.count` × `dimensions` numbers, row-major.
  package private(set) var elements: [Float]
  private let places: [Int64: Int]

  /// Makes room for rows.
  ///
  /// - Parameter ids: All different.
  package init(ids: [Int64], dimensions: Int) {
    self.ids = ids
    self.dimensions = dimensions
    elements = Array(repeating: 0, count: ids.count * dimensions)
    places = Dictionary(uniqueKeysWithValues: ids.enumerated().map { ($1, $0) })
  }

  /// A random selection of ids: all of them where there are no more than `count`.
  ///
  /// It depends on the set of ids and the seed alone.
  ///
  /// - Complexity: O(ids · log ids).
  package static func selection(of ids: [Int64], count: Int, seed: UInt64) -> [Int64] {
    SeededOrder.selection(of: ids, count: count, seed: seed)
  }

  /// How many rows.
  package var count: Int { ids.count }

  /// One row.
  package subscript(place: Int) -> [Float] {
    Array(elements[place * dimensions..<(place + 1) * dimensions])
  }

  /// Copies those rows of a block that are among them.
  package mutating func gather(_ block: VectorBlock) {
    block.withUnsafeRows { rows, blockIDs in
      for (index, id) in blockIDs.enumerated() {
        guard let place = places[id] else { continue }
        elements.replaceSubrange(
          place * dimensions..<(place + 1) * dimensions,
          with: rows[index * dimensions..<(index + 1) * dimensions])
      }
    }
  }

  /// (x − m)·(y − m) for all rows x and y, in double precision: `count`² numbers, of which the upper
  /// triangle, row-major, is of use.
  ///
  /// - Complexity: O(count² · dimensions).
  package func gram(around mean: [Double]) -> [Double] {
    var result = [Double](repeating: 0, count: count * count)
    guard count > 0 else { return result }
    // A few columns at a time: all in double precision would be twice the rows again.
    let width = 256
    for first in stride(from: 0, to: dimensions, by: width) {
      let columns = first..<min(first + width, dimensions)
      var panel: [Double] = []
      panel.reserveCapacity(count * columns.count)
      for row in 0..<count {
        for column in columns {
          panel.append(Double(elements[row * dimensions + column]) - mean[column])
        }
      }
      BLAS.addProducts(of: .rows, of: panel, rows: count, columns: columns.count, to: &result)
    }
    return result
  }

  /// The cosines of all pairs of distinct rows, each pair once, tile by tile.
  ///
  /// - Parameter body: Called with a tile's pairs: the cosines of one row with those that follow it.
  /// - Complexity: O(count² · dimensions).
  func forEachPair(_ body: (_ row: Int, _ cosines: UnsafeBufferPointer<Float>) -> Void) {
    let tile = 512
    var scores = [Float](repeating: 0, count: tile * tile)
    elements.withUnsafeBufferPointer { elements in
      guard let base = elements.baseAddress else { return }
      for first in stride(from: 0, to: count, by: tile) {
        let rows = first..<min(first + tile, count)
        for second in stride(from: first, to: count, by: tile) {
          let others = second..<min(second + tile, count)
          BLAS.multiply(
            left: base + first * dimensions, leftRows: rows.count,
            transposedRight: base + second * dimensions, rightRows: others.count,
            columns: dimensions, into: &scores)
          scores.withUnsafeBufferPointer { scores in
            for row in rows {
              let start = (row - first) * others.count
              let skipped = max(0, row + 1 - second)
              guard skipped < others.count else { continue }
              body(
                row, UnsafeBufferPointer(rebasing: scores[start + skipped..<start + others.count]))
            }
          }
        }
      }
    }
  }
}

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

extension VectorStatistics.Distribution {
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
        VectorStatistics.Percentile(percent: $0, value: Self.value(atPercent: $0, in: sorted))
      },
      histogram: VectorStatistics.Histogram(of: values, bins: 60))
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

/// SplitMix64 (Steele, Lea and Flood, Fast splittable pseudorandom number generators, OOPSLA 2014).
struct SeededOrder: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A random selection of ids, in random order: all of them where there are no more than `count`.
  ///
  /// It depends on the set of ids and the seed alone, and the first of a longer selection are those of
  /// a shorter one.
  ///
  /// - Complexity: O(ids · log ids).
  static func selection(of ids: [Int64], count: Int, seed: UInt64) -> [Int64] {
    var generator = SeededOrder(seed: seed)
    var rest = ids.sorted()
    for place in 0..<min(count, rest.count) {
      rest.swapAt(place, Int.random(in: place..<rest.count, using: &generator))
    }
    return Array(rest.prefix(count))
  }
}
