// What `add` and `import` tell when they are done; as JSON its keys are public.

public import Foundation

/// What an `add` or `import` did: counts that add up, what it cost, and what went wrong where.
public struct AddReport: Sendable, Codable, Hashable {
  /// Counts of documents.
  public struct Documents: Sendable, Codable, Hashable {
    /// New ones.
    public var added = 0
    /// Ones whose text, metadata or vectors changed and were replaced.
    public var updated = 0
    /// Ones that are as they were.
    public var unchanged = 0
    /// Ones that are as they were, and whose file was moved or renamed.
    public var moved = 0
    /// Ones removed because their files are gone (`prune`).
    public var removed = 0
    /// Ones waiting for the embedding service; their earlier versions go on answering.
    public var pending = 0
    /// Ones that could not be read, or of which a chunk was refused for good.
    public var failed = 0

    /// Creates a value from its parts.
    public init(
      added: Int = 0, updated: Int = 0, unchanged: Int = 0, moved: Int = 0, removed: Int = 0,
      pending: Int = 0, failed: Int = 0
    ) {
      self.added = added
      self.updated = updated
      self.unchanged = unchanged
      self.moved = moved
      self.removed = removed
      self.pending = pending
      self.failed = failed
    }
  }

  /// Counts of chunks: each chunk seen is counted once.
  public struct Chunks: Sendable, Codable, Hashable {
    /// Embedded now, in the collection's target space.
    public var embedded = 0
    /// Whose text had its vector already.
    public var reused = 0
    /// Answering by a stand-in of the mock space.
    public var standIn = 0
    /// Of documents that are pending.
    public var pending = 0
    /// Refused for good.
    public var failed = 0

    /// Creates a value from its parts.
    public init(
      embedded: Int = 0, reused: Int = 0, standIn: Int = 0, pending: Int = 0, failed: Int = 0
    ) {
      self.embedded = embedded
      self.reused = reused
      self.standIn = standIn
      self.pending = pending
      self.failed = failed
    }
  }

  /// A file of a folder that was not taken.
  public struct LeftOut: Sendable, Codable, Hashable {
    /// The file's source, or path.
    public var source: String
    /// What it is.
    public var kind: SkippedFileKind
    /// Why it was not taken, and what helps.
    public var reason: String

    /// Creates a value from its parts.
    public init(source: String, kind: SkippedFileKind, reason: String) {
      self.source = source
      self.kind = kind
      self.reason = reason
    }

    init(_ source: String, _ file: SkippedFile) {
      self.init(source: source, kind: file.kind, reason: file.reason)
    }
  }

  /// One thing that went wrong.
  public struct Problem: Sendable, Codable, Hashable {
    /// The document's source or the path, where the problem belongs to one.
    public var source: String?
    /// The document's place among those given, from 0, where they were given as texts.
    public var index: Int?
    /// The chunk's ordinal, from 0, where the problem belongs to one.
    public var chunk: Int?
    /// What kind of problem it is.
    public var code: StoreError.Code
    /// What failed, what was found, what was expected, and the next step.
    public var message: String

    /// Creates a value from its parts.
    public init(
      source: String? = nil, index: Int? = nil, chunk: Int? = nil, code: StoreError.Code,
      message: String
    ) {
      self.source = source
      self.index = index
      self.chunk = chunk
      self.code = code
      self.message = message
    }
  }

  /// A document whose file was moved or renamed. It keeps its id, its chunks and its vectors.
  public struct Move: Sendable, Codable, Hashable {
    /// Its source before.
    public var from: String
    /// Its source now.
    public var to: String

    /// Creates a value from its parts.
    public init(from: String, to: String) {
      self.from = from
      self.to = to
    }
  }

  /// A document whose file is not there any more, or not taken any more.
  ///
  /// One whose file is missing still answers: it may have been moved to a folder that is added next, or be on a
  /// disk that is not there. All others do not answer.
  public struct Gone: Sendable, Codable, Hashable {
    /// Why a file is not taken.
    public enum Reason: String, Sendable, Codable, CaseIterable {
      /// Nothing is at its path.
      case missing
      /// It is ignored now, or no glob takes it.
      case ignored
      /// It holds no text that can be read.
      case notText
      /// It cannot be read.
      case unreadable
      /// A folder, a link or something else is at its path.
      case notAFile
      /// It is empty.
      case empty
    }

    /// The document's source.
    public var source: String
    /// Why its file is not taken.
    public var reason: Reason

    /// Creates a value from its parts.
    public init(source: String, reason: Reason) {
      self.source = source
      self.reason = reason
    }
  }

  /// What a service made of documents in a run.
  public struct Parsed: Sendable, Codable, Hashable {
    /// Documents that it parsed, or in a dry run would parse.
    public var documents = 0
    /// Their pages, which are what is paid for; in a dry run the most that there may be.
    public var pages = 0
    /// Documents that it, or another service, had parsed before, in any store: they cost nothing.
    public var known = 0
    /// Requests that sent documents.
    public var requests = 0
    /// What they cost, in US dollars. It is not part of ``AddReport/costUSD``.
    public var costUSD = 0.0
    /// What may be billed besides, in US dollars.
    public var possibleCostUSD = 0.0

    /// The name of the run in the ledger and in the logs of both services; nil for a dry run.
    public var correlationID: String?

    /// Creates a value from its parts.
    public init(
      documents: Int = 0, pages: Int = 0, known: Int = 0, requests: Int = 0, costUSD: Double = 0.0,
      possibleCostUSD: Double = 0.0, correlationID: String? = nil
    ) {
      self.documents = documents
      self.pages = pages
      self.known = known
      self.requests = requests
      self.costUSD = costUSD
      self.possibleCostUSD = possibleCostUSD
      self.correlationID = correlationID
    }
  }

  /// Why a service embeds no more texts of a run.
  public struct Stop: Sendable, Codable, Hashable {
    /// What kind of reason it is, as ``StoreError/Code/budgetExceeded``.
    public var code: StoreError.Code
    /// What was found and the next step.
    public var message: String
    /// When another attempt has a chance, if time alone brings it.
    public var until: Date?

    /// Creates a value from its parts.
    public init(code: StoreError.Code, message: String, until: Date? = nil) {
      self.code = code
      self.message = message
      self.until = until
    }
  }

  /// Counts of documents.
  public var documents = Documents()
  /// Counts of chunks.
  public var chunks = Chunks()
  /// Files of folders that were left out since they hold no text that can be read: binary, or in an
  /// unknown encoding, or links that are not followed. A file that was named itself is an error instead.
  public var skipped = 0
  /// These files with their reasons; of many the first ten thousand.
  public var leftOut: [LeftOut] = []
  /// How many were left out, by ``LeftOut/kind``.
  public var leftOutByKind: [SkippedFileKind: Int] = [:]
  /// Passages that were longer than the service takes and were cut again.
  public var cutAgain = 0
  /// Documents whose files were moved or renamed.
  public var moved: [Move] = []
  /// Documents whose files are gone or not taken any more. Of those that were not removed, the ones whose files
  /// are missing still answer; the others do not, until their files are taken again, which costs nothing.
  public var gone: [Gone] = []
  /// Roots of which nothing was removed although it was asked for: the folder is missing or empty, or more than
  /// half of its documents are gone, as on a disk that is not there.
  public var notPruned: [String] = []
  /// Tokens billed by the service in this run.
  public var tokens = 0
  /// Whether ``tokens`` is estimated, not counted.
  public var tokensEstimated = false
  /// Requests sent in this run.
  public var requests = 0
  /// What this run cost, in US dollars, with what the batches of ``batched`` cost at most.
  public var costUSD = 0.0
  /// What may be billed besides, in US dollars: requests that were sent and never answered.
  public var possibleCostUSD = 0.0
  /// The texts that batches of the service have, if there are any.
  public var batched: BatchedTexts?
  /// What a service made of documents; nil if none was asked.
  public var parsed: Parsed?
  /// Why the service did not embed all that it was to embed, if it did not.
  public var stopped: Stop?
  /// Whether nothing was changed or spent: the counts tell what an `add` would do.
  public var isDryRun = false
  /// Whether the collection keeps the texts of its passages, as ``AddOptions/keepsText``.
  public var keepsText = true
  /// The mode it ran in.
  public var mode: ServiceMode
  /// The collection's target space.
  public var space: EmbeddingSpace?
  /// How long it took; as JSON `seconds`.
  public var duration = Duration.zero
  /// What the user should know, though nothing failed.
  public var warnings: [String] = []
  /// What went wrong; of many errors the first hundred.
  public var errors: [Problem] = []
  /// How many rows and texts were refused, by code; of bad vectors by code and reason, as
  /// `bad_vector/zero`, `bad_vector/not_finite` or `bad_vector/wrong_dimensions`.
  public var refused: [String: Int] = [:]
  /// Errors beyond those in ``errors``.
  public var errorsOmitted = 0

  /// Creates a value from its parts.
  public init(
    documents: Documents = Documents(), chunks: Chunks = Chunks(), skipped: Int = 0,
    leftOut: [LeftOut] = [], leftOutByKind: [SkippedFileKind: Int] = [:], cutAgain: Int = 0,
    moved: [Move] = [], gone: [Gone] = [], notPruned: [String] = [], tokens: Int = 0,
    tokensEstimated: Bool = false, requests: Int = 0, costUSD: Double = 0.0,
    possibleCostUSD: Double = 0.0, batched: BatchedTexts? = nil, parsed: Parsed? = nil,
    stopped: Stop? = nil, isDryRun: Bool = false, keepsText: Bool = true, mode: ServiceMode,
    space: EmbeddingSpace? = nil, duration: Duration = Duration.zero, warnings: [String] = [],
    errors: [Problem] = [], refused: [String: Int] = [:], errorsOmitted: Int = 0
  ) {
    self.documents = documents
    self.chunks = chunks
    self.skipped = skipped
    self.leftOut = leftOut
    self.leftOutByKind = leftOutByKind
    self.cutAgain = cutAgain
    self.moved = moved
    self.gone = gone
    self.notPruned = notPruned
    self.tokens = tokens
    self.tokensEstimated = tokensEstimated
    self.requests = requests
    self.costUSD = costUSD
    self.possibleCostUSD = possibleCostUSD
    self.batched = batched
    self.parsed = parsed
    self.stopped = stopped
    self.isDryRun = isDryRun
    self.keepsText = keepsText
    self.mode = mode
    self.space = space
    self.duration = duration
    self.warnings = warnings
    self.errors = errors
    self.refused = refused
    self.errorsOmitted = errorsOmitted
  }

  /// Whether a limit of a budget, or the run's own, kept texts from being embedded or documents from being parsed.
  public var isStoppedByBudget: Bool {
    stopped?.code == .budgetExceeded || errors.contains { $0.code == .budgetExceeded }
  }

  enum CodingKeys: String, CodingKey {
    case documents, chunks, skipped, leftOut, leftOutByKind, cutAgain, moved, gone, notPruned,
      tokens
    case tokensEstimated
    case requests, costUSD, possibleCostUSD, batched, parsed
    case stopped, keepsText, mode, space, warnings, errors, refused, errorsOmitted
    case isDryRun = "dryRun"
    case duration = "seconds"
  }

  /// Whether anything is pending or failed. What waits for a batch alone is neither.
  public var isPartial: Bool {
    documents.pending > 0 && (batched == nil || stopped != nil) || documents.failed > 0
      || chunks.failed > 0 || !errors.isEmpty
  }

  /// Throws unless every document was added with all its vectors: for callers that cannot use a part.
  ///
  ///     try await store.add(documents).requireComplete()
  ///
  /// What was added stays. The report of a dry run throws if the run would be incomplete.
  ///
  /// - Returns: this report.
  /// - Throws: ``StoreError`` with the code of what stopped the service; else `serviceUnavailable` if
  ///   documents wait for their vectors, else the code of the first error.
  @discardableResult
  public func requireComplete() throws(StoreError) -> AddReport {
    guard isPartial || stopped != nil || batched != nil else { return self }
    var findings: [String] = []
    if documents.pending > 0 {
      findings.append("\(Self.count(documents.pending, "document")) waiting for vectors")
    }
    if documents.failed > 0 {
      findings.append("\(Self.count(documents.failed, "document")) failed")
    }
    if chunks.failed > 0 { findings.append("\(Self.count(chunks.failed, "passage")) refused") }
    var message = "not all was added: " + findings.joined(separator: ", ")
    if findings.isEmpty { message = "not all was embedded" }
    if batched != nil { message += "; a batch of the embedding service has the rest" }
    if let stopped { message += "; the embedding service stopped: \(stopped.message)" }
    if let error = errors.first(where: { $0.code != stopped?.code }) {
      message += "; first error: \(error.source.map { "\($0): " } ?? "")\(error.message)"
    }
    let code =
      stopped?.code
      ?? (documents.pending > 0 || batched != nil ? .serviceUnavailable : errors.first?.code)
    throw StoreError(code ?? .inputRefused, message)
  }

  private static func count(_ number: Int, _ noun: String) -> String {
    "\(number) \(noun)\(number == 1 ? "" : "s")"
  }
}
