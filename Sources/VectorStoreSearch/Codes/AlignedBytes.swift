// Memory for codes, at the alignment of a cache line.

import Foundation

/// Bytes that several threads may read once they have been filled.
///
/// `@unchecked Sendable`: whoever makes it fills it before anybody else sees it.
package final class AlignedBytes: @unchecked Sendable {
  /// The number of bytes.
  package let count: Int
  /// Where they start: a multiple of 64.
  package let start: UnsafeMutableRawPointer
  /// What they are a part of; nil where they are memory of their own.
  private let whole: AlignedBytes?

  /// Takes memory for `count` bytes, whose values are not set.
  package init(count: Int) {
    self.count = count
    start = .allocate(byteCount: max(count, 1), alignment: 64)
    whole = nil
  }

  private init(_ whole: AlignedBytes, from offset: Int, count: Int) {
    self.count = count
    start = whole.start + offset
    self.whole = whole
  }

  private init(hugePagesFor count: Int) {
    self.count = count
    start = .allocate(byteCount: count, alignment: Self.hugePage)
    whole = nil
    #if os(Linux)
      madvise(start, count, MADV_HUGEPAGE)
    #endif
  }

  deinit {
    if whole == nil { start.deallocate() }
  }

  /// All bytes.
  package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: count) }

  /// The size of a huge page on most machines.
  private static let hugePage = 2 << 20

  /// Memory for several runs of bytes that live about as long as each other: in one piece and in huge pages
  /// where the system has them, since to be given small ones takes longer than to fill them (20 MB of codes:
  /// 0.8 ms a megabyte against 0.2).
  package static func together(_ counts: [Int]) -> [AlignedBytes] {
    let sizes = counts.map { ($0 + 63) / 64 * 64 }
    let total = sizes.reduce(0, +)
    guard total >= hugePage else { return counts.map { AlignedBytes(count: $0) } }
    let whole = AlignedBytes(hugePagesFor: (total + hugePage - 1) / hugePage * hugePage)
    var offset = 0
    return zip(counts, sizes).map { count, size in
      defer { offset += size }
      return AlignedBytes(whole, from: offset, count: count)
    }
  }
}
