// The second run over the rows: the products of their components around the mean. Made by RowAnalysis;
// calls BLAS.

/// Adds up (x − m)(x − m)ᵀ over rows x, for a mean m that is known.
///
/// Subtracting the mean first leaves nothing to cancel. Up to ``doubleRows`` rows everything is in
/// double precision (`dsyrk`); beyond that float32 products (`ssyrk`) of at most 4,096 rows at a time
/// are added in double precision: the sum is then wrong by about 10⁻⁶ of its greatest eigenvalue.
package struct CovarianceSum {
  /// The most rows for which all is in double precision.
  package static let doubleRows = 8192
  /// float32 products are moved to the sum after so many rows.
  private static let floatRows = 4096

  private let dimensions: Int
  private let mean: [Double]
  private let isDouble: Bool
  private var sum: [Double]
  private var floats: [Float]
  private var floatCount = 0

  /// Creates an empty sum.
  ///
  /// - Parameters:
  ///   - mean: The mean of the rows that will come.
  ///   - rows: How many will come.
  package init(mean: [Double], rows: Int) {
    self.mean = mean
    dimensions = mean.count
    isDouble = rows <= Self.doubleRows
    sum = Array(repeating: 0, count: dimensions * dimensions)
    floats = isDouble ? [] : Array(repeating: 0, count: dimensions * dimensions)
  }

  /// Adds the rows of a block.
  ///
  /// - Complexity: O(rows · dimensions²).
  package mutating func add(_ block: VectorBlock) {
    block.withUnsafeRows { rows, _ in
      if isDouble { addDoubles(rows) } else { addFloats(rows) }
    }
  }

  /// The covariance, divided by n − 1: `dimensions`² numbers, both triangles.
  ///
  /// - Precondition: `rows` is at least 2.
  package mutating func finish(rows: Int) -> [Double] {
    flush()
    var result = sum
    let divisor = Double(rows - 1)
    for row in 0..<dimensions {
      for column in row..<dimensions {
        let value = result[row * dimensions + column] / divisor
        result[row * dimensions + column] = value
        result[column * dimensions + row] = value
      }
    }
    return result
  }

  private mutating func addDoubles(_ rows: UnsafeBufferPointer<Float>) {
    let (count, columns) = (rows.count / dimensions, dimensions)
    let centred = [Double](unsafeUninitializedCapacity: rows.count) { buffer, initialized in
      mean.withUnsafeBufferPointer { mean in
        for start in stride(from: 0, to: rows.count, by: columns) {
          for column in 0..<columns {
            buffer[start + column] = Double(rows[start + column]) - mean[column]
          }
        }
      }
      initialized = rows.count
    }
    BLAS.addProducts(of: .columns, of: centred, rows: count, columns: columns, to: &sum)
  }

  private mutating func addFloats(_ rows: UnsafeBufferPointer<Float>) {
    let (count, columns) = (rows.count / dimensions, dimensions)
    let mean = mean.map { Float($0) }
    let centred = [Float](unsafeUninitializedCapacity: rows.count) { buffer, initialized in
      mean.withUnsafeBufferPointer { mean in
        for start in stride(from: 0, to: rows.count, by: columns) {
          for column in 0..<columns {
            buffer[start + column] = rows[start + column] - mean[column]
          }
        }
      }
      initialized = rows.count
    }
    BLAS.addColumnProducts(
      of: centred, rows: count, columns: columns, scale: floatCount == 0 ? 0 : 1, to: &floats)
    floatCount += count
    if floatCount >= Self.floatRows { flush() }
  }

  private mutating func flush() {
    guard floatCount > 0 else { return }
    for row in 0..<dimensions {
      for index in (row * dimensions + row)..<((row + 1) * dimensions) {
        sum[index] += Double(floats[index])
      }
    }
    floatCount = 0
  }
}
