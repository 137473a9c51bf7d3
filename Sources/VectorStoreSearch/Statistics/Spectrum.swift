// The eigenvalues of a covariance, and its first axes.

/// How the variance of rows is spread over directions.
package struct Spectrum: Sendable, Equatable {
  /// The eigenvalues of the covariance, greatest first, none negative. Where there are fewer rows than
  /// dimensions only as many as rows; the others are 0.
  package let eigenvalues: [Double]
  /// Their sum.
  package let totalVariance: Double

  /// Below this, rows are the same up to the rounding of float32, and have no spectrum.
  private static let leastVariance = 1e-12

  /// Creates a spectrum from eigenvalues in any order; rounding below 0 is taken for 0.
  package init(eigenvalues: [Double]) {
    self.eigenvalues = eigenvalues.map { max(0, $0) }.sorted(by: >)
    totalVariance = self.eigenvalues.reduce(0, +)
  }

  /// Whether the rows differ at all.
  package var hasVariance: Bool { totalVariance > Self.leastVariance }

  /// (Σλ)² / Σλ², between 1 and the number of dimensions; nil where there is no variance.
  package var participationRatio: Double? {
    guard hasVariance else { return nil }
    return totalVariance * totalVariance / eigenvalues.reduce(0) { $0 + $1 * $1 }
  }

  /// exp(−Σ p log p) with p = λ / Σλ (Roy and Vetterli, The effective rank: A measure of effective
  /// dimensionality, EUSIPCO 2007); nil where there is no variance.
  package var effectiveRank: Double? {
    guard hasVariance else { return nil }
    let entropy = eigenvalues.reduce(0) { sum, value in
      let share = value / totalVariance
      return share > 0 ? sum - share * share.logarithm : sum
    }
    return entropy.exponential
  }

  /// The fewest components that hold a share of the variance; nil where there is no variance.
  ///
  /// - Parameter share: 0 to 1.
  package func components(holding share: Double) -> Int? {
    guard hasVariance else { return nil }
    var held = 0.0
    for (index, value) in eigenvalues.enumerated() {
      held += value
      if held >= share * totalVariance { return index + 1 }
    }
    return eigenvalues.count
  }

  /// Half the sum of |p − q| over two ordered spectra, each divided by its sum: 0 for the same shape, 1
  /// for nothing shared; nil where one has no variance.
  package static func distance(_ one: [Double], _ other: [Double]) -> Double? {
    let (first, second) = (one.reduce(0, +), other.reduce(0, +))
    guard first > leastVariance, second > leastVariance else { return nil }
    return (0..<max(one.count, other.count)).reduce(0) { sum, index in
      let p = index < one.count ? one[index] / first : 0
      let q = index < other.count ? other[index] / second : 0
      return sum + abs(p - q) / 2
    }
  }

  /// The eigenvalues of the covariance of rows, by way of the smaller matrix: `dimensions`² numbers, or
  /// rows² where there are fewer rows (XXᵀ and XᵀX have the same eigenvalues but zeros).
  ///
  /// - Parameters:
  ///   - covariance: `dimensions`² numbers.
  ///   - rows: All rows, row-major, where they are fewer than dimensions; else nil.
  /// - Returns: nil where LAPACK does not converge.
  /// - Complexity: O(min(rows, dimensions)³).
  package static func ofCovariance(
    _ covariance: [Double], rows: SampleRows?, mean: [Double]
  ) -> Spectrum? {
    if let rows, rows.count > 1 {
      var gram = rows.gram(around: mean)
      for index in gram.indices { gram[index] /= Double(rows.count - 1) }
      return BLAS.eigenvalues(of: &gram, order: rows.count).map(Spectrum.init)
    }
    var matrix = covariance
    return BLAS.eigenvalues(of: &matrix, order: mean.count).map(Spectrum.init)
  }

  /// The least and the greatest eigenvalue of the second moments XᵀX / n = (n − 1)/n · C + m mᵀ.
  ///
  /// - Complexity: as ``ofCovariance(_:rows:mean:)``.
  package static func extremesOfSecondMoments(
    _ covariance: [Double], count: Int, rows: SampleRows?, mean: [Double]
  ) -> (least: Double, greatest: Double)? {
    if let rows, rows.count > 0 {
      var gram = rows.gram(around: mean.map { _ in 0 })
      let values = BLAS.eigenvalues(of: &gram, order: rows.count)
      return values?.last.map { (0, $0 / Double(count)) }
    }
    let (n, d) = (Double(count), mean.count)
    var matrix = covariance
    for row in 0..<d {
      for column in row..<d {
        matrix[row * d + column] =
          matrix[row * d + column] * (n - 1) / n + mean[row] * mean[column]
      }
    }
    guard let values = BLAS.eigenvalues(of: &matrix, order: d), let least = values.first,
      let greatest = values.last
    else { return nil }
    return (max(0, least), greatest)
  }
}

/// The first eigenvectors of a covariance.
///
/// Found by subspace iteration with Rayleigh and Ritz's projection (Golub and Van Loan, Matrix
/// Computations, 4th edition, 2013, section 8.2): all eigenvectors, which LAPACK gives, take many times
/// longer.
package enum PrincipalAxes {
  private static let rounds = 100
  private static let spare = 6

  /// The unit vectors of the `count` greatest eigenvalues, greatest first, each with its greatest
  /// component positive.
  ///
  /// - Parameter covariance: `dimensions`² numbers, both triangles.
  /// - Complexity: O(rounds · dimensions² · count).
  package static func first(_ count: Int, of covariance: [Double], dimensions: Int) -> [[Double]] {
    let width = min(dimensions, count + spare)
    var generator = SeededOrder(seed: 0xA8E5)
    var basis = (0..<width).map { _ in
      (0..<dimensions).map { _ in Double.random(in: -1...1, using: &generator) }
    }
    var before: [Double] = []
    for _ in 0..<rounds {
      orthonormalise(&basis)
      let images = apply(covariance, to: basis)
      guard let (values, turned) = ritz(basis, images) else { break }
      let change = zip(values, before).prefix(count).map { abs($0 - $1) / max(values[0], 1e-300) }
      basis = turned
      if !before.isEmpty, (change.max() ?? 0) < 1e-13 { break }
      before = values
    }
    orthonormalise(&basis)
    return basis.prefix(count).map(signed)
  }

  private static func apply(_ covariance: [Double], to basis: [[Double]]) -> [[Double]] {
    let dimensions = basis[0].count
    // Row-major: basis (width × d) times the symmetric matrix.
    var result = [Double](repeating: 0, count: basis.count * dimensions)
    BLAS.multiply(
      left: Array(basis.joined()), rows: basis.count, depth: dimensions, right: covariance,
      columns: dimensions, into: &result)
    return (0..<basis.count).map { Array(result[$0 * dimensions..<($0 + 1) * dimensions]) }
  }

  /// The eigenvalues of the covariance within the basis, greatest first, and the images of the basis
  /// turned to its eigenvectors.
  private static func ritz(
    _ basis: [[Double]], _ images: [[Double]]
  ) -> (values: [Double], basis: [[Double]])? {
    let width = basis.count
    var small = basis.flatMap { row in images.map { VectorMath.dot(row, $0) } }
    guard let values = BLAS.eigenvalues(of: &small, order: width, withVectors: true) else {
      return nil
    }
    let turned = (0..<width).reversed().map { vector in
      var sum = [Double](repeating: 0, count: basis[0].count)
      for (index, image) in images.enumerated() {
        let weight = small[vector * width + index]
        for component in sum.indices { sum[component] += weight * image[component] }
      }
      return sum
    }
    return (values.reversed(), turned)
  }

  /// Makes rows unit vectors at right angles (modified Gram-Schmidt, twice); a row that has nothing of
  /// its own becomes zero.
  private static func orthonormalise(_ rows: inout [[Double]]) {
    for index in rows.indices {
      let length = VectorMath.dot(rows[index], rows[index]).squareRoot()
      for _ in 0..<2 {
        for earlier in 0..<index {
          let share = VectorMath.dot(rows[index], rows[earlier])
          for component in rows[index].indices {
            rows[index][component] -= share * rows[earlier][component]
          }
        }
      }
      let rest = VectorMath.dot(rows[index], rows[index]).squareRoot()
      let scale = rest > length * 1e-12 ? 1 / rest : 0
      for component in rows[index].indices { rows[index][component] *= scale }
    }
  }

  private static func signed(_ vector: [Double]) -> [Double] {
    let greatest = vector.max { abs($0) < abs($1) } ?? 0
    return greatest < 0 ? vector.map { -$0 } : vector
  }
}
