// What cuts texts into chunks: the store's own chunker, or one of the caller's.

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
