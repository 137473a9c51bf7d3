// What `remove`, `compact` and `export` tell, which documents wait, and how long work reports its progress.

/// What `remove` did.
public struct RemoveReport: Sendable, Codable, Hashable {
  /// Documents removed.
  public var documents = 0
  /// Chunks removed with them.
  public var chunks = 0
  /// Collections removed.
  public var collections = 0
  /// Sources that name no document.
  public var notFound: [String] = []

  /// Creates a value from its parts.
  public init(documents: Int = 0, chunks: Int = 0, collections: Int = 0, notFound: [String] = []) {
    self.documents = documents
    self.chunks = chunks
    self.collections = collections
    self.notFound = notFound
  }
}

/// What `compact` did.
public struct CompactReport: Sendable, Codable, Hashable {
  /// The size of the store's files before, in bytes, write-ahead log included.
  public var bytesBefore: Int64
  /// The size after.
  public var bytesAfter: Int64
  /// How long it took; as JSON `seconds`.
  public var duration: Duration

  /// Creates a value from its parts.
  public init(bytesBefore: Int64, bytesAfter: Int64, duration: Duration) {
    self.bytesBefore = bytesBefore
    self.bytesAfter = bytesAfter
    self.duration = duration
  }

  enum CodingKeys: String, CodingKey {
    case bytesBefore, bytesAfter
    case duration = "seconds"
  }
}

/// What `export` wrote.
public struct ExportReport: Sendable, Codable, Hashable {
  /// Documents written, whole or by their chunks.
  public var documents: Int
  /// Chunks written.
  public var rows: Int
  /// Chunks that have no vector in the space. A .npy file leaves them out.
  public var withoutVector: Int
  /// Documents that wait for their vectors and so were left out; nil if none does, or documents were
  /// written whole.
  public var pending: PendingDocuments?
  /// The space of the vectors.
  public var space: EmbeddingSpace
  /// How long it took; as JSON `seconds`.
  public var duration: Duration

  /// Creates a value from its parts.
  public init(
    documents: Int = 0, rows: Int, withoutVector: Int, pending: PendingDocuments? = nil,
    space: EmbeddingSpace, duration: Duration
  ) {
    self.documents = documents
    self.rows = rows
    self.withoutVector = withoutVector
    self.pending = pending
    self.space = space
    self.duration = duration
  }

  enum CodingKeys: String, CodingKey {
    case documents, rows, withoutVector, pending, space
    case duration = "seconds"
  }
}

/// How far a long verb is, after each batch.
public struct StoreProgress: Sendable {
  /// Work done so far, in ``unit``s.
  public var done: Int
  /// All of it, where that is known.
  public var total: Int?
  /// What is counted: `documents`, `rows`.
  public var unit: String
  /// The document at hand.
  public var current: String?

  /// Creates a value from its parts.
  public init(done: Int, total: Int? = nil, unit: String, current: String? = nil) {
    self.done = done
    self.total = total
    self.unit = unit
    self.current = current
  }
}

/// A closure that is told how far a long verb is. It is called between batches and should be quick.
public typealias ProgressHandler = @Sendable (StoreProgress) -> Void

// The coding that the compiler writes for this module's reports finds these before the generic ones.
extension KeyedEncodingContainer {
  mutating func encode(_ value: Duration, forKey key: Key) throws {
    try encode(value.inSeconds, forKey: key)
  }

  mutating func encodeIfPresent(_ value: Duration?, forKey key: Key) throws {
    try encodeIfPresent(value?.inSeconds, forKey: key)
  }
}

extension KeyedDecodingContainer {
  func decode(_ type: Duration.Type, forKey key: Key) throws -> Duration {
    try Duration(written: try decode(Double.self, forKey: key), at: codingPath + [key])
  }

  func decodeIfPresent(_ type: Duration.Type, forKey key: Key) throws -> Duration? {
    try decodeIfPresent(Double.self, forKey: key).map {
      try Duration(written: $0, at: codingPath + [key])
    }
  }
}

extension Duration {
  /// How many seconds it is.
  package var inSeconds: Double { self / .seconds(1) }

  /// The duration of a number of seconds, to the nanosecond, which is how clocks count: what was encoded comes
  /// back the same.
  fileprivate init(written seconds: Double, at path: [any CodingKey]) throws {
    guard abs(seconds) < 1e15 else {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: path, debugDescription: "\(seconds) seconds: a duration cannot be so long"))
    }
    let whole = seconds.rounded(.down)
    self = .seconds(whole) + .nanoseconds(Int64(((seconds - whole) * 1e9).rounded()))
  }
}

/// Documents that wait for their vectors. The text that they wait with is not searched yet.
public struct PendingDocuments: Sendable, Codable, Hashable {
  /// How many wait.
  public var count: Int
  /// How many documents there are, those that wait among them.
  public var documents: Int
  /// Why the last of them waits, and what helps.
  public var reason: String

  /// Creates a count of documents that wait.
  public init(count: Int, documents: Int, reason: String) {
    self.count = count
    self.documents = documents
    self.reason = reason
  }

  /// The same as a sentence: how many wait, and why.
  public var message: String {
    let documents = "\(count) of \(documents) document\(documents == 1 ? "" : "s")"
    return count == 1
      ? "\(documents) waits for its vectors and is not searched: \(reason)"
      : "\(documents) wait for their vectors and are not searched: \(reason)"
  }
}
