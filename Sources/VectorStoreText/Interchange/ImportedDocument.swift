// One document as it stands in a line of a JSONL file.

/// One document read from a line of JSONL.
///
/// Nothing is judged here but the line's form: whether the vector has the right dimensions, whether
/// the id was there before and whether the text is too long is for the store to say.
package struct ImportedDocument: Sendable, Equatable {
  /// The line it stands on, counted from 1, blank lines included.
  package let line: Int
  /// The field `id` or `_id`.
  ///
  /// A number is kept as it is written (`7`, `1.50`). Never empty.
  package let id: String?
  /// The field `text`.
  ///
  /// Never nil together with ``vector``.
  package let text: String?
  /// The field `vector`: finite float32 numbers, each the one nearest to the decimal.
  package let vector: [Float]?
  /// The field `metadata`, and the field `title` as `title` where `metadata` has none.
  package let metadata: [String: MetadataValue]
  /// The field `norm`: the length that a stored unit vector came with.
  ///
  /// Finite and positive.
  package let norm: Double?
  /// The field `space`: the name of the space of its vectors.
  package var space: String?
  /// What an export of whole documents has beside these fields; nil for any other line.
  package var parts: StoredParts?
  /// Its place among the chunks of its document, if the line is one chunk of it.
  package var chunk: ChunkPlace?
  /// The chunks that follow it, if it is the first of its document.
  package var following: [ImportedDocument] = []

  /// Where a chunk stands in its document.
  package struct ChunkPlace: Sendable, Equatable {
    package var ordinal: Int
    package var start: Int?
    package var end: Int?
    package var line: Int?

    package init(ordinal: Int, start: Int? = nil, end: Int? = nil, line: Int? = nil) {
      self.ordinal = ordinal
      self.start = start
      self.end = end
      self.line = line
    }
  }

  /// Creates a document.
  package init(
    line: Int, id: String?, text: String?, vector: [Float]?, metadata: [String: MetadataValue],
    norm: Double?
  ) {
    self.line = line
    self.id = id
    self.text = text
    self.vector = vector
    self.metadata = metadata
    self.norm = norm
  }
}
