// Where what stands in a segment's blobs, and how they are checked. The layout is part of the file format
// (Documentation.docc/FileFormat.md). Used by SegmentEncoder and CodeSegment; calls CVectorKernels.

internal import CVectorKernels

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
