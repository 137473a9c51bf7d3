// What `add` takes when the text is at hand. Paths are read by Adding/FileBatches.swift.

/// A text to be added as one document.
public struct DocumentInput: Sendable {
  /// The document's source, by which it is found, replaced and removed. Nil names it after its text.
  public var id: String?
  /// The whole text.
  public var text: String
  /// How to cut it; nil decides by the name ``id``.
  public var format: DocumentFormat?
  /// What is known about the document. Front matter of a Markdown text is added to it, and gives way
  /// where both name the same key.
  public var metadata: [String: MetadataValue]

  /// Creates a document.
  public init(
    id: String? = nil, text: String, format: DocumentFormat? = nil,
    metadata: [String: MetadataValue] = [:]
  ) {
    self.id = id
    self.text = text
    self.format = format
    self.metadata = metadata
  }
}

/// How documents are added.
public struct AddOptions: Sendable {
  /// The most bytes of one document's text; what SQLite takes in one row is less than twice as much.
  public static let maximumTextBytes = 512 << 20

  /// How texts are cut.
  public var chunking = ChunkingOptions()
  /// Metadata for every document of this call.
  public var metadata: [String: MetadataValue] = [:]
  /// Which files of folders are taken, as `*.md`, `docs/**/*.swift` or `!drafts/*`; empty takes all.
  public var globs: [String] = []
  /// Whether documents whose files are gone from an added folder are removed.
  public var prune = false

  /// Whether to write and spend nothing: the report then tells what the same call without it would
  /// do, and its tokens, requests and cost to the token where the service counts exactly.
  public var isDryRun = false
  /// What the run may spend.
  public var spending = SpendingOptions()

  /// Creates the defaults: 400 tokens a chunk, 40 of overlap, all files, nothing removed.
  public init() {}
}
