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
    try db.forEachRow(
      bulk: """
        SELECT v.id, v.chunk_id, c.document_id, d.collection_id, v.data FROM vectors v
        CROSS JOIN chunks c ON c.id = v.chunk_id CROSS JOIN documents d ON d.id = c.document_id
        WHERE v.id > ? AND v.id <= ? AND v.space_id = ? ORDER BY v.id
        """, .integer(after), .integer(through), .integer(space.id)
    ) { row in
      let bytes = row.blob(4)
      if Self.isSound(bytes, dimensions: zero.count) {
        try block.append(bytes: bytes, id: row.integer(0))
      } else {
        damaged.insert(rows.count)
        try block.append(zero, id: row.integer(0))
      }
      rows.append(
        SegmentRow(
          vector: row.integer(0), chunk: row.integer(1), document: row.integer(2),
          collection: row.integer(3)))
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
