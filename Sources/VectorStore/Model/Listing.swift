// What `list`, `get` and `collections` tell. Read by Tables/, printed by the command; as JSON their
// keys are public.

import VectorStoreText

/// What is known about a document without its text.
public struct DocumentSummary: Sendable, Codable, Equatable {
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
  }

  /// The source, by which it is found.
  public var source: String
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
  /// When it was first added, ISO 8601, UTC.
  public var added: String
  /// When it last changed.
  public var updated: String
  /// Why it is pending or failed.
  public var reason: String?
}

/// A document with its chunks.
public struct StoredDocument: Sendable, Codable, Equatable {
  /// What is known about the document.
  public var summary: DocumentSummary
  /// Its whole text, put together from the chunks; nil where only vectors are known.
  public var text: String?
  /// Its chunks, in order.
  public var chunks: [StoredChunk]
}

/// One chunk of a document.
public struct StoredChunk: Sendable, Codable, Equatable {
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
  public var spaces: [String]
}

/// What is known about a collection.
public struct CollectionSummary: Sendable, Codable, Equatable {
  /// Its name.
  public var name: String
  /// Its target space, fixed when its first document comes.
  public var space: String
  /// How many documents it has.
  public var documents: Int
  /// How many of them wait for their vectors.
  public var pending: Int
  /// How many chunks.
  public var chunks: Int
  /// How many vectors, by space.
  public var vectors: [String: Int]
  /// When it was made, ISO 8601, UTC.
  public var created: String
}
