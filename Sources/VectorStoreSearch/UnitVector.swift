// The door that every vector passes before it is stored or searched with: right dimensions, finite,
// not zero, brought to unit length.

/// A vector that has passed the door: finite, of unit length within ``tolerance``.
///
///     let vector = try UnitVector(embedding, dimensions: 1536)
///     // vector.components is stored, vector.norm stands beside it
///
/// A vector that comes with unit length keeps its bits. Any other one is divided by its length, in
/// double precision, so that the smallest and the largest floats come out right too.
package struct UnitVector: Sendable, Equatable {
  /// How far from 1 the length of a vector may be for it to count as unit length.
  ///
  /// float32 rounding alone moves the length of a normalised vector by up to 6e-8.
  package static let tolerance = 1e-6

  /// The components, of unit length within ``tolerance``.
  package let components: [Float]
  /// The length that the vector came with, above 0.
  package let norm: Double

  /// Checks a vector and brings it to unit length.
  ///
  /// - Parameters:
  ///   - vector: The components as they came.
  ///   - dimensions: How many there must be, at least 1.
  /// - Throws: ``VectorError``, the first that applies: `wrongDimensions`, `notFinite`, `zero`.
  /// - Complexity: O(`dimensions`). Does not copy a vector that is of unit length.
  package init(_ vector: [Float], dimensions: Int) throws(VectorError) {
    let norm = try vector.withUnsafeBufferPointer { (vector) throws(VectorError) in
      try Self.checkedNorm(of: vector, dimensions: dimensions)
    }
    self.norm = norm
    self.components =
      Self.isUnitLength(norm) ? vector : vector.map { Float(Double($0) / norm) }
  }

  /// Checks a vector that lies in memory and brings a copy of it to unit length.
  ///
  /// The same as ``init(_:dimensions:)`` otherwise.
  package init(_ vector: UnsafeBufferPointer<Float>, dimensions: Int) throws(VectorError) {
    try self.init(Array(vector), dimensions: dimensions)
  }

  /// Whether a length counts as unit length: within ``tolerance`` of 1; false for NaN.
  package static func isUnitLength(_ norm: Double) -> Bool {
    abs(norm - 1) <= tolerance
  }

  private static func checkedNorm(
    of vector: UnsafeBufferPointer<Float>, dimensions: Int
  ) throws(VectorError) -> Double {
    guard vector.count == dimensions else {
      throw .wrongDimensions(found: vector.count, expected: dimensions)
    }
    if let index = Kernels.firstNonFinite(vector) { throw .notFinite(index: index) }
    let norm = Kernels.norm(vector)
    guard norm > 0 else { throw .zero }
    return norm
  }
}
