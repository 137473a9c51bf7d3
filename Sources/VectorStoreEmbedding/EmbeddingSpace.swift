// A space: which model made a vector. Every vector of a store names its space, and vectors of
// different spaces are never compared. Used by all layers above; calls nothing.

/// The vector space that an embedding model maps text into, written
/// `openai/text-embedding-3-small/1536` or `mock/hashed-features-1/1536`.
///
/// Two vectors may be compared only if their spaces are equal in every part: equal dimensions prove
/// nothing, since each model has axes of its own.
public struct EmbeddingSpace: Sendable, Hashable, Codable {
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
  /// - Precondition: `provider` and `model` are not empty, `provider` holds no slash, and
  ///   `dimensions` is in ``supportedDimensions``. Text from outside goes through ``init(_:)``.
  public init(provider: String, model: String, dimensions: Int, kind: Kind) {
    precondition(!provider.isEmpty && !provider.contains("/"), "provider \"\(provider)\"")
    precondition(!model.isEmpty, "empty model")
    precondition(Self.supportedDimensions.contains(dimensions), "\(dimensions) dimensions")
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
    guard parts.count >= 3, let dimensions = Int(parts[parts.count - 1]),
      Self.supportedDimensions.contains(dimensions)
    else { return nil }
    let provider = String(parts[0])
    let model = parts[1..<(parts.count - 1)].joined(separator: "/")
    guard !provider.isEmpty, !model.isEmpty else { return nil }
    self.init(
      provider: provider, model: model, dimensions: dimensions,
      kind: provider == "mock" ? .mock : .real)
  }

  /// The written form: `provider/model/dimensions`.
  public var name: String { "\(provider)/\(model)/\(dimensions)" }

  /// The space of OpenAI's text-embedding-3-small at its own 1536 dimensions.
  public static let openAISmall = EmbeddingSpace(
    provider: "openai", model: "text-embedding-3-small", dimensions: 1536, kind: .real)
}

extension EmbeddingSpace: CustomStringConvertible {
  /// The written form.
  public var description: String { name }
}
