// The checksum that is stored with segments: pinned values, and every flipped bit is noticed.
// Tests vk_checksum of Sources/CVectorKernels/codes.c.

import CVectorKernels
import TestSupport
import Testing

@Suite struct ChecksumKernelTests {
  /// Computed from the header's definition by a program in Python.
  @Test func hasTheStoredValues() {
    #expect(checksum([], seed: 0) == 0x6820_90D4_EF92_C17E)
    #expect(checksum([], seed: 1) == 0xB335_EF0F_933E_5A22)
    #expect(checksum([97], seed: 0) == 0x7B04_FEC7_4E79_3705)
    #expect(checksum(Array(0..<64), seed: 0) == 0xAF6B_7AF2_A391_75E5)
    #expect(checksum(Array(0..<101), seed: .max) == 0x962B_5E32_8A6B_C2CF)
    let long = (0..<1024).map { UInt8(truncatingIfNeeded: $0) }
    #expect(checksum(long, seed: 7) == 0x25F0_5977_E004_7343)
  }

  @Test(arguments: [1, 7, 8, 9, 63, 64, 65, 128, 200])
  func seesEveryFlippedBit(count: Int) {
    var generator = SeededGenerator(seed: UInt64(count))
    var bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
    let whole = checksum(bytes, seed: 3)
    for bit in 0..<count * 8 {
      bytes[bit / 8] ^= 1 << (bit % 8)
      #expect(checksum(bytes, seed: 3) != whole, "bit \(bit)")
      bytes[bit / 8] ^= 1 << (bit % 8)
    }
  }

  @Test func seesZerosAtTheEndAndExchangedWords() {
    var bytes = [UInt8](1...160)
    let whole = checksum(bytes, seed: 0)
    #expect(checksum(bytes + [0], seed: 0) != whole)
    #expect(checksum(bytes.dropLast(), seed: 0) != whole)
    // Words 0 and 8 go into the same lane, words 0 and 1 into two.
    for other in [8, 64] {
      for i in 0..<8 { bytes.swapAt(i, other + i) }
      #expect(checksum(bytes, seed: 0) != whole)
      for i in 0..<8 { bytes.swapAt(i, other + i) }
    }
  }

  private func checksum(_ bytes: [UInt8], seed: UInt64) -> UInt64 {
    bytes.withUnsafeBytes { vk_checksum($0.baseAddress, $0.count, seed) }
  }
}
