// A matrix of float32 numbers in memory: the queries of a search.

/// A matrix of float32 numbers, row-major: row `i` starts at `elements[i * columns]`.
package struct Matrix: Sendable, Equatable {
  /// The number of rows, 0 or more.
  package let rows: Int
  /// The number of columns, at least 1.
  package let columns: Int
  /// `rows` × `columns` numbers, row after row.
  package let elements: [Float]

  /// Creates a matrix from numbers that stand row after row.
  ///
  /// - Precondition: `columns` is positive and divides the number of elements.
  package init(elements: [Float], columns: Int) {
    precondition(columns > 0, "\(columns) columns")
    precondition(
      elements.count.isMultiple(of: columns), "\(elements.count) elements in \(columns) columns")
    self.rows = elements.count / columns
    self.columns = columns
    self.elements = elements
  }

  /// The numbers of some rows, one row after another, without a copy.
  ///
  /// - Precondition: `range` lies in `0..<rows`.
  package subscript(range: Range<Int>) -> ArraySlice<Float> {
    elements[range.lowerBound * columns..<range.upperBound * columns]
  }
}
