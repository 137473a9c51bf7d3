// The scan of 1-bit codes and the sums over fine codes, against loops over single bits and half bytes.
// Tests vk_scan and vk_fine_dots of Sources/CVectorKernels: codes.c and the variants.

import CVectorKernels
import TestSupport
import Testing

@Suite struct ScanKernelTests {
  /// Tails of every variant's groups of words: 2, 4 and 31.
  static let words = [1, 2, 3, 4, 5, 7, 8, 23, 24, 25, 31, 32, 33, 48, 62, 63, 64]

  @Test func sumsAreThoseOfSingleBits() async {
    await #expect(processExitsWith: .success) {
      KernelVariants.forEach { variant in
        for words in ScanKernelTests.words {
          var generator = SeededGenerator(seed: UInt64(words))
          // -8 is no number of vk_quantize_query, but one of the contract.
          for range in [-7...7, -8...7, 7...7, -7 ... -7, -8 ... -8, 0...0] {
            let u = (0..<words * 64).map { _ in Int.random(in: range, using: &generator) }
            let scan = Scan(u: u, blocks: 3, using: &generator)
            #expect(scan.found(mask: nil) == scan.expected(mask: nil), "\(variant), \(words) words")
          }
        }
      }
    }
  }

  @Test func passesOverBlocksWithoutABit() async {
    await #expect(processExitsWith: .success) {
      KernelVariants.forEach { variant in
        for seed in 0..<20 {
          var generator = SeededGenerator(seed: UInt64(seed))
          let u = (0..<192).map { _ in Int.random(in: -7...7, using: &generator) }
          let blocks = Int.random(in: 0...11, using: &generator)
          let scan = Scan(u: u, blocks: blocks, using: &generator)
          let mask = (0..<blocks).map { _ -> UInt8 in
            Bool.random(using: &generator) ? 0 : UInt8.random(in: 0...255, using: &generator)
          }
          #expect(scan.found(mask: mask) == scan.expected(mask: mask), "\(variant), seed \(seed)")
        }
      }
    }
  }

  @Test func fullCodesOfTheLargestQuery() async {
    await #expect(processExitsWith: .success) {
      KernelVariants.forEach { variant in
        for u in [7, -7, -8] {
          var scan = Scan(u: [Int](repeating: u, count: 4096), blocks: 2)
          scan.codes = scan.codes.map { _ in .max }
          #expect(scan.found(mask: nil).allSatisfy { $0 == 4096 * Int32(u) }, "\(variant), u \(u)")
        }
      }
    }
  }

  @Test func fineSumsAreThoseOfHalfBytes() async {
    await #expect(processExitsWith: .success) {
      KernelVariants.forEach { variant in
        for p in KernelVariants.dimensions {
          var generator = SeededGenerator(seed: UInt64(p))
          for count in [0, 1, 3, 4, 5, 30] {
            let fine = (0..<20 * p / 2).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let bytes = (0..<p).map { _ in Int8.random(in: -127...127, using: &generator) }
            let rows = (0..<count).map { _ in UInt32.random(in: 0..<20, using: &generator) }
            expectFineDots(fine, rows: rows, bytes: bytes, variant: variant)
          }
        }
      }
    }
  }

  @Test func fineSumsOfTheLargestNumbers() async {
    await #expect(processExitsWith: .success) {
      KernelVariants.forEach { variant in
        for byte in [Int8.min, -127, 127] {
          let fine = [UInt8](repeating: 255, count: 5 * 2048)
          let bytes = [Int8](repeating: byte, count: 4096)
          expectFineDots(fine, rows: [4, 0, 1, 2, 3], bytes: bytes, variant: variant)
        }
      }
    }
  }
}

/// Random codes of some blocks, and a query of whole numbers.
private struct Scan {
  var codes: [UInt64]
  let u: [Int]
  let planes: [UInt64]
  let blocks: Int

  private var words: Int { u.count / 64 }

  init(u: [Int], blocks: Int) {
    var generator = SeededGenerator(seed: 1)
    self.init(u: u, blocks: blocks, using: &generator)
  }

  init(u: [Int], blocks: Int, using generator: inout SeededGenerator) {
    self.u = u
    self.blocks = blocks
    codes = KernelVariants.words(blocks * u.count / 64 * 8, using: &generator)
    var planes = [UInt64](repeating: 0, count: u.count / 64 * 4)
    for i in u.indices {
      for j in 0..<4 where u[i] >> j & 1 == 1 { planes[i / 64 * 4 + j] |= 1 << UInt64(i % 64) }
    }
    self.planes = planes
  }

  /// The sums, or -1 where none was written. Read at a place that is aligned to 8 bytes only.
  func found(mask: [UInt8]?) -> [Int32] {
    var sums = [Int32](repeating: -1, count: blocks * 8 + 1)
    let shifted = [0] + codes
    shifted.withUnsafeBufferPointer { codes in
      sums.withUnsafeMutableBufferPointer { sums in
        guard let codes = codes.baseAddress, let sums = sums.baseAddress else { return }
        if let mask {
          vk_scan(codes + 1, words, blocks, planes, mask, sums + 1)
        } else {
          vk_scan(codes + 1, words, blocks, planes, nil, sums + 1)
        }
      }
    }
    precondition(sums[0] == -1)
    return Array(sums.dropFirst())
  }

  func expected(mask: [UInt8]?) -> [Int32] {
    codes.withUnsafeBufferPointer { codes in
      (0..<blocks * 8).map { row in
        if let mask, mask[row / 8] == 0 { return -1 }
        var sum = 0
        for word in 0..<words {
          var code = codes[row / 8 * words * 8 + word * 8 + row % 8]
          while code != 0 {
            sum += u[word * 64 + code.trailingZeroBitCount]
            code &= code - 1
          }
        }
        return Int32(sum)
      }
    }
  }
}

private func expectFineDots(_ fine: [UInt8], rows: [UInt32], bytes: [Int8], variant: String) {
  let half = bytes.count / 2
  let expected = rows.map { row in
    var sum = 0
    for (j, byte) in fine[Int(row) * half..<(Int(row) + 1) * half].enumerated() {
      sum += Int(byte % 16) * Int(bytes[j]) + Int(byte / 16) * Int(bytes[half + j])
    }
    return Int32(sum)
  }
  var found = [Int32](repeating: .min, count: rows.count)
  vk_fine_dots(fine, bytes.count, rows, rows.count, bytes, &found)
  #expect(found == expected, "\(variant), p \(bytes.count), \(rows.count) rows")
}
