// The first run over the rows: how many, their sum, their squares, and which are the same bit for
// bit.

/// What is known about rows after one run over them.
package struct RowMoments: Sendable {
  /// The number of components of each row.
  package let dimensions: Int
  /// The ids of the rows, as they came.
  package private(set) var ids: [Int64] = []
  /// The sum of the rows, in double precision.
  package private(set) var sum: [Double]
  /// The sum of the squared lengths, near the number of rows, and of their squares.
  package private(set) var (squares, fourths) = (0.0, 0.0)
  /// Of each row a number that is the same for the same bits, in the order of ``ids``.
  private(set) var keys: [UInt64] = []
  /// What rows are multiplied with to make ``keys``.
  private let probe: [Float]
  private var (ones, partial): ([Float], [Float])

  /// Creates the moments of no rows.
  package init(dimensions: Int) {
    self.dimensions = dimensions
    sum = Array(repeating: 0, count: dimensions)
    partial = Array(repeating: 0, count: dimensions)
    ones = []
    var generator = SeededOrder(seed: 0x5EED)
    probe = (0..<dimensions).map { _ in Float.random(in: -1...1, using: &generator) }
  }

  /// How many rows.
  package var count: Int { ids.count }

  /// The mean of the rows; zeros where there are none.
  package var mean: [Double] { count == 0 ? sum : sum.map { $0 / Double(count) } }

  /// The squared length of the mean.
  package var meanSquared: Double { mean.reduce(0) { $0 + $1 * $1 } }

  /// The mean cosine over all pairs of distinct rows: (‖Σx‖² − Σ‖x‖²) / (n (n − 1)); nil below two
  /// rows.
  package var meanCosine: Double? {
    guard count > 1 else { return nil }
    let n = Double(count)
    return (n * n * meanSquared - squares) / (n * (n - 1))
  }

  /// The cosine between the means of two sets of rows; nil where one has no direction.
  package func centroidCosine(_ other: RowMoments) -> Double? {
    VectorMath.cosine(mean, other.mean)
  }

  /// Adds the rows of a block.
  ///
  /// - Throws: ``SearchError`` `notUnitLength` for a row that is damaged.
  /// - Complexity: O(rows · dimensions).
  package mutating func add(_ block: VectorBlock) throws(SearchError) {
    if ones.count < block.count { ones = Array(repeating: 1, count: block.count) }
    try block.withUnsafeRows { (rows, ids) throws(SearchError) in
      guard let start = rows.baseAddress else { return }
      try probe.withUnsafeBufferPointer { (probe) throws(SearchError) in
        for (index, id) in ids.enumerated() {
          let row = UnsafeBufferPointer(
            rebasing: rows[index * dimensions..<(index + 1) * dimensions])
          let norm = Kernels.norm(row)
          guard UnitVector.isUnitLength(norm) else { throw .notUnitLength(id: id, norm: norm) }
          squares += norm * norm
          fourths += norm * norm * norm * norm
          keys.append(Kernels.dot(row, probe).bitPattern ^ (norm.bitPattern << 17))
        }
      }
      self.ids.append(contentsOf: ids)
      BLAS.sumRows(
        of: start, rows: ids.count, columns: dimensions, ones: ones, into: &partial)
    }
    for index in sum.indices { sum[index] += Double(partial[index]) }
  }

  /// Adds other rows.
  package mutating func merge(_ other: RowMoments) {
    precondition(other.dimensions == dimensions, "\(other.dimensions) dimensions")
    ids += other.ids
    keys += other.keys
    squares += other.squares
    fourths += other.fourths
    for index in sum.indices { sum[index] += other.sum[index] }
  }

  /// The ids of rows that are the same bit for bit, in groups of two and more, each by rising id.
  ///
  /// Rows are taken as the same where two sums of 64 bits agree: among a million rows that differ,
  /// that happens to two in one of ten thousand such sets.
  ///
  /// - Complexity: O(rows · log rows).
  package func identicalRows() -> [[Int64]] {
    let order = ids.indices.sorted {
      keys[$0] != keys[$1] ? keys[$0] < keys[$1] : ids[$0] < ids[$1]
    }
    var groups: [[Int64]] = []
    var start = 0
    while start < order.count {
      var end = start + 1
      while end < order.count, keys[order[end]] == keys[order[start]] { end += 1 }
      if end - start > 1 { groups.append(order[start..<end].map { ids[$0] }) }
      start = end
    }
    return groups
  }
}

/// Small sums over vectors in double precision.
package enum VectorMath {
  /// The dot product of two vectors of the same length.
  package static func dot(_ a: [Double], _ b: [Double]) -> Double {
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        var (sum, index) = (0.0, 0)
        // Not `zip`: without optimisation, as tests run, that is many times slower.
        while index < min(a.count, b.count) {
          sum += a[index] * b[index]
          index += 1
        }
        return sum
      }
    }
  }

  /// The cosine between two vectors; nil where one is zero.
  package static func cosine(_ a: [Double], _ b: [Double]) -> Double? {
    let lengths = (dot(a, a) * dot(b, b)).squareRoot()
    return lengths > 0 ? min(1, max(-1, dot(a, b) / lengths)) : nil
  }
}

/// Cosines between rows, from moments.
package enum CosineMoments {
  /// The standard deviation of the cosine over all pairs of distinct rows.
  ///
  /// With x = m + y, x·x′ is ‖m‖² + m·y + m·y′ + y·y′, of which the last three are uncorrelated over all
  /// ordered pairs: their variance is 2 mᵀΣm + ‖Σ‖²_F, Σ the covariance divided by n (‖Σ‖²_F the sum of
  /// its squared eigenvalues; the sum over pairs of cos² is ‖XᵀX‖²_F). Then the pairs of a row with itself
  /// are taken out. Nothing large is subtracted from something large.
  ///
  /// - Parameters:
  ///   - moments: The sums over rows.
  ///   - alongMean: Σᵢ (m·yᵢ)² over rows.
  ///   - spectrum: Of the covariance divided by n − 1.
  /// - Returns: nil below two rows.
  package static func spread(
    _ moments: RowMoments, alongMean: Double, spectrum: Spectrum
  ) -> Double? {
    guard let mean = moments.meanCosine else { return nil }
    let n = Double(moments.count)
    let scale = (n - 1) / n
    let frobenius = spectrum.eigenvalues.reduce(0) { $0 + $1 * scale * $1 * scale }
    let all = n * n * (2 * alongMean / n + frobenius)
    let shift = moments.meanSquared - mean
    let own = moments.fourths - 2 * mean * moments.squares + n * mean * mean
    return (max(0, all + n * n * shift * shift - own) / (n * (n - 1))).squareRoot()
  }

  /// How evenly rows point everywhere, 0 to 1: the ratio min Z(c) / max Z(c) of the partition function
  /// Z(c) = Σ exp(c·x) over unit vectors c, to second order (Mu and Viswanath, All-but-the-Top: Simple and
  /// Effective Postprocessing for Word Representations, ICLR 2018, section 2.2):
  ///
  ///     (1 − ‖m‖ + λmin/2) / (1 + ‖m‖ + λmax/2)
  ///
  /// with m the mean of the rows and λ the eigenvalues of their second moments XᵀX / n, not centred.
  package static func isotropy(
    meanSquared: Double, least: Double, greatest: Double
  ) -> Double {
    let length = meanSquared.squareRoot()
    return min(1, max(0, 1 - length + least / 2) / (1 + length + greatest / 2))
  }
}

/// Values far below the others.
package enum RobustOutliers {
  /// Beyond so many robust deviations a value is an outlier.
  package static let limit = 3.5

  /// How many robust deviations each value lies below the median: (median − x) / (1.4826 · MAD)
  /// (Iglewicz and Hoaglin, How to Detect and Handle Outliers, ASQC 1993, whose 0.6745 is 1/1.4826); zeros
  /// where more than half of the values are the same.
  ///
  /// - Complexity: O(values · log values).
  package static func scores(_ values: [Double]) -> [Double] {
    guard !values.isEmpty else { return [] }
    let median = VectorStatistics.Distribution.value(atPercent: 50, in: values.sorted())
    let deviations = values.map { abs($0 - median) }.sorted()
    let deviation = 1.4826 * VectorStatistics.Distribution.value(atPercent: 50, in: deviations)
    guard deviation > 1e-9 else { return values.map { _ in 0 } }
    return values.map { (median - $0) / deviation }
  }
}
