// The scan of 1-bit codes and the sums over fine codes, against loops over single bits and half bytes.
// Tests vk_scan and vk_fine_dots of Sources/CVectorKernels: codes.c and the variants.

import CVectorKernels
import TestSupport
import Testing

@Suite struct ScanKernelTests {
  /// Dimensions with every remainder of a variant's groups of components, and the most there may be.
  static let dimensions = [
    64, 128, 192, 256, 320, 448, 512, 1472, 1536, 1600, 2048, 3072, 4032, 4096,
  ]

  @Test func sumsAreThoseOfSingleBits() async {
    await #expect(processExitsWith: .success) {
      KernelVariants.forEach { variant in
        for p in ScanKernelTests.dimensions {
          var generator = SeededGenerator(seed: UInt64(p))
          for range: ClosedRange<Int8> in [-7...7, 7...7, -7 ... -7, 0...0] {
            let u = (0..<p).map { _ in Int8.random(in: range, using: &generator) }
            let scan = Scan(u: u, rows: 150, using: &generator)
            #expect(scan.found(mask: nil) == scan.expected(mask: nil), "\(variant), p \(p)")
          }
        }
      }
    }
  }

  @Test(arguments: [64, 384, 448, 1536, 4096])
  func codesArePutWhereTheHeaderSays(p: Int) {
    var generator = SeededGenerator(seed: UInt64(p))
    let rows = 130
    let made = (0..<rows).map { _ in
      (0..<p / 8).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }
    var codes = [UInt8](repeating: 0, count: 3 * 64 * p / 8)
    for row in 0..<rows { vk_put_code(made[row], p, rows, row, &codes) }
    for row in 0..<rows {
      let found = (0..<p / 8).map { codes[Scan.place($0, row, bytes: p / 8, tiles: 3)] }
      #expect(found == made[row])
      var copied = [UInt8](repeating: 0, count: p / 8)
      vk_get_code(codes, p, rows, row, &copied)
      #expect(copied == made[row])
    }
    // The places of rows that are not there are left.
    #expect(codes.count { $0 != 0 } == made.joined().count { $0 != 0 })
  }

  @Test(arguments: [0, 1, 63, 64, 65, 255, 256, 257, 320, 640])
  func sumsOfAnyNumberOfRows(rows: Int) async {
    await #expect(processExitsWith: .success) { [rows] in
      KernelVariants.forEach { variant in
        var generator = SeededGenerator(seed: UInt64(rows))
        let u = (0..<192).map { _ in Int8.random(in: -7...7, using: &generator) }
        let scan = Scan(u: u, rows: rows, using: &generator)
        #expect(scan.found(mask: nil) == scan.expected(mask: nil), "\(variant), \(rows) rows")
      }
    }
  }

  @Test func passesOverTilesWithoutABit() async {
    await #expect(processExitsWith: .success) {
      KernelVariants.forEach { variant in
        for seed in 0..<40 {
          var generator = SeededGenerator(seed: UInt64(seed))
          let u = (0..<192).map { _ in Int8.random(in: -7...7, using: &generator) }
          let rows = Int.random(in: 0...1000, using: &generator)
          let scan = Scan(u: u, rows: rows, using: &generator)
          var mask = [UInt8](repeating: 0, count: (rows + 7) / 8)
          for tile in 0..<(rows + 63) / 64 where Int.random(in: 0..<4, using: &generator) > 0 {
            let bytes = tile * 8..<min(tile * 8 + 8, mask.count)
            mask[Int.random(in: bytes, using: &generator)] =
              1 << UInt8.random(in: 0...7, using: &generator)
          }
          #expect(scan.found(mask: mask) == scan.expected(mask: mask), "\(variant), seed \(seed)")
        }
      }
    }
  }

  @Test func fullCodesOfTheLargestQuery() async {
    await #expect(processExitsWith: .success) {
      KernelVariants.forEach { variant in
        for u: Int8 in [7, -7] {
          var generator = SeededGenerator(seed: 1)
          var scan = Scan(u: [Int8](repeating: u, count: 4096), rows: 128, using: &generator)
          scan.codes = scan.codes.map { _ in .max }
          #expect(scan.found(mask: nil).allSatisfy { $0 == 4096 * Int32(u) }, "\(variant), u \(u)")
          scan.codes = scan.codes.map { _ in 0 }
          #expect(scan.found(mask: nil).allSatisfy { $0 == 0 }, "\(variant), u \(u)")
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

/// Random codes of some rows, and a query of whole numbers.
private struct Scan {
  var codes: [UInt8]
  let u: [Int8]
  let rows: Int

  private var tiles: Int { (rows + 63) / 64 }

  init(u: [Int8], rows: Int, using generator: inout SeededGenerator) {
    self.u = u
    self.rows = rows
    codes = KernelVariants.words((rows + 63) / 64 * u.count, using: &generator).flatMap { word in
      (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
    }
  }

  /// The sums, or -1 where none was written. Read at a place that is aligned to nothing.
  func found(mask: [UInt8]?) -> [Int32] {
    var sums = [Int32](repeating: -1, count: tiles * 64 + 1)
    let shifted = [0] + codes
    shifted.withUnsafeBufferPointer { codes in
      sums.withUnsafeMutableBufferPointer { sums in
        guard let codes = codes.baseAddress, let sums = sums.baseAddress else {
          preconditionFailure("an array of elements has no address")
        }
        if let mask {
          vk_scan(codes + 1, u.count, rows, u, mask, sums + 1)
        } else {
          vk_scan(codes + 1, u.count, rows, u, nil, sums + 1)
        }
      }
    }
    precondition(sums[0] == -1)
    return Array(sums.dropFirst())
  }

  /// Where a byte of a row stands, as the header has it.
  static func place(_ byte: Int, _ row: Int, bytes: Int, tiles: Int) -> Int {
    let part = byte / 48
    let ofPart = min(48, bytes - 48 * part)
    return part * 48 * 64 * tiles + (row / 64 * ofPart + byte % 48) * 64 + row % 64
  }

  func expected(mask: [UInt8]?) -> [Int32] {
    codes.withUnsafeBufferPointer { codes in
      (0..<tiles * 64).map { row in
        let tile = row / 64
        if let mask, mask[tile * 8..<min(tile * 8 + 8, mask.count)].allSatisfy({ $0 == 0 }) {
          return -1
        }
        var sum = 0
        for byte in 0..<u.count / 8 {
          var code = codes[Self.place(byte, row, bytes: u.count / 8, tiles: tiles)]
          while code != 0 {
            sum += Int(u[byte * 8 + code.trailingZeroBitCount])
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
