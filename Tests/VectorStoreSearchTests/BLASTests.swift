// BLAS against naive loops in double precision, and OpenBLAS's settings.
// Tests Sources/VectorStoreSearch/BLAS.swift.

import TestSupport
import Testing
import VectorStoreSearch

@Suite struct BLASTests {
  /// Shapes that are no multiple of any kernel's tile.
  @Test(arguments: [(1, 1, 1), (3, 1, 2), (5, 7, 64), (17, 4, 100), (33, 9, 65)])
  func productsAreThoseOfANaiveLoop(rows: Int, queries: Int, columns: Int) {
    var generator = SeededGenerator(seed: UInt64(rows * 1000 + columns))
    let matrix = RandomVectors.vector(rows * columns, using: &generator)
    let left = RandomVectors.vector(queries * columns, using: &generator)
    // Garbage in the result must not come through: 0 · NaN would.
    var one = [Float](repeating: .nan, count: rows)
    BLAS.multiply(matrix: matrix, rows: rows, columns: columns, vector: left, into: &one)
    var all = [Float](repeating: .nan, count: queries * rows)
    BLAS.multiply(
      left: left, leftRows: queries, transposedRight: matrix, rightRows: rows, columns: columns,
      into: &all)
    for row in 0..<rows {
      for query in 0..<queries {
        var expected = 0.0
        for i in 0..<columns {
          expected += Double(matrix[row * columns + i]) * Double(left[query * columns + i])
        }
        let tolerance = Double(columns * columns) * 0x1p-23
        #expect(abs(Double(all[query * rows + row]) - expected) <= tolerance)
        if query == 0 { #expect(abs(Double(one[row]) - expected) <= tolerance) }
      }
    }
  }

  @Test func saysWhichBuildAndKernelsItRuns() {
    #expect(BLAS.configuration.contains("OpenBLAS"))
    #expect(!BLAS.coreName.isEmpty)
    #expect(BLAS.threadCount >= 1)
  }

  /// In a process of its own, since the number of threads is the whole process's.
  @Test func resultsDoNotDependOnTheThreads() async {
    await #expect(processExitsWith: .success) {
      var generator = SeededGenerator(seed: 1)
      let rows = try RandomVectors.units(300, dimensions: 128, using: &generator)
      let ids = Array(0..<Int64(rows.count))
      let queries = (0..<3).map { _ in RandomVectors.vector(128, using: &generator) }
      var results: [[[ScoredRow]]] = []
      for threads in [1, 2] {
        BLAS.threadCount = threads
        precondition(BLAS.threadCount == threads)
        results.append(try exactSearch(queries, rows: rows, ids: ids, limit: 20).finish())
      }
      precondition(results[0] == results[1])
    }
  }
}
