// A static model: a vector a token out of a table, and their mean.

import VectorStoreSearch

/// A static embedding model, as Model2Vec (Tulkens and van Dongen, 2024) distils from a transformer: no layers,
/// only a table of vectors, so it is some hundred times faster and knows nothing of a word's neighbours.
struct StaticModel: Sendable {
  /// `rows` × D.
  private let table: Tensor
  let dimensions: Int
  private let rows: Int
  /// The row of each token, if the table has fewer rows than the vocabulary has tokens.
  private let mapping: [Int]?
  /// What each token's vector is multiplied by, if not 1.
  private let weights: Tensor?
  private let normalizes: Bool
  /// The token that is left out, as Model2Vec does.
  private let ignored: Int32?
  let tokenizer: ModelTokenizer

  /// - Parameters:
  ///   - file: the tensor `embeddings`, with `weights` and `mapping` if it has them (Model2Vec), or
  ///     `embedding.weight` (sentence-transformers).
  ///   - normalizes: whether vectors get length 1.
  /// - Throws: ``LocalModelError`` for a table that does not fit the tokenizer.
  init(
    _ file: Safetensors, tokenizer: ModelTokenizer, normalizes: Bool
  ) throws(LocalModelError) {
    let path = file.file.path
    let name = ["embeddings", "embedding.weight"].first { file.shape(of: $0)?.count == 2 }
    guard let name, let shape = file.shape(of: name) else {
      throw LocalModelError(
        .unsupported,
        "\(path) has no table of embeddings; expected the tensor embeddings of a static model")
    }
    table = try file.floats(name, shape: shape)
    (rows, dimensions) = (shape[0], shape[1])
    self.tokenizer = tokenizer
    self.normalizes = normalizes
    ignored = name == "embeddings" ? tokenizer.unknown : nil
    let rows = rows
    var known = rows
    if let shape = file.shape(of: "mapping"), shape.count == 1 {
      let mapping = try file.wholeNumbers("mapping", count: shape[0])
      guard mapping.allSatisfy({ (0..<rows).contains($0) }) else {
        throw LocalModelError(.damaged, "\(path) maps tokens to rows beyond its \(rows)")
      }
      self.mapping = mapping
      known = shape[0]
    } else {
      mapping = nil
    }
    if let shape = file.shape(of: "weights"), shape.count == 1 {
      weights = try file.floats("weights", shape: shape)
      known = min(known, shape[0])
    } else {
      weights = nil
    }
    try tokenizer.check(fits: known, of: path)
  }

  /// The vector of a text: the mean of its tokens' vectors. A text without a known token has the vector of the
  /// unknown one.
  ///
  /// - Complexity: O(bytes + tokens · D).
  func vector(of text: String) -> [Float] {
    var tokens = tokenizer.tokens(of: text)
    if let ignored { tokens.removeAll { $0 == ignored } }
    if tokens.isEmpty, let unknown = tokenizer.unknown { tokens = [unknown] }
    var vector = [Float](repeating: 0, count: dimensions)
    vector.withUnsafeMutableBufferPointer { sum in
      guard let sum = sum.baseAddress, !tokens.isEmpty else { return }
      for token in tokens {
        let row = mapping.map { $0[Int(token)] } ?? Int(token)
        let weight = weights.map { $0.numbers[Int(token)] } ?? 1
        EncoderKernels.add(
          table.row(row, columns: dimensions), times: weight / Float(tokens.count),
          count: dimensions, to: sum)
      }
    }
    return normalizes ? vector.unitLength : vector
  }
}

extension [Float] {
  /// The vector divided by its length; zero stays zero.
  var unitLength: [Float] {
    let length = withUnsafeBufferPointer { Kernels.norm($0) }
    return length > 0 ? map { Float(Double($0) / length) } : self
  }
}

extension ModelTokenizer {
  /// Throws unless a table of so many rows has a row for each token.
  func check(fits rows: Int, of path: String) throws(LocalModelError) {
    guard numbers.lowerBound < 0 || numbers.upperBound >= rows else { return }
    throw LocalModelError(
      .damaged,
      "the tokenizer has tokens up to \(numbers.upperBound), but \(path) has \(rows) rows; get all files "
        + "of one model")
  }
}
