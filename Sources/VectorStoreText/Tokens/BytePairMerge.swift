// Merges bytes into tokens.

/// Byte pair encoding (Gage 1994; Sennrich, Haddow and Birch, ACL 2016) by rank: as long as two
/// neighbouring parts make a token, the two with the lowest rank are merged, the leftmost of equals.
///
/// The keys of the pairs are the leaves of a tree of which every node holds the least of its eight
/// children: a merge costs O(log n), and for a word little more than a scan of its bytes.
struct BytePairMerge {
  /// The most bytes that can be merged at once.
  let capacity: Int
  private let lookup: BytePairTable.Lookup
  private let links: UnsafeMutableBufferPointer<Link>
  /// The levels of the tree, the leaves first, each padded with ``none`` to a multiple of eight.
  private let keys: UnsafeMutableBufferPointer<UInt64>

  /// The neighbours of a part. Parts are known by the index of their first byte.
  private struct Link {
    var previous: UInt32
    var next: UInt32
  }

  /// The key of two parts that are no token together. Other keys are the token's rank and below it
  /// the index of the first part.
  private static let none = UInt64.max

  /// Lends the memory to merge up to `capacity` bytes.
  static func withCapacity<Result>(
    _ capacity: Int, lookup: BytePairTable.Lookup, _ body: (BytePairMerge) -> Result
  ) -> Result {
    withUnsafeTemporaryAllocation(of: Link.self, capacity: capacity) { links in
      // All levels together: 8/7 of the leaves, and up to 8 more a level.
      withUnsafeTemporaryAllocation(of: UInt64.self, capacity: capacity + capacity / 7 + 128) {
        body(BytePairMerge(capacity: capacity, lookup: lookup, links: links, keys: $0))
      }
    }
  }

  /// Merges the bytes `start..<end` of the text, at least one and at most ``capacity``.
  ///
  /// - Returns: the number of parts that are left; ``end(ofPartAt:)`` tells which.
  /// - Complexity: O(n log n) for n bytes.
  @discardableResult
  func run(_ start: Int, _ end: Int) -> Int {
    let size = end &- start
    prepare(start, size)
    var count = size
    while true {
      let least = root(size)
      if least == Self.none { return count }
      merge(Int(truncatingIfNeeded: least & 0xFFFF_FFFF), start, size)
      count &-= 1
    }
  }

  /// Where the part ends that begins at an index of the bytes merged last.
  @inline(__always)
  func end(ofPartAt index: Int) -> Int { Int(links[index].next) }

  /// Merges the part at an index with the next one.
  @inline(__always)
  private func merge(_ first: Int, _ start: Int, _ size: Int) {
    let second = Int(links[first].next)
    let next = Int(links[second].next)
    links[first].next = UInt32(truncatingIfNeeded: next)
    keys[second] = Self.none
    if next < size {
      links[next].previous = UInt32(truncatingIfNeeded: first)
      keys[first] = key(first, Int(links[next].next), start)
    } else {
      keys[first] = Self.none
    }
    if first > 0 {
      let previous = Int(links[first].previous)
      keys[previous] = key(previous, next, start)
      if previous &>> 3 != first &>> 3 { refresh(above: previous, size) }
    }
    if second &>> 3 != first &>> 3 { refresh(above: second, size) }
    refresh(above: first, size)
  }

  /// The key of two parts that begin at `index` and end at `end`.
  @inline(__always)
  private func key(_ index: Int, _ end: Int, _ start: Int) -> UInt64 {
    Self.key(lookup.rank(start &+ index, start &+ end), index)
  }

  @inline(__always)
  private static func key(_ rank: UInt32, _ index: Int) -> UInt64 {
    rank == BytePairTable.none ? none : UInt64(rank) &<< 32 | UInt64(truncatingIfNeeded: index)
  }

  /// Makes each byte a part, and the tree over all pairs.
  private func prepare(_ start: Int, _ size: Int) {
    for index in 0..<size {
      links[index] = Link(
        previous: UInt32(truncatingIfNeeded: index &- 1),
        next: UInt32(truncatingIfNeeded: index &+ 1))
    }
    for index in 0..<(size &- 1) {
      keys[index] = Self.key(lookup.rankOfPair(at: start &+ index), index)
    }
    keys[size &- 1] = Self.none
    var level = 0
    var width = size
    while true {
      let padded = Self.padded(width)
      for index in width..<padded { keys[level &+ index] = Self.none }
      if width <= 8 { return }
      for index in 0..<(padded &>> 3) {
        keys[level &+ padded &+ index] = least(level &+ index &<< 3)
      }
      level &+= padded
      width = padded &>> 3
    }
  }

  /// Brings the nodes above a leaf up to date.
  @inline(__always)
  private func refresh(above leaf: Int, _ size: Int) {
    var level = 0
    var width = size
    var index = leaf
    while width > 8 {
      let least = least(level &+ index & ~7)
      level &+= Self.padded(width)
      width = Self.padded(width) &>> 3
      index &>>= 3
      keys[level &+ index] = least
    }
  }

  /// The least key of all.
  @inline(__always)
  private func root(_ size: Int) -> UInt64 {
    var level = 0
    var width = size
    while width > 8 {
      level &+= Self.padded(width)
      width = Self.padded(width) &>> 3
    }
    return least(level)
  }

  /// The least of the eight keys from an index.
  @inline(__always)
  private func least(_ index: Int) -> UInt64 {
    let pairs = (
      min(keys[index], keys[index &+ 1]), min(keys[index &+ 2], keys[index &+ 3]),
      min(keys[index &+ 4], keys[index &+ 5]), min(keys[index &+ 6], keys[index &+ 7])
    )
    return min(min(pairs.0, pairs.1), min(pairs.2, pairs.3))
  }

  @inline(__always)
  private static func padded(_ width: Int) -> Int { (width &+ 7) & ~7 }
}
