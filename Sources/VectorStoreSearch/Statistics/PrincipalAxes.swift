// The directions of the greatest variance, for a map of the rows. Called by RowAnalysis; calls BLAS.

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
