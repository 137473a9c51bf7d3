// The layout of a matrix.
// Tests Sources/VectorStoreSearch/Matrix.swift.

import Testing
import VectorStoreSearch

@Suite struct MatrixTests {
  @Test func rowsStandOneAfterAnother() {
    let matrix = Matrix(elements: [1, 2, 3, 4, 5, 6], columns: 2)
    #expect(matrix.rows == 3)
    #expect(Array(matrix[0..<1]) == [1, 2])
    #expect(Array(matrix[1..<3]) == [3, 4, 5, 6])
    #expect(matrix[3..<3].isEmpty)
  }

  @Test func mayHaveNoRows() {
    #expect(Matrix(elements: [], columns: 5).rows == 0)
  }
}
