// Sets of rows and of ids. Tests Sources/VectorStoreSearch/Codes/RowMask.swift.

import TestSupport
import Testing

@testable import VectorStoreSearch

@Suite struct RowMaskTests {
  @Test(arguments: [1, 7, 8, 9, 64, 100, 4096])
  func keepsAndRemovesAsAListOfBoolsDoes(rows: Int) {
    var generator = SeededGenerator(seed: UInt64(rows))
    let values = (0..<rows).map { _ in UInt32.random(in: 0..<3, using: &generator) }
    let ids = (0..<rows).map { _ in Int64.random(in: -50..<5000, using: &generator) }
    let members = Set((0..<2000).map { _ in Int64.random(in: 0..<4000, using: &generator) })
    let set = IDSet(Array(members))
    var mask = RowMask(rows: rows)
    #expect(mask.isAll && mask.count == rows)
    values.withUnsafeBufferPointer { mask.keep($0, equalTo: 1) }
    ids.withUnsafeBufferPointer { mask.keep($0, in: set) }
    for row in stride(from: 0, to: rows, by: 5) { mask.remove(row) }
    let expected = (0..<rows).filter {
      values[$0] == 1 && members.contains(ids[$0]) && !$0.isMultiple(of: 5)
    }
    #expect((0..<rows).filter { mask.contains($0) } == expected)
    #expect(mask.count == expected.count)
    var visited: [Int] = []
    mask.forEach { visited.append($0) }
    #expect(visited == expected)
  }

  @Test func removedBitsAreTakenOut() {
    let mask = RowMask(rows: 10, removed: [0b0000_0101, 0b10])
    #expect((0..<10).filter { mask.contains($0) } == [1, 3, 4, 5, 6, 7, 8])
    #expect(mask.count == 7 && !mask.isAll)
  }

  /// Ids come out of a file: any numbers, as far apart as can be. Memory is by their count.
  @Test(arguments: 0..<20 as Range<UInt64>)
  func idsFarApartTakeMemoryByTheirCount(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let edges: [Int64] = [.min, .min + 1, -65, -64, -1, 0, 1, 63, 64, .max - 1, .max]
    let far = (0..<300).map { _ in Int64.random(in: .min ... .max, using: &generator) }
    let all = edges + far
    let members = Set(all.filter { _ in Bool.random(using: &generator) })
    let set = IDSet(Array(members).shuffled(using: &generator))
    #expect(set.count == members.count)
    #expect(all.allSatisfy { set.contains($0) == members.contains($0) }, "seed \(seed)")
    var mask = RowMask(rows: all.count)
    all.withUnsafeBufferPointer { mask.keep($0, in: set) }
    #expect(
      (0..<all.count).filter { mask.contains($0) }
        == all.indices.filter { members.contains(all[$0]) })
    #expect(mask.count == all.filter { members.contains($0) }.count)
  }

  @Test(arguments: [
    [Int64.min, .max], [1, 1 << 40], [.max], [.min], [.max - 5, .max], [.min, .min + 9],
  ])
  func setsAtTheLimitsHaveTheirMembersOnly(ids: [Int64]) {
    let set = IDSet(ids)
    for id in ids {
      #expect(set.contains(id))
      for other in [id &- 1, id &+ 1, ~id, 0] {
        #expect(set.contains(other) == ids.contains(other))
      }
    }
    if case .bits(let words) = set.members { #expect(words.count == 1) }
  }

  @Test func anEmptySetHasNoMember() {
    let set = IDSet([])
    #expect(set.count == 0 && !set.contains(0) && !set.contains(-1))
    var mask = RowMask(rows: 3)
    [Int64(0), 1, 2].withUnsafeBufferPointer { mask.keep($0, in: set) }
    #expect(mask.count == 0)
  }
}
