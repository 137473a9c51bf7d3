// Vectors for benchmarks where no real ones are given.

import Foundation

/// Vectors made in clusters around a common mean, as embeddings lie.
struct MadeVectors {
  static let dimensions = 1536

  let rows: Int
  private var elements: [Float] = []

  init(rows: Int) {
    self.rows = rows
    var random = SplitMix64(seed: 42)
    let centres = (0..<200).map { _ in Self.direction(&random, scale: 1, around: nil) }
    elements.reserveCapacity(rows * Self.dimensions)
    for _ in 0..<rows {
      elements += Self.direction(
        &random, scale: 0.7, around: centres[Int.random(in: 0..<200, using: &random)])
    }
  }

  /// Queries near rows of the base, none equal to one.
  func queries(_ count: Int) -> [[Float]] {
    var random = SplitMix64(seed: 43)
    return (0..<count).map { _ in
      let row = Int.random(in: 0..<rows, using: &random)
      let start = row * Self.dimensions
      return Self.direction(
        &random, scale: 0.5, around: Array(elements[start..<start + Self.dimensions]))
    }
  }

  /// Writes them as a .npy file.
  func write(npy path: String) throws {
    try NPYFile.write(elements, columns: Self.dimensions, to: path)
  }

  private static func direction(
    _ random: inout SplitMix64, scale: Float, around centre: [Float]?
  ) -> [Float] {
    var vector = (0..<dimensions).map { _ -> Float in
      // The sum of three uniform numbers is normal enough here.
      let sum = (0..<3).reduce(Float(0)) { total, _ in
        total + Float.random(in: -1...1, using: &random)
      }
      return scale * sum
    }
    normalize(&vector)
    guard let centre else { return vector }
    for index in vector.indices { vector[index] = centre[index] + scale * vector[index] }
    normalize(&vector)
    return vector
  }

  private static func normalize(_ vector: inout [Float]) {
    let norm = vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    for index in vector.indices { vector[index] = Float(Double(vector[index]) / norm) }
  }
}
