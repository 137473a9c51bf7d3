// One segment in memory: its rows' ids, factors and codes. Made by SegmentEncoder, or out of the parts
// that a file holds; scanned by SegmentScan.

internal import CVectorKernels
import Synchronization

/// An immutable run of rows with their codes.
///
/// The fine codes may be left on the disk: then a scan reads those of single rows through a
/// ``FineCodeSource``, until so many have been read that all of them are worth their memory.
package final class CodeSegment: Sendable {
  /// A part of a segment is not what its checksum says, or of another length.
  package struct Damage: Error, Equatable {
    /// The segment's id.
    package let segment: Int64
    /// Which part it is, such as `head` or `fine codes`.
    package let part: String

    package init(segment: Int64, part: String) {
      self.segment = segment
      self.part = part
    }
  }

  /// The id in the file; 0 for rows that are only in memory.
  package let id: Int64
  /// What lies where.
  package let layout: SegmentLayout
  /// The head, see ``SegmentLayout``.
  package let head: AlignedBytes
  /// The 1-bit codes.
  package let codes: AlignedBytes
  private let fineCodes: Mutex<Fine>

  private struct Fine {
    var bytes: AlignedBytes?
    var rowsRead = 0
  }

  /// So many rows read one by one cost as much as reading all fine codes once.
  private static let rowsWorthLoading = 128

  init(
    id: Int64, layout: SegmentLayout, head: AlignedBytes, codes: AlignedBytes, fine: AlignedBytes?
  ) {
    self.id = id
    self.layout = layout
    self.head = head
    self.codes = codes
    fineCodes = Mutex(Fine(bytes: fine))
  }

  /// A segment out of the parts that a file holds.
  ///
  /// - Throws: ``Damage`` where a part has another length or checksum.
  /// - Complexity: O(bytes), at some 20 GB/s.
  package convenience init(
    id: Int64, layout: SegmentLayout, head: AlignedBytes, headChecksum: Int64, codes: AlignedBytes,
    codesChecksum: Int64
  ) throws(Damage) {
    try Self.check(head, layout, headChecksum, segment: id)
    guard codes.count == layout.codesCount,
      SegmentLayout.checksum(codes.bytes, part: 1) == codesChecksum
    else { throw Damage(segment: id, part: "codes") }
    self.init(id: id, layout: layout, head: head, codes: codes, fine: nil)
  }

  /// The ids of a segment's vectors, out of its head alone.
  ///
  /// - Throws: ``Damage`` where the head has another length or checksum.
  package static func vectorIDs(
    segment id: Int64, layout: SegmentLayout, head: AlignedBytes, headChecksum: Int64
  ) throws(Damage) -> [Int64] {
    try check(head, layout, headChecksum, segment: id)
    return (0..<layout.rows).map {
      head.bytes.loadUnaligned(fromByteOffset: layout.vectorIDs + 8 * $0, as: Int64.self)
    }
  }

  private static func check(
    _ head: AlignedBytes, _ layout: SegmentLayout, _ checksum: Int64, segment: Int64
  ) throws(Damage) {
    guard head.count == layout.headCount,
      SegmentLayout.checksum(head.bytes, part: 0) == checksum
    else { throw Damage(segment: segment, part: "head") }
  }

  /// The checksums that go with ``head`` and ``codes`` into a file.
  package var checksums: (head: Int64, codes: Int64) {
    (
      SegmentLayout.checksum(head.bytes, part: 0),
      SegmentLayout.checksum(codes.bytes, part: 1)
    )
  }

  /// All fine codes, where they are in memory.
  package var fine: AlignedBytes? { fineCodes.withLock { $0.bytes } }

  /// The ids of the rows' vectors, rising.
  package var vectorIDs: UnsafeBufferPointer<Int64> { column(layout.vectorIDs) }
  /// The ids of their chunks.
  package var chunkIDs: UnsafeBufferPointer<Int64> { column(layout.chunkIDs) }
  /// The ids of their documents.
  package var documentIDs: UnsafeBufferPointer<Int64> { column(layout.documentIDs) }
  /// The ids of their collections.
  package var collectionIDs: UnsafeBufferPointer<UInt32> { column(layout.collectionIDs) }

  /// The row of a vector, if it is in this segment.
  ///
  /// - Complexity: O(log rows).
  package func row(ofVector id: Int64) -> Int? {
    let ids = vectorIDs
    var (low, high) = (0, ids.count)
    while low < high {
      let middle = (low + high) / 2
      if ids[middle] < id { low = middle + 1 } else { high = middle }
    }
    return low < ids.count && ids[low] == id ? low : nil
  }

  var centroid: UnsafeBufferPointer<Float> {
    column(layout.centroid, count: layout.paddedDimensions)
  }
  var base: UnsafeBufferPointer<Float> { column(layout.base) }
  var scale: UnsafeBufferPointer<Float> { column(layout.scale) }
  var error: UnsafeBufferPointer<Float> { column(layout.error) }
  var fineScale: UnsafeBufferPointer<Float> { column(layout.fineScale) }
  var fineError: UnsafeBufferPointer<Float> { column(layout.fineError) }

  /// The fine codes of all rows if they are in memory or worth it now, given how many are to be read.
  func fine(
    reading rows: Int, from source: (any FineCodeSource)?
  ) throws -> AlignedBytes? {
    let loads = fineCodes.withLock { fine in
      fine.rowsRead += rows
      return fine.bytes == nil && fine.rowsRead > Self.rowsWorthLoading
    }
    guard loads, let source else { return fine }
    let all = AlignedBytes(count: layout.fineCount)
    try source.readAll(of: self, into: all)
    fineCodes.withLock { $0.bytes = all }
    return all
  }

  /// Throws unless all fine codes are those that were written.
  ///
  /// - Complexity: O(bytes).
  package func check(fineCodes: AlignedBytes) throws(Damage) {
    for row in 0..<layout.rows {
      try check(fineCode: fineCodes.start + row * layout.fineBytes, ofRow: row)
    }
  }

  /// Throws unless a row's fine code is the one that was written.
  func check(fineCode bytes: UnsafeRawPointer, ofRow row: Int) throws(Damage) {
    let checks: UnsafeBufferPointer<UInt32> = column(layout.fineChecks)
    guard SegmentLayout.fineChecksum(bytes, count: layout.fineBytes) == checks[row] else {
      throw Damage(segment: id, part: "fine codes")
    }
  }

  private func column<T>(_ offset: Int, count: Int? = nil) -> UnsafeBufferPointer<T> {
    UnsafeBufferPointer(
      start: UnsafePointer((head.start + offset).assumingMemoryBound(to: T.self)),
      count: count ?? layout.rows)
  }
}

/// Where fine codes are read that are not in memory. Calls come from several threads, one at a time.
package protocol FineCodeSource: Sendable {
  /// Hands the fine code of one row of a segment to `body`: ``SegmentLayout/fineBytes`` bytes.
  ///
  /// - Throws: ``CodeSegment/Damage`` where there is none.
  func withRow(
    _ row: Int, of segment: CodeSegment, _ body: (UnsafeRawPointer) throws -> Void
  ) throws

  /// Reads the fine codes of all rows and checks them.
  ///
  /// - Throws: ``CodeSegment/Damage`` where they are not all there.
  func readAll(of segment: CodeSegment, into bytes: AlignedBytes) throws
}
