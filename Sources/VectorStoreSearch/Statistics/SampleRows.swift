// The rows that are compared with all others, in memory. Gathered by RowAnalysis in the second run over
// the rows; calls BLAS.

/// Rows in memory, each in the place that its id was given.
package struct SampleRows: Sendable {
  /// The ids of the rows, in the order of the rows.
  package let ids: [Int64]
  /// The number of components of each.
  package let dimensions: Int
  /// `ids.count` × `dimensions` numbers, row-major.
  package private(set) var elements: [Float]
  private let places: [Int64: Int]

  /// Makes room for rows.
  ///
  /// - Parameter ids: All different.
  package init(ids: [Int64], dimensions: Int) {
    self.ids = ids
    self.dimensions = dimensions
    elements = Array(repeating: 0, count: ids.count * dimensions)
    places = Dictionary(uniqueKeysWithValues: ids.enumerated().map { ($1, $0) })
  }

  /// A random selection of ids: all of them where there are no more than `count`.
  ///
  /// It depends on the set of ids and the seed alone.
  ///
  /// - Complexity: O(ids · log ids).
  package static func selection(of ids: [Int64], count: Int, seed: UInt64) -> [Int64] {
    SeededOrder.selection(of: ids, count: count, seed: seed)
  }

  /// How many rows.
  package var count: Int { ids.count }

  /// The place of a row; nil where it is not among them.
  package func place(of id: Int64) -> Int? { places[id] }

  /// One row.
  package subscript(place: Int) -> [Float] {
    Array(elements[place * dimensions..<(place + 1) * dimensions])
  }

  /// Copies those rows of a block that are among them.
  package mutating func gather(_ block: VectorBlock) {
    block.withUnsafeRows { rows, blockIDs in
      for (index, id) in blockIDs.enumerated() {
        guard let place = places[id] else { continue }
        elements.replaceSubrange(
          place * dimensions..<(place + 1) * dimensions,
          with: rows[index * dimensions..<(index + 1) * dimensions])
      }
    }
  }

  /// (x − m)·(y − m) for all rows x and y, in double precision: `count`² numbers, of which the upper
  /// triangle, row-major, is of use.
  ///
  /// - Complexity: O(count² · dimensions).
  package func gram(around mean: [Double]) -> [Double] {
    var result = [Double](repeating: 0, count: count * count)
    guard count > 0 else { return result }
    // A few columns at a time: all in double precision would be twice the rows again.
    let width = 256
    for first in stride(from: 0, to: dimensions, by: width) {
      let columns = first..<min(first + width, dimensions)
      var panel: [Double] = []
      panel.reserveCapacity(count * columns.count)
      for row in 0..<count {
        for column in columns {
          panel.append(Double(elements[row * dimensions + column]) - mean[column])
        }
      }
      BLAS.addProducts(of: .rows, of: panel, rows: count, columns: columns.count, to: &result)
    }
    return result
  }

  /// The cosines of all pairs of distinct rows, each pair once, tile by tile.
  ///
  /// - Parameter body: Called with a tile's pairs: the cosines of one row with those that follow it.
  /// - Complexity: O(count² · dimensions).
  func forEachPair(_ body: (_ row: Int, _ cosines: UnsafeBufferPointer<Float>) -> Void) {
    let tile = 512
    var scores = [Float](repeating: 0, count: tile * tile)
    elements.withUnsafeBufferPointer { elements in
      guard let base = elements.baseAddress else { return }
      for first in stride(from: 0, to: count, by: tile) {
        let rows = first..<min(first + tile, count)
        for second in stride(from: first, to: count, by: tile) {
          let others = second..<min(second + tile, count)
          BLAS.multiply(
            left: base + first * dimensions, leftRows: rows.count,
            transposedRight: base + second * dimensions, rightRows: others.count,
            columns: dimensions, into: &scores)
          scores.withUnsafeBufferPointer { scores in
            for row in rows {
              let start = (row - first) * others.count
              let skipped = max(0, row + 1 - second)
              guard skipped < others.count else { continue }
              body(
                row, UnsafeBufferPointer(rebasing: scores[start + skipped..<start + others.count]))
            }
          }
        }
      }
    }
  }
}
