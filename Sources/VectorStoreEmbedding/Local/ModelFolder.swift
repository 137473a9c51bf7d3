// The folder of a model in Hugging Face's form: its small files of settings.

import Foundation
import VectorStoreText

/// A model's folder, and what its settings say.
struct ModelFolder: Sendable {
  /// Settings are small.
  private static let mostBytes = 1 << 20

  let path: String

  func path(_ file: String) -> String { path + "/" + file }

  /// The bytes of a file, or nil if it is not there.
  ///
  /// - Throws: ``LocalModelError`` if it is there and cannot be read or is larger than `limit`.
  func read(_ file: String, limit: Int) throws(LocalModelError) -> Data? {
    let place = path(file)
    do {
      return try WholeFile.read(place, limit: limit)
    } catch FileProblem.Reason.missing {
      return nil
    } catch {
      throw LocalModelError(.damaged, "\(place) cannot be read: \(error)")
    }
  }

  /// The JSON object of a file, or nil if the file is not there.
  ///
  /// - Throws: ``LocalModelError`` if it is no object.
  func object(_ file: String) throws(LocalModelError) -> [String: MetadataValue]? {
    guard let value = try json(file) else { return nil }
    guard let object = value.object else {
      throw LocalModelError(.damaged, "\(path(file)) is not a JSON object; get the model again")
    }
    return object
  }

  /// The JSON value of a file, or nil if the file is not there.
  private func json(_ file: String) throws(LocalModelError) -> MetadataValue? {
    guard let data = try read(file, limit: Self.mostBytes) else { return nil }
    do {
      return try data.withUnsafeBytes { bytes in
        var cursor = JSONCursor(bytes.bindMemory(to: UInt8.self))
        let value = try cursor?.value()
        try cursor?.finish()
        return value
      }
    } catch let fault as JSONFault {
      throw LocalModelError(
        .damaged,
        "\(path(file)) cannot be read: at byte \(fault.offset) is \(fault.found), "
          + "not \(fault.expected)")
    } catch {
      throw LocalModelError(.damaged, "\(path(file)) cannot be read: \(error)")
    }
  }

  /// The steps of `modules.json`, by which sentence-transformers describes a model.
  struct Modules: Sendable {
    /// The folder of a static embedding, if that is what the model is.
    var staticFolder: String?
    var pooling = Pooling.mean
    /// Whether vectors get length 1.
    var normalizes = false
  }

  /// Reads `modules.json`; without it, a model is pooled by the mean.
  ///
  /// - Throws: ``LocalModelError`` for a module that this program does not have.
  func modules() throws(LocalModelError) -> Modules {
    var result = Modules()
    guard let list = try json("modules.json")?.array else { return result }
    for module in list {
      let type = module["type"]?.string?.split(separator: ".").last.map(String.init) ?? "nothing"
      let folder = module["path"]?.string ?? ""
      switch type {
      case "Transformer": break
      case "Pooling":
        result.pooling = try Pooling(try object(folder + "/config.json") ?? [:], of: path)
      case "Normalize": result.normalizes = true
      case "StaticEmbedding": result.staticFolder = folder
      default:
        throw LocalModelError(
          .unsupported,
          "\(path("modules.json")) asks for \(type.prefix(40)); Transformer, Pooling, Normalize and "
            + "StaticEmbedding are run here")
      }
    }
    return result
  }

  /// A BERT encoder with its tokenizer, as a folder holds it.
  struct EncoderFiles: Sendable {
    var file: MappedFile
    var tensors: Safetensors
    var encoder: BertEncoder
    var tokenizer: ModelTokenizer
    /// The most tokens of a text, those around it included.
    var mostTokens: Int
  }

  /// Opens the encoder that `config.json` describes.
  ///
  /// - Parameters:
  ///   - settings: those of `config.json`.
  ///   - memory: the most bytes that it may need.
  /// - Throws: ``LocalModelError``.
  func encoder(
    _ settings: [String: MetadataValue], memory: Int
  ) throws(LocalModelError) -> EncoderFiles {
    let shape = try BertConfiguration(settings, path: path("config.json"))
    try check(bytes: shape.bytes, most: memory)
    let file = try MappedFile(path("model.safetensors"))
    let tensors = try Safetensors(file)
    let weights = try BertWeights(tensors, shape)
    let tokenizer = try TokenizerFile.tokenizer(of: self)
    try tokenizer.check(fits: shape.vocabulary, of: file.path)
    let told = try object("sentence_bert_config.json")?["max_seq_length"]?.integer
    let usual = try object("tokenizer_config.json")?["model_max_length"]?.integer
    let read = told ?? usual
    return EncoderFiles(
      file: file, tensors: tensors, encoder: BertEncoder(shape: shape, weights: weights),
      tokenizer: tokenizer, mostTokens: max(8, min(read ?? shape.mostTokens, shape.mostTokens)))
  }

  /// Throws for a model that needs more bytes than it may.
  func check(bytes: Int, most: Int) throws(LocalModelError) {
    guard bytes > most else { return }
    throw LocalModelError(
      .tooLarge,
      "the model in \(path) needs \(bytes >> 20) MB of memory, and \(most >> 20) MB is the most on this "
        + "machine; choose a smaller model")
  }

  /// The architecture of `config.json` that is a reranker: `BertForSequenceClassification`; nil for any other.
  static func reranker(_ settings: [String: MetadataValue]) -> String? {
    settings["architectures"]?.array?.lazy.compactMap(\.string)
      .first { $0.hasSuffix("ForSequenceClassification") }
  }

  /// The prompts of `config_sentence_transformers.json` by what they are for.
  func prompts() throws(LocalModelError) -> [String: String] {
    let settings = try object("config_sentence_transformers.json")
    return (settings?["prompts"]?.object ?? [:]).compactMapValues(\.string)
  }
}
