// Whether a provider's model is still the one that made the vectors. Made by Store+Canary; as JSON its keys
// are public.

/// What came of embedding a few of a collection's own texts again.
public struct CanaryReport: Sendable, Codable, Equatable {
  /// One text.
  public struct Row: Sendable, Codable, Equatable {
    /// The chunk.
    public var chunk: ChunkReference
    /// The cosine between its vector in the store and the new one.
    public var cosine: Double
  }

  /// The collection.
  public var collection: String
  /// The space whose model is asked.
  public var space: String
  /// How many texts.
  public var texts: Int
  /// Their tokens; in a dry run at most so many.
  public var tokens = 0
  /// What they cost, or in a dry run may cost, in US dollars.
  public var costUSD = 0.0
  /// What may have been billed besides: requests that were never answered.
  public var possibleCostUSD = 0.0
  /// Whether nothing was sent.
  public var dryRun: Bool
  /// The least cosine.
  public var minimumCosine: Double?
  /// The mean cosine.
  public var meanCosine: Double?
  /// Good from a least cosine of 0.999 on: services round differently from call to call. Bad below 0.99;
  /// nil in a dry run.
  public var level: Verdict.Level?
  /// The texts, those that moved the most first.
  public var rows: [Row] = []

  /// What that means, in a sentence.
  public var message: String {
    switch level {
    case nil: "Nothing was sent."
    case .good:
      "The model is the one that made the vectors: texts embedded again come out the same."
    case .watch: "Texts embedded again come out slightly off: the model or its rounding changed."
    case .bad:
      "The model changed under the same name, or the vectors came from elsewhere: embed all texts again "
        + "in a new collection."
    }
  }

  /// Enters the cosines of what was embedded again.
  mutating func enter(_ rows: [Row]) {
    self.rows = rows.sorted {
      $0.cosine != $1.cosine ? $0.cosine < $1.cosine : $0.chunk.id < $1.chunk.id
    }
    guard let least = self.rows.first?.cosine else { return }
    minimumCosine = least
    meanCosine = rows.reduce(0) { $0 + $1.cosine } / Double(rows.count)
    level = least >= 0.999 ? .good : least >= 0.99 ? .watch : .bad
  }
}
