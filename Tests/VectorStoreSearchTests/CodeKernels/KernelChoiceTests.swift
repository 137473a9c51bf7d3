// How a variant of the kernels is chosen: by name, by the environment, else the best that there is.
// Tests Sources/CVectorKernels/dispatch.c, and the variants' sums in double precision.

import CVectorKernels
import Foundation
import TestSupport
import Testing

@Suite struct KernelChoiceTests {
  @Test func theBestIsChosenWithoutAnySetting() async {
    await #expect(processExitsWith: .success) {
      unsetenv("VECTOR_STORE_KERNELS")
      let chosen = String(cString: vk_variant())
      #expect(KernelVariants.names.first { vk_choose_variant($0) == 1 } == chosen)
    }
  }

  @Test func anUnknownNameInTheEnvironmentChangesNothing() async {
    await #expect(processExitsWith: .success) {
      setenv("VECTOR_STORE_KERNELS", "mmx", 1)
      let chosen = String(cString: vk_variant())
      #expect(KernelVariants.names.first { vk_choose_variant($0) == 1 } == chosen)
    }
  }

  @Test(arguments: KernelVariants.names)
  func theEnvironmentChoosesOneThatTheProcessorHas(name: String) async {
    await #expect(processExitsWith: .success) { [name] in
      setenv("VECTOR_STORE_KERNELS", name, 1)
      let chosen = String(cString: vk_variant())
      if vk_choose_variant(name) == 1 {
        #expect(chosen == name)
      } else {
        #expect(chosen != name)
      }
    }
  }

  @Test func anUnknownNameIsRefused() async {
    await #expect(processExitsWith: .success) {
      precondition(vk_choose_variant("portable") == 1)
      #expect(vk_choose_variant("mmx") == 0 && vk_choose_variant("") == 0)
      #expect(String(cString: vk_variant()) == "portable")
    }
  }

  @Test func everyVariantSumsInTheStatedOrder() async {
    await #expect(processExitsWith: .success) {
      KernelVariants.forEach { variant in
        for count in KernelsTests.counts {
          var generator = SeededGenerator(seed: UInt64(count))
          let a = RandomVectors.vector(count + 1, using: &generator)
          let b = RandomVectors.vector(count, using: &generator)
          let found = a.withUnsafeBufferPointer { a in
            b.withUnsafeBufferPointer { b -> Double in
              guard let first = a.baseAddress, let second = b.baseAddress else { return 0 }
              return vk_dot_f64(first + 1, second, count)
            }
          }
          let expected = NaiveSearch.dot(Array(a.dropFirst()), b)
          #expect(found.bitPattern == expected.bitPattern, "\(variant), count \(count)")
        }
      }
    }
  }
}
