// The forward pass of BERT (Devlin et al., "BERT: Pre-training of Deep Bidirectional Transformers for Language
// Understanding", NAACL 2019), whose encoder is that of Vaswani et al., "Attention Is All You Need" (NIPS 2017).

import VectorStoreSearch

/// A transformer encoder: tokens in, a vector a token out.
///
/// All matrices are row-major with a row a token. The tokens of several texts lie one after another, so that
/// each layer of neurons is one product and nothing is padded; only attention goes text by text. With T tokens
/// in all, n in one text, H components, A heads of d = H / A, and I neurons between:
///
///     X = Norm(tokens + positions + segment)                  T × H
///     each of L layers:
///       Q, K, V = X Wq + bq, X Wk + bk, X Wv + bv             T × H each
///       of each text and head: C = softmax(Q Kᵀ / √d) V       n × d, side by side T × H
///       Y = Norm(X + C Wo + bo)                               T × H
///       X = Norm(Y + GELU(Y W1 + b1) W2 + b2)                 T × I within, T × H
struct BertEncoder: Sendable {
  let shape: BertConfiguration
  let weights: BertWeights

  /// The last layer's vectors.
  ///
  /// - Parameters:
  ///   - texts: the tokens of each text, 1 to ``BertConfiguration/mostTokens``, of numbers that the table has.
  ///   - segments: where the second segment of each text begins; empty if all texts are of the first.
  ///   - isCancelled: asked before each layer.
  ///   - body: gets T × H numbers, which are gone afterwards.
  /// - Throws: `CancellationError`.
  /// - Complexity: O(L · (T · H · (4 H + 2 I) + Σ n² · H)).
  func withStates<Result>(
    of texts: [[Int32]], segments: [Int] = [], isCancelled: () -> Bool,
    _ body: (UnsafePointer<Float>) -> Result
  ) throws -> Result {
    let count = texts.reduce(0) { $0 + $1.count }
    let (hidden, intermediate) = (shape.hidden, shape.intermediate)
    // X, Q, K, V, C, and what lies between.
    let room = UnsafeMutablePointer<Float>.allocate(capacity: count * (5 * hidden + intermediate))
    defer { room.deallocate() }
    let (x, q, k) = (room, room + count * hidden, room + 2 * count * hidden)
    let (v, c, between) = (
      room + 3 * count * hidden, room + 4 * count * hidden, room + 5 * count * hidden
    )
    let attention = Attention(longest: texts.map(\.count).max() ?? 0, shape)
    defer { attention.free() }
    embed(texts, segments, into: x)
    for layer in weights.layers {
      if isCancelled() { throw CancellationError() }
      apply(layer.query, to: x, rows: count, into: q)
      apply(layer.key, to: x, rows: count, into: k)
      apply(layer.value, to: x, rows: count, into: v)
      var first = 0
      for text in texts {
        attention.run(q + first, k + first, v + first, count: text.count, into: c + first)
        first += text.count * hidden
      }
      // Q is not needed any more: its place takes Y.
      let y = q
      apply(layer.output, to: c, rows: count, into: y)
      normalize(y, plus: x, layer.outputNormalization, rows: count)
      apply(layer.intermediate, to: y, rows: count, into: between)
      EncoderKernels.gelu(between, count: count * intermediate)
      apply(layer.last, to: between, rows: count, into: x)
      normalize(x, plus: y, layer.lastNormalization, rows: count)
    }
    return body(x)
  }

  /// The sum of each token's three embeddings: which it is, where it stands, and of which segment.
  private func embed(_ texts: [[Int32]], _ segments: [Int], into x: UnsafeMutablePointer<Float>) {
    let hidden = shape.hidden
    var row = x
    for (index, text) in texts.enumerated() {
      let second = segments.isEmpty ? text.count : segments[index]
      for (position, token) in text.enumerated() {
        row.update(from: weights.tokens.row(Int(token), columns: hidden), count: hidden)
        let place = weights.positions.row(shape.firstPosition + position, columns: hidden)
        EncoderKernels.add(place, times: 1, count: hidden, to: row)
        let segment = weights.segments.row(position < second ? 0 : 1, columns: hidden)
        EncoderKernels.add(segment, times: 1, count: hidden, to: row)
        row += hidden
      }
    }
    normalize(x, plus: nil, weights.normalization, rows: (row - x) / hidden)
  }

  private func apply(
    _ neurons: Neurons, to x: UnsafePointer<Float>, rows: Int,
    into y: UnsafeMutablePointer<Float>
  ) {
    EncoderKernels.linear(
      x, rows: rows, weights: neurons.weights.numbers, bias: neurons.bias.numbers,
      inputs: neurons.inputs, outputs: neurons.outputs, into: y)
  }

  private func normalize(
    _ x: UnsafeMutablePointer<Float>, plus residual: UnsafePointer<Float>?,
    _ weights: NormalizationWeights, rows: Int
  ) {
    EncoderKernels.addAndNormalize(
      x, residual: residual, rows: rows, columns: shape.hidden, gain: weights.gain.numbers,
      shift: weights.shift.numbers, epsilon: shape.epsilon)
  }
}
