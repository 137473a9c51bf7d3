// A quoted phrase as an FTS5 term. Called by LexicalQuery; calls IndexedText and TextSegments.

/// A quoted phrase of a question: its words side by side, in the form in which they are indexed.
struct IndexedPhrase: Sendable {
  /// The FTS5 term: one string in quotation marks, which holds nothing but words and spaces.
  let expression: String

  /// Reads a phrase, or returns nil where it holds no word.
  init?(_ phrase: Substring) {
    let segments = TextSegments.of(phrase)
    guard let last = segments.last else { return nil }
    let words = segments.map { segment in
      let text = phrase[segment.range]
      return segment.kind == .run ? IndexedText.make(from: String(text)) : text.lowercased()
    }
    // Within a longer run, a character that ends the phrase begins a pair.
    let isOpen = last.kind == .run && TextSegments.isSingle(phrase[last.range])
    expression = "\"\(words.joined(separator: " "))\"" + (isOpen ? "*" : "")
  }
}
