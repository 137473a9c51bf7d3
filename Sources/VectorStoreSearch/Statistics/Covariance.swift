// The covariance of rows, and rows summed up as a Gaussian to compare with others.

/// Adds up (x − m)(x − m)ᵀ over rows x, for a mean m that is known.
///
/// Subtracting the mean first leaves nothing to cancel. Up to ``doubleRows`` rows everything is in
/// double precision (`dsyrk`); beyond that float32 products (`ssyrk`) of at most 4,096 rows at a time
/// are added in double precision: the sum is then wrong by about 10⁻⁶ of its greatest eigenvalue.
package struct CovarianceSum {
  /// The most rows for which all is in double precision.
  package static let doubleRows = 8192
  /// float32 products are moved to the sum after so many rows.
  private static let floatRows = 4096

  private let dimensions: Int
  private let mean: [Double]
  private let isDouble: Bool
  private var sum: [Double]
  private var floats: [Float]
  private var floatCount = 0

  /// Creates an empty sum.
  ///
  /// - Parameters:
  ///   - mean: The mean of the rows that will come.
  ///   - rows: How many will come.
  package init(mean: [Double], rows: Int) {
    self.mean = mean
    dimensions = mean.count
    isDouble = rows <= Self.doubleRows
    sum = Array(repeating: 0, count: dimensions * dimensions)
    floats = isDouble ? [] : Array(repeating: 0, count: dimensions * dimensions)
  }

  /// Adds the rows of a block.
  ///
  /// - Complexity: O(rows · dimensions²).
  package mutating func add(_ block: VectorBlock) {
    block.withUnsafeRows { rows, _ in
      if isDouble { addDoubles(rows) } else { addFloats(rows) }
    }
  }

  /// The covariance, divided by n − 1: `dimensions`² numbers, both triangles.
  ///
  /// - Precondition: `rows` is at least 2.
  package mutating func finish(rows: Int) -> [Double] {
    flush()
    var result = sum
    let divisor = Double(rows - 1)
    for row in 0..<dimensions {
      for column in row..<dimensions {
        let value = result[row * dimensions + column] / divisor
        result[row * dimensions + column] = value
        result[column * dimensions + row] = value
      }
    }
    return result
  }

  private mutating func addDoubles(_ rows: UnsafeBufferPointer<Float>) {
    let (count, columns) = (rows.count / dimensions, dimensions)
    let centred = [Double](unsafeUninitializedCapacity: rows.count) { buffer, initialized in
      mean.withUnsafeBufferPointer { mean in
        for start in stride(from: 0, to: rows.count, by: columns) {
          for column in 0..<columns {
            buffer[start + column] = Double(rows[start + column]) - mean[column]
          }
        }
      }
      initialized = rows.count
    }
    BLAS.addProducts(of: .columns, of: centred, rows: count, columns: columns, to: &sum)
  }

  private mutating func addFloats(_ rows: UnsafeBufferPointer<Float>) {
    let (count, columns) = (rows.count / dimensions, dimensions)
    let mean = mean.map { Float($0) }
    let centred = [Float](unsafeUninitializedCapacity: rows.count) { buffer, initialized in
      mean.withUnsafeBufferPointer { mean in
        for start in stride(from: 0, to: rows.count, by: columns) {
          for column in 0..<columns {
            buffer[start + column] = rows[start + column] - mean[column]
          }
        }
      }
      initialized = rows.count
    }
    BLAS.addColumnProducts(
      of: centred, rows: count, columns: columns, scale: floatCount == 0 ? 0 : 1, to: &floats)
    floatCount += count
    if floatCount >= Self.floatRows { flush() }
  }

  private mutating func flush() {
    guard floatCount > 0 else { return }
    for row in 0..<dimensions {
      for index in (row * dimensions + row)..<((row + 1) * dimensions) {
        sum[index] += Double(floats[index])
      }
    }
    floatCount = 0
  }
}

/// The mean and the covariance of rows.
package struct GaussianSummary: Sendable, Equatable {
  /// The mean: as many numbers as dimensions.
  package let mean: [Double]
  /// The covariance, both triangles, row-major; in float32 precision, as it is kept.
  package let covariance: [Double]

  /// - Parameters:
  ///   - mean: d numbers.
  ///   - covariance: d² numbers, symmetric. They are rounded to float32, so that a summary that was kept
  ///     and one of the same rows calculated again are the same.
  package init(mean: [Double], covariance: [Double]) {
    precondition(covariance.count == mean.count * mean.count, "\(covariance.count) numbers")
    self.mean = mean
    self.covariance = covariance.map { Double(Float($0)) }
  }

  /// The upper triangle of the covariance, row after row: d (d + 1) / 2 numbers.
  package var triangle: [Float] {
    var result: [Float] = []
    result.reserveCapacity(mean.count * (mean.count + 1) / 2)
    for row in mean.indices {
      for column in row..<mean.count {
        result.append(Float(covariance[row * mean.count + column]))
      }
    }
    return result
  }

  /// Creates a summary out of the upper triangle; nil where it does not have d (d + 1) / 2 numbers.
  package init?(mean: [Double], triangle: [Float]) {
    let d = mean.count
    guard triangle.count == d * (d + 1) / 2 else { return nil }
    var covariance = [Double](repeating: 0, count: d * d)
    var next = 0
    for row in 0..<d {
      for column in row..<d {
        covariance[row * d + column] = Double(triangle[next])
        covariance[column * d + row] = Double(triangle[next])
        next += 1
      }
    }
    self.mean = mean
    self.covariance = covariance
  }

  /// The squared Fréchet distance between two Gaussians: ‖m₁ − m₂‖² + tr(C₁ + C₂ − 2 (C₁C₂)^½) (Dowson
  /// and Landau, The Fréchet distance between multivariate normal distributions, Journal of Multivariate
  /// Analysis 12, 1982).
  ///
  /// The trace of (C₁C₂)^½ is the sum of the roots of the eigenvalues of C₁^½ C₂ C₁^½, which is
  /// symmetric; C₁ = V Λ Vᵀ by `dsyevd`. Nil where LAPACK does not converge.
  ///
  /// - Precondition: both have the same dimensions.
  /// - Complexity: O(dimensions³).
  package func frechetDistance(to other: GaussianSummary) -> Double? {
    precondition(other.mean.count == mean.count, "\(other.mean.count) dimensions")
    let means = zip(mean, other.mean).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    if covariance == other.covariance { return means }
    let d = mean.count
    var vectors = covariance
    guard let values = BLAS.eigenvalues(of: &vectors, order: d, withVectors: true) else {
      return nil
    }
    // In the basis of the eigenvectors C₁^½ C₂ C₁^½ is √Λ Vᵀ C₂ V √Λ, with the same eigenvalues.
    for row in 0..<d {
      let scale = max(0, values[row]).squareRoot()
      for column in 0..<d { vectors[row * d + column] *= scale }
    }
    var half = [Double](repeating: 0, count: d * d)
    BLAS.multiply(
      left: vectors, rows: d, depth: d, right: other.covariance, columns: d, into: &half)
    var product = [Double](repeating: 0, count: d * d)
    BLAS.multiply(
      left: half, rows: d, depth: d, right: Self.transposed(vectors, d), columns: d, into: &product)
    guard let roots = BLAS.eigenvalues(of: &product, order: d) else { return nil }
    let trace = (0..<d).reduce(0.0) {
      $0 + covariance[$1 * d + $1] + other.covariance[$1 * d + $1]
    }
    return max(0, means + trace - 2 * roots.reduce(0) { $0 + max(0, $1).squareRoot() })
  }

  private static func transposed(_ matrix: [Double], _ d: Int) -> [Double] {
    var result = matrix
    for row in 0..<d {
      for column in 0..<d { result[column * d + row] = matrix[row * d + column] }
    }
    return result
  }
}
