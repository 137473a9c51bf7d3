// How good a store's vectors are, space by space; as JSON its keys are public.

public import Foundation

/// How good a store's vectors are, space by space.
public struct StatisticsReport: Sendable, Codable, Hashable {
  /// Rows that were refused and are not in the store, by the reason.
  public struct Refusal: Sendable, Codable, Hashable {
    /// What kind of refusal it is, as ``StoreError/Code/badVector``.
    public var code: StoreError.Code
    /// Of a bad vector what is wrong with it: `zero`, `not_finite` or `wrong_dimensions`.
    public var reason: String?
    /// How many rows, over all commands so far.
    public var rows: Int
    /// How many commands refused them.
    public var runs: Int

    /// Creates a value from its parts.
    public init(code: StoreError.Code, reason: String? = nil, rows: Int, runs: Int) {
      self.code = code
      self.reason = reason
      self.rows = rows
      self.runs = runs
    }
  }

  /// When the report was made.
  public var at: Date
  /// The collection that was looked at; nil where it was all of them.
  public var collection: String?
  /// The spaces that have vectors, those with the most rows first.
  public var spaces: [Space] = []
  /// What was refused so far, by all commands that wrote this store.
  public var refused: [Refusal] = []
  /// Chunks without any vector: pending, or refused for good by the service.
  public var chunksWithoutVector = 0
  /// Documents that wait for their vectors and so are in no figure; nil if none does.
  public var pending: PendingDocuments?
  /// How well judged questions are answered, where there were any.
  public var retrieval: RetrievalQuality?
  /// Whether the model is still the one that made the vectors, where that was asked.
  public var canary: CanaryReport?
  /// How long it took; as JSON `seconds`.
  public var duration = Duration.zero

  /// Creates a value from its parts.
  public init(
    at: Date, collection: String? = nil, spaces: [Space] = [], refused: [Refusal] = [],
    chunksWithoutVector: Int = 0, pending: PendingDocuments? = nil,
    retrieval: RetrievalQuality? = nil, canary: CanaryReport? = nil,
    duration: Duration = Duration.zero
  ) {
    self.at = at
    self.collection = collection
    self.spaces = spaces
    self.refused = refused
    self.chunksWithoutVector = chunksWithoutVector
    self.pending = pending
    self.retrieval = retrieval
    self.canary = canary
    self.duration = duration
  }

  enum CodingKeys: String, CodingKey {
    case at, collection, spaces, refused, chunksWithoutVector, pending, retrieval, canary
    case duration = "seconds"
  }
}

/// What `stats` measures and with what.
public struct StatisticsOptions: Sendable {
  /// Cosines of this and more make two rows near-duplicates.
  public var duplicateThreshold = 0.98
  /// Up to so many rows what needs neighbours is exact; at most 20,000.
  public var exactRows = 5000
  /// Beyond ``exactRows`` so many rows, taken at random, are compared with all: 1 to 20,000.
  public var sampleRows = 2500
  /// The seed by which rows are taken at random: the same rows each time.
  public var seed: UInt64 = 1
  /// Rows on the map.
  public var mapRows = 2000
  /// Keeps a summary of the space under this name; one that is there is replaced.
  public var save: String?
  /// Compares with the summary that was saved under this name.
  public var compare: String?

  /// Creates a value from its parts.
  public init(
    duplicateThreshold: Double = 0.98, exactRows: Int = 5000, sampleRows: Int = 2500,
    seed: UInt64 = 1, mapRows: Int = 2000, save: String? = nil, compare: String? = nil
  ) {
    self.duplicateThreshold = duplicateThreshold
    self.exactRows = exactRows
    self.sampleRows = sampleRows
    self.seed = seed
    self.mapRows = mapRows
    self.save = save
    self.compare = compare
  }
}
