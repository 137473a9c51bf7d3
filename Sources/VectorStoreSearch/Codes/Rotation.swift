// The random rotation that comes before encoding, fixed for each number of dimensions: codes in
// files depend on it.

internal import CVectorKernels

/// A seeded random orthogonal transform without a matrix: three rounds of random signs, Hadamard
/// transforms in blocks, and a reflection across the blocks (`vk_rotate`).
///
/// Vectors are padded with zeros to a number of components that suits it.
package struct Rotation: Sendable {
  /// The components of a vector before.
  package let dimensions: Int
  /// And after: the least multiple of 64 that holds them and is 1, 3, 5 or 7 times a power of two, so
  /// that few blocks share the work of mixing.
  package let paddedDimensions: Int
  private let signs: [UInt64]

  /// How often signs, transform and reflection follow one another.
  private static let rounds = 3
  private static let seed: UInt64 = 0x5261_4269_7451_0001

  /// The rotation for vectors of some dimensions; the same on every machine.
  ///
  /// - Precondition: `dimensions` is 1 to 4096.
  package init(dimensions: Int) {
    precondition((1...4096).contains(dimensions), "\(dimensions) dimensions")
    self.dimensions = dimensions
    paddedDimensions = Self.paddedDimensions(of: dimensions)
    var state = Self.seed &+ UInt64(dimensions)
    signs = (0..<Self.rounds * paddedDimensions / 64).map { _ in Self.splitMix64(&state) }
  }

  /// Turns `paddedDimensions` numbers in place.
  ///
  /// - Complexity: O(P log P).
  package func apply(_ vector: UnsafeMutablePointer<Float>) {
    vk_rotate(vector, paddedDimensions, signs, Self.rounds)
  }

  /// ``paddedDimensions`` for vectors of some dimensions.
  package static func paddedDimensions(of dimensions: Int) -> Int {
    var candidate = (dimensions + 63) / 64 * 64
    while candidate >> candidate.trailingZeroBitCount > 7 { candidate += 64 }
    return candidate
  }

  /// SplitMix64 (Steele, Lea & Flood, OOPSLA 2014).
  private static func splitMix64(_ state: inout UInt64) -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }
}
