// What `doctor` tells: one entry a check, what was found and what to do. Built by Doctor/, printed by the
// command; as JSON its keys are public.

/// How a store is, and what was repaired.
public struct DoctorReport: Sendable, Codable, Hashable {
  /// What came of a check.
  public enum State: String, Sendable, Codable {
    /// All is well.
    case ok
    /// Nothing is broken, but something wants to be known or done.
    case warning
    /// Something is wrong.
    case problem
    /// Something was wrong and was repaired.
    case repaired
  }

  /// What is checked. New checks may be added.
  public struct Name: RawRepresentable, Hashable, Sendable, Codable, CustomStringConvertible {
    /// The name as text, as it stands in JSON.
    public let rawValue: String

    /// Creates a name from its text.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The name as text.
    public var description: String { rawValue }

    /// The file: that it opens as a store, its length, journal and permissions.
    public static let file = Name(rawValue: "file")
    /// SQLite's own check of pages, tables and indexes.
    public static let integrity = Name(rawValue: "integrity")
    /// Tables, indexes and triggers are those of this format.
    public static let schema = Name(rawValue: "schema")
    /// Every row's parents are there.
    public static let references = Name(rawValue: "references")
    /// The counter that caches follow.
    public static let generation = Name(rawValue: "generation")
    /// Texts are those of their hashes.
    public static let texts = Name(rawValue: "texts")
    /// The word index says what the texts say.
    public static let words = Name(rawValue: "words")
    /// The table that filters search says what the documents' metadata say.
    public static let fields = Name(rawValue: "fields")
    /// The times of documents, collections and roots can be read.
    public static let times = Name(rawValue: "times")
    /// Vectors have the bytes of their dimensions.
    public static let vectorSizes = Name(rawValue: "vector_sizes")
    /// Vectors hold neither NaN nor infinity.
    public static let vectorValues = Name(rawValue: "vector_values")
    /// Vectors are of unit length.
    public static let vectorLengths = Name(rawValue: "vector_lengths")
    /// The lengths that vectors came with are possible ones.
    public static let vectorNorms = Name(rawValue: "vector_norms")
    /// Vectors are those of their checksums.
    public static let checksums = Name(rawValue: "checksums")
    /// Vectors are in their collection's target space, or stand-ins.
    public static let vectorSpaces = Name(rawValue: "vector_spaces")
    /// Segments have all their parts, with the right checksums.
    public static let segments = Name(rawValue: "segments")
    /// Segments follow one another without gap or overlap.
    public static let segmentChain = Name(rawValue: "segment_chain")
    /// Segments name the right vectors and know which are gone.
    public static let segmentRows = Name(rawValue: "segment_rows")
    /// Codes are those of their vectors.
    public static let codes = Name(rawValue: "codes")
    /// Chunks have a vector.
    public static let unembedded = Name(rawValue: "unembedded")
    /// Chunks that answer by a mock vector in the place of a real one.
    public static let standIns = Name(rawValue: "stand_ins")
    /// Documents that wait for the service.
    public static let pending = Name(rawValue: "pending")
    /// Chunks that the service refused for good.
    public static let refused = Name(rawValue: "refused")
    /// Vectors that have been paid for and wait for their documents.
    public static let staged = Name(rawValue: "staged")
    /// Commands that were cut off.
    public static let runs = Name(rawValue: "runs")
    /// Files that changed or vanished since they were added.
    public static let files = Name(rawValue: "files")
    /// The ledger is whole, and its totals are those of its attempts.
    public static let ledger = Name(rawValue: "ledger")
    /// Reservations in the ledger whose processes are gone.
    public static let reservations = Name(rawValue: "reservations")
    /// The server of a store on PostgreSQL, and pgvector.
    public static let server = Name(rawValue: "server")
    /// The indexes of vectors of a store on PostgreSQL.
    public static let index = Name(rawValue: "index")
    /// Dead rows of a store on PostgreSQL.
    public static let bloat = Name(rawValue: "bloat")
    /// The SQLite library.
    public static let sqlite = Name(rawValue: "sqlite")
    /// Room on the disk.
    public static let disk = Name(rawValue: "disk")
    /// OpenBLAS and the kernels in use.
    public static let kernels = Name(rawValue: "kernels")
    /// recall@10 of the fast search against exact search.
    public static let recall = Name(rawValue: "recall")
    /// How often a chunk's nearest neighbour is of its own document.
    public static let consistency = Name(rawValue: "consistency")
  }

  /// What one check came to.
  public struct Check: Sendable, Codable, Hashable {
    /// What was checked.
    public var name: Name
    /// What came of it.
    public var state: State
    /// What was found, in one sentence; after a repair, what was done.
    public var message: String
    /// How many rows, documents or files are concerned.
    public var count = 0
    /// Some of them.
    public var examples: [String] = []
    /// The next step, where there is one.
    public var advice: String?
    /// Measured numbers by name, as `recall`.
    public var figures: [String: Double] = [:]

    /// Creates a value from its parts.
    public init(
      name: Name, state: State, message: String, count: Int = 0, examples: [String] = [],
      advice: String? = nil, figures: [String: Double] = [:]
    ) {
      self.name = name
      self.state = state
      self.message = message
      self.count = count
      self.examples = examples
      self.advice = advice
      self.figures = figures
    }

    init(_ name: Name, _ state: State = .ok, _ message: String) {
      self.name = name
      self.state = state
      self.message = message
    }
  }

  /// The store's path.
  public var store: String
  /// The checks, in the order in which they were made.
  public var checks: [Check]
  /// How long it took; as JSON `seconds`.
  public var duration: Duration

  /// Creates a value from its parts.
  public init(store: String, checks: [Check], duration: Duration) {
    self.store = store
    self.checks = checks
    self.duration = duration
  }

  enum CodingKeys: String, CodingKey {
    case store, checks
    case duration = "seconds"
  }

  /// Whether there is no problem; warnings do not count.
  public var isWell: Bool { !checks.contains { $0.state == .problem } }

  /// The check of a name, if it was made.
  public subscript(name: Name) -> Check? { checks.first { $0.name == name } }
}

/// What `doctor` is to do.
public struct DoctorOptions: Sendable {
  /// Whether to repair what is derived; else nothing is written.
  public var repairs = false
  /// Whether to measure the recall of the fast search, and the consistency of documents.
  public var measuresRecall = false
  /// How many of each collection's own vectors are asked for; 1 to 1,000,000.
  public var sampleSize = 100

  /// Creates a value from its parts.
  public init(
    repairs: Bool = false, measuresRecall: Bool = false, sampleSize: Int = 100
  ) {
    self.repairs = repairs
    self.measuresRecall = measuresRecall
    self.sampleSize = sampleSize
  }

}
