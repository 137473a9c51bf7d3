// Which rows of a segment take part in a search. Made by the layer above; read by SegmentScan.

internal import CVectorKernels

/// A set of rows of a segment: one byte for 8 rows, bit `r` for row `r` of them.
package struct RowMask: Sendable, Equatable {
  /// One byte for 8 rows.
  package private(set) var bytes: [UInt8]
  /// How many rows are in the set.
  package private(set) var count: Int
  private let rows: Int

  /// The set of all rows.
  package init(rows: Int) {
    self.rows = rows
    count = rows
    bytes = [UInt8](repeating: 0xFF, count: (rows + 7) / 8)
    if !rows.isMultiple(of: 8) { bytes[bytes.count - 1] = UInt8((1 << (rows % 8)) - 1) }
  }

  /// The set of the rows whose bit is not set in `removed`, which has a byte for 8 rows.
  ///
  /// - Precondition: `removed` has as many bytes as the set.
  package init(rows: Int, removed: [UInt8]) {
    self.init(rows: rows)
    precondition(removed.count == bytes.count, "\(removed.count) bytes for \(rows) rows")
    for index in bytes.indices { bytes[index] &= ~removed[index] }
    count = bytes.reduce(0) { $0 + $1.nonzeroBitCount }
  }

  /// Whether all rows are in the set.
  package var isAll: Bool { count == rows }

  /// Whether a row is in the set.
  package func contains(_ row: Int) -> Bool { bytes[row / 8] >> (row % 8) & 1 == 1 }

  /// Calls the closure with every row of the set, in rising order.
  package func forEach(_ body: (Int) -> Void) {
    for (index, byte) in bytes.enumerated() where byte != 0 {
      var left = byte
      while left != 0 {
        body(8 * index + left.trailingZeroBitCount)
        left &= left - 1
      }
    }
  }

  /// Takes a row out.
  package mutating func remove(_ row: Int) {
    if contains(row) { count -= 1 }
    bytes[row / 8] &= ~(1 << UInt8(row % 8))
  }

  /// Keeps the rows whose value is `key`.
  ///
  /// - Complexity: O(rows).
  package mutating func keep(_ values: UnsafeBufferPointer<UInt32>, equalTo key: UInt32) {
    guard let start = values.baseAddress else { return }
    count = vk_mask_equal(&bytes, start, values.count, key)
  }

  /// Keeps the rows whose id is in a set.
  ///
  /// - Complexity: O(rows).
  package mutating func keep(_ ids: UnsafeBufferPointer<Int64>, in set: IDSet) {
    guard let start = ids.baseAddress else { return }
    count = vk_mask_members(&bytes, start, ids.count, set.words, set.first, set.words.count * 64)
  }
}

/// A set of ids as bits, from the least to the greatest.
package struct IDSet: Sendable, Equatable {
  /// The id of bit 0.
  package let first: Int64
  /// 64 ids a word.
  package private(set) var words: [UInt64]
  /// How many ids are in the set.
  package let count: Int

  /// The set of some ids, in any order, each once.
  ///
  /// - Complexity: O(greatest − least id), in bits of memory.
  package init(_ ids: [Int64]) {
    count = ids.count
    first = ids.min() ?? 0
    let last = ids.max() ?? -1
    words = [UInt64](repeating: 0, count: Int((last - first) / 64 + 1))
    for id in ids { words[Int(id - first) / 64] |= 1 << UInt64((id - first) % 64) }
  }

  /// Whether an id is in the set.
  package func contains(_ id: Int64) -> Bool {
    let at = id - first
    return at >= 0 && at / 64 < words.count && words[Int(at / 64)] >> UInt64(at % 64) & 1 == 1
  }
}
