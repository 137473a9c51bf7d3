// The shape of a BERT encoder, out of its `config.json`.

import VectorStoreText

/// The numbers that describe a BERT encoder, as Devlin et al. (NAACL 2019) name them.
struct BertConfiguration: Sendable {
  /// L, the layers.
  let layers: Int
  /// H, the components of a token's vector.
  let hidden: Int
  /// A, the attention heads.
  let heads: Int
  /// The neurons between the two halves of a feed-forward layer, 4 H as a rule.
  let intermediate: Int
  /// The rows of the table of tokens.
  let vocabulary: Int
  /// The rows of the table of positions.
  let positions: Int
  /// The row of the first position: XLM-R begins behind its padding token.
  let firstPosition: Int
  /// The rows of the table of segments.
  let segments: Int
  /// Whether two texts have two tokens between them and no segments of their own, as RoBERTa and XLM-R want.
  let joinsTwice: Bool
  /// What keeps layer normalisation from dividing by 0.
  let epsilon: Float

  /// H / A, the components of a head.
  var headSize: Int { hidden / heads }

  /// The most tokens of a text.
  var mostTokens: Int { positions - firstPosition }

  /// - Throws: ``LocalModelError`` for a model of another kind, or numbers that cannot be.
  init(_ settings: [String: MetadataValue], path: String) throws(LocalModelError) {
    let type = settings["model_type"]?.string ?? "no model_type"
    guard ["bert", "xlm-roberta", "roberta"].contains(type) else {
      throw LocalModelError(
        .unsupported,
        "\(path) describes a model of the kind \(type.prefix(40)); bert, xlm-roberta and static "
          + "(model2vec) models are run here")
    }
    func number(_ name: String, _ allowed: ClosedRange<Int>) throws(LocalModelError) -> Int {
      guard let value = settings[name]?.integer, allowed.contains(value) else {
        let found =
          settings[name].map { $0.integer.map(String.init) ?? "no whole number" } ?? "nothing"
        throw LocalModelError(
          .damaged,
          "\(path) has \(found) for \(name); expected \(allowed.lowerBound) to \(allowed.upperBound)"
        )
      }
      return value
    }
    layers = try number("num_hidden_layers", 1...128)
    hidden = try number("hidden_size", 4...16_384)
    heads = try number("num_attention_heads", 1...256)
    intermediate = try number("intermediate_size", 4...131_072)
    vocabulary = try number("vocab_size", 1...4_000_000)
    segments = try number("type_vocab_size", 1...64)
    positions = try number("max_position_embeddings", 16...65_536)
    joinsTwice = type != "bert"
    firstPosition = type == "bert" ? 0 : (settings["pad_token_id"]?.integer ?? 1) + 1
    epsilon = Float(settings["layer_norm_eps"]?.number ?? 1e-12)
    guard hidden % heads == 0, hidden % 4 == 0, intermediate % 4 == 0,
      (0..<positions - 8).contains(firstPosition), epsilon >= 0
    else {
      throw LocalModelError(
        .damaged,
        "\(path) has \(hidden) components, \(heads) heads and \(intermediate) neurons, which do not fit "
          + "together")
    }
    for (name, expected) in [("hidden_act", "gelu"), ("position_embedding_type", "absolute")] {
      guard let found = settings[name]?.string, found != expected else { continue }
      throw LocalModelError(
        .unsupported, "\(path) asks for \(name) \(found.prefix(40)); \(expected) is run here")
    }
  }

  /// The bytes of all numbers as float32.
  var bytes: Int {
    let layer = 4 * hidden * hidden + 2 * hidden * intermediate + 9 * hidden + intermediate
    return 4 * (layers * layer + (vocabulary + positions + segments) * hidden)
  }
}
