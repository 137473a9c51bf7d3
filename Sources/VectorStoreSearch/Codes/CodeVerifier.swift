// Whether the codes of a segment are those of its vectors.

internal import CVectorKernels

/// Compares stored codes with vectors.
///
/// Kernels differ by the rounding of float32 sums, so that a component near zero may have either bit, one near
/// the border of two levels either level, and factors differ by a little. All else has to be equal.
///
/// It is a class because it owns scratch memory; one thread uses it at a time.
package final class CodeVerifier {
  /// How far apart two roundings of one component may be; the vectors are of unit length.
  private static let componentSlack: Float = 1e-5
  /// How far apart two roundings of a factor may be, of its size.
  private static let factorSlack: Float = 0.01

  private let rotation: Rotation
  private let segment: CodeSegment
  private let fine: AlignedBytes
  private var residual: [Float]
  private var bits: [UInt8]
  private var storedBits: [UInt8]
  private var levels: [UInt8]

  /// - Parameters:
  ///   - rotation: the one of the segment's dimensions.
  ///   - fine: the fine codes of all rows.
  package init(rotation: Rotation, segment: CodeSegment, fine: AlignedBytes) {
    self.rotation = rotation
    self.segment = segment
    self.fine = fine
    residual = [Float](repeating: 0, count: segment.layout.paddedDimensions)
    bits = [UInt8](repeating: 0, count: segment.layout.codeBytes)
    storedBits = bits
    levels = [UInt8](repeating: 0, count: segment.layout.fineBytes)
  }

  /// Whether a row's codes are those of a vector of unit length.
  ///
  /// A row that was damaged when it was encoded has an estimate above everything and agrees with any vector.
  ///
  /// - Parameter vector: `dimensions` little-endian float32 numbers, at any address.
  /// - Complexity: O(P log P).
  package func agrees(row: Int, vector: UnsafeRawBufferPointer) -> Bool {
    precondition(vector.count == 4 * rotation.dimensions, "\(vector.count) bytes")
    guard segment.base[row].isFinite else { return true }
    for i in residual.indices { residual[i] = 0 }
    residual.withUnsafeMutableBytes { $0.copyMemory(from: vector) }
    var base: Float = 0
    var encoded = vk_encoded()
    residual.withUnsafeMutableBufferPointer { buffer in
      guard let y = buffer.baseAddress else { return }
      rotation.apply(y)
      base = Float(Kernels.dot(segment.centroid, UnsafeBufferPointer(buffer)))
      for i in 0..<buffer.count { y[i] -= segment.centroid[i] }
      vk_encode(y, buffer.count, &bits, &levels, &encoded)
    }
    return hasFactors(row, encoded, base: base) && hasBits(row) && hasLevels(row, encoded.norm)
  }

  private func hasFactors(_ row: Int, _ encoded: vk_encoded, base: Float) -> Bool {
    let factors = RowFactors(encoded, paddedDimensions: segment.layout.paddedDimensions)
    func isNear(_ stored: Float, _ made: Float) -> Bool {
      abs(stored - made) <= Self.factorSlack * abs(made) + 10 * Self.componentSlack
    }
    return abs(segment.base[row] - base) <= 10 * Self.componentSlack
      && isNear(segment.scale[row], factors.scale) && isNear(segment.error[row], factors.error)
      && isNear(segment.fineScale[row], factors.fineScale)
      && isNear(segment.fineError[row], factors.fineError)
  }

  private func hasBits(_ row: Int) -> Bool {
    let codes = segment.codes.start.assumingMemoryBound(to: UInt8.self)
    vk_get_code(
      codes, segment.layout.paddedDimensions, segment.layout.rows, row, &storedBits)
    for byte in bits.indices {
      var differing = storedBits[byte] ^ bits[byte]
      while differing != 0 {
        let component = 8 * byte + differing.trailingZeroBitCount
        guard abs(residual[component]) <= Self.componentSlack else { return false }
        differing &= differing - 1
      }
    }
    return true
  }

  private func hasLevels(_ row: Int, _ norm: Float) -> Bool {
    guard norm > 0 else { return true }
    let half = segment.layout.fineBytes
    let scale = Float(segment.layout.paddedDimensions).squareRoot() / (norm * VK_FINE_STEP)
    let slack = 0.001 + Self.componentSlack * scale
    let stored = fine.start.assumingMemoryBound(to: UInt8.self) + row * half
    func isNear(_ component: Int, _ level: UInt8) -> Bool {
      let place = min(max(residual[component] * scale + 7.5, -0.5), 15.5)
      return abs(place - Float(level)) <= 0.5 + slack
    }
    for byte in 0..<half where stored[byte] != levels[byte] {
      guard isNear(byte, stored[byte] & 15), isNear(byte + half, stored[byte] >> 4) else {
        return false
      }
    }
    return true
  }
}
