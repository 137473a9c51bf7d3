// From the vector of a pair's first token to its score.

import Foundation
import VectorStoreText

/// The two layers of neurons above an encoder: `score = w · tanh(W x + b) + c`, then a sigmoid.
///
/// BERT calls the first its pooler and the second its classifier; XLM-R has both in its classifier.
struct ClassificationHead: Sendable {
  private let inner: Neurons
  private let outer: Neurons
  private let isProbability: Bool

  /// - Throws: ``LocalModelError`` for a tensor that is missing, more labels than one, or another activation.
  init(
    _ settings: [String: MetadataValue], _ files: ModelFolder.EncoderFiles
  ) throws(LocalModelError) {
    let (file, hidden) = (files.tensors, files.encoder.shape.hidden)
    let isBert = file.shape(of: "classifier.weight") != nil
    let last = isBert ? "classifier" : "classifier.out_proj"
    if let labels = file.shape(of: last + ".weight")?.first, labels != 1 {
      throw LocalModelError(
        .unsupported,
        "\(files.file.path) has \(labels) labels; a reranker has one: the score")
    }
    inner = try Neurons(
      file, isBert ? files.encoder.weights.prefix + "pooler.dense" : "classifier.dense",
      inputs: hidden, outputs: hidden)
    outer = try Neurons(file, last, inputs: hidden, outputs: 1)
    // As sentence-transformers reads it, older files last.
    let activation =
      settings["sentence_transformers"]?["activation_fn"]?.string
      ?? settings["sbert_ce_default_activation_function"]?.string
    switch activation?.split(separator: ".").last ?? "Sigmoid" {
    case "Sigmoid": isProbability = true
    case "Identity": isProbability = false
    case let name:
      throw LocalModelError(
        .unsupported,
        "the config.json beside \(files.file.path) asks for the activation \(name.prefix(40)); Sigmoid and "
          + "Identity are run here")
    }
  }

  /// The score of a text.
  ///
  /// - Parameter state: its first token's vector of the last layer.
  func score(_ state: UnsafePointer<Float>) -> Float {
    let size = inner.outputs
    var sum = outer.bias.numbers[0]
    for row in 0..<size {
      let weights = inner.weights.row(row, columns: size)
      var value = inner.bias.numbers[row]
      for column in 0..<size { value += weights[column] * state[column] }
      sum += outer.weights.numbers[row] * tanh(value)
    }
    return isProbability ? 1 / (1 + exp(-sum)) : sum
  }
}
