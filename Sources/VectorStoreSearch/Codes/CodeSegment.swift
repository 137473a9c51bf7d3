// A segment of codes in memory, checked, and the layout of its columns.

internal import CVectorKernels
import Synchronization

/// An immutable run of rows with their codes.
///
/// The fine codes may be left on the disk: then a scan reads those of single rows through a
/// ``SearchSource``, until so many have been read that all of them are worth their memory.
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
    reading rows: Int, from source: any SearchSource
  ) throws -> AlignedBytes? {
    let loads = fineCodes.withLock { fine in
      fine.rowsRead += rows
      return fine.bytes == nil && fine.rowsRead > Self.rowsWorthLoading
    }
    guard loads else { return fine }
    let all = AlignedBytes(count: layout.fineCount)
    try source.readFineCodes(of: self, into: all)
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

/// Where a search reads what is not in memory.
///
/// All threads of a search call it, at any time: it lets one at a time into whatever it reads from.
package protocol SearchSource: Sendable {
  /// Hands the fine code of one row of a segment to `body`: ``SegmentLayout/fineBytes`` bytes.
  ///
  /// - Throws: ``CodeSegment/Damage`` where there is none.
  func withFineCode(
    _ row: Int, of segment: CodeSegment, _ body: (UnsafeRawPointer) throws -> Void
  ) throws

  /// Reads the fine codes of all rows and checks them.
  ///
  /// - Throws: ``CodeSegment/Damage`` where they are not all there.
  func readFineCodes(of segment: CodeSegment, into bytes: AlignedBytes) throws

  /// Hands the bytes of a float32 row to `body`: the vector of that id, which the segment of that id holds.
  ///
  /// - Throws: ``CodeSegment/Damage`` where there is none: the segment is not up to date.
  func withVector(
    _ vector: Int64, of segment: Int64, _ body: (UnsafeRawBufferPointer) throws -> Void
  ) throws

  /// Throws where nobody waits for the search any more. Asked before each piece of work.
  func checkCancellation() throws
}

/// The layout of a segment of `rows` rows of vectors of `paddedDimensions` rotated components.
///
/// - The head: columns of the rows, one after another, little-endian.
/// - The codes: 1 bit a component, 64 rows interleaved (`VK_TILE`, `VK_PART`), the last tile filled with zeros.
/// - The fine codes: 4 bits a component, row after row.
package struct SegmentLayout: Sendable, Equatable {
  /// The number of the format that this program writes and reads.
  package static let format = 2
  /// The most rows of a segment.
  package static let maximumRows = 4096

  /// The number of rows, at least 1.
  package let rows: Int
  /// The number of components of a rotated vector, a multiple of 64.
  package let paddedDimensions: Int

  package init(rows: Int, paddedDimensions: Int) {
    self.rows = rows
    self.paddedDimensions = paddedDimensions
  }

  /// Bytes of a row's 1-bit code.
  var codeBytes: Int { paddedDimensions / 8 }
  /// Tiles of 64 rows.
  var tiles: Int { (rows + Self.tileRows - 1) / Self.tileRows }
  /// The rows of a tile.
  static let tileRows = Int(VK_TILE)
  /// Bytes of a row's fine code.
  package var fineBytes: Int { paddedDimensions / 2 }

  /// Bytes of the head.
  package var headCount: Int { end }
  /// Bytes of all 1-bit codes.
  package var codesCount: Int { tiles * Self.tileRows * codeBytes }
  /// Bytes of all fine codes.
  package var fineCount: Int { rows * fineBytes }

  // The head's columns, by their offsets: 64-bit ones first.
  var vectorIDs: Int { 0 }
  var chunkIDs: Int { vectorIDs + 8 * rows }
  var documentIDs: Int { chunkIDs + 8 * rows }
  var centroid: Int { documentIDs + 8 * rows }
  var collectionIDs: Int { centroid + 4 * paddedDimensions }
  var fineChecks: Int { collectionIDs + 4 * rows }
  var base: Int { fineChecks + 4 * rows }
  var scale: Int { base + 4 * rows }
  var error: Int { scale + 4 * rows }
  var fineScale: Int { error + 4 * rows }
  var fineError: Int { fineScale + 4 * rows }
  private var end: Int { fineError + 4 * rows }

  /// The checksum of a part, by its place in the segment (`vk_checksum`).
  package static func checksum(_ bytes: UnsafeRawBufferPointer, part: UInt64) -> Int64 {
    guard let start = bytes.baseAddress else { return 0 }
    return Int64(bitPattern: vk_checksum(start, bytes.count, part))
  }

  /// The checksum of one row's fine code.
  static func fineChecksum(_ bytes: UnsafeRawPointer, count: Int) -> UInt32 {
    UInt32(truncatingIfNeeded: vk_checksum(bytes, count, 2))
  }
}
