// How unevenly rows are the nearest of others, and how many dimensions they fill near by.

/// The skewness of the k-occurrence N: of how many rows a row is among the k nearest (Radovanović,
/// Nanopoulos and Ivanović, Hubs in Space: Popular Nearest Neighbors in High-Dimensional Data, JMLR 11,
/// 2010): E[(N − k)³] / E[(N − k)²]^(3/2) over all rows, those that never occur included.
///
/// Of a sample of S out of n rows only the part Y of N that the sample asked for is seen. S rows taken
/// without replacement hold Y(Y−1)… = N(N−1)… · S(S−1)…/(n(n−1)…) on average, so that the first three
/// moments of N follow from those of Y without bias.
package struct Hubness: Sendable {
  /// The k.
  package let neighbours: Int
  /// How many rows of the sample have each row among their nearest; rows that have none are left out.
  package let occurrences: [Int64: Int]
  private let population: Int
  private let lists: [[Int64]]

  /// - Parameters:
  ///   - lists: The ids of the k nearest of each row of the sample.
  ///   - population: How many rows there are in all.
  package init(lists: [[Int64]], neighbours: Int, population: Int) {
    self.lists = lists
    self.neighbours = neighbours
    self.population = population
    occurrences = Self.count(lists)
  }

  /// The skewness; nil where every row occurs as often as every other, or there are no rows.
  package var skewness: Double? {
    Self.skewness(Array(occurrences.values), sample: lists.count, population: population)
  }

  /// The standard error of ``skewness``, by leaving out one of twenty parts of the sample in turn; nil
  /// where the sample is all rows, or too small.
  package var standardError: Double? {
    guard lists.count < population, lists.count >= 200 else { return nil }
    let groups = 20
    let figures = (0..<groups).map { group in
      let part = lists.enumerated().filter { $0.offset % groups != group }.map(\.element)
      return Self.skewness(
        Array(Self.count(part).values), sample: part.count, population: population)
    }
    let fraction = 1 - Double(lists.count) / Double(population)
    return SampledMean.jackknifeError(figures).map { $0 * fraction.squareRoot() }
  }

  /// The rows that occur most often, at most `limit`, then by rising id.
  package func hubs(limit: Int) -> [(id: Int64, occurrences: Int)] {
    occurrences.sorted { $0.value != $1.value ? $0.value > $1.value : $0.key < $1.key }
      .prefix(limit).map { ($0.key, $0.value) }
  }

  /// How many rows occur how often, where the sample is all rows; else nil.
  ///
  /// At most 40 bins, each of as many whole counts.
  package var histogram: VectorStatistics.Histogram? {
    guard lists.count == population, let most = occurrences.values.max() else { return nil }
    let width = most / 40 + 1
    var counts = [Int](repeating: 0, count: most / width + 1)
    for count in occurrences.values { counts[count / width] += 1 }
    counts[0] += population - occurrences.count
    return VectorStatistics.Histogram(
      edges: (0...counts.count).map { Double($0 * width) }, counts: counts)
  }

  private static func count(_ lists: [[Int64]]) -> [Int64: Int] {
    lists.reduce(into: [:]) { counts, list in
      for id in list { counts[id, default: 0] += 1 }
    }
  }

  /// The skewness of N from the counts of Y that are not 0.
  static func skewness(_ counts: [Int], sample: Int, population: Int) -> Double? {
    let (s, n) = (Double(sample), Double(population))
    guard sample > 2, population > 2 else { return nil }
    var (first, second, third) = (0.0, 0.0, 0.0)
    for count in counts {
      let y = Double(count)
      first += y
      second += y * (y - 1)
      third += y * (y - 1) * (y - 2)
    }
    // The factorial moments of N: per row, and scaled up to all rows as askers.
    let one = first / n * (n / s)
    let two = second / n * (n * (n - 1)) / (s * (s - 1))
    let three = third / n * (n * (n - 1) * (n - 2)) / (s * (s - 1) * (s - 2))
    let variance = two + one - one * one
    guard variance > 1e-12 else { return nil }
    let cube = three + 3 * two + one  // E[N³]
    let moment = cube - 3 * one * (two + one) + 2 * one * one * one
    return moment / (variance * variance.squareRoot())
  }
}

/// TwoNN (Facco, d'Errico, Rodriguez and Laio, Estimating the intrinsic dimension of datasets by a
/// minimal neighborhood information, Scientific Reports 7, 12140, 2017).
///
/// With r₁ and r₂ the distances of a row to its two nearest others, μ = r₂ / r₁ has the distribution
/// F(μ) = 1 − μ^(−d) where the density hardly changes over the two. So d is the slope of the line
/// through the origin that fits the points (log μ₍ᵢ₎, −log(1 − i/N)), μ in rising order, of which the
/// tenth with the greatest μ is left out: Σxy / Σx². Distances are those of unit vectors, √(2 − 2 cos).
///
/// Rows in the same place count once, and a row at distance 0 is no neighbour: the ratio would mean
/// nothing.
package enum TwoNearest {
  /// The share of the greatest ratios that is left out, as in the paper.
  static let discarded = 0.1
  /// Nearer than this, two rows are in the same place: float32 rounding alone moves one by 6·10⁻⁸.
  static let least = 1e-6

  /// The ratio r₂ / r₁ of a row; nil where it has no two neighbours in other places, or a row in the
  /// same place with a lower id stands for it.
  package static func ratio(of id: Int64, nearest: [ScoredRow]) -> Double? {
    var distances: [Double] = []
    for neighbour in nearest {
      let distance = max(0, 2 - 2 * neighbour.score).squareRoot()
      guard distance > least else {
        if neighbour.id < id { return nil }
        continue
      }
      distances.append(distance)
      if distances.count == 2 { return distances[1] / distances[0] }
    }
    return nil
  }

  /// The intrinsic dimension out of the ratios of rows, in any order; nil where there are fewer than
  /// three, or all are 1.
  ///
  /// - Complexity: O(ratios · log ratios).
  package static func dimension(_ ratios: [Double]) -> Double? {
    let sorted = ratios.sorted()
    let kept = Int(Double(sorted.count) * (1 - discarded))
    guard sorted.count > 2, kept > 0 else { return nil }
    var (products, squares) = (0.0, 0.0)
    for index in 0..<kept {
      let x = sorted[index].logarithm
      let y = -(1 - Double(index + 1) / Double(sorted.count)).logarithm
      products += x * y
      squares += x * x
    }
    return squares > 0 ? products / squares : nil
  }
}
