// A model's own tokenizer: texts into the numbers of its vocabulary.

import Synchronization

/// Turns texts into tokens as the model's training did, equal to Hugging Face's tokenizers.
final class ModelTokenizer: Sendable {
  /// How texts become tokens.
  enum Pipeline: Sendable {
    /// BERT's: words by its own rules, WordPiece.
    case bert(BertRules, WordPiece)
    /// XLM-R's: normalisers, Metaspace, Unigram.
    case unigram([NormalizerStep], [SplitStep], Unigram)
  }

  let pipeline: Pipeline
  let added: AddedTokens
  /// The tokens that the model wants before and after a text.
  let before: [Int32]
  let after: [Int32]
  /// All numbers that texts can become, so that a model's table can be checked for them once.
  let numbers: ClosedRange<Int32>
  /// What words were found out about scalars, kept for the next text of whichever thread.
  private let words = Mutex<[BertWords]>([])

  init(
    pipeline: Pipeline, added: AddedTokens, before: [Int32], after: [Int32],
    vocabulary: some Sequence<Int32>
  ) {
    self.pipeline = pipeline
    self.added = added
    self.before = before
    self.after = after
    let numbers = Array(vocabulary) + added.numbers + before + after
    self.numbers = (numbers.min() ?? 0)...(numbers.max() ?? 0)
  }

  /// The token of what the vocabulary lacks, or nil.
  var unknown: Int32? {
    switch pipeline {
    case .bert(_, let model): model.unknown
    case .unigram(_, _, let model): model.unknown
    }
  }

  /// The tokens of a text, without those around it.
  ///
  /// - Complexity: O(bytes): some 60 MB/s of English, a third of that in other scripts.
  func tokens(of text: String) -> [Int32] {
    var text = text
    return text.withUTF8 { bytes in
      var tokens: [Int32] = []
      tokens.reserveCapacity(bytes.count / 4 + 2)
      guard let parts = added.parts(of: bytes) else {
        append(bytes, isFirst: true, to: &tokens)
        return tokens
      }
      for part in parts {
        switch part {
        case .token(let number): tokens.append(number)
        case .text(let range):
          append(
            UnsafeBufferPointer(rebasing: bytes[range]), isFirst: range.lowerBound == 0, to: &tokens
          )
        }
      }
      return tokens
    }
  }

  private func append(
    _ text: UnsafeBufferPointer<UInt8>, isFirst: Bool, to tokens: inout [Int32]
  ) {
    switch pipeline {
    case .bert(let rules, let model):
      var cutter = words.withLock { $0.popLast() } ?? BertWords(rules)
      cutter.forEach(in: text) { model.append($0, to: &tokens) }
      words.withLock { $0.append(cutter) }
    case .unigram(let normalizers, let splits, let model):
      let normal = normalizers.reduce(String(decoding: text, as: UTF8.self)) { $1.apply(to: $0) }
      let words = splits.reduce([normal]) { words, step in
        words.enumerated().flatMap { step.apply(to: $1, isFirst: isFirst && $0 == 0) }
      }
      for word in words {
        var word = word
        word.withUTF8 { model.append($0, to: &tokens) }
      }
    }
  }
}
