// Rows summed up as a Gaussian, and how far two of them are apart. Made by RowAnalysis, kept by the
// layer above, compared by Store+Statistics; calls BLAS.

/// The mean and the covariance of rows.
package struct GaussianSummary: Sendable, Equatable {
  /// The mean: as many numbers as dimensions.
  package let mean: [Double]
  /// The covariance, both triangles, row-major; in float32 precision, as it is kept.
  package let covariance: [Double]

  /// - Parameters:
  ///   - mean: d numbers.
  ///   - covariance: d² numbers, symmetric. They are rounded to float32, so that a summary that was kept
  ///     and one of the same rows made anew are the same.
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
