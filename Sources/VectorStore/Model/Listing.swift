// What `list`, `get` and `collections` tell; as JSON their keys are public.

public import Foundation

import VectorStoreText

/// What is known about a document without its text.
public struct DocumentSummary: Sendable, Codable, Hashable {
  /// Whether a document answers.
  public enum State: String, Sendable, Codable {
    /// All its chunks answer.
    case complete
    /// Some of its chunks answer by stand-ins.
    case standIn
    /// A version of it waits for the embedding service.
    case pending
    /// A chunk of it was refused for good.
    case failed
    /// Its file is not taken any more, as one that is ignored now: it does not answer.
    case leftOut
  }

  /// The source, by which it is found.
  public var source: String
  /// The absolute path of its file; nil if it is no file's.
  public var path: String?
  /// The collection's name.
  public var collection: String
  /// Whether it answers.
  public var state: State
  /// How many chunks it has.
  public var chunks: Int
  /// How it was cut.
  public var format: DocumentFormat
  /// Its metadata.
  public var metadata: [String: MetadataValue]
  /// When it was first added.
  public var added: Date
  /// When it last changed.
  public var updated: Date
  /// Why it is pending, failed or left out.
  public var reason: String?

  /// Creates a value from its parts.
  public init(
    source: String, path: String? = nil, collection: String, state: State, chunks: Int,
    format: DocumentFormat,
    metadata: [String: MetadataValue], added: Date, updated: Date, reason: String? = nil
  ) {
    self.source = source
    self.path = path
    self.collection = collection
    self.state = state
    self.chunks = chunks
    self.format = format
    self.metadata = metadata
    self.added = added
    self.updated = updated
    self.reason = reason
  }
}

/// A document with its chunks.
public struct StoredDocument: Sendable, Codable, Hashable {
  /// What is known about the document.
  public var summary: DocumentSummary
  /// Its whole text, put together from the chunks; nil where only vectors are known.
  public var text: String?
  /// Its chunks, in order.
  public var chunks: [StoredChunk]

  /// Creates a value from its parts.
  public init(summary: DocumentSummary, text: String? = nil, chunks: [StoredChunk]) {
    self.summary = summary
    self.text = text
    self.chunks = chunks
  }
}

/// One chunk of a document.
public struct StoredChunk: Sendable, Codable, Hashable {
  /// The chunk's id.
  public var id: Int64
  /// Its place in the document, from 0.
  public var ordinal: Int
  /// Its text; nil where only its vector is known.
  public var text: String?
  /// Where it starts in the document, in Unicode scalars.
  public var start: Int?
  /// Where it ends.
  public var end: Int?
  /// The line of its first scalar, from 1.
  public var line: Int?
  /// The spaces it has vectors in.
  public var spaces: [EmbeddingSpace]
  /// The message or row that it is in, from 1, if its document has several.
  @Uncompared var place: Int? = nil

  private enum CodingKeys: String, CodingKey {
    case id, ordinal, text, start, end, line, spaces
  }

  /// Creates a value from its parts.
  public init(
    id: Int64, ordinal: Int, text: String? = nil, start: Int? = nil, end: Int? = nil,
    line: Int? = nil, spaces: [EmbeddingSpace]
  ) {
    self.id = id
    self.ordinal = ordinal
    self.text = text
    self.start = start
    self.end = end
    self.line = line
    self.spaces = spaces
  }
}

/// What goes with a value and is no part of it: it is neither compared nor written as JSON.
@propertyWrapper
struct Uncompared<Value: Sendable>: Sendable, Hashable {
  var wrappedValue: Value

  static func == (left: Self, right: Self) -> Bool { true }
  func hash(into hasher: inout Hasher) {}
}

/// What is known about a collection.
public struct CollectionSummary: Sendable, Codable, Hashable {
  /// Its name.
  public var name: String
  /// Its target space, fixed when its first document comes.
  public var space: EmbeddingSpace
  /// How many documents it has.
  public var documents: Int
  /// How many of them wait for their vectors.
  public var pending: Int
  /// How many chunks.
  public var chunks: Int
  /// How many vectors, by space.
  public var vectors: [EmbeddingSpace: Int]
  /// When it was made.
  public var created: Date
  /// The address of the server that embeds its texts, as it was last used; nil if none did.
  public var service: String?
  /// How its space tells questions and documents apart; nil if nothing of it was embedded.
  public var roles: EmbeddingRoles?
  /// Whether the texts of its passages are in the store, as ``AddOptions/keepsText``.
  public var keepsText: Bool

  /// Creates a value from its parts.
  public init(
    name: String, space: EmbeddingSpace, documents: Int, pending: Int, chunks: Int,
    vectors: [EmbeddingSpace: Int], created: Date, service: String? = nil,
    roles: EmbeddingRoles? = nil, keepsText: Bool = true
  ) {
    self.name = name
    self.space = space
    self.documents = documents
    self.pending = pending
    self.chunks = chunks
    self.vectors = vectors
    self.created = created
    self.service = service
    self.roles = roles
    self.keepsText = keepsText
  }
}

/// A vector of a chunk, of unit length.
public struct ChunkVector: Sendable, Codable, Hashable {
  /// The chunk's id, as in ``Hit/id``.
  public var chunk: Int64
  /// The document's source.
  public var source: String
  /// The chunk's place in the document, from 0.
  public var ordinal: Int
  /// The vector's space.
  public var space: EmbeddingSpace
  /// Its components, as many as the space has dimensions.
  public var vector: [Float]

  /// Creates a value from its parts.
  public init(chunk: Int64, source: String, ordinal: Int, space: EmbeddingSpace, vector: [Float]) {
    self.chunk = chunk
    self.source = source
    self.ordinal = ordinal
    self.space = space
    self.vector = vector
  }
}
