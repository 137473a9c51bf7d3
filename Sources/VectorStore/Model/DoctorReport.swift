// What `doctor` tells: one entry a check, what was found and what to do. Built by Doctor/, printed by the
// command; as JSON its keys are public.

/// How a store is, and what was repaired.
public struct DoctorReport: Sendable, Codable, Equatable {
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
  public enum Name: String, Sendable, Codable, CaseIterable {
    /// The file: that it opens as a store, its length, journal and permissions.
    case file
    /// SQLite's own check of pages, tables and indexes.
    case integrity
    /// Tables, indexes and triggers are those of this format.
    case schema
    /// Every row's parents are there.
    case references
    /// The counter that caches follow.
    case generation
    /// Texts are those of their hashes.
    case texts
    /// The word index says what the texts say.
    case words
    /// The table that filters search says what the documents' metadata say.
    case fields
    /// Vectors have the bytes of their dimensions.
    case vectorSizes = "vector_sizes"
    /// Vectors hold neither NaN nor infinity.
    case vectorValues = "vector_values"
    /// Vectors are of unit length.
    case vectorLengths = "vector_lengths"
    /// The lengths that vectors came with are possible ones.
    case vectorNorms = "vector_norms"
    /// Vectors are those of their checksums.
    case checksums
    /// Vectors are in their collection's target space, or stand-ins.
    case vectorSpaces = "vector_spaces"
    /// Segments have all their parts, with the right checksums.
    case segments
    /// Segments follow one another without gap or overlap.
    case segmentChain = "segment_chain"
    /// Segments name the right vectors and know which are gone.
    case segmentRows = "segment_rows"
    /// Codes are those of their vectors.
    case codes
    /// Chunks have a vector.
    case unembedded
    /// Chunks that answer by a mock vector in the place of a real one.
    case standIns = "stand_ins"
    /// Documents that wait for the service.
    case pending
    /// Chunks that the service refused for good.
    case refused
    /// Vectors that have been paid for and wait for their documents.
    case staged
    /// Commands that were cut off.
    case runs
    /// Files that changed or vanished since they were added.
    case files
    /// The ledger is whole, and its totals are those of its attempts.
    case ledger
    /// Reservations in the ledger whose processes are gone.
    case reservations
    /// The SQLite library.
    case sqlite
    /// Room on the disk.
    case disk
    /// OpenBLAS and the kernels in use.
    case kernels
    /// recall@10 of the fast search against exact search.
    case recall
    /// How often a chunk's nearest neighbour is of its own document.
    case consistency
  }

  /// What one check came to.
  public struct Check: Sendable, Codable, Equatable {
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
  /// How long it took, in seconds.
  public var seconds: Double

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
  /// The folder that the sources of files are relative to; nil is the process's.
  public var folder: String?

  /// Creates the defaults: look, repair nothing.
  public init() {}
}
