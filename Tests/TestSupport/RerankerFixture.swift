// The folder of a reranker made in a test: a tiny encoder with a head of random weights.

/// Writes the files of a cross-encoder.
package struct RerankerFixture {
  package var model: ModelFixture
  package let isXLMR: Bool
  private var settings: [String: Any]

  /// A tiny encoder of BERT's kind, or of XLM-R's with BERT's vocabulary.
  ///
  /// - Parameter activation: the last part of the activation that `config.json` names; nil names none.
  package init(seed: UInt64 = 7, isXLMR: Bool = false, activation: String? = nil) throws {
    model = try ModelFixture(seed: seed)
    self.isXLMR = isXLMR
    let prefix = isXLMR ? "roberta." : "bert."
    model.prefix = prefix
    model.tensors = Dictionary(uniqueKeysWithValues: model.tensors.map { (prefix + $0, $1) })
    var generator = SeededGenerator(seed: seed + 1)
    let inner = isXLMR ? "classifier.dense" : "bert.pooler.dense"
    let outer = isXLMR ? "classifier.out_proj" : "classifier"
    for (name, outputs) in [(inner, 64), (outer, 1)] {
      let weights = ModelFixture.numbers(outputs * 64, using: &generator).map { $0 * 0.3 }
      model.tensors[name + ".weight"] = .init(weights, [outputs, 64])
      model.tensors[name + ".bias"] = .init(
        ModelFixture.numbers(outputs, using: &generator), [outputs])
    }
    settings = [
      "architectures": [
        isXLMR ? "XLMRobertaForSequenceClassification" : "BertForSequenceClassification"
      ]
    ]
    if isXLMR {
      settings["model_type"] = "xlm-roberta"
      settings["pad_token_id"] = 0
    }
    if let activation {
      settings["sentence_transformers"] = ["activation_fn": "torch.nn.modules.linear.\(activation)"]
    }
    try configure()
    try model.write()
  }

  /// Writes `config.json` with changes.
  package mutating func configure(_ changes: [String: Any] = [:]) throws {
    settings.merge(changes) { $1 }
    try model.folder.write(model.configuration(settings), to: "config.json")
  }
}
