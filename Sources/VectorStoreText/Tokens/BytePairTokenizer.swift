// Counts and lists the tokens of texts for OpenAI's models.

/// The byte pair encoding cl100k_base, equal to OpenAI's tiktoken token for token.
///
/// ```swift
/// let tokenizer = try await TokenVocabularySource(cacheFolders: [folder]).load().tokenizer
/// tokenizer.count("The quick brown fox")  // 4
/// TokenCounter(isExact: true) { tokenizer.count($0) }
/// ```
///
/// A text is cut into pieces (``PreTokenizer``), and within each piece bytes are merged into tokens of
/// the vocabulary (``BytePairMerge``). Signs such as `<|endoftext|>` are text like any other, as the
/// embeddings endpoint takes them: they are not special tokens.
package struct BytePairTokenizer: Sendable {
  private let table: BytePairTable
  private let window: Int

  /// Creates the tokenizer of a vocabulary, with cl100k_base's rules for pieces.
  ///
  /// - Throws: ``TokenVocabularyError/repeatedToken(rank:first:)``.
  /// - Complexity: O(bytes of the vocabulary).
  package init(vocabulary: TokenVocabulary) throws {
    // Four times the longest token of cl100k_base, and small enough for the innermost cache.
    try self.init(vocabulary: vocabulary, window: 512)
  }

  /// - Parameter window: the most bytes of a piece that are merged at once, at least 1.
  init(vocabulary: TokenVocabulary, window: Int) throws {
    table = try BytePairTable(vocabulary)
    self.window = window
  }

  /// The tokens of a text.
  ///
  /// - Complexity: O(bytes of the text), long runs without a blank included.
  package func tokens(of text: String) -> [Int] {
    encode(text, into: [])
  }

  /// The number of tokens of a text, which are not listed to be counted.
  ///
  /// - Complexity: O(bytes of the text), long runs without a blank included.
  package func count(_ text: String) -> Int {
    encode(text, into: TokenTally()).count
  }

  private func encode<Sink: TokenSink>(_ text: String, into sink: Sink) -> Sink {
    var text = text
    return text.withUTF8 { bytes in
      ScalarClass.table.withUnsafeBufferPointer { classes in
        table.withLookup(in: bytes) { lookup in
          BytePairMerge.withCapacity(window, lookup: lookup) { merge in
            var sink = sink
            let pieces = PreTokenizer(bytes: bytes, classes: classes)
            BytePairEncoder(pieces: pieces, lookup: lookup, merge: merge)
              .encode(bytes.count, into: &sink)
            return sink
          }
        }
      }
    }
  }
}

extension [Int]: TokenSink {
  @inline(__always)
  mutating func append(_ rank: @autoclosure () -> UInt32) {
    append(Int(rank()))
  }
}

/// A number of tokens.
private struct TokenTally: TokenSink {
  var count = 0

  @inline(__always)
  mutating func append(_ rank: @autoclosure () -> UInt32) {
    count &+= 1
  }

  mutating func removeLast(_ tokens: Int) {
    count -= tokens
  }
}
