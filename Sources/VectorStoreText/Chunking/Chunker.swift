// Cuts documents into chunks. Called when a document is added; calls ChunkSequence.

/// Cuts a document's text into chunks that read well and fit a limit of estimated tokens.
///
/// ```swift
/// let chunker = try Chunker(options: ChunkingOptions(maximumTokens: 200, overlapTokens: 20))
/// for chunk in chunker.chunks(of: text, format: .markdown) { print(chunk.line, chunk.text) }
/// ```
///
/// - A chunk ends at the best place at hand: before a heading, a paragraph, a sentence, a line, a
///   word; in code at blank lines. Inside a word it is cut only where the word alone is longer than
///   a chunk, and inside a grapheme cluster only where that is. A heading stays with its text.
/// - A chunk repeats up to `overlapTokens` of the one before it, from the start of a sentence, a
///   line or a word. Nothing is repeated over a heading.
/// - Less what is repeated, the chunks make up the document. Blanks go with the chunk before them,
///   indentation with its line, blanks at the start with the first chunk. A run of blanks dearer than
///   a quarter of a chunk belongs to none, so that no chunk is made of blanks; a text that shows
///   nothing has no chunks.
/// - The same text is cut the same way on every machine.
public struct Chunker: Sendable {
  private let options: ChunkingOptions

  /// Creates a chunker.
  ///
  /// - Throws: ``ChunkingOptionsError`` as ``ChunkingOptions/validate()`` does.
  public init(options: ChunkingOptions) throws(ChunkingOptionsError) {
    try options.validate()
    self.options = options
  }

  /// Creates a chunker with options that have been checked.
  package init(checked options: ChunkingOptions) {
    assert((try? options.validate()) != nil, "\(options)")
    self.options = options
  }

  /// The chunks of a text, in order; none if the text shows nothing.
  ///
  /// - Complexity: O(bytes).
  public func chunks(of text: String, format: DocumentFormat) -> [TextChunk] {
    var chunks: [TextChunk] = []
    forEachChunk(of: text, format: format) { chunks.append($0) }
    return chunks
  }

  /// Hands over the chunks of a text one at a time, in order, for texts whose chunks are not to be
  /// held in memory at once.
  ///
  /// - Throws: what `body` throws; no chunk is made after that.
  /// - Complexity: O(bytes), and memory of one chunk.
  public func forEachChunk<Failure: Error>(
    of text: String, format: DocumentFormat, _ body: (TextChunk) throws(Failure) -> Void
  ) throws(Failure) {
    var text = text
    let result: Result<Void, Failure> = text.withUTF8 { bytes in
      let chunks = ChunkSequence(
        bytes: bytes, format: format, maximumTokens: options.maximumTokens,
        overlapTokens: options.overlapTokens)
      for chunk in chunks {
        do throws(Failure) { try body(chunk) } catch { return .failure(error) }
      }
      return .success(())
    }
    try result.get()
  }
}
