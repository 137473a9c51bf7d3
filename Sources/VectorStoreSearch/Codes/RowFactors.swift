// The factors that turn a row's codes into estimates. Made by SegmentEncoder, and once more by CodeVerifier.

internal import CVectorKernels

/// Of the estimates: ⟨q − c, v − c⟩ is about scale · ⟨q − c, x̄⟩, with the deviation error · |q − c|.
struct RowFactors {
  var scale: Float = 0
  var error: Float = 0
  var fineScale: Float = 0
  var fineError: Float = 0

  init(_ encoded: vk_encoded, paddedDimensions: Int) {
    let p = Float(paddedDimensions)
    let norm = encoded.norm
    if norm > 0, encoded.abs_sum > 0 {
      let alignment = min(1, encoded.abs_sum / (norm * p.squareRoot()))
      scale = norm / alignment
      error = scale * ((1 - alignment * alignment) / (p - 1)).squareRoot()
    }
    if norm > 0, encoded.fine_dot > 0 {
      let alignment = encoded.fine_dot / norm
      let ratio = encoded.fine_norm / alignment
      fineScale = norm / alignment
      fineError = norm * (max(0, ratio * ratio - 1) / (p - 1)).squareRoot()
    }
  }
}
