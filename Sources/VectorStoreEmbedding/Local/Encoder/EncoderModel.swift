// A BERT encoder with its tokenizer and pooling: texts in, vectors out, on all cores.

import Foundation
import VectorStoreText

/// A sentence encoder: tokens, forward pass, pooling (Reimers and Gurevych, EMNLP 2019).
struct EncoderModel: Sendable {
  /// The tokens that one thread takes through the encoder at once: enough to use each weight often while it is
  /// in the cache, few enough to stop soon and to keep memory small.
  private static let tokensPerPass = 512

  let encoder: BertEncoder
  let tokenizer: ModelTokenizer
  let pooling: Pooling
  let normalizes: Bool
  /// The most tokens of a text that are read at once, those around it included.
  let mostTokens: Int

  /// The tokens of a text with those around it.
  func count(_ text: String) -> Int {
    tokenizer.tokens(of: text).count + tokenizer.before.count + tokenizer.after.count
  }

  /// A part of a text that the encoder reads at once.
  private struct Window: Sendable {
    var text: Int
    var tokens: [Int32]
  }

  /// The vectors of texts, in order.
  ///
  /// A text of more than ``mostTokens`` is read in windows of equal length, and has the mean of their
  /// vectors: no part of it is left out.
  ///
  /// - Throws: `CancellationError` as soon as `isCancelled` says so.
  /// - Complexity: that of ``BertEncoder``, on all cores.
  func vectors(
    of texts: [String], isCancelled: @escaping @Sendable () -> Bool
  ) throws -> [[Float]] {
    let cut = Parallel.map(Array(texts.indices)) { self.windows(of: texts[$0], $0) }
    let passes = Self.passes(cut.flatMap { $0 }) { $0.tokens.count }
    let results = Parallel.map(passes) { pass in
      Result { try self.vectors(of: pass, isCancelled: isCancelled) }
    }
    var sums = [[Float]](repeating: [], count: texts.count)
    var parts = [Int](repeating: 0, count: texts.count)
    for (pass, result) in zip(passes, results) {
      for (window, vector) in zip(pass, try result.get()) {
        parts[window.text] += 1
        sums[window.text] =
          parts[window.text] == 1 ? vector : zip(sums[window.text], vector).map { $0 + $1 }
      }
    }
    return zip(sums, parts).map { sum, parts in
      guard parts > 1 else { return sum }
      let mean = sum.map { $0 / Float(parts) }
      return normalizes ? mean.unitLength : mean
    }
  }

  private func vectors(
    of pass: [Window], isCancelled: () -> Bool
  ) throws -> [[Float]] {
    let hidden = encoder.shape.hidden
    return try encoder.withStates(of: pass.map(\.tokens), isCancelled: isCancelled) { states in
      var first = 0
      return pass.map { window -> [Float] in
        defer { first += window.tokens.count * hidden }
        let vector = pooling.vector(states + first, count: window.tokens.count, hidden: hidden)
        return normalizes ? vector.unitLength : vector
      }
    }
  }

  private func windows(of text: String, _ index: Int) -> [Window] {
    let tokens = tokenizer.tokens(of: text)
    let most = max(1, mostTokens - tokenizer.before.count - tokenizer.after.count)
    let count = max(1, (tokens.count + most - 1) / most)
    return (0..<count).map { part in
      let range = tokens.count * part / count..<tokens.count * (part + 1) / count
      return Window(text: index, tokens: tokenizer.before + tokens[range] + tokenizer.after)
    }
  }

  /// What goes through the encoder together: of like length, so that all passes take about as long.
  static func passes<Input>(_ inputs: [Input], length: (Input) -> Int) -> [[Input]] {
    let total = inputs.reduce(0) { $0 + length($1) }
    let cores = ProcessInfo.processInfo.activeProcessorCount
    let most = min(tokensPerPass, max(64, (total + cores - 1) / cores))
    var passes: [[Input]] = []
    var tokens = 0
    for input in inputs.sorted(by: { length($0) > length($1) }) {
      if passes.isEmpty || tokens + length(input) > most {
        passes.append([])
        tokens = 0
      }
      passes[passes.count - 1].append(input)
      tokens += length(input)
    }
    return passes
  }
}
