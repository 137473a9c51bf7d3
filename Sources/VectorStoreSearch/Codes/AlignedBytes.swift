// Memory for codes, at the alignment of a cache line. Filled once by whoever makes it, then only read.

/// Bytes that several threads may read once they have been filled.
///
/// `@unchecked Sendable`: whoever makes it fills it before anybody else sees it.
package final class AlignedBytes: @unchecked Sendable {
  /// The number of bytes.
  package let count: Int
  /// Where they start: a multiple of 64.
  package let start: UnsafeMutableRawPointer

  /// Takes memory for `count` bytes, whose values are not set.
  package init(count: Int) {
    self.count = count
    start = .allocate(byteCount: max(count, 1), alignment: 64)
  }

  deinit { start.deallocate() }

  /// All bytes.
  package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: count) }
}
