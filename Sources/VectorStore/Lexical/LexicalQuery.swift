// A question as a person types it, turned into an FTS5 expression: words, and phrases in quotes.

/// A question for search by words.
///
/// Any of its words may match, and what stands in quotation marks must:
///
/// ```swift
/// LexicalQuery("who wrote \"on liberty\" and when").match
/// // ("on liberty") AND ("on liberty" OR "wrote" OR "wrote"*)
/// ```
///
/// Nothing typed is syntax: `AND`, `*`, `^`, `:` and parentheses are text. Long words also match by
/// their first letters, which finds other forms and German compounds. Neighbours that stand side by
/// side in a passage too count once more.
package struct LexicalQuery: Sendable {
  /// The most words that are searched for: the first ones of a pasted text.
  private static let maximumWords = 64
  /// The letters of a word that is also searched for by its beginning: at least the first count,
  /// and of a longer word the second.
  ///
  /// Shorter beginnings meet unrelated words.
  private static let prefixLetters = (minimum: 4, maximum: 6)

  /// The quoted phrases, as they are indexed.
  private let phrases: [IndexedPhrase]
  /// The FTS5 terms of the other words, each at most once.
  private let terms: [String]
  /// The words to mark in a passage, in the order of the question, stop words left out.
  let marked: [WordForm]
  /// The pairs of unspaced scripts to mark; of a character alone, that character.
  let markedPairs: [String]

  /// Reads a question.
  ///
  /// Every text is one, an empty one too.
  ///
  /// - Complexity: O(n) in the question's characters.
  package init(_ text: String) {
    let quoted = QuotedPhrases(text)
    let all = quoted.rest.map(Self.words) + quoted.phrases.map(Self.words)
    let typed = all.joined().filter { !$0.isRun && !$0.isElided }.map(\.form.folded)
    let stop = StopWords.among(typed)
    let isContent = { (word: Word) in
      word.isRun || (!word.isElided && !stop.contains(word.form.folded))
    }
    // Where every word is a stop word, they are what is asked for.
    let isEmpty = !all.joined().contains(where: isContent)
    let kept = { (word: Word) in isEmpty || isContent(word) }

    phrases = quoted.phrases.compactMap(IndexedPhrase.init)
    terms = Self.terms(of: Array(all.prefix(quoted.rest.count)), where: kept)
    let marks = all.joined().filter(kept)
    marked = Self.distinct(marks.filter { !$0.isRun }.map(\.form), limit: Self.maximumWords)
    markedPairs = Self.distinct(marks.filter(\.isRun).map(\.text), limit: Self.maximumWords)
  }

  /// The expression to bind to `chunk_search MATCH ?`, never a syntax error, or nil where the text
  /// holds nothing to search for, such as punctuation or emoji alone.
  package var match: String? {
    let required = phrases.map(\.expression)
    guard !required.isEmpty else { return terms.isEmpty ? nil : terms.joined(separator: " OR ") }
    // The phrases stand among the words once more, so that these rank without being required.
    return "(\(required.joined(separator: " AND "))) AND "
      + "(\((required + terms).joined(separator: " OR ")))"
  }

  /// A word of the question, or a pair of an unspaced script.
  private struct Word {
    var text: String
    var form: WordForm
    var isRun = false
    /// Whether it is the rest of a contraction, as in "Tesla's", "don't" and "l'eau".
    var isElided = false
  }

  /// The words and pairs of a piece of the question, in order, repeats included.
  private static func words(of piece: Substring) -> [Word] {
    let segments = TextSegments.of(piece)
    let texts = segments.map { piece[$0.range] }
    let joined = segments.indices.dropFirst().map {
      isApostrophe(piece[segments[$0 - 1].range.upperBound..<segments[$0].range.lowerBound])
    }
    return segments.indices.flatMap { index -> [Word] in
      let text = texts[index]
      if segments[index].kind == .run {
        return TextSegments.pairs(of: text).map {
          Word(text: String($0), form: WordForm($0), isRun: true)
        }
      }
      let follows = index > 0 && joined[index - 1]
      let leads = index < joined.count && joined[index]
      let isNegated = leads && text.hasSuffix("n") && ["t", "T"].contains(texts[index + 1])
      let isElided = ((follows || leads) && text.count <= 2) || isNegated
      return [Word(text: String(text), form: WordForm(text), isElided: isElided)]
    }
  }

  private static func isApostrophe(_ text: Substring) -> Bool {
    text == "'" || text == "\u{2019}"
  }

  /// The FTS5 terms of the words: each as typed, by its beginning, and neighbours as a phrase.
  private static func terms(of pieces: [[Word]], where kept: (Word) -> Bool) -> [String] {
    let chosen = Set(
      distinct(pieces.joined().filter(kept).map(\.form.folded), limit: maximumWords))
    var terms: [String] = []
    for words in pieces {
      let isChosen = words.map { kept($0) && chosen.contains($0.form.folded) }
      for (word, isChosen) in zip(words, isChosen) where isChosen { terms += spellings(of: word) }
      for index in words.indices.dropFirst()
      where isChosen[index - 1] && isChosen[index] && !words[index - 1].isRun
        && !words[index].isRun
      {
        terms.append("\"\(words[index - 1].text) \(words[index].text)\"")
      }
    }
    return distinct(terms, limit: terms.count)
  }

  /// The terms of one word.
  ///
  /// ß and ss are the same to who types, but not to the tokenizer.
  private static func spellings(of word: Word) -> [String] {
    let lower = word.text.lowercased()
    // A character alone begins the pairs of the longer runs that hold it.
    if word.isRun { return ["\"\(lower)\"" + (TextSegments.isSingle(lower) ? "*" : "")] }
    let others = [("ß", "ss"), ("ss", "ß")].filter { lower.contains($0.0) }
      .map {
        lower.split(separator: $0.0, omittingEmptySubsequences: false).joined(separator: $0.1)
      }
    return ([lower] + others).flatMap { spelling -> [String] in
      let letters = spelling.unicodeScalars
      guard letters.count >= prefixLetters.minimum, !letters.contains(where: isDigit)
      else { return ["\"\(spelling)\""] }
      return ["\"\(spelling)\"", "\"\(String(letters.prefix(prefixLetters.maximum)))\"*"]
    }
  }

  private static func isDigit(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.numericType != nil
  }

  /// The first values, each once, in order.
  private static func distinct<Value: Hashable>(_ values: [Value], limit: Int) -> [Value] {
    var seen: Set<Value> = []
    var result: [Value] = []
    for value in values where result.count < limit && seen.insert(value).inserted {
      result.append(value)
    }
    return result
  }
}

/// A question's quoted phrases and the pieces of text around them, each in order.
struct QuotedPhrases {
  /// The texts between quotation marks.
  var phrases: [Substring] = []
  /// The texts outside of them.
  var rest: [Substring] = []

  /// Splits a text.
  ///
  /// Straight, English, German and French marks quote; a mark that is never closed, or that follows
  /// a letter or digit as in `5" pipe`, is no quotation mark.
  init(_ text: String) {
    var from = text.startIndex
    var index = text.startIndex
    var previous: Unicode.Scalar?
    // Each mark is looked for once, so that a text of quotation marks alone takes no square time.
    var unclosed: Set<Unicode.Scalar> = []
    let scalars = text.unicodeScalars
    while index < scalars.endIndex {
      let mark = scalars[index]
      let next = scalars.index(after: index)
      if let closers = Self.closers(of: mark), Self.mayOpen(after: previous),
        !unclosed.contains(mark)
      {
        if let close = scalars[next...].firstIndex(where: closers.contains) {
          rest.append(text[from..<index])
          phrases.append(text[next..<close])
          from = scalars.index(after: close)
          index = from
          previous = nil
          continue
        }
        unclosed.insert(mark)
      }
      previous = mark
      index = next
    }
    rest.append(text[from...])
  }

  private static func closers(of mark: Unicode.Scalar) -> [Unicode.Scalar]? {
    switch mark {
    case "\"": ["\""]
    case "\u{201C}", "\u{201D}", "\u{201E}", "\u{201F}": ["\u{201C}", "\u{201D}", "\u{201F}"]
    case "«": ["»"]
    case "»": ["«"]
    default: nil
    }
  }

  private static func mayOpen(after previous: Unicode.Scalar?) -> Bool {
    guard let previous else { return true }
    return !UnspacedScripts.isWord(previous) || UnspacedScripts.contains(previous)
  }
}

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
