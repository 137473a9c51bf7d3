// The C kernels against Swift loops in the same order (equal bits) and first to last (near).
// Tests Sources/VectorStoreSearch/Kernels.swift and Sources/CVectorKernels.

import TestSupport
import Testing
import VectorStoreSearch

@Suite struct KernelsTests {
  /// Every length up to three times the 16 partial sums, and those of embedding models.
  static let counts = Array(0...50) + [64, 100, 255, 384, 768, 1536, 3072, 4096]

  @Test func dotHasTheBitsOfTheStatedOrder() {
    for count in Self.counts {
      var generator = SeededGenerator(seed: UInt64(count))
      let a = RandomVectors.vector(count, using: &generator)
      let b = RandomVectors.vector(count, using: &generator)
      let found = a.withUnsafeBufferPointer { a in
        b.withUnsafeBufferPointer { b in Kernels.dot(a, b) }
      }
      #expect(found.bitPattern == NaiveSearch.dot(a, b).bitPattern, "count \(count)")
      // Rounding at each of `count` additions of numbers that are at most `count` together.
      let sequential = NaiveSearch.sequentialDot(a, b)
      #expect(abs(found - sequential) <= Double(count * count) * 0x1p-53, "count \(count)")
    }
  }

  @Test func dotIsTheSameAtUnalignedOffsets() {
    var generator = SeededGenerator(seed: 7)
    let a = RandomVectors.vector(200, using: &generator)
    for offset in 0..<9 {
      let part = Array(a[offset..<offset + 100])
      let found = a.withUnsafeBufferPointer { a in
        let slice = UnsafeBufferPointer(rebasing: a[offset..<offset + 100])
        return Kernels.dot(slice, slice)
      }
      #expect(found.bitPattern == NaiveSearch.dot(part, part).bitPattern, "offset \(offset)")
    }
  }

  @Test func normIsTheRootOfTheSumOfSquares() {
    for count in Self.counts {
      var generator = SeededGenerator(seed: UInt64(1000 + count))
      let a = RandomVectors.vector(count, using: &generator)
      let expected = NaiveSearch.dot(a, a).squareRoot()
      #expect(a.withUnsafeBufferPointer(Kernels.norm).bitPattern == expected.bitPattern)
    }
  }

  @Test(arguments: [Float.greatestFiniteMagnitude, .leastNonzeroMagnitude, 1e38, 0x1p-133])
  func normNeitherOverflowsNorVanishes(component: Float) {
    let a = [Float](repeating: component, count: 4096)
    let expected = Double(component) * 64
    let found = a.withUnsafeBufferPointer(Kernels.norm)
    #expect(abs(found - expected) <= expected * 1e-12)
  }

  @Test func findsTheFirstComponentThatIsNotFinite() {
    for bad in [Float.nan, .signalingNaN, .infinity, -.infinity] {
      for index in [0, 1, 15, 16, 98, 99] {
        var a = [Float](repeating: 1, count: 100)
        a[index] = bad
        a[99] = bad
        #expect(a.withUnsafeBufferPointer(Kernels.firstNonFinite) == index)
      }
    }
  }

  @Test func takesAllFiniteNumbersAsFinite() {
    let a: [Float] = [
      0, -0.0, .leastNonzeroMagnitude, .leastNormalMagnitude, .greatestFiniteMagnitude,
      -.greatestFiniteMagnitude,
    ]
    #expect(a.withUnsafeBufferPointer(Kernels.firstNonFinite) == nil)
    #expect([Float]().withUnsafeBufferPointer(Kernels.firstNonFinite) == nil)
  }
}
