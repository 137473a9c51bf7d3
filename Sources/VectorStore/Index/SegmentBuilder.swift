// Makes segments out of rows of `vectors`. Called by SegmentMaintenance, which writes them into the file,
// and by SpaceIndex, which keeps those that are not sealed yet in memory; calls SegmentEncoder.

import Foundation
import GRDB
import VectorStoreSearch

/// Reads the vectors of a range of ids with what names them.
struct SegmentBuilder {
  let space: SpaceRecord
  let rotation: Rotation

  /// A segment of the vectors of a space with ids in (after, through], or nil where there are none.
  ///
  /// A vector that is damaged is in the segment with an estimate above everything, so that a search looks
  /// at its row and reports it.
  ///
  /// - Precondition: they are at most ``SegmentLayout/maximumRows``.
  /// - Complexity: reads 4 bytes × dimensions × rows.
  func build(after: Int64, through: Int64, _ db: Database) throws -> CodeSegment? {
    var rows: [SegmentRow] = []
    var damaged: Set<Int> = []
    let block = VectorBlock(
      dimensions: space.space.dimensions, capacity: SegmentLayout.maximumRows)
    let zero = [Float](repeating: 0, count: space.space.dimensions)
    try VectorsTable.forEachNamed(space: space.id, after: after, through: through, db) { vector in
      if Self.isSound(vector.bytes, dimensions: zero.count) {
        try block.append(bytes: vector.bytes, id: vector.id)
      } else {
        damaged.insert(rows.count)
        try block.append(zero, id: vector.id)
      }
      rows.append(
        SegmentRow(
          vector: vector.id, chunk: vector.chunk, document: vector.document,
          collection: vector.collection))
    }
    guard !rows.isEmpty else { return nil }
    return block.withUnsafeRows { vectors, _ in
      SegmentEncoder(rotation: rotation).encode(vectors, rows: rows, damaged: damaged)
    }
  }

  private static func isSound(_ bytes: UnsafeRawBufferPointer, dimensions: Int) -> Bool {
    guard bytes.count == 4 * dimensions else { return false }
    return UnitVector.isUnitLength(Kernels.norm(ofUnaligned: bytes))
  }
}
