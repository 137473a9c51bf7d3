// Distances between Gaussians against values computed by hand, and the sums they are made of.
// Tests Sources/VectorStoreSearch/Statistics/Covariance.swift, Spectrum, CovarianceSum and
// PrincipalAxes.

import TestSupport
import Testing
import VectorStoreSearch

@Suite struct GaussianSummaryTests {
  private static func diagonal(_ values: [Double]) -> [Double] {
    values.indices.flatMap { row in
      values.indices.map { $0 == row ? values[row] : 0 }
    }
  }

  @Test func aGaussianIsAtDistanceZeroFromItself() throws {
    let rows = try isotropicRows(300, dimensions: 64, within: 9, seed: 1).analysis()
    let summary = try #require(rows.summary)
    #expect(summary.frechetDistance(to: summary) == 0)
    let again = try #require(
      GaussianSummary(mean: summary.mean, triangle: summary.triangle))
    #expect(again == summary)
    // The same rows in another order are not the same bits, but as near.
    let other = try isotropicRows(300, dimensions: 64, within: 9, seed: 1)
      .analysis(blockSize: 11, seed: 3)
    let distance = try #require(other.summary?.frechetDistance(to: summary))
    #expect(distance < 1e-5)
  }

  /// ‖m₁ − m₂‖² for a shift; Σ(√λ − √μ)² for matrices with the same eigenvectors.
  @Test func distancesAreThoseComputedByHand() throws {
    let one = GaussianSummary(mean: [0, 0, 0], covariance: Self.diagonal([4, 1, 9]))
    let shifted = GaussianSummary(mean: [0.5, 0, -1], covariance: Self.diagonal([4, 1, 9]))
    #expect(one.frechetDistance(to: shifted) == 1.25)
    let turned = GaussianSummary(mean: [0, 0, 0], covariance: Self.diagonal([1, 4, 9]))
    #expect(agrees(one.frechetDistance(to: turned), 2, within: 1e-9))
    let both = GaussianSummary(mean: [1, 0, 0], covariance: Self.diagonal([1, 4, 0]))
    #expect(agrees(one.frechetDistance(to: both), 1 + 2 + 9, within: 1e-9))
  }

  @Test func covarianceAndGramHaveTheSameEigenvalues() throws {
    let made = try isotropicRows(40, dimensions: 64, within: 30, seed: 2)
    let rows = try made.analysis()
    // By way of the 64 × 64 covariance, as if there were more rows than dimensions.
    let large = Spectrum.ofCovariance(rows.covariance, rows: nil, mean: rows.moments.mean)
    let values = try #require(large?.eigenvalues)
    let small = try #require(rows.spectrum?.eigenvalues)
    #expect(small.count == 40 && values.count == 64)
    for (one, other) in zip(small, values) { #expect(abs(one - other) < 1e-12) }
    #expect(values[40...].allSatisfy { $0 < 1e-12 })
  }

  /// Beyond 8,192 rows products are float32; the spectrum must not show it.
  @Test func largeSumsAreAsGoodAsSmallOnes() throws {
    let made = try isotropicRows(8300, dimensions: 16, within: 12, seed: 3)
    let mean = try made.analysis().moments.mean
    var (floats, doubles) = (
      CovarianceSum(mean: mean, rows: 8300), CovarianceSum(mean: mean, rows: 100)
    )
    try made.stream(blockSize: 1000).forEachBlock { block in
      floats.add(block)
      doubles.add(block)
    }
    let (one, other) = (floats.finish(rows: 8300), doubles.finish(rows: 8300))
    let greatest = try #require(other.max())
    for (a, b) in zip(one, other) { #expect(abs(a - b) < 2e-6 * greatest) }
  }

  @Test func axesAreEigenvectors() throws {
    let made = try isotropicRows(500, dimensions: 64, within: 64, seed: 4)
    var stretched = MadeRows(dimensions: 64)
    for row in made.rows {
      try stretched.append(row.enumerated().map { Double($1) / Double(1 + $0) })
    }
    let rows = try stretched.analysis()
    let axes = PrincipalAxes.first(2, of: rows.covariance, dimensions: 64)
    let spectrum = try #require(rows.spectrum)
    for (axis, value) in zip(axes, spectrum.eigenvalues) {
      #expect(agrees(VectorMath.dot(axis, axis), 1, within: 1e-12))
      for row in 0..<64 {
        let image = VectorMath.dot(Array(rows.covariance[row * 64..<(row + 1) * 64]), axis)
        #expect(abs(image - value * axis[row]) < 1e-6 * spectrum.eigenvalues[0])
      }
    }
  }

  @Test func spectraAreComparedByShape() {
    #expect(Spectrum.distance([2, 1, 1], [4, 2, 2]) == 0)
    #expect(Spectrum.distance([1, 0], [0.5, 0.5]) == 0.5)
    #expect(Spectrum.distance([], [1]) == nil)
  }
}
