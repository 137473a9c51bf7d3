// Cuts documents into chunks: the chunker, its options, and chunkers of the library's users.

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

/// How documents are cut into chunks, in estimated tokens.
///
/// ```swift
/// var options = ChunkingOptions()
/// options.maximumTokens = 200
/// options.overlapTokens = 20
/// try options.validate()
/// ```
public struct ChunkingOptions: Sendable, Hashable {
  /// The values that ``maximumTokens`` may have.
  ///
  /// The highest is half of the 8,191 tokens that OpenAI's models take, since tokens are estimated.
  public static let supportedMaximumTokens = 16...4000

  /// The most estimated tokens of one chunk, 16 to 4,000.
  public var maximumTokens: Int
  /// The most estimated tokens that a chunk repeats from the end of the one before it, from 0 to half
  /// of ``maximumTokens``.
  public var overlapTokens: Int

  /// Creates options, unchecked until ``validate()``.
  public init(maximumTokens: Int = 400, overlapTokens: Int = 40) {
    self.maximumTokens = maximumTokens
    self.overlapTokens = overlapTokens
  }

  /// Checks both values against their limits.
  ///
  /// - Throws: ``ChunkingOptionsError``, whose message names the value and its limits.
  public func validate() throws(ChunkingOptionsError) {
    let supported = Self.supportedMaximumTokens
    guard supported.contains(maximumTokens) else {
      throw ChunkingOptionsError(
        message: "a chunk of at most \(maximumTokens) tokens is not possible; "
          + "choose \(supported.lowerBound) to \(supported.upperBound)")
    }
    guard (0...maximumTokens / 2).contains(overlapTokens) else {
      throw ChunkingOptionsError(
        message: "an overlap of \(overlapTokens) tokens does not fit chunks of \(maximumTokens); "
          + "choose 0 to \(maximumTokens / 2)")
    }
  }
}

/// Why chunking options cannot be used.
public struct ChunkingOptionsError: Error, Hashable, CustomStringConvertible {
  /// What was found and what may be chosen instead.
  public let message: String

  /// The message.
  public var description: String { message }
}

/// A piece of a document's text.
public struct TextChunk: Sendable, Hashable {
  /// Exactly the document's text at ``range``.
  public let text: String
  /// Where it stands in the document, in Unicode scalars from 0.
  public let range: Range<Int>
  /// The line of its first scalar, from 1, where lines end with LF.
  public let line: Int
  /// An estimate of the tokens of ``text``.
  public let estimatedTokens: Int

  /// Creates a value from its parts.
  public init(text: String, range: Range<Int>, line: Int, estimatedTokens: Int) {
    self.text = text
    self.range = range
    self.line = line
    self.estimatedTokens = estimatedTokens
  }
}

/// Cuts texts into chunks. The store's own is ``Chunker``.
///
///     struct Lines: TextChunker {
///       func chunks(of text: String, format: DocumentFormat) -> [TextChunk] {
///         TextChunk.pieces(text.split(separator: "\n").map { $0.startIndex..<$0.endIndex }, of: text)
///       }
///     }
public protocol TextChunker: Sendable {
  /// The chunks of a text, in order. They are embedded as they are, so each must be within what the
  /// embedding model takes. A document is added again if its chunks differ from those before.
  func chunks(of text: String, format: DocumentFormat) -> [TextChunk]
}

extension Chunker: TextChunker {}

extension TextChunk {
  /// Creates a piece of a text.
  ///
  /// - Parameters:
  ///   - text: the piece.
  ///   - range: where it stands in the whole text, in Unicode scalars from 0.
  ///   - line: the line of its first scalar, from 1.
  /// - Complexity: O(length of the piece).
  public init(text: String, range: Range<Int>, line: Int) {
    self.init(
      text: text, range: range, line: line,
      estimatedTokens: TokenEstimator().tokens(in: text))
  }

  /// The pieces of a text at ranges that rise, overlapping or not.
  ///
  /// - Precondition: no range starts before the one in front of it.
  /// - Complexity: O(length of the text and of the pieces).
  public static func pieces(_ ranges: [Range<String.Index>], of text: String) -> [TextChunk] {
    var (index, scalar, line) = (text.startIndex, 0, 1)
    return ranges.map { range in
      let before = text.unicodeScalars[index..<range.lowerBound]
      scalar += before.count
      line += before.count { $0 == "\n" }
      index = range.lowerBound
      let piece = text[range]
      return TextChunk(
        text: String(piece), range: scalar..<(scalar + piece.unicodeScalars.count), line: line)
    }
  }
}
