// Reports about batches of an embedding service. Their JSON keys are public.

public import Foundation

/// The texts of a run that batches of the service have.
public struct BatchedTexts: Sendable, Codable, Hashable {
  /// Batches that this run handed over, or would hand over.
  public var batches = 0
  /// Their texts.
  public var texts = 0
  /// Their tokens, exact or an upper bound.
  public var tokens = 0
  /// What they cost at most, in US dollars: half of what the texts cost otherwise.
  public var costUSD = 0.0
  /// Texts of this run that batches have which were handed over before.
  public var waiting = 0

  /// Creates a value from its parts.
  public init(
    batches: Int = 0, texts: Int = 0, tokens: Int = 0, costUSD: Double = 0.0, waiting: Int = 0
  ) {
    self.batches = batches
    self.texts = texts
    self.tokens = tokens
    self.costUSD = costUSD
    self.waiting = waiting
  }

  /// What a run handed over; nil if batches have none of its texts.
  init?(_ totals: RunTotals, later: Int) {
    guard totals.batches > 0 || later > 0 else { return nil }
    self.init(
      batches: totals.batches, texts: totals.batchedTexts, tokens: totals.batchedTokens,
      costUSD: totals.batchedCost.usd, waiting: max(0, later - totals.batchedTexts))
  }
}

extension BatchedTexts {
  static func + (left: Self, right: Self) -> Self {
    Self(
      batches: left.batches + right.batches, texts: left.texts + right.texts,
      tokens: left.tokens + right.tokens, costUSD: left.costUSD + right.costUSD,
      waiting: left.waiting + right.waiting)
  }
}

/// A batch that was handed over to an embedding service.
public struct BatchSummary: Sendable, Codable, Hashable {
  /// How a batch is.
  public enum State: String, Sendable, Codable, CaseIterable {
    /// The service works on it, or it was not asked.
    case waiting
    /// A process is handing it over.
    case sending
    /// Answered, wholly or but for some texts.
    case answered
    /// Its day was over before all was answered; what was is kept.
    case expired
    /// Given up at the service; what was answered by then is kept.
    case cancelled
    /// The service refused it, lost it, or never had it. Its texts are free to be sent again.
    case failed
  }

  /// What the service calls it; nil if it was never created.
  public var name: String?
  /// Where it is.
  public var server: String
  /// The space of its vectors.
  public var space: EmbeddingSpace
  /// How it is.
  public var state: State
  /// Its texts.
  public var texts: Int
  /// Of these, how many are answered by now, as far as the service was asked.
  public var answered = 0
  /// How many were refused for good.
  public var refused = 0
  /// Tokens: reserved, or billed once it has ended.
  public var tokens: Int
  /// What it costs, in US dollars: at most, or what was billed once it has ended.
  public var costUSD: Double
  /// When it was handed over.
  public var since: Date
  /// Why it failed, or could not be asked for.
  public var reason: String?

  /// Creates a value from its parts.
  public init(
    name: String? = nil, server: String, space: EmbeddingSpace, state: State, texts: Int,
    answered: Int = 0, refused: Int = 0, tokens: Int, costUSD: Double, since: Date,
    reason: String? = nil
  ) {
    self.name = name
    self.server = server
    self.space = space
    self.state = state
    self.texts = texts
    self.answered = answered
    self.refused = refused
    self.tokens = tokens
    self.costUSD = costUSD
    self.since = since
    self.reason = reason
  }

  /// Whether nothing more comes of it: the store has forgotten it.
  public var hasEnded: Bool { state != .waiting && state != .sending }

  init(_ batch: BatchRecord) throws {
    name = batch.batch
    server = batch.server
    space = batch.space.space
    state = .waiting
    texts = batch.texts
    tokens = batch.tokens
    costUSD = batch.cost.usd
    since = try Timestamp.date(batch.since)
  }
}

/// What `fetchBatches` found and took in.
public struct BatchesReport: Sendable, Codable, Hashable {
  /// All batches there were, oldest first.
  public var batches: [BatchSummary] = []
  /// Passages that have vectors now.
  public var embedded = 0
  /// Documents that waited and were placed.
  public var documentsPlaced = 0
  /// What went wrong.
  public var errors: [AddReport.Problem] = []

  /// Creates a value from its parts.
  public init(
    batches: [BatchSummary] = [], embedded: Int = 0, documentsPlaced: Int = 0,
    errors: [AddReport.Problem] = []
  ) {
    self.batches = batches
    self.embedded = embedded
    self.documentsPlaced = documentsPlaced
    self.errors = errors
  }
}
