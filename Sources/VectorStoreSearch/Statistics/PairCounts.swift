// The cosines of pairs of rows, counted finely enough that percentiles come out of the counts.

/// How many pairs of distinct rows have which cosine, in 2¹⁸ bins from -1 to 1.
///
/// A percentile out of the counts is within 8·10⁻⁶, the width of a bin, of that out of all cosines.
package struct PairCounts: Sendable {
  private static let bins = 1 << 18
  private static let width = 2.0 / Double(bins)

  /// How many pairs.
  package private(set) var count = 0
  private var counts = [UInt32](repeating: 0, count: bins)
  private var (sum, squares) = (0.0, 0.0)
  private var (least, greatest) = (Double.infinity, -Double.infinity)
  private var rowSums: [Double]

  /// Counts the pairs of some rows.
  ///
  /// - Complexity: O(rows² · dimensions).
  package init(of rows: SampleRows) {
    rowSums = Array(repeating: 0, count: rows.count)
    var (low, high) = (Float.infinity, -Float.infinity)
    var counts = counts
    var (pairs, sum, squares) = (0, 0.0, 0.0)
    rows.forEachPair { _, cosines in
      for cosine in cosines {
        low = min(low, cosine)
        high = max(high, cosine)
        let value = Double(cosine)
        sum += value
        squares += value * value
        counts[min(Self.bins - 1, max(0, Int((value + 1) / Self.width)))] += 1
      }
      pairs += cosines.count
    }
    (self.counts, count, self.sum, self.squares) = (counts, pairs, sum, squares)
    (least, greatest) = (min(1, max(-1, Double(low))), min(1, max(-1, Double(high))))
    rowSums = Self.means(of: rows)
  }

  /// The cosine of each row with the others, on average.
  private static func means(of rows: SampleRows) -> [Double] {
    guard rows.count > 1 else { return [] }
    var sum = [Double](repeating: 0, count: rows.dimensions)
    for (index, element) in rows.elements.enumerated() {
      sum[index % rows.dimensions] += Double(element)
    }
    let total = sum.map { Float($0) }
    var products = [Float](repeating: 0, count: rows.count)
    BLAS.multiply(
      matrix: rows.elements, rows: rows.count, columns: rows.dimensions, vector: total,
      into: &products)
    return products.map { (Double($0) - 1) / Double(rows.count - 1) }
  }

  /// How they are spread; nil where there is no pair.
  ///
  /// - Parameter population: How many rows the sample was taken from; its own number where it is all.
  package func distribution(population: Int) -> VectorStatistics.Distribution? {
    guard count > 0 else { return nil }
    let mean = sum / Double(count)
    let cumulative = counts.reduce(into: [0]) { $0.append($0[$0.count - 1] + Int($1)) }
    return VectorStatistics.Distribution(
      count: count, mean: mean,
      standardDeviation: max(0, squares / Double(count) - mean * mean).squareRoot(),
      meanError: error(population: population),
      percentiles: VectorStatistics.Distribution.percents.map {
        VectorStatistics.Percentile(percent: $0, value: value(atPercent: $0, cumulative))
      },
      histogram: histogram(bins: 60))
  }

  /// The standard error of the mean over pairs, as of a U-statistic of degree 2: twice that of the mean
  /// over rows of each row's mean cosine (Hoeffding, Annals of Mathematical Statistics 19, 1948).
  private func error(population: Int) -> Double? {
    guard rowSums.count > 1, rowSums.count < population else { return nil }
    return 2 * SampledMean(rowSums, population: population).standardError
  }

  private func value(atPercent percent: Double, _ cumulative: [Int]) -> Double {
    let rank = percent / 100 * Double(count - 1)
    let (low, high) = (Int(rank), min(count - 1, Int(rank) + 1))
    let (first, second) = (value(atRank: low, cumulative), value(atRank: high, cumulative))
    return first + (rank - Double(low)) * (second - first)
  }

  /// The cosine that has `rank` others below it, from its place among those in its bin.
  private func value(atRank rank: Int, _ cumulative: [Int]) -> Double {
    var (low, high) = (0, Self.bins)
    while high - low > 1 {
      let middle = (low + high) / 2
      if cumulative[middle] <= rank { low = middle } else { high = middle }
    }
    let place = (Double(rank - cumulative[low]) + 0.5) / Double(max(1, counts[low]))
    return min(greatest, max(least, -1 + (Double(low) + place) * Self.width))
  }

  private func histogram(bins: Int) -> VectorStatistics.Histogram {
    guard greatest > least else {
      return VectorStatistics.Histogram(edges: [least, greatest], counts: [count])
    }
    let width = (greatest - least) / Double(bins)
    var result = [Int](repeating: 0, count: bins)
    for (bin, found) in counts.enumerated() where found > 0 {
      let middle = -1 + (Double(bin) + 0.5) * Self.width
      result[min(bins - 1, max(0, Int((middle - least) / width)))] += Int(found)
    }
    let edges = (0..<bins).map { least + Double($0) * width } + [greatest]
    return VectorStatistics.Histogram(edges: edges, counts: result)
  }
}

/// Groups of rows, each connected by pairs of near-duplicates (union-find with path halving; Tarjan and
/// van Leeuwen, Journal of the ACM 31, 1984).
package struct DuplicateGroups: Sendable {
  /// Rows that belong together.
  package struct Group: Sendable, Equatable {
    /// Their ids, rising.
    package let ids: [Int64]
    /// The least cosine by which one of them was joined.
    package let minimumCosine: Double
  }

  private var parents: [Int64: Int64] = [:]
  private var cosines: [Int64: Double] = [:]
  /// Rows for which a near-duplicate was found.
  private var found: Set<Int64> = []

  /// Creates no groups.
  package init() {}

  /// Joins two rows if their cosine is at least a threshold.
  ///
  /// - Parameter cosine: Asked only where they are not joined yet, or the first is not known to have a
  ///   near-duplicate.
  package mutating func join(
    _ one: Int64, _ other: Int64, threshold: Double, cosine: () -> Double
  ) {
    let (first, second) = (root(of: one), root(of: other))
    guard first != second || !found.contains(one) else { return }
    let cosine = cosine()
    guard cosine >= threshold else { return }
    found.insert(one)
    found.insert(other)
    guard first != second else { return }
    let (root, child) = first < second ? (first, second) : (second, first)
    parents[child] = root
    parents[root] = root
    cosines[root] = min(cosine, cosines[root] ?? 1, cosines[child] ?? 1)
    cosines[child] = nil
  }

  /// Whether a near-duplicate of a row was found.
  package func contains(_ id: Int64) -> Bool { found.contains(id) }

  /// The groups, the largest first, then by their first id.
  ///
  /// - Complexity: O(rows in groups · log rows).
  package mutating func groups() -> [Group] {
    var members: [Int64: [Int64]] = [:]
    for id in found { members[root(of: id), default: []].append(id) }
    return members.map { root, ids in
      Group(ids: ids.sorted(), minimumCosine: cosines[root] ?? 1)
    }.sorted { $0.ids.count != $1.ids.count ? $0.ids.count > $1.ids.count : $0.ids[0] < $1.ids[0] }
  }

  private mutating func root(of id: Int64) -> Int64 {
    var id = id
    while let parent = parents[id], parent != id {
      if let grandparent = parents[parent] { parents[id] = grandparent }
      id = parent
    }
    return id
  }
}
