// The buffer of rows: what goes in comes out, from any address, and nothing else goes in.
// Tests Sources/VectorStoreSearch/VectorBlock.swift.

import TestSupport
import Testing
import VectorStoreSearch

@Suite struct VectorBlockTests {
  @Test func keepsRowsAndIdsInOrder() throws {
    let block = VectorBlock(dimensions: 3, capacity: 4)
    try block.append([1, 2, 3], id: 9)
    try block.append([4, 5, 6], id: -2)
    #expect(block.count == 2)
    #expect(!block.isFull)
    block.withUnsafeRows { rows, ids in
      #expect(Array(rows) == [1, 2, 3, 4, 5, 6])
      #expect(Array(ids) == [9, -2])
    }
  }

  @Test func copiesBlobsFromAnyAddress() throws {
    let vector: [Float] = [1.5, -2.25, 0x1p-140]
    for offset in 0..<8 {
      let bytes = [UInt8](repeating: 0xFF, count: offset) + vector.withUnsafeBytes(Array.init)
      let block = VectorBlock(dimensions: 3, capacity: 2)
      try block.append([0, 0, 0], id: 0)
      try bytes.withUnsafeBytes { bytes in
        try block.append(bytes: UnsafeRawBufferPointer(rebasing: bytes[offset...]), id: 1)
      }
      block.withUnsafeRows { rows, _ in #expect(Array(rows[3..<6]) == vector) }
    }
  }

  @Test func readsLittleEndianBytes() throws {
    let block = VectorBlock(dimensions: 2)
    try [UInt8]([0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0]).withUnsafeBytes { bytes in
      try block.append(bytes: bytes, id: 1)
    }
    block.withUnsafeRows { rows, _ in #expect(Array(rows) == [1, -2]) }
  }

  @Test func isFullAtItsCapacityAndEmptyAfterwards() throws {
    let block = VectorBlock(dimensions: 1, capacity: 2)
    #expect(block.isEmpty)
    for round in 0..<3 {
      try block.append([Float(round)], id: 1)
      try block.append([Float(round)], id: 2)
      #expect(block.isFull)
      block.withUnsafeRows { rows, _ in #expect(Array(rows) == [Float(round), Float(round)]) }
      block.removeAll()
      #expect(block.isEmpty)
      block.withUnsafeRows { rows, ids in #expect(rows.isEmpty && ids.isEmpty) }
    }
  }

  @Test(arguments: [0, 1, 11, 13, 6144])
  func refusesBlobsOfAnotherLength(length: Int) throws {
    let block = VectorBlock(dimensions: 3, capacity: 2)
    try block.append([1, 2, 3], id: 1)
    let bytes = [UInt8](repeating: 0, count: length)
    #expect(throws: SearchError.wrongByteCount(id: 5, found: length, expected: 12)) {
      try bytes.withUnsafeBytes { bytes in try block.append(bytes: bytes, id: 5) }
    }
    #expect(block.ids == [1])
  }

  @Test func storageIsAlignedForVectorRegisters() throws {
    let block = VectorBlock(dimensions: 5, capacity: 3)
    try block.append([1, 2, 3, 4, 5], id: 1)
    block.withUnsafeRows { rows, _ in
      #expect(UInt(bitPattern: rows.baseAddress).isMultiple(of: 64))
    }
  }

  @Test func appendingToAFullBlockTraps() async {
    await #expect(processExitsWith: .failure) {
      let block = VectorBlock(dimensions: 1, capacity: 1)
      try block.append([1], id: 1)
      try block.append([1], id: 2)
    }
  }
}
