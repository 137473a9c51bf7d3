// A chunk as the chunker cuts it.

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
