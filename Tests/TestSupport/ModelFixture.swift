// A model folder made in a test: a tiny encoder or a static table with random weights.

package import Foundation

/// Writes the files of a model.
package struct ModelFixture {
  /// A tensor as it is written: its type, shape and bytes.
  package struct Stored {
    package var type: String
    package var shape: [Int]
    package var bytes: Data

    /// Float32 numbers.
    package init(_ numbers: [Float], _ shape: [Int]) {
      type = "F32"
      self.shape = shape
      bytes = numbers.withUnsafeBytes { Data($0) }
    }
  }

  package static let pieces = [
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "money", "back", "refund", "cafe", "##s", "##ed",
    "un", "##aff",
    "##able", "!", ".", "水",
  ]

  package let folder: TemporaryFolder
  package var hidden = 64
  package var layers = 2
  package var intermediate = 128
  package var tensors: [String: Stored] = [:]
  /// What stands before the names of the encoder's tensors.
  package var prefix = ""

  /// A tiny BERT of two layers and four heads.
  package init(seed: UInt64 = 1) throws {
    folder = try TemporaryFolder()
    var generator = SeededGenerator(seed: seed)
    func add(_ name: String, _ shape: [Int], _ tensors: inout [String: Stored]) {
      let numbers = ModelFixture.numbers(shape.reduce(1, *), using: &generator)
      let scale: Float = name.contains("LayerNorm.weight") ? 1 : 0.3
      tensors[name] = Stored(numbers.map { $0 * scale }, shape)
    }
    add("embeddings.word_embeddings.weight", [Self.pieces.count, hidden], &tensors)
    add("embeddings.position_embeddings.weight", [32, hidden], &tensors)
    add("embeddings.token_type_embeddings.weight", [2, hidden], &tensors)
    for name in ["weight", "bias"] { add("embeddings.LayerNorm." + name, [hidden], &tensors) }
    for layer in 0..<layers {
      let prefix = "encoder.layer.\(layer)."
      for (name, inputs, outputs) in [
        ("attention.self.query", hidden, hidden), ("attention.self.key", hidden, hidden),
        ("attention.self.value", hidden, hidden), ("attention.output.dense", hidden, hidden),
        ("intermediate.dense", hidden, intermediate), ("output.dense", intermediate, hidden),
      ] {
        add(prefix + name + ".weight", [outputs, inputs], &tensors)
        add(prefix + name + ".bias", [outputs], &tensors)
      }
      for name in ["attention.output.LayerNorm.", "output.LayerNorm."] {
        add(prefix + name + "weight", [hidden], &tensors)
        add(prefix + name + "bias", [hidden], &tensors)
      }
    }
    try folder.write(Self.pieces.joined(separator: "\n") + "\n", to: "vocab.txt")
    try folder.write(configuration(), to: "config.json")
    try folder.write(
      #"[{"type": "sentence_transformers.models.Transformer", "path": ""}, {"type": "sentence_transformers.models.Normalize", "path": "2"}]"#,
      to: "modules.json")
    try write()
  }

  package func configuration(_ changes: [String: Any] = [:]) -> String {
    let values: [String: Any] = [
      "model_type": "bert", "num_hidden_layers": layers, "hidden_size": hidden,
      "num_attention_heads": 4,
      "intermediate_size": intermediate, "vocab_size": Self.pieces.count,
      "max_position_embeddings": 32,
      "type_vocab_size": 2, "layer_norm_eps": 1e-6, "hidden_act": "gelu",
    ]
    let merged = values.merging(changes) { $1 }
    let data = try? JSONSerialization.data(withJSONObject: merged, options: .sortedKeys)
    return String(decoding: data ?? Data(), as: UTF8.self)
  }

  /// Writes `model.safetensors`.
  package func write() throws {
    try folder.write(Self.safetensors(tensors), to: "model.safetensors")
  }

  /// Random numbers of -1 to 1.
  package static func numbers(_ count: Int, using generator: inout SeededGenerator) -> [Float] {
    (0..<count).map { _ in Float.random(in: -1...1, using: &generator) }
  }

  package static func safetensors(_ tensors: [String: Stored]) -> Data {
    var header: [String: Any] = ["__metadata__": ["format": "pt"]]
    var data = Data()
    for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
      header[name] = [
        "dtype": tensor.type, "shape": tensor.shape,
        "data_offsets": [data.count, data.count + tensor.bytes.count],
      ]
      data += tensor.bytes
    }
    return safetensors(
      header: (try? JSONSerialization.data(withJSONObject: header, options: .sortedKeys)) ?? Data(),
      data)
  }

  package static func safetensors(header: Data, _ data: Data) -> Data {
    withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) } + header + data
  }
}
