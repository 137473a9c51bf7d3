// Which rows of a segment take part in a search.

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
    switch set.members {
    case .bits(let words):
      count = vk_mask_members(&bytes, start, ids.count, words, set.first, words.count * 64)
    case .sorted: forEach { if !set.contains(ids[$0]) { remove($0) } }
    }
  }
}

/// A set of ids: as bits from the least to the greatest, or sorted where they lie far apart. Ids come out of a
/// file and may be any numbers.
package struct IDSet: Sendable, Equatable {
  enum Members: Sendable, Equatable {
    /// 64 ids a word.
    case bits([UInt64])
    case sorted([Int64])
  }

  /// So many words of bits are taken whatever the number of ids: 2 MB, for a span of 16 million ids.
  private static let wordsForAny = 1 << 18
  /// And so many for each id.
  private static let wordsForEach = 2

  /// How many ids are in the set.
  package let count: Int
  /// The id of bit 0.
  let first: Int64
  let members: Members

  /// The set of some ids, in any order, each once.
  ///
  /// - Complexity: O(ids), and O(ids · log ids) where they lie far apart; at most 16 bytes an id, or 2 MB.
  package init(_ ids: [Int64]) {
    count = ids.count
    guard let first = ids.min(), let last = ids.max() else {
      (self.first, members) = (0, .bits([]))
      return
    }
    self.first = first
    let span = Self.distance(from: first, to: last)
    guard span / 64 < UInt64(max(Self.wordsForAny, Self.wordsForEach * ids.count)) else {
      members = .sorted(ids.sorted())
      return
    }
    var words = [UInt64](repeating: 0, count: Int(span / 64) + 1)
    for id in ids {
      let at = Self.distance(from: first, to: id)
      words[Int(at / 64)] |= 1 << (at % 64)
    }
    members = .bits(words)
  }

  /// Whether an id is in the set.
  ///
  /// - Complexity: O(1), or O(log ids) where they lie far apart.
  package func contains(_ id: Int64) -> Bool {
    switch members {
    case .bits(let words):
      let at = Self.distance(from: first, to: id)
      return id >= first && at / 64 < UInt64(words.count)
        && words[Int(at / 64)] >> (at % 64) & 1 == 1
    case .sorted(let ids):
      var (low, high) = (0, ids.count)
      while low < high {
        let middle = (low + high) / 2
        if ids[middle] < id { low = middle + 1 } else { high = middle }
      }
      return low < ids.count && ids[low] == id
    }
  }

  /// How far a greater id is away: also from the least number to the greatest, which no Int64 holds.
  private static func distance(from first: Int64, to id: Int64) -> UInt64 {
    UInt64(bitPattern: id) &- UInt64(bitPattern: first)
  }
}
