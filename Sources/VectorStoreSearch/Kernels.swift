// Sums over float32 vectors in double precision, their checksums, and the finite check: the one
// importer of CVectorKernels.

internal import CVectorKernels

/// Functions over float32 vectors that give the same bits on every machine.
package enum Kernels {
  /// The instruction set whose kernels are in use: `avx512`, `avx2`, `neon` or `portable`
  /// (`vk_variant`). The environment variable `VECTOR_STORE_KERNELS` chooses another that there is.
  package static var variant: String { String(cString: vk_variant()) }

  /// The dot product of two vectors of the same length, summed in double precision in a fixed order
  /// (`vk_dot_f64`, whose header states the order).
  ///
  /// - Precondition: `a` and `b` have the same number of components.
  /// - Complexity: O(components).
  package static func dot(_ a: UnsafeBufferPointer<Float>, _ b: UnsafeBufferPointer<Float>)
    -> Double
  {
    precondition(a.count == b.count, "dot of \(a.count) and \(b.count) components")
    guard let first = a.baseAddress, let second = b.baseAddress else { return 0 }
    return vk_dot_f64(first, second, a.count)
  }

  /// The Euclidean length of a vector, from a sum of squares in double precision in a fixed order
  /// (`vk_sum_of_squares_f64`).
  ///
  /// No float32 vector is too long or too short for it.
  ///
  /// - Complexity: O(components).
  package static func norm(_ a: UnsafeBufferPointer<Float>) -> Double {
    guard let first = a.baseAddress else { return 0 }
    return vk_sum_of_squares_f64(first, a.count).squareRoot()
  }

  /// The length of a vector that lies at any address: little-endian float32 numbers.
  ///
  /// - Complexity: O(components).
  package static func norm(ofUnaligned bytes: UnsafeRawBufferPointer) -> Double {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: bytes.count / 4) { copy in
      UnsafeMutableRawBufferPointer(copy).copyMemory(
        from: UnsafeRawBufferPointer(rebasing: bytes[0..<bytes.count / 4 * 4]))
      return norm(UnsafeBufferPointer(copy))
    }
  }

  /// The checksum of a stored vector: of its bytes, with the bits of the length it came with as the seed
  /// (`vk_checksum`).
  ///
  /// - Complexity: O(bytes), at some 20 GB/s.
  package static func checksum(ofVector bytes: UnsafeRawBufferPointer, norm: Double) -> Int64 {
    guard let start = bytes.baseAddress else { return 0 }
    return Int64(bitPattern: vk_checksum(start, bytes.count, norm.bitPattern))
  }

  /// The index of the first component that is infinite or not a number, or nil if all are finite
  /// (`vk_first_non_finite`).
  ///
  /// - Complexity: O(components).
  package static func firstNonFinite(_ a: UnsafeBufferPointer<Float>) -> Int? {
    guard let first = a.baseAddress else { return nil }
    let index = vk_first_non_finite(first, a.count)
    return index < a.count ? index : nil
  }
}
