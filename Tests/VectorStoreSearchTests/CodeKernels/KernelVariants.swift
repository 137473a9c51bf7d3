// The variants of the kernels that this machine has, and the numbers of code kernels' tests. A variant is
// chosen for a whole process, so these tests run in processes of their own.

import CVectorKernels
import TestSupport

enum KernelVariants {
  /// Every variant that there is, best first.
  static let names = ["avx512", "avx2", "neon", "portable"]

  /// Padded dimensions: of one word, of an odd number of words, powers of two, the default's, the most.
  static let dimensions = [64, 128, 192, 320, 512, 832, 1536, 2560, 3072, 4032, 4096]

  /// Runs a test with every variant that this machine has, the portable one always.
  static func forEach(_ test: (String) -> Void) {
    var tested = 0
    for name in names where vk_choose_variant(name) == 1 {
      test(name)
      tested += 1
    }
    precondition(tested > 0)
  }

  /// About normally distributed numbers: sums of four uniform ones.
  static func normal(_ count: Int, using generator: inout SeededGenerator) -> [Float] {
    let uniform = RandomVectors.vector(count * 4, using: &generator)
    return (0..<count).map { i in
      uniform[4 * i] + uniform[4 * i + 1] + uniform[4 * i + 2] + uniform[4 * i + 3]
    }
  }

  static func words(_ count: Int, using generator: inout SeededGenerator) -> [UInt64] {
    (0..<count).map { _ in generator.next() }
  }
}
