// What `roots` and `update` tell; as JSON their keys are public.

public import Foundation
public import VectorStoreText

/// A folder or file that was added, and that an update brings in step.
public struct Root: Sendable, Codable, Hashable {
  /// As a source is written: from the store's folder, or absolute; `.` is the store's folder.
  public var source: String
  /// The absolute path.
  public var path: String
  /// The collection's name.
  public var collection: String
  /// Whether it is a folder.
  public var isFolder: Bool
  /// Which files are taken; empty takes all.
  public var globs: [String]
  /// Metadata for every document.
  public var metadata: [String: MetadataValue]
  /// The most tokens of a chunk.
  public var chunkTokens: Int
  /// How many of them a chunk repeats of the one before.
  public var overlapTokens: Int
  /// Commands that read its files, by ending.
  public var converters: [FileConverter]
  /// The field of tables and JSON lines that is their text; nil for all of it.
  public var textField: String?
  /// How many documents come from it.
  public var documents: Int
  /// Whether nothing is at its path now.
  public var isMissing: Bool
  /// When it was first added.
  public var added: Date
  /// When it was last in step; nil if it never was.
  public var updated: Date?

  /// Creates a value from its parts.
  public init(
    source: String, path: String, collection: String, isFolder: Bool, globs: [String],
    metadata: [String: MetadataValue], chunkTokens: Int, overlapTokens: Int,
    converters: [FileConverter] = [], textField: String? = nil, documents: Int, isMissing: Bool,
    added: Date, updated: Date? = nil
  ) {
    self.source = source
    self.path = path
    self.collection = collection
    self.isFolder = isFolder
    self.globs = globs
    self.metadata = metadata
    self.chunkTokens = chunkTokens
    self.overlapTokens = overlapTokens
    self.converters = converters
    self.textField = textField
    self.documents = documents
    self.isMissing = isMissing
    self.added = added
    self.updated = updated
  }
}

/// What an update of one collection did.
public struct UpdateReport: Sendable, Codable, Hashable {
  /// The collection's name.
  public var collection: String
  /// The roots that were brought in step, as sources are written.
  public var roots: [String]
  /// What it did, as `add` tells it.
  public var report: AddReport

  /// Creates a value from its parts.
  public init(collection: String, roots: [String], report: AddReport) {
    self.collection = collection
    self.roots = roots
    self.report = report
  }
}
