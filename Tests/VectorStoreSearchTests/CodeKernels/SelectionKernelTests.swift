// The selection of rows and the masks, against plain loops.
// Tests vk_select, vk_mask_equal and vk_mask_members of Sources/CVectorKernels: codes.c and the variants.

import CVectorKernels
import TestSupport
import Testing

@Suite struct SelectionKernelTests {
  @Test func selectsRowsThatReachTheThreshold() async {
    await #expect(processExitsWith: .success) {
      KernelVariants.forEach { variant in
        for rows in Array(0...40) + [63, 64, 65, 1000, 4096] {
          var generator = SeededGenerator(seed: UInt64(rows))
          let segment = ScannedRows(rows, using: &generator)
          for threshold in [-Float.infinity, 0, 1, 3, .infinity] {
            for masked in [false, true] {
              let mask = masked ? randomMask(rows, using: &generator) : nil
              #expect(
                segment.found(threshold: threshold, mask: mask)
                  == segment.expected(threshold: threshold, mask: mask),
                "\(variant), \(rows) rows, threshold \(threshold), masked \(masked)")
            }
          }
        }
      }
    }
  }

  @Test func selectsWhatIsNotANumber() async {
    await #expect(processExitsWith: .success) {
      KernelVariants.forEach { variant in
        var generator = SeededGenerator(seed: 1)
        var segment = ScannedRows(50, using: &generator)
        segment.base[7] = .nan
        segment.error[49] = .nan
        let found = segment.found(threshold: 1e6, mask: nil)
        #expect(found.map(\.index) == [7, 49], "\(variant)")
        #expect(found.first?.estimate.isNaN == true && found.last?.halfWidth.isNaN == true)
      }
    }
  }

  @Test func masksRowsWithOtherValues() {
    for rows in Array(0...20) + [63, 64, 65, 100] {
      var generator = SeededGenerator(seed: UInt64(rows))
      let values = (0..<rows).map { _ in UInt32.random(in: 0...2, using: &generator) }
      var mask = randomMask(rows, using: &generator)
      let expected = (0..<rows).filter { isSet(mask, $0) && values[$0] == 1 }
      let count = vk_mask_equal(&mask, values, rows, 1)
      #expect(count == expected.count && setBits(mask) == expected, "\(rows) rows")
    }
  }

  /// Ids that follow each other and ids that do not, around both ends of the set.
  @Test func masksRowsOutsideASet() {
    for seed in 0..<300 {
      var generator = SeededGenerator(seed: UInt64(seed))
      let rows = Int.random(in: 0...100, using: &generator)
      let count = seed % 10 == 0 ? 0 : Int.random(in: 1...300, using: &generator)
      let set = KernelVariants.words((count + 63) / 64, using: &generator)
      let first: Int64 = seed % 3 == 0 ? .min + 20 : 1_000
      var id = first &+ Int64.random(in: -20...20, using: &generator)
      let ids = (0..<rows).map { _ in
        id &+= seed % 2 == 0 || generator.next() % 20 != 0 ? 1 : Int64(generator.next() % 50)
        return id
      }
      var mask = randomMask(rows, using: &generator)
      let expected = (0..<rows).filter { row in
        let place = ids[row].subtractingReportingOverflow(first).partialValue
        guard isSet(mask, row), place >= 0, place < count else { return false }
        return set[Int(place) / 64] >> UInt64(place % 64) & 1 == 1
      }
      let found = vk_mask_members(&mask, ids, rows, set, first, count)
      #expect(found == expected.count && setBits(mask) == expected, "seed \(seed)")
    }
  }
}

private func randomMask(_ rows: Int, using generator: inout SeededGenerator) -> [UInt8] {
  (0..<(rows + 7) / 8).map { _ in
    generator.next() % 3 == 0 ? 0 : UInt8.random(in: 0...255, using: &generator)
  }
}

private func isSet(_ mask: [UInt8], _ row: Int) -> Bool { mask[row / 8] >> UInt8(row % 8) & 1 == 1 }

private func setBits(_ mask: [UInt8]) -> [Int] {
  (0..<mask.count * 8).filter { isSet(mask, $0) }
}

private struct SelectedRow: Equatable {
  let index: UInt32
  let estimate, halfWidth: Float
}

/// What a scan leaves for the selection.
private struct ScannedRows {
  var base, scale, error: [Float]
  let sums: [Int32]

  init(_ rows: Int, using generator: inout SeededGenerator) {
    base = RandomVectors.vector(rows, using: &generator)
    scale = RandomVectors.vector(rows, using: &generator).map { abs($0) }
    error = RandomVectors.vector(rows, using: &generator).map { abs($0) }
    sums = (0..<rows).map { _ in Int32.random(in: -3000...3000, using: &generator) }
  }

  private func selection(threshold: Float) -> vk_selection {
    vk_selection(
      offset: 0.25, unit: 0.0003, sum: 77, spread: 0.4, rounding: 0.3, slack: 0.01,
      threshold: threshold)
  }

  func found(threshold: Float, mask: [UInt8]?) -> [SelectedRow] {
    let rows = sums.count, room = (rows + 15) / 16 * 16
    var settings = selection(threshold: threshold)
    var index = [UInt32](repeating: 0, count: room)
    var estimate = [Float](repeating: 0, count: room)
    var half = estimate
    let count =
      if let mask {
        vk_select(sums, base, scale, error, rows, mask, &settings, &index, &estimate, &half)
      } else {
        vk_select(sums, base, scale, error, rows, nil, &settings, &index, &estimate, &half)
      }
    return (0..<count).map {
      SelectedRow(index: index[$0], estimate: estimate[$0], halfWidth: half[$0])
    }
  }

  /// In float32 and in the header's order: every variant gives these bits.
  func expected(threshold: Float, mask: [UInt8]?) -> [SelectedRow] {
    let s = selection(threshold: threshold)
    return sums.indices.compactMap { i in
      if let mask, !isSet(mask, i) { return nil }
      let inner = Float(2 * sums[i] - s.sum)
      let estimate = (s.offset + base[i]) + (scale[i] * s.unit) * inner
      let a = s.spread * error[i]
      let b = s.rounding * scale[i]
      let half = s.slack + (a * a + b * b).squareRoot()
      guard estimate + half >= threshold else { return nil }
      return SelectedRow(index: UInt32(i), estimate: estimate, halfWidth: half)
    }
  }
}
