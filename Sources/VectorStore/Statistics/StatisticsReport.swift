// How good a store's vectors are, space by space; as JSON its keys are public.

/// How good a store's vectors are, space by space.
public struct StatisticsReport: Sendable, Codable, Equatable {
  /// Rows that were refused and are not in the store, by the reason.
  public struct Refusal: Sendable, Codable, Equatable {
    /// What kind of refusal it is, as ``StoreError/Code/badVector``.
    public var code: StoreError.Code
    /// Of a bad vector what is wrong with it: `zero`, `not_finite` or `wrong_dimensions`.
    public var reason: String?
    /// How many rows, over all commands so far.
    public var rows: Int
    /// How many commands refused them.
    public var runs: Int
  }

  /// When the report was made, ISO 8601, UTC.
  public var at: String
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
  /// How long it took, in seconds.
  public var seconds = 0.0

  /// Creates a report without any space.
  public init(at: String, collection: String?) {
    self.at = at
    self.collection = collection
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

  /// Creates the defaults.
  public init() {}
}

extension StatisticsReport {
  /// How some numbers are spread: mean, deviation, percentiles and a histogram.
  public typealias Distribution = VectorStatistics.Distribution
  /// How many values fall into each of some bins.
  public typealias Histogram = VectorStatistics.Histogram
}
