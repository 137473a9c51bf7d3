// What `reembed` tells when it is done, or would do; as JSON its keys are public.

/// What a `reembed` did, or would do and cost.
public struct ReembedReport: Sendable, Codable, Hashable {
  /// Counts of chunks.
  public struct Chunks: Sendable, Codable, Hashable {
    /// Embedded now.
    public var embedded = 0
    /// Whose text had its vector elsewhere in the store.
    public var reused = 0
    /// That still have no vector in the space.
    public var remaining = 0
    /// Refused for good.
    public var failed = 0

    /// Creates a value from its parts.
    public init(embedded: Int = 0, reused: Int = 0, remaining: Int = 0, failed: Int = 0) {
      self.embedded = embedded
      self.reused = reused
      self.remaining = remaining
      self.failed = failed
    }
  }

  /// The collection.
  public var collection: String
  /// Its target space before.
  public var from: EmbeddingSpace
  /// The space it is brought to.
  public var to: EmbeddingSpace
  /// Counts of chunks.
  public var chunks = Chunks()
  /// Passages that were longer than the service takes and were cut again.
  public var cutAgain = 0
  /// Documents that waited for the service and were placed.
  public var pendingPlaced = 0
  /// Documents that still wait.
  public var pendingRemaining = 0
  /// Whether the collection is now wholly in the space.
  public var isComplete = false
  /// Tokens billed, or to be billed.
  public var tokens = 0
  /// Whether ``tokens`` is an upper bound, not counted.
  public var tokensEstimated = false
  /// Requests sent, or to be sent.
  public var requests = 0
  /// What it cost, or would cost, in US dollars, with what the batches of ``batched`` cost at most.
  public var costUSD = 0.0
  /// What may be billed besides, in US dollars: requests that were sent and never answered.
  public var possibleCostUSD = 0.0
  /// The texts that batches of the service have, if there are any.
  public var batched: BatchedTexts?
  /// Why the service did not embed all, if it did not.
  public var stopped: AddReport.Stop?
  /// Whether nothing was changed or spent.
  public var isDryRun = false
  /// How long it took; as JSON `seconds`.
  public var duration = Duration.zero
  /// What the user should know, though nothing failed.
  public var warnings: [String] = []
  /// What went wrong; of many errors the first hundred.
  public var errors: [AddReport.Problem] = []

  /// Creates a value from its parts.
  public init(
    collection: String, from: EmbeddingSpace, to: EmbeddingSpace, chunks: Chunks = Chunks(),
    cutAgain: Int = 0, pendingPlaced: Int = 0, pendingRemaining: Int = 0, isComplete: Bool = false,
    tokens: Int = 0,
    tokensEstimated: Bool = false, requests: Int = 0, costUSD: Double = 0.0,
    possibleCostUSD: Double = 0.0, batched: BatchedTexts? = nil, stopped: AddReport.Stop? = nil,
    isDryRun: Bool = false,
    duration: Duration = Duration.zero, warnings: [String] = [], errors: [AddReport.Problem] = []
  ) {
    self.collection = collection
    self.from = from
    self.to = to
    self.chunks = chunks
    self.cutAgain = cutAgain
    self.pendingPlaced = pendingPlaced
    self.pendingRemaining = pendingRemaining
    self.isComplete = isComplete
    self.tokens = tokens
    self.tokensEstimated = tokensEstimated
    self.requests = requests
    self.costUSD = costUSD
    self.possibleCostUSD = possibleCostUSD
    self.batched = batched
    self.stopped = stopped
    self.isDryRun = isDryRun
    self.duration = duration
    self.warnings = warnings
    self.errors = errors
  }

  enum CodingKeys: String, CodingKey {
    case collection, from, to, chunks, cutAgain, pendingPlaced, pendingRemaining, isComplete, tokens
    case tokensEstimated, requests, costUSD, possibleCostUSD, batched, stopped, warnings,
      errors
    case isDryRun = "dryRun"
    case duration = "seconds"
  }

  /// Whether a limit of the budget, or the run's own, kept texts from being embedded.
  public var isStoppedByBudget: Bool {
    stopped?.code == .budgetExceeded
  }
}
