// What every embedding service does. Conformers stand beside this file; the router calls them.

/// A service that turns texts into vectors of one space.
///
/// Conform to it to bring your own embedder. Vectors come back in the order of the texts and are
/// checked by the caller before use: right dimensions, finite, not zero.
public protocol EmbeddingService: Sendable {
  /// The space of every vector that this service makes.
  var space: EmbeddingSpace { get }

  /// Embeds texts, one vector a text, in order.
  ///
  /// - Parameter texts: at least one text, none of them empty.
  /// - Throws: what went wrong on the way to the service or in its answer; no vector of the batch is
  ///   then to be used.
  /// - Complexity: one request of the service, which can cost money unless ``space`` is a mock one.
  func embed(_ texts: [String]) async throws -> EmbeddingBatch
}

/// The answer of an ``EmbeddingService``: one vector a text, and what it used.
public struct EmbeddingBatch: Sendable {
  /// One vector of ``EmbeddingSpace/dimensions`` components a text, in the order of the texts.
  public var vectors: [[Float]]
  /// The tokens that the service counted, 0 where nothing is billed.
  public var tokens: Int

  /// Creates an answer.
  public init(vectors: [[Float]], tokens: Int) {
    self.vectors = vectors
    self.tokens = tokens
  }
}
