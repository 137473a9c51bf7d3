// The rotation against its definition in double precision, and against its inverse.
// Tests vk_rotate of Sources/CVectorKernels: codes.c, shared.h and the variants.

import CVectorKernels
import TestSupport
import Testing

@Suite struct RotationKernelTests {
  @Test func isTheTransformOfTheHeader() async {
    await #expect(processExitsWith: .success) {
      KernelVariants.forEach { variant in
        for p in [64, 128, 192, 320, 1536] {
          var generator = SeededGenerator(seed: UInt64(p))
          let x = RandomVectors.vector(p, using: &generator)
          let signs = KernelVariants.words(p / 64 * 2, using: &generator)
          let expected = Rotation(signs: signs, p: p).forward(x.map(Double.init))
          // At another place than the allocator aligned.
          let found = rotated([9] + x, from: 1, signs: signs, rounds: 2)
          #expect(found[0] == 9)
          for i in 0..<p {
            #expect(abs(Double(found[1 + i]) - expected[i]) < 1e-5, "\(variant), p \(p), \(i)")
          }
        }
      }
    }
  }

  @Test func isUndoneByItsInverseAndKeepsProducts() async {
    await #expect(processExitsWith: .success) {
      KernelVariants.forEach { variant in
        for p in KernelVariants.dimensions {
          var generator = SeededGenerator(seed: UInt64(p))
          let x = RandomVectors.vector(p, using: &generator)
          let y = RandomVectors.vector(p, using: &generator)
          let signs = KernelVariants.words(p / 64 * 3, using: &generator)
          let rotatedX = rotated(x, from: 0, signs: signs, rounds: 3)
          let rotatedY = rotated(y, from: 0, signs: signs, rounds: 3)
          let tolerance = Double(p) * 1e-6
          for (a, b, c, d) in [(x, x, rotatedX, rotatedX), (x, y, rotatedX, rotatedY)] {
            let before = NaiveSearch.dot(a, b), after = NaiveSearch.dot(c, d)
            #expect(abs(before - after) < tolerance, "\(variant), p \(p)")
          }
          let back = Rotation(signs: signs, p: p).inverse(rotatedX.map(Double.init))
          let furthest = zip(back, x).map { abs($0 - Double($1)) }.max() ?? .infinity
          #expect(furthest < 1e-5, "\(variant), p \(p)")
        }
      }
    }
  }

  /// Not asked for by the contract, but so are codes the same on every machine in practice.
  @Test func variantsGiveTheSameBits() async {
    await #expect(processExitsWith: .success) {
      for p in KernelVariants.dimensions {
        var generator = SeededGenerator(seed: UInt64(p))
        let x = RandomVectors.vector(p, using: &generator)
        let signs = KernelVariants.words(p / 64 * 3, using: &generator)
        precondition(vk_choose_variant("portable") == 1)
        let expected = rotated(x, from: 0, signs: signs, rounds: 3)
        KernelVariants.forEach { variant in
          #expect(rotated(x, from: 0, signs: signs, rounds: 3) == expected, "\(variant), p \(p)")
        }
      }
    }
  }
}

private func rotated(_ x: [Float], from: Int, signs: [UInt64], rounds: Int) -> [Float] {
  var x = x
  x.withUnsafeMutableBufferPointer { x in
    let part = UnsafeMutableBufferPointer(rebasing: x[from...])
    vk_rotate(part.baseAddress, part.count, signs, rounds)
  }
  return x
}

/// The rotation by its definition, in double precision.
private struct Rotation {
  let signs: [UInt64]
  let p: Int

  private var length: Int { p & -p }
  private var blocks: Int { p / length }
  private var rounds: Int { signs.count / (p / 64) }

  func forward(_ x: [Double]) -> [Double] {
    (0..<rounds).reduce(x) { x, round in reflected(transformed(negated(x, round: round))) }
  }

  /// Every step is its own inverse.
  func inverse(_ x: [Double]) -> [Double] {
    (0..<rounds).reversed().reduce(x) { x, round in
      negated(transformed(reflected(x)), round: round)
    }
  }

  private func negated(_ x: [Double], round: Int) -> [Double] {
    x.indices.map { i in
      signs[round * p / 64 + i / 64] >> UInt64(i % 64) & 1 == 1 ? -x[i] : x[i]
    }
  }

  /// The Walsh-Hadamard transform by recursion over halves.
  private func transformed(_ x: [Double]) -> [Double] {
    let scale = 1 / Double(length).squareRoot()
    return (0..<blocks).flatMap { block in
      hadamard(x[block * length..<(block + 1) * length]).map { $0 * scale }
    }
  }

  private func hadamard(_ x: ArraySlice<Double>) -> [Double] {
    guard x.count > 1 else { return Array(x) }
    let low = hadamard(x.prefix(x.count / 2)), high = hadamard(x.suffix(x.count / 2))
    return zip(low, high).map { $0 + $1 } + zip(low, high).map { $0 - $1 }
  }

  private func reflected(_ x: [Double]) -> [Double] {
    guard blocks > 1 else { return x }
    var result = x
    for j in 0..<length {
      let mean = (0..<blocks).reduce(0) { $0 + x[$1 * length + j] } / Double(blocks)
      for block in 0..<blocks { result[block * length + j] -= 2 * mean }
    }
    return result
  }
}
