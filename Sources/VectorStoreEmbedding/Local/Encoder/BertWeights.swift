// The learned numbers of a BERT encoder, by their names in `model.safetensors`.

/// A layer of neurons: `outputs` × `inputs` weights, a bias each.
struct Neurons: Sendable {
  let weights: Tensor
  let bias: Tensor
  let inputs: Int
  let outputs: Int

  init(_ file: Safetensors, _ name: String, inputs: Int, outputs: Int) throws(LocalModelError) {
    weights = try file.floats(name + ".weight", shape: [outputs, inputs])
    bias = try file.floats(name + ".bias", shape: [outputs])
    (self.inputs, self.outputs) = (inputs, outputs)
  }
}

/// What layer normalisation multiplies by and adds.
struct NormalizationWeights: Sendable {
  let gain: Tensor
  let shift: Tensor

  init(_ file: Safetensors, _ name: String, size: Int) throws(LocalModelError) {
    gain = try file.floats(name + ".weight", shape: [size])
    shift = try file.floats(name + ".bias", shape: [size])
  }
}

/// All weights of an encoder. Those in float32 stay in the mapped file.
struct BertWeights: Sendable {
  /// One layer of the encoder.
  struct Layer: Sendable {
    let query: Neurons
    let key: Neurons
    let value: Neurons
    let output: Neurons
    let outputNormalization: NormalizationWeights
    let intermediate: Neurons
    let last: Neurons
    let lastNormalization: NormalizationWeights
  }

  /// `vocabulary` × H.
  let tokens: Tensor
  /// `positions` × H.
  let positions: Tensor
  /// `segments` × H.
  let segments: Tensor
  let normalization: NormalizationWeights
  let layers: [Layer]
  /// What stands before the names of tensors of the encoder: nothing, `bert.` or `roberta.`.
  let prefix: String

  /// - Throws: ``LocalModelError`` for a tensor that is missing or of another shape.
  init(_ file: Safetensors, _ shape: BertConfiguration) throws(LocalModelError) {
    let known = ["", "bert.", "roberta."]
    let table = "embeddings.word_embeddings.weight"
    prefix = known.first { file.shape(of: $0 + table) != nil } ?? ""
    let hidden = shape.hidden
    let embeddings = prefix + "embeddings."
    tokens = try file.floats(prefix + table, shape: [shape.vocabulary, hidden])
    positions = try file.floats(
      embeddings + "position_embeddings.weight", shape: [shape.positions, hidden])
    segments = try file.floats(
      embeddings + "token_type_embeddings.weight", shape: [shape.segments, hidden])
    normalization = try NormalizationWeights(file, embeddings + "LayerNorm", size: hidden)
    var layers: [Layer] = []
    for index in 0..<shape.layers {
      let name = "\(prefix)encoder.layer.\(index)."
      func square(_ part: String) throws(LocalModelError) -> Neurons {
        try Neurons(file, name + part, inputs: hidden, outputs: hidden)
      }
      layers.append(
        Layer(
          query: try square("attention.self.query"), key: try square("attention.self.key"),
          value: try square("attention.self.value"), output: try square("attention.output.dense"),
          outputNormalization: try NormalizationWeights(
            file, name + "attention.output.LayerNorm", size: hidden),
          intermediate: try Neurons(
            file, name + "intermediate.dense", inputs: hidden, outputs: shape.intermediate),
          last: try Neurons(
            file, name + "output.dense", inputs: shape.intermediate, outputs: hidden),
          lastNormalization: try NormalizationWeights(
            file, name + "output.LayerNorm", size: hidden)))
    }
    self.layers = layers
  }
}
