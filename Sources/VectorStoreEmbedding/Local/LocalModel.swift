// An embedding service that runs a model out of a folder, in this process.

import Foundation
import Synchronization
public import VectorStoreText

/// A sentence embedding model that runs here: no server, no key, no cost.
///
///     let model = try LocalModel(folder: "/home/ada/models/all-MiniLM-L6-v2")
///     let store = try await Store(
///       path: "notes.db", configuration: StoreConfiguration(service: model))
///
/// The folder is in Hugging Face's form. BERT encoders (MiniLM, BGE, E5, GTE, Arctic Embed; multilingual E5 and
/// others on XLM-R) need `config.json`, `model.safetensors` and `tokenizer.json` or `vocab.txt`; `modules.json`,
/// `1_Pooling/config.json`, `sentence_bert_config.json` and `config_sentence_transformers.json` are followed if
/// they are there. Static models are those of Model2Vec (`potion-base-8M`) and of sentence-transformers'
/// `StaticEmbedding`.
///
/// Weights in float32 are mapped, not read: memory is what is touched, and processes share it. Work is done on
/// all cores, off Swift's pool; a cancelled task stops it within a layer of the encoder.
///
/// It trains nothing, and runs no other kind of model: their folders are refused with the reason.
public final class LocalModel: EmbeddingService {
  private enum Kind: Sendable {
    case encoder(EncoderModel)
    case fixed(StaticModel)
  }

  /// The space `local/NAME/DIMENSIONS`.
  public let space: EmbeddingSpace
  /// What tells these weights from others of the same name: a hash of parts of the file, as 64 hexadecimal
  /// digits. Vectors of two models are not comparable, whatever the models are called.
  public let fingerprint: String
  /// The most tokens of a text that the model reads at once, or nil if there is no limit. A store cuts texts to
  /// fit; a longer one gets the mean of the vectors of its parts.
  public let maximumTokens: Int?
  private let kind: Kind
  /// The prompts of the folder's `config_sentence_transformers.json`, else those known for the model's name.
  public let roles: EmbeddingRoles

  /// The part of a machine's memory that a model may need.
  static func share(ofMemory bytes: Int) -> Int { bytes / 4 * 3 }
  /// A text of a static model is as long as a request.
  private static let mostTokens = 1_000_000

  /// Opens a model.
  ///
  /// - Parameters:
  ///   - folder: the folder's path.
  ///   - name: the model's name in ``space``; nil is the folder's own.
  /// - Throws: ``LocalModelError`` if the folder is no model that runs here; ``SettingError`` for a name or
  ///   dimensions that a space cannot have.
  /// - Complexity: reads the tokenizer (some 10 ms for BERT's, 200 ms for XLM-R's) and 0.5 MB of the weights.
  ///   Blocks the calling thread meanwhile.
  public convenience init(folder: String, name: String? = nil) throws {
    try self.init(
      folder: folder, name: name, memory: Int(clamping: ProcessInfo.processInfo.physicalMemory))
  }

  /// Opens a model on a machine of so many bytes of memory.
  init(folder path: String, name: String?, memory: Int) throws {
    let folder = ModelFolder(path: path)
    let most = Self.share(ofMemory: memory)
    let found = try folder.object("config.json")
    let modules = try folder.modules()
    guard let settings = found ?? (modules.staticFolder == nil ? nil : [:]) else {
      throw LocalModelError(.missing, "\(path) has no config.json; expected the folder of a model")
    }
    if let kind = ModelFolder.reranker(settings) {
      throw LocalModelError(
        .unsupported,
        "\(folder.path("config.json")) describes a reranker (\(kind.prefix(60))), which scores passages and "
          + "makes no vectors; add it as a reranker, and another model for vectors")
    }
    let staticFolder =
      modules.staticFolder ?? (settings["model_type"]?.string == "model2vec" ? "" : nil)
    let dimensions: Int
    let file: MappedFile
    if let staticFolder {
      let isHere = staticFolder.isEmpty || staticFolder == "."
      let place = isHere ? folder : ModelFolder(path: folder.path(staticFolder))
      file = try MappedFile(place.path("model.safetensors"))
      try folder.check(bytes: file.bytes.count * 2, most: most)
      let model = try StaticModel(
        Safetensors(file), tokenizer: TokenizerFile.tokenizer(of: place),
        normalizes: settings["normalize"]?.bool ?? modules.normalizes)
      dimensions = model.dimensions
      maximumTokens = nil
      kind = .fixed(model)
    } else {
      let files = try folder.encoder(settings, memory: most)
      file = files.file
      dimensions = files.encoder.shape.hidden
      maximumTokens = files.mostTokens
      kind = .encoder(
        EncoderModel(
          encoder: files.encoder, tokenizer: files.tokenizer, pooling: modules.pooling,
          normalizes: modules.normalizes, mostTokens: files.mostTokens))
    }
    let name = name ?? URL(filePath: folder.path).standardizedFileURL.lastPathComponent
    space = try EmbeddingSpace(provider: "local", model: name, dimensions: dimensions, kind: .real)
    fingerprint = file.fingerprint
    let prompts = try folder.prompts()
    roles =
      prompts.values.allSatisfy(\.isEmpty)
      ? EmbeddingRoles.ofModel(name)
      : EmbeddingRoles(
        query: EmbeddingRole(prefix: prompts["query"] ?? ""),
        document: EmbeddingRole(prefix: prompts["document"] ?? prompts["passage"] ?? ""))
  }

  /// Requests that take about a second on a small machine, so that progress shows and a stop loses little.
  public var terms: ServiceTerms { Self.terms(maximumTokens: maximumTokens) }

  /// The terms of a model that reads so many tokens at once, or of a static one.
  static func terms(maximumTokens: Int?) -> ServiceTerms {
    var terms = ServiceTerms()
    terms.retries = 0
    terms.takesLongerTexts = true
    terms.textsPerRequest = maximumTokens == nil ? 1024 : 32
    terms.tokensPerText = maximumTokens ?? mostTokens
    terms.tokensPerRequest = mostTokens
    return terms
  }

  /// The model's tokenizer.
  var tokenizer: ModelTokenizer {
    switch kind {
    case .encoder(let model): model.tokenizer
    case .fixed(let model): model.tokenizer
    }
  }

  /// Counts by the model's own tokenizer, with the tokens that it wants around a text.
  public func tokenCounter() async -> TokenCounter {
    switch kind {
    case .encoder(let model): TokenCounter(isExact: true) { model.count($0) }
    case .fixed(let model): TokenCounter(isExact: true) { model.tokenizer.tokens(of: $0).count }
    }
  }

  /// Embeds texts as documents.
  public func embed(_ texts: [String]) async throws -> EmbeddingBatch {
    try await embed(texts, purpose: .document)
  }

  /// Embeds texts, with the model's prompt for the purpose before each. `tokens` is 0.
  ///
  /// - Throws: `CancellationError` soon after the task is cancelled.
  /// - Complexity: some 23 million multiplications a token for MiniLM on all cores; a static model reads some
  ///   20 MB of text a second a core.
  public func embed(_ texts: [String], purpose: EmbeddingPurpose) async throws -> EmbeddingBatch {
    let texts = texts.map { roles[purpose].text($0) }
    let vectors = try await CancellationMark.watched { [kind] isCancelled in
      switch kind {
      case .encoder(let model): try model.vectors(of: texts) { isCancelled.isSet }
      case .fixed(let model): try Self.vectors(of: texts, model, isCancelled)
      }
    }
    return EmbeddingBatch(vectors: vectors, tokens: 0)
  }

  private static func vectors(
    of texts: [String], _ model: StaticModel, _ isCancelled: CancellationMark
  ) throws -> [[Float]] {
    let vectors = Parallel.map(texts) { isCancelled.isSet ? [] : model.vector(of: $0) }
    if isCancelled.isSet { throw CancellationError() }
    return vectors
  }
}

/// Whether work is to stop; set from any thread.
final class CancellationMark: Sendable {
  private let mark = Atomic(false)

  /// Works off Swift's pool, with a mark that is set when the task is cancelled.
  static func watched<Value: Sendable>(
    _ work: @escaping @Sendable (CancellationMark) throws -> Value
  ) async throws -> Value {
    let mark = CancellationMark()
    return try await withTaskCancellationHandler {
      try await Parallel.mapOffPool([mark]) { mark in Result { try work(mark) } }[0].get()
    } onCancel: {
      mark.set()
    }
  }

  var isSet: Bool { mark.load(ordering: .relaxed) }

  func set() { mark.store(true, ordering: .relaxed) }
}

/// A folder that ``LocalModel`` cannot run.
public struct LocalModelError: Error, Sendable, Equatable {
  /// The kind of failure.
  public struct Code: Sendable, Hashable, RawRepresentable {
    /// The code's name.
    public let rawValue: String

    /// Creates a code from its name.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// A file that a model needs is not there or cannot be read.
    public static let missing = Code(rawValue: "missing")
    /// A file that is not what its name says.
    public static let damaged = Code(rawValue: "damaged")
    /// A model of a kind that this program does not run.
    public static let unsupported = Code(rawValue: "unsupported")
    /// A model that is there already under the same name.
    public static let exists = Code(rawValue: "exists")
    /// A model that could not be fetched, or came with another hash.
    public static let download = Code(rawValue: "download")
    /// A model that needs more memory than this machine has.
    public static let tooLarge = Code(rawValue: "too_large")
  }

  /// The kind of failure.
  public let code: Code
  /// What failed, what was found, what was expected, and the next step.
  public let message: String

  package init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }
}

extension LocalModelError: CustomStringConvertible {
  /// The message.
  public var description: String { message }
}
