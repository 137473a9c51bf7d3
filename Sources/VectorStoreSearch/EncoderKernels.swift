// The arithmetic of local models on CVectorKernels: layers of neurons, softmax, GELU, layer normalisation.

internal import CVectorKernels

/// The kernels of a transformer encoder and of a static model.
///
/// Matrices are float32, row-major; a stride is the number of floats from one row to the next. They run on
/// the calling thread alone. OpenBLAS is not used: release 0.3.21 takes processors that are newer than
/// itself for old ones (12 GFLOPS on two cores of a Sapphire Rapids, these kernels 65 on one), and its
/// threads and ours would multiply. A row's result does not depend on the other rows of the call.
package enum EncoderKernels {
  /// A layer of neurons: `y = x · wᵀ + bias` (`vk_linear`).
  ///
  /// - Parameters:
  ///   - x: `rows` × `inputs`.
  ///   - weights: `outputs` × `inputs`.
  ///   - bias: `outputs` numbers.
  ///   - y: Room for `rows` × `outputs`.
  /// - Precondition: `outputs` is a multiple of 4.
  /// - Complexity: O(`rows` · `inputs` · `outputs`).
  package static func linear(
    _ x: UnsafePointer<Float>, rows: Int, weights: UnsafePointer<Float>, bias: UnsafePointer<Float>,
    inputs: Int, outputs: Int, into y: UnsafeMutablePointer<Float>
  ) {
    precondition(outputs % 4 == 0, "\(outputs) outputs")
    vk_linear(x, inputs, rows, weights, bias, inputs, outputs, y, outputs)
  }

  /// Weighted sums of rows: `y = p · v` (`vk_combine`).
  ///
  /// - Parameters:
  ///   - p: `rows` × `inner`, with its stride.
  ///   - v: `inner` × `columns`, with its stride.
  ///   - y: Room for `rows` × `columns`, with its stride.
  /// - Complexity: O(`rows` · `inner` · `columns`).
  package static func combine(
    _ p: UnsafePointer<Float>, stride pStride: Int, rows: Int, inner: Int,
    _ v: UnsafePointer<Float>, stride vStride: Int, columns: Int,
    into y: UnsafeMutablePointer<Float>, stride yStride: Int
  ) {
    vk_combine(p, pStride, rows, inner, v, vStride, columns, y, yStride)
  }

  /// The softmax of each row of `scale · x`, in place (`vk_softmax`).
  ///
  /// - Precondition: `count` is positive.
  package static func softmax(
    _ x: UnsafeMutablePointer<Float>, stride: Int, rows: Int, count: Int, scale: Float
  ) {
    precondition(count > 0)
    vk_softmax(x, stride, rows, count, scale)
  }

  /// The Gaussian error linear unit of each number, in place (`vk_gelu`).
  package static func gelu(_ x: UnsafeMutablePointer<Float>, count: Int) { vk_gelu(x, count) }

  /// Layer normalisation of each row of `x + residual`, in place (`vk_add_norm`).
  ///
  /// - Parameters:
  ///   - residual: `rows` × `columns`, or nil for nothing.
  ///   - gain: `columns` numbers that each row is multiplied by.
  ///   - shift: `columns` numbers that are added then.
  package static func addAndNormalize(
    _ x: UnsafeMutablePointer<Float>, residual: UnsafePointer<Float>?, rows: Int, columns: Int,
    gain: UnsafePointer<Float>, shift: UnsafePointer<Float>, epsilon: Float
  ) {
    vk_add_norm(x, residual, rows, columns, gain, shift, epsilon)
  }

  /// `y += scale · x`, each of `count` numbers (`vk_add_scaled`).
  package static func add(
    _ x: UnsafePointer<Float>, times scale: Float, count: Int, to y: UnsafeMutablePointer<Float>
  ) {
    vk_add_scaled(y, x, scale, count)
  }
}
