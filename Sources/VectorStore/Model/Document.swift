// What `add` takes when the text is at hand, and how it is added.

import VectorStoreText

/// A text to be added as one document.
///
///     Document(id: "sky", text: "The sky is blue.", metadata: ["kind": "note"])
public struct Document: Sendable, Codable, Hashable {
  /// The name by which the document is found, replaced and removed. Nil names it `text-` and the
  /// first 12 hexadecimal digits of its text's SHA-256: the same text is the same document.
  public var source: String?
  /// The whole text.
  public var text: String
  /// How to cut it; nil decides by the name ``source``.
  public var format: DocumentFormat?
  /// What is known about the document. Front matter of a Markdown text is added to it; if both name
  /// the same key, this wins.
  public var metadata: [String: MetadataValue]

  /// Creates a document.
  public init(
    id source: String? = nil, text: String, format: DocumentFormat? = nil,
    metadata: [String: MetadataValue] = [:]
  ) {
    self.source = source
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
