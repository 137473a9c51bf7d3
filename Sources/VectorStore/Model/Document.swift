// What `add` takes when documents are at hand, how they are added, and what that may cost.

import VectorStoreText

/// A document to be added: a text, with or without its vector, or chunks that are cut already.
///
///     Document(id: "sky", text: "The sky is blue.", metadata: ["kind": "note"])
///     Document(id: "sea", text: "The sea is green.", vector: model.embed("The sea is green."))
///     Document(id: "play", chunks: ["Act one. …", "Act two. …"])
///
/// A vector that a document brings costs nothing and is taken to be of the collection's space; of a
/// new collection's it is the space of the store's service. It must have the space's dimensions, be
/// finite and not zero, and is kept at unit length.
public struct Document: Sendable, Codable, Hashable {
  /// A piece of a document, taken as it is.
  public struct Chunk: Sendable, Codable, Hashable, ExpressibleByStringLiteral {
    /// The text that is embedded, searched and shown; nil if there is only a vector.
    public var text: String?
    /// Its vector, as ``Document/vector``; nil has the text embedded.
    public var vector: [Float]?
    /// Where it stands in the document's text, in Unicode scalars from 0; nil if that is not known.
    public var range: Range<Int>?
    /// The line of its first scalar, from 1; nil if that is not known.
    public var line: Int?

    /// Creates a piece of a document.
    public init(
      text: String?, vector: [Float]? = nil, range: Range<Int>? = nil, line: Int? = nil
    ) {
      self.text = text
      self.vector = vector
      self.range = range
      self.line = line
    }

    /// Creates a piece that is embedded when it is added.
    public init(stringLiteral text: String) { self.init(text: text) }
  }

  /// The name by which the document is found, replaced and removed. Nil names it `text-` and the
  /// first 12 hexadecimal digits of its text's SHA-256: the same text is the same document.
  public var source: String?
  /// The whole text; nil if the document is its vector or its chunks.
  public var text: String?
  /// The vector of the whole text, which then is one chunk; nil has the text cut and embedded.
  public var vector: [Float]?
  /// The document's chunks, taken as they are; none has ``text`` cut.
  public var chunks: [Chunk]
  /// How to cut the text; nil decides by the name ``source``.
  public var format: DocumentFormat?
  /// What is known about the document. Front matter of a Markdown text is added to it; if both name
  /// the same key, this wins.
  public var metadata: [String: MetadataValue]

  /// Creates a document of a text. With its vector it is one chunk; without, it is cut and embedded.
  public init(
    id source: String? = nil, text: String, vector: [Float]? = nil,
    format: DocumentFormat? = nil, metadata: [String: MetadataValue] = [:]
  ) {
    self.source = source
    self.text = text
    self.vector = vector
    chunks = []
    self.format = format
    self.metadata = metadata
  }

  /// Creates a document of a vector without a text. Words do not find it.
  public init(id source: String, vector: [Float], metadata: [String: MetadataValue] = [:]) {
    self.source = source
    self.vector = vector
    chunks = []
    self.metadata = metadata
  }

  /// Creates a document of chunks that are cut already. Its text is theirs, one after the other.
  public init(id source: String, chunks: [Chunk], metadata: [String: MetadataValue] = [:]) {
    self.source = source
    self.chunks = chunks
    self.metadata = metadata
  }
}

/// How documents are added.
public struct AddOptions: Sendable {
  /// The most bytes of one document's text; what SQLite takes in one row is less than twice as much.
  public static let maximumTextBytes = 512 << 20

  /// How texts are cut; nil cuts files as they were cut when their root was added, and all else by the default.
  public var chunking: ChunkingOptions?
  /// Cuts texts in place of ``chunking``; nil leaves it to the store's own ``Chunker``. Its chunks are
  /// taken as they are.
  public var chunker: (any TextChunker)?
  /// Commands that read files of further kinds, or of kinds that the library reads, in its place. What was given
  /// for a folder before stays for endings that are not named. One that is only remembered is run if
  /// ``StoreConfiguration/allowedConverters`` holds it.
  public var converters: [FileConverter] = []
  /// Whether the collection keeps the texts of its passages; nil for as before, and in a new one for true. Decided
  /// while it has no documents.
  ///
  /// Without texts the store has only their ranges, hashes and vectors, and of what a document says about itself
  /// nothing either. Hits show the text of their files as long as these stay as they are. There is no word search,
  /// and no document waits for its vectors.
  public var keepsText: Bool?
  /// The field of tables (CSV, TSV) and of JSON lines that is their text; nil as before, empty for none. The rows of
  /// a file are one document, each row cut by itself. What the other fields hold is the document's metadata: a value
  /// that all rows share, or a list of up to 32 values. To have each row as a document, import the file.
  public var textField: String?
  /// The parsers of the store's configuration, and what its converters may do.
  var parsers: [any DocumentParser] = []
  var allowedConverters: Set<FileConverter> = []
  var addedPaths: [String] = []
  /// Metadata for every document of this call. A file that is added again keeps what was given for it
  /// before, unless this names the same key or ``removedMetadata`` does.
  public var metadata: [String: MetadataValue] = [:]
  /// Which files a service parses; nil if none does.
  var filesForService: FilesForService?
  /// Metadata that new documents of a folder get besides, as the folder keeps it.
  var rootMetadata: [String: MetadataValue] = [:]
  /// Keys that were given for documents before and that these lose.
  public var removedMetadata: Set<String> = []
  /// Whether documents at hand keep, as files do, the metadata that was given for them before. Otherwise
  /// what they bring takes its place.
  public var keepsMetadata = false
  /// Which files of folders are taken, as `*.md`, `docs/**/*.swift` or `!drafts/*`; empty takes those that
  /// were taken when the folder was added before, else all. `*` takes all again.
  public var globs: [String] = []
  /// The IANA name of the encoding that files are in which are neither UTF-8 nor say that they are UTF-16,
  /// as `windows-1252` or `Shift_JIS`; nil leaves them out.
  public var encoding: String?
  /// Whether symbolic links in folders are followed. Otherwise they are left out, and told.
  public var followsLinks = false
  /// Whether documents are removed whose files are gone from an added folder, or not taken any more.
  public var prunes = false
  /// Whether ``prunes`` may remove more than half of a folder's documents at once, or all of one that is missing
  /// or empty. Otherwise that is taken for a disk that is not there, and nothing of the folder is removed.
  public var prunesMostOfARoot = false

  /// The space of the collection's vectors, chosen if the collection is new or empty; any service of
  /// the store's configuration may serve it. Nil takes the space that the store gives new collections,
  /// or the one that the collection has. In mode ``ServiceMode/mock`` a new collection gets the mock
  /// space in any case, so that tests run without the service.
  public var space: EmbeddingSpace?
  /// Whether to write and spend nothing: the report then tells what the same call without it would
  /// do, and its tokens, requests and cost to the token where the service counts exactly.
  public var isDryRun = false
  /// What the run may spend.
  public var spending = SpendingOptions()

  /// Creates a value from its parts.
  public init(
    chunking: ChunkingOptions? = nil, chunker: (any TextChunker)? = nil,
    converters: [FileConverter] = [], keepsText: Bool? = nil, textField: String? = nil,
    metadata: [String: MetadataValue] = [:], removedMetadata: Set<String> = [],
    keepsMetadata: Bool = false, globs: [String] = [], encoding: String? = nil,
    followsLinks: Bool = false, prunes: Bool = false, prunesMostOfARoot: Bool = false,
    space: EmbeddingSpace? = nil, isDryRun: Bool = false,
    spending: SpendingOptions = SpendingOptions()
  ) {
    self.chunking = chunking
    self.chunker = chunker
    self.converters = converters
    self.keepsText = keepsText
    self.textField = textField
    self.metadata = metadata
    self.removedMetadata = removedMetadata
    self.keepsMetadata = keepsMetadata
    self.globs = globs
    self.encoding = encoding
    self.followsLinks = followsLinks
    self.prunes = prunes
    self.prunesMostOfARoot = prunesMostOfARoot
    self.space = space
    self.isDryRun = isDryRun
    self.spending = spending
  }

}

/// The limits of one run that may cost money.
public struct SpendingOptions: Sendable {
  /// The most that the run may cost; the budget holds in any case.
  public var maximumCost = SpendingLimit<NanoDollars>.unlimited
  /// Whether the run waits where the budget is used up, or the service is left alone after failures,
  /// until it may go on. Without it the run ends in part.
  public var waits = false
  /// Whether texts are handed over in batches of the service's Batch API, at half the price, and their
  /// vectors come within a day: ``Store/fetchBatches(progress:)`` takes them in. Until then documents
  /// without vectors answer by their words, or wait.
  public var usesBatches = false
  /// Told why the run waits where it does so for long, once a minute.
  public var onWait: (@Sendable (String) -> Void)?

  /// The money of one run, if it pays several services.
  var purse: RunPurse?

  /// Creates a value from its parts.
  public init(
    maximumCost: SpendingLimit<NanoDollars> = SpendingLimit<NanoDollars>.unlimited,
    waits: Bool = false, usesBatches: Bool = false, onWait: (@Sendable (String) -> Void)? = nil
  ) {
    self.maximumCost = maximumCost
    self.waits = waits
    self.usesBatches = usesBatches
    self.onWait = onWait
  }

  func requestOptions(runID: String) -> ServiceRequests.Options {
    var options = ServiceRequests.Options(runID: runID)
    options.maximumCost = maximumCost
    if let purse { options.purse = purse }
    options.waitsForWindow = waits
    options.onWait = onWait
    return options
  }
}
