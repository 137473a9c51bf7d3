// The one importer of COpenBLAS: products of matrices, eigenvalues of symmetric ones, and
// OpenBLAS's threads and build.

internal import COpenBLAS

/// Products of float32 matrices, row-major, on OpenBLAS.
///
/// Results are float32 sums in an order that depends on the machine, the shape and the number of
/// threads: what must not depend on them is computed with ``Kernels``.
package enum BLAS {
  /// Multiplies a matrix by a vector: `result = matrix · vector` (`cblas_sgemv`).
  ///
  /// - Parameters:
  ///   - matrix: `rows` × `columns` numbers, row-major.
  ///   - vector: `columns` numbers.
  ///   - result: Room for `rows` numbers; what it held is not read.
  /// - Precondition: `rows` and `columns` are positive, and each fits in a `blasint` (32 bits).
  /// - Complexity: O(`rows` · `columns`); the memory's speed is the limit.
  package static func multiply(
    matrix: UnsafePointer<Float>, rows: Int, columns: Int, vector: UnsafePointer<Float>,
    into result: UnsafeMutablePointer<Float>
  ) {
    cblas_sgemv(
      CblasRowMajor, CblasNoTrans, blasint(rows), blasint(columns), 1, matrix, blasint(columns),
      vector, 1, 0, result, 1)
  }

  /// Multiplies a matrix by the transpose of another one: `result = left · rightᵀ`
  /// (`cblas_sgemm`), that is the dot product of every row of `left` with every row of `right`.
  ///
  /// - Parameters:
  ///   - left: `leftRows` × `columns` numbers, row-major.
  ///   - right: `rightRows` × `columns` numbers, row-major.
  ///   - result: Room for `leftRows` × `rightRows` numbers, row-major; what it held is not read.
  /// - Precondition: the three counts are positive, and each fits in a `blasint` (32 bits).
  /// - Complexity: O(`leftRows` · `rightRows` · `columns`).
  package static func multiply(
    left: UnsafePointer<Float>, leftRows: Int, transposedRight right: UnsafePointer<Float>,
    rightRows: Int, columns: Int, into result: UnsafeMutablePointer<Float>
  ) {
    cblas_sgemm(
      CblasRowMajor, CblasNoTrans, CblasTrans, blasint(leftRows), blasint(rightRows),
      blasint(columns), 1, left, blasint(columns), right, blasint(columns), 0, result,
      blasint(rightRows))
  }

  /// How many threads OpenBLAS splits one product over (`openblas_set_num_threads`).
  ///
  /// The rule of this package: ``SearchWorkers`` splits searches, OpenBLAS splits the products of many
  /// exact queries and of statistics, and no worker calls it, so that its threads and ours do not
  /// multiply. The default is OpenBLAS's own: one thread a core. The setting is the whole process's, and
  /// must not change while a product runs elsewhere.
  ///
  /// - Precondition: a new value is at least 1. OpenBLAS lowers it to the most that it was built for.
  package static var threadCount: Int {
    get { Int(openblas_get_num_threads()) }
    set {
      precondition(newValue >= 1, "\(newValue) threads")
      openblas_set_num_threads(Int32(clamping: newValue))
    }
  }

  /// The kernels that OpenBLAS chose for this processor, such as `SkylakeX` or `Haswell`
  /// (`openblas_get_corename`).
  ///
  /// An OpenBLAS older than the processor may choose slower ones than
  /// the processor could run; the environment variable `OPENBLAS_CORETYPE` overrides its choice.
  package static var coreName: String { text(openblas_get_corename()) }

  /// OpenBLAS's version and how it was built, in one line (`openblas_get_config`).
  package static var configuration: String { text(openblas_get_config()) }

  private static func text(_ pointer: UnsafeMutablePointer<CChar>?) -> String {
    guard let pointer else { return "unknown" }
    return String(cString: pointer)
  }
}

// MARK: - For statistics

extension BLAS {
  /// Whether a matrix is taken as it is or transposed.
  package enum Side {
    /// rows · rowsᵀ: a number for each pair of rows.
    case rows
    /// rowsᵀ · rows: a number for each pair of columns.
    case columns
  }

  /// Sums the rows of a matrix: `result = matrixᵀ · ones` (`cblas_sgemv`).
  ///
  /// - Parameters:
  ///   - matrix: `rows` × `columns` numbers, row-major.
  ///   - ones: At least `rows` ones.
  ///   - result: Room for `columns` numbers; what it held is not read.
  /// - Precondition: `rows` and `columns` are positive.
  /// - Complexity: O(`rows` · `columns`).
  package static func sumRows(
    of matrix: UnsafePointer<Float>, rows: Int, columns: Int, ones: UnsafePointer<Float>,
    into result: UnsafeMutablePointer<Float>
  ) {
    cblas_sgemv(
      CblasRowMajor, CblasTrans, blasint(rows), blasint(columns), 1, matrix, blasint(columns),
      ones, 1, 0, result, 1)
  }

  /// Adds the products of a float32 matrix's columns: `result = matrixᵀ · matrix + scale · result`
  /// (`cblas_ssyrk`).
  ///
  /// - Parameters:
  ///   - matrix: `rows` × `columns` numbers, row-major.
  ///   - scale: 0 to forget what `result` held, 1 to add to it.
  ///   - result: `columns` × `columns` numbers, of which the upper triangle, row-major, is written.
  /// - Precondition: `rows` and `columns` are positive.
  /// - Complexity: O(`rows` · `columns`²).
  package static func addColumnProducts(
    of matrix: UnsafePointer<Float>, rows: Int, columns: Int, scale: Float,
    to result: UnsafeMutablePointer<Float>
  ) {
    cblas_ssyrk(
      CblasRowMajor, CblasUpper, CblasTrans, blasint(columns), blasint(rows), 1, matrix,
      blasint(columns), scale, result, blasint(columns))
  }

  /// Adds the products of a float64 matrix's rows or columns to `result` (`cblas_dsyrk`).
  ///
  /// - Parameters:
  ///   - matrix: `rows` × `columns` numbers, row-major.
  ///   - side: Products of rows with rows or of columns with columns.
  ///   - result: `rows` × `rows` or `columns` × `columns` numbers, of which the upper triangle,
  ///     row-major, is added to.
  /// - Precondition: `rows` and `columns` are positive.
  /// - Complexity: O(`rows` · `columns` · order of the result).
  package static func addProducts(
    of side: Side, of matrix: UnsafePointer<Double>, rows: Int, columns: Int,
    to result: UnsafeMutablePointer<Double>
  ) {
    let (order, depth) = side == .rows ? (rows, columns) : (columns, rows)
    cblas_dsyrk(
      CblasRowMajor, CblasUpper, side == .rows ? CblasNoTrans : CblasTrans, blasint(order),
      blasint(depth), 1, matrix, blasint(columns), 1, result, blasint(order))
  }

  /// Multiplies two float64 matrices: `result = left · right` (`cblas_dgemm`).
  ///
  /// - Parameters:
  ///   - left: `rows` × `depth` numbers, row-major.
  ///   - right: `depth` × `columns` numbers, row-major.
  ///   - result: Room for `rows` × `columns` numbers; what it held is not read.
  /// - Precondition: the three counts are positive.
  /// - Complexity: O(`rows` · `depth` · `columns`).
  package static func multiply(
    left: UnsafePointer<Double>, rows: Int, depth: Int, right: UnsafePointer<Double>, columns: Int,
    into result: UnsafeMutablePointer<Double>
  ) {
    cblas_dgemm(
      CblasRowMajor, CblasNoTrans, CblasNoTrans, blasint(rows), blasint(columns), blasint(depth), 1,
      left, blasint(depth), right, blasint(columns), 0, result, blasint(columns))
  }

  /// The eigenvalues of a symmetric matrix, least first (LAPACK's `dsyevd`); nil where the method
  /// does not converge or a number is not finite.
  ///
  /// - Parameters:
  ///   - matrix: `order` × `order` numbers, row-major, of which the upper triangle is read. It is
  ///     overwritten: with the eigenvectors, one a row, in the order of the values, if `withVectors`.
  /// - Precondition: `order` is positive and the matrix has its square of numbers.
  /// - Complexity: O(`order`³).
  package static func eigenvalues(
    of matrix: inout [Double], order: Int, withVectors: Bool = false
  ) -> [Double]? {
    precondition(order > 0 && matrix.count == order * order, "\(matrix.count) numbers")
    guard matrix.allSatisfy(\.isFinite) else { return nil }
    let job = CChar(bitPattern: UInt8(ascii: withVectors ? "V" : "N"))
    // The upper triangle row by row is the lower one column by column.
    let triangle = CChar(bitPattern: UInt8(ascii: "L"))
    let n = blasint(order)
    var values = [Double](repeating: 0, count: order)
    var (size, integerSize, info) = (0.0, blasint(0), blasint(0))
    var ask = blasint(-1)
    withUnsafePointer(to: job) { job in
      withUnsafePointer(to: triangle) { triangle in
        withUnsafePointer(to: n) { n in
          dsyevd_(
            job, triangle, n, &matrix, n, &values, &size, &ask, &integerSize, &ask, &info, 1, 1)
          var (length, integers) = (blasint(size), integerSize)
          var work = [Double](repeating: 0, count: Int(length))
          var integerWork = [blasint](repeating: 0, count: Int(integers))
          dsyevd_(
            job, triangle, n, &matrix, n, &values, &work, &length, &integerWork, &integers, &info,
            1, 1)
        }
      }
    }
    return info == 0 ? values : nil
  }
}
