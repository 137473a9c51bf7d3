// Multi-head self-attention within one text.

import VectorStoreSearch

/// Scaled dot-product attention (Vaswani et al., 2017, section 3.2), a head at a time, with memory for its
/// scores that is used again for each text.
struct Attention {
  /// The rows of scores that are held at once: they stay in the second cache for all but very long texts.
  private static let rows = 48
  /// Rows of keys are padded to whole vectors of every instruction set.
  private static let padding = 16

  private let hidden: Int
  private let heads: Int
  private let size: Int
  private let stride: Int
  /// d × n: the keys of one head, transposed.
  private let keys: UnsafeMutablePointer<Float>
  /// Rows of scores: n each.
  private let scores: UnsafeMutablePointer<Float>

  /// Makes room for texts of up to so many tokens, until ``free()``.
  init(longest: Int, _ shape: BertConfiguration) {
    hidden = shape.hidden
    heads = shape.heads
    size = shape.headSize
    stride = (max(longest, 1) + Self.padding - 1) / Self.padding * Self.padding
    keys = .allocate(capacity: size * stride)
    keys.initialize(repeating: 0, count: size * stride)
    scores = .allocate(capacity: Self.rows * stride)
  }

  func free() {
    keys.deallocate()
    scores.deallocate()
  }

  /// What each token attends to: `softmax(Q Kᵀ / √d) V` of each head.
  ///
  /// - Parameters:
  ///   - q: n × H queries; `k` and `v` are keys and values.
  ///   - c: room for n × H numbers.
  /// - Complexity: O(n² · H).
  func run(
    _ q: UnsafePointer<Float>, _ k: UnsafePointer<Float>, _ v: UnsafePointer<Float>, count: Int,
    into c: UnsafeMutablePointer<Float>
  ) {
    let scale = 1 / Float(size).squareRoot()
    let columns = (count + Self.padding - 1) / Self.padding * Self.padding
    for head in 0..<heads {
      let first = head * size
      for token in 0..<count {
        let key = k + token * hidden + first
        for component in 0..<size { keys[component * columns + token] = key[component] }
      }
      for row in Swift.stride(from: 0, to: count, by: Self.rows) {
        let rows = min(Self.rows, count - row)
        EncoderKernels.combine(
          q + row * hidden + first, stride: hidden, rows: rows, inner: size, keys, stride: columns,
          columns: columns, into: scores, stride: columns)
        EncoderKernels.softmax(scores, stride: columns, rows: rows, count: count, scale: scale)
        EncoderKernels.combine(
          scores, stride: columns, rows: rows, inner: count, v + first, stride: hidden,
          columns: size, into: c + row * hidden + first, stride: hidden)
      }
    }
  }
}
