// Rows that statistics run over, more than once. Made by the layer above out of its storage; read by
// RowAnalysis.

/// Rows of unit length that can be run over several times, in blocks.
///
/// It holds no rows, so that what is measured may be larger than the memory.
package struct RowStream {
  /// The number of components of each row, at least 1.
  package let dimensions: Int
  private let run: ((VectorBlock) throws -> Void) throws -> Void

  /// Creates a stream.
  ///
  /// - Parameters:
  ///   - dimensions: At least 1.
  ///   - run: Calls its argument with one block after another until all rows were in one. Each run
  ///     gives the same rows, in any order and cut into any blocks; ids are different.
  package init(
    dimensions: Int, run: @escaping ((VectorBlock) throws -> Void) throws -> Void
  ) {
    precondition(dimensions > 0, "\(dimensions) dimensions")
    self.dimensions = dimensions
    self.run = run
  }

  /// Calls `body` with each block that holds rows.
  package func forEachBlock(_ body: (VectorBlock) throws -> Void) throws {
    try withoutActuallyEscaping(body) { body in
      try run { block in
        precondition(block.dimensions == dimensions, "a block of \(block.dimensions) dimensions")
        if !block.isEmpty { try body(block) }
      }
    }
  }

  /// The rows of several streams, one after another.
  ///
  /// - Precondition: all have the same dimensions.
  package init(joining streams: [RowStream], dimensions: Int) {
    self.init(dimensions: dimensions) { body in
      for stream in streams { try stream.forEachBlock(body) }
    }
  }
}
