// The rounding bound against the errors that BLAS really makes.
// Tests Sources/VectorStoreSearch/Exact/QuerySelection.swift.

import TestSupport
import Testing
import VectorStoreSearch

@Suite struct RoundingBoundTests {
  @Test func growsWithTheDimensionsAndStaysSmall() {
    let bounds = [64, 384, 768, 1536, 3072, 4096].map(RoundingBound.of)
    #expect(bounds == bounds.sorted())
    #expect(abs(RoundingBound.of(dimensions: 1536) - 9.36e-5) < 0.1e-5)
    // More than the tolerance on both lengths, in the fewest dimensions too.
    #expect(RoundingBound.of(dimensions: 1) > 2 * UnitVector.tolerance)
  }

  /// Scores of rows and queries whose lengths are at the edge of the tolerance.
  @Test(arguments: [64, 384, 1536])
  func holdsForScoresByBLAS(dimensions: Int) throws {
    var generator = SeededGenerator(seed: UInt64(dimensions))
    let edge = Float(1 + 0.9 * UnitVector.tolerance)
    let query = try RandomVectors.units(1, dimensions: dimensions, using: &generator)[0]
    // Rows near the query have the largest scores, and so the largest errors.
    let rows = try (0..<50).map { i in
      let noise = RandomVectors.vector(dimensions, using: &generator)
      let near = zip(query, noise).map { $0 + $1 * Float(i) * 0.001 }
      return try UnitVector(near, dimensions: dimensions).components.map { $0 * edge }
    }
    let lengthened = query.map { $0 * edge }
    var scores = [Float](repeating: 0, count: rows.count)
    BLAS.multiply(
      matrix: rows.flatMap { $0 }, rows: rows.count, columns: dimensions, vector: lengthened,
      into: &scores)
    let exact = NaiveSearch.search(
      lengthened, rows: rows, ids: Array(0..<50), limit: 50)
    let errors = exact.map { abs(Double(scores[Int($0.id)]) - $0.score) }
    #expect(errors.allSatisfy { $0 <= RoundingBound.of(dimensions: dimensions) })
    // The lengths alone make an error: a bound without them would fail here.
    #expect(errors.contains { $0 > UnitVector.tolerance })
  }
}
