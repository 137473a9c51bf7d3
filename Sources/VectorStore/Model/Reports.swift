// What `remove`, `compact` and `export` tell, and how long work reports its progress.

/// What `remove` did.
public struct RemoveReport: Sendable, Codable, Equatable {
  /// Documents removed.
  public var documents = 0
  /// Chunks removed with them.
  public var chunks = 0
  /// Collections removed.
  public var collections = 0
  /// Sources that name no document.
  public var notFound: [String] = []
}

/// What `compact` did.
public struct CompactReport: Sendable, Codable, Equatable {
  /// The size of the store's files before, in bytes, write-ahead log included.
  public var bytesBefore: Int64
  /// The size after.
  public var bytesAfter: Int64
  /// How long it took.
  public var seconds: Double
}

/// What `export` wrote.
public struct ExportReport: Sendable, Codable, Equatable {
  /// Rows written, one a chunk.
  public var rows: Int
  /// Chunks left out since they have no vector in the space.
  public var withoutVector: Int
  /// Documents that wait for their vectors and so were left out; nil if none does.
  public var pending: PendingDocuments?
  /// The space of the vectors.
  public var space: String
  /// How long it took.
  public var seconds: Double
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
}

/// A closure that is told how far a long verb is. It is called between batches and should be quick.
public typealias ProgressHandler = @Sendable (StoreProgress) -> Void
