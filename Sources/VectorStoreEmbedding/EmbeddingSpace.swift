// A space: which model made a vector. Every vector of a store names its space, and vectors of
// different spaces are never compared.

/// The vector space that an embedding model maps text into, written
/// `openai/text-embedding-3-small/1536` or `mock/hashed-features-2/1536`.
///
/// Two vectors may be compared only if their spaces are equal in every part: equal dimensions prove
/// nothing, since each model has axes of its own.
public struct EmbeddingSpace: Sendable, Hashable {
  /// Whether vectors of a space carry a model's meaning or stand in for it offline.
  public enum Kind: String, Sendable, Codable {
    /// Made by an embedding model.
    case real
    /// Made by hashing the text's own words: deterministic, offline, free.
    case mock
  }

  /// The dimensions a space may have.
  public static let supportedDimensions = 64...4096

  /// Who serves the model: `openai`, `mock`, or a server's host and port. Holds no slash.
  public let provider: String
  /// The model's name, as its provider writes it. May hold slashes.
  public let model: String
  /// The number of components of each vector, 64 to 4,096.
  public let dimensions: Int
  /// Whether an embedding model made the vectors.
  public let kind: Kind

  /// Creates a space.
  ///
  /// - Throws: ``SettingError`` unless `provider` and `model` are not empty, `provider` holds no
  ///   slash, and `dimensions` is in ``supportedDimensions``.
  public init(
    provider: String, model: String, dimensions: Int, kind: Kind
  ) throws(SettingError) {
    guard !provider.isEmpty, !provider.contains("/") else {
      throw SettingError(
        "provider", found: "\"\(provider)\"", expected: "a name that holds no slash")
    }
    guard !model.isEmpty else {
      throw SettingError("model", found: "\"\"", expected: "the name of a model")
    }
    try SettingError.check("dimensions", dimensions, Self.supportedDimensions)
    self.init(known: provider, model, dimensions, kind)
  }

  /// Creates a space of which all parts are known to be right.
  private init(known provider: String, _ model: String, _ dimensions: Int, _ kind: Kind) {
    self.provider = provider
    self.model = model
    self.dimensions = dimensions
    self.kind = kind
  }

  /// Reads a space from its written form `provider/model/dimensions`, or returns nil where the text
  /// is not one. The provider `mock` makes a space of kind ``Kind/mock``, any other one of kind
  /// ``Kind/real``.
  public init?(_ name: String) {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count >= 3, let dimensions = Int(parts[parts.count - 1]) else { return nil }
    let space = try? EmbeddingSpace(
      provider: String(parts[0]), model: parts[1..<(parts.count - 1)].joined(separator: "/"),
      dimensions: dimensions, kind: parts[0] == "mock" ? .mock : .real)
    guard let space else { return nil }
    self = space
  }

  /// The written form: `provider/model/dimensions`.
  public var name: String { "\(provider)/\(model)/\(dimensions)" }

  /// The space of OpenAI's text-embedding-3-small at its own 1536 dimensions.
  public static let openAI3Small = EmbeddingSpace(
    known: "openai", "text-embedding-3-small", 1536, .real)

  /// The space of OpenAI's text-embedding-3-large at its own 3072 dimensions.
  public static let openAI3Large = EmbeddingSpace(
    known: "openai", "text-embedding-3-large", 3072, .real)

  /// The name by which requests for a reranker's scores are entered and sent. No vector is of it.
  static func scores(provider: String, model: String) -> EmbeddingSpace {
    EmbeddingSpace(known: provider, model, 1, .real)
  }

  /// Whether a model that runs in this process makes its vectors: ``LocalModel``.
  package var isLocal: Bool { provider == "local" }

  /// The space that this program makes by itself, of 1536 dimensions.
  package static let mock = EmbeddingSpace(known: "mock", "hashed-features-2", 1536, .mock)

  /// The one before, which counted Arabic words as they stand. Collections that have vectors of it keep it.
  package static let formerMock = EmbeddingSpace(known: "mock", "hashed-features-1", 1536, .mock)

  /// Whether vectors of this space stand in for those of a model, and are made of their texts when they are read.
  package var isStandIn: Bool { self == .mock || self == .formerMock }
}

extension EmbeddingSpace: Codable, CodingKeyRepresentable {
  private enum CodingKeys: CodingKey {
    case provider, model, dimensions, kind
  }

  /// Decodes a space from its written form, or from an object of its four parts.
  ///
  /// - Throws: also ``SettingError``, as ``init(provider:model:dimensions:kind:)`` does.
  public init(from decoder: any Decoder) throws {
    if let name = try? decoder.singleValueContainer().decode(String.self) {
      guard let space = EmbeddingSpace(name) else {
        throw SettingError(
          "space", found: "\"\(name)\"", expected: "provider/model/dimensions")
      }
      self = space
      return
    }
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      provider: values.decode(String.self, forKey: .provider),
      model: values.decode(String.self, forKey: .model),
      dimensions: values.decode(Int.self, forKey: .dimensions),
      kind: values.decode(Kind.self, forKey: .kind))
  }

  /// Encodes the written form; a space whose ``kind`` it does not tell is an object of its four parts.
  public func encode(to encoder: any Encoder) throws {
    if EmbeddingSpace(name) == self {
      var container = encoder.singleValueContainer()
      return try container.encode(name)
    }
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(provider, forKey: .provider)
    try container.encode(model, forKey: .model)
    try container.encode(dimensions, forKey: .dimensions)
    try container.encode(kind, forKey: .kind)
  }

  /// The written form, by which a dictionary of spaces is an object in JSON.
  public var codingKey: any CodingKey { name.codingKey }

  /// Reads a space from a key in its written form.
  public init?(codingKey: some CodingKey) { self.init(codingKey.stringValue) }
}

extension EmbeddingSpace: CustomStringConvertible {
  /// The written form.
  public var description: String { name }
}
