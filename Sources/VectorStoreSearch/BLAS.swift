// The one importer of COpenBLAS: products of float32 matrices, and OpenBLAS's threads and build.
// Called by Exact/ExactSearch; calls OpenBLAS. No other file knows that BLAS is OpenBLAS.

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
  /// The rule of this package: OpenBLAS splits a product, and one search calls it from one thread
  /// at a time, so that its threads and ours do not multiply. The default is OpenBLAS's own: one
  /// thread a core. A program that runs many searches side by side sets 1, once, at its start: the
  /// setting is the whole process's, and must not change while a product runs elsewhere.
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
