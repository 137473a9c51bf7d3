// A question as a person types it: words, phrases in quotes, and what is to be left out.

internal import Foundation
internal import VectorStoreText

/// A question for search by words.
///
/// Any of its words may match, what stands in quotation marks must, and what follows a minus or `NOT`
/// must not:
///
/// ```swift
/// LexicalQuery("who wrote \"on liberty\" -mill")  // wrote, "on liberty", without mill
/// ```
///
/// Nothing else that is typed is syntax: `AND`, `*`, `^`, `:` and parentheses are text. Long words also
/// match by their first letters, which finds other forms and German compounds. Neighbours that stand
/// side by side in a passage too count once more.
package struct LexicalQuery: Sendable {
  /// A word that may match.
  struct Term: Hashable, Sendable {
    /// How it may be written, folded; any of them is the word.
    var spellings: [String]
    /// The first letters, by which its other forms are found; of an Arabic word, those of several forms.
    var prefixes: [String] = []
    /// Whether it says so little that it is never the only reason for a hit.
    var isWeak = false
    /// Whether it is one character of a script without spaces, which begins the pairs of longer runs.
    var isOpen = false
  }

  /// Words that stand side by side.
  struct Phrase: Hashable, Sendable {
    var words: [String]
    /// Whether the last one is a character that begins the pairs of longer runs.
    var isOpen = false
  }

  /// The most words that are searched for: the first ones of a pasted text.
  private static let maximumWords = 64
  /// The letters of a word that is also searched for by its beginning: at least the first count,
  /// and of a longer word the second.
  ///
  /// Shorter beginnings meet unrelated words.
  private static let prefixLetters = (minimum: 4, maximum: 6)
  /// How many other forms of an Arabic word are looked for by their beginnings, and marked.
  private static let arabicForms = 4

  /// The words that may match.
  let terms: [Term]
  /// Words that stand side by side in the question.
  let pairs: [Phrase]
  /// What must match.
  let phrases: [Phrase]
  /// What must not.
  let excluded: [Phrase]
  /// The question without what it leaves out: what is embedded.
  package let text: String
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
    let parts = QuestionParts(text)
    self.text = parts.excluded.isEmpty ? text : parts.text
    let loose = parts.rest.map(Self.words)
    let quoted = parts.phrases.map(Self.words)
    let all = Array((loose + quoted).joined())
    let typed = all.filter { $0.isPlain && !$0.isElided }.map(\.word.text)
    let stop = StopWords.among(typed)
    let weak = typed.count > 2 ? [] : StopWords.inAnyLanguage(typed)
    let isContent = { (word: Word) in !word.isElided && !stop.contains(word.word.text) }
    // If every word is a stop word, they are what is asked for.
    let isEmpty = !all.contains(where: isContent)
    let kept = { (word: Word) in isEmpty || isContent(word) }
    let hasStrong = all.contains { isContent($0) && !weak.contains($0.word.text) }

    phrases = quoted.compactMap { Self.phrase($0) }
    excluded = parts.excluded.map(Self.words).compactMap { Self.phrase($0) }
    var terms: [Term] = []
    for word in loose.joined() where kept(word) {
      guard var term = Self.term(of: word) else { continue }
      term.isWeak = hasStrong && word.isPlain && weak.contains(word.word.text)
      terms.append(term)
    }
    self.terms = Self.distinct(terms, limit: Self.maximumWords)
    pairs = Self.distinct(
      loose.flatMap { Self.pairs(of: $0, kept: kept) }, limit: Self.maximumWords)
    let marks = all.filter { kept($0) && !weak.contains($0.word.text) }
    let spellings = marks.filter { $0.word.kind != .pair }
      .flatMap { [$0.word.text] + Self.otherSpellings(of: $0).prefix(Self.arabicForms) }
    marked = Self.distinct(
      spellings.map { WordForm(folded: $0) }, limit: Self.maximumWords)
    markedPairs = Self.distinct(
      marks.filter { $0.word.kind == .pair }.map(\.word.text), limit: Self.maximumWords)
  }

  /// Whether the question holds nothing to search for, such as punctuation alone.
  package var isEmpty: Bool { terms.isEmpty && phrases.isEmpty }

  /// A word of the question.
  private struct Word {
    var word: ScannedWord
    /// How it was typed.
    var typed: String
    /// Whether it is the rest of a contraction, as in "Tesla's", "don't" and "l'eau", or the letter of
    /// a word with a sign, as in C#.
    var isElided = false

    /// Whether it is a word that may be a stop word.
    var isPlain: Bool { word.kind == .word }
  }

  /// The words of a piece of the question, in order, repeats included.
  private static func words(of piece: String) -> [Word] {
    let scanned = WordScanner.words(of: piece)
    let bytes = Array(piece.utf8)
    func typed(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
    func isApostrophe(between left: Int, and right: Int) -> Bool {
      guard left >= 0, right < scanned.count else { return false }
      let (from, to) = (scanned[left].range.upperBound, scanned[right].range.lowerBound)
      return from < to && ["'", "\u{2019}"].contains(typed(from..<to))
    }
    return scanned.indices.map { index in
      let word = scanned[index]
      var result = Word(word: word, typed: typed(word.range))
      guard word.kind == .word else { return result }
      let follows = isApostrophe(between: index - 1, and: index)
      let leads = isApostrophe(between: index, and: index + 1)
      let isNegated = leads && word.text.hasSuffix("n") && scanned[index + 1].text == "t"
      let isInSign =
        index > 0 && scanned[index - 1].kind == .symbol
        && word.range.lowerBound < scanned[index - 1].range.upperBound
      result.isElided =
        ((follows || leads || isInSign) && word.text.count <= 2) || isNegated
      return result
    }
  }

  /// The term of a word; nil for a part too short to be looked for by itself.
  private static func term(of word: Word) -> Term? {
    let text = word.word.text
    switch word.word.kind {
    case .symbol, .whole: return Term(spellings: [text])
    case .pair: return Term(spellings: [text], isOpen: isSingle(text))
    case .part where text.utf8.count < 2: return nil
    case .word, .part: break
    }
    var term = Term(spellings: [text] + otherSpellings(of: word))
    let beginnings = [text] + ArabicForms.forms(of: text).prefix(arabicForms)
    term.prefixes = distinct(beginnings.compactMap(beginning(of:)), limit: beginnings.count)
    return term
  }

  /// The letters by which a word's other forms are found; nil for a short one, and one with digits.
  private static func beginning(of word: String) -> String? {
    let letters = word.unicodeScalars
    guard letters.count >= prefixLetters.minimum,
      !letters.contains(where: { $0.properties.numericType != nil })
    else { return nil }
    return String(letters.prefix(prefixLetters.maximum))
  }

  /// The other spelling of a German word, and the other forms of an Arabic one.
  private static func otherSpellings(of word: Word) -> [String] {
    umlauts(of: word.typed, folded: word.word.text) + ArabicForms.forms(of: word.word.text)
  }

  /// The other spelling of a German word: Müller and Mueller.
  private static func umlauts(of typed: String, folded: String) -> [String] {
    let letters: [(umlaut: Character, base: Character)] = [("ä", "a"), ("ö", "o"), ("ü", "u")]
    let lower = typed.precomposedStringWithCanonicalMapping.lowercased()
    if lower.contains(where: { letter in letters.contains { $0.umlaut == letter } }) {
      return [
        Folding.fold(
          String(
            lower.flatMap { letter in
              letters.first { $0.umlaut == letter }.map { "\($0.base)e" } ?? String(letter)
            }))
      ]
    }
    var other: [Character] = []
    for letter in folded {
      // Not after a vowel (neue) nor after q (Quelle).
      let before = other.dropLast().last
      let isUmlaut =
        letter == "e" && other.last.map { last in letters.contains { $0.base == last } } ?? false
        && !(before.map { "aeiouq".contains($0) } ?? false)
      if !isUmlaut { other.append(letter) }
    }
    // A final ue is English: value, true.
    guard other.count < folded.count, !["ae", "oe", "ue"].contains(folded.suffix(2)) else {
      return []
    }
    return [String(other)]
  }

  private static func isSingle(_ text: String) -> Bool {
    text.unicodeScalars.count { !UnspacedScripts.isMark($0) } == 1
  }

  private static func pairs(of words: [Word], kept: (Word) -> Bool) -> [Phrase] {
    let plain = words.filter { $0.word.kind == .word || $0.word.kind == .part }
    return zip(plain, plain.dropFirst()).compactMap { left, right in
      kept(left) && kept(right) ? Phrase(words: [left.word.text, right.word.text]) : nil
    }
  }

  private static func phrase(_ words: [Word]) -> Phrase? {
    guard let last = words.last else { return nil }
    return Phrase(
      words: words.map(\.word.text), isOpen: last.word.kind == .pair && isSingle(last.word.text))
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

/// A question's pieces: loose text, phrases in quotation marks, and what is to be left out.
private struct QuestionParts {
  var rest: [String] = []
  var phrases: [String] = []
  var excluded: [String] = []
  /// All but what is left out, in order.
  var text = ""

  init(_ question: String) {
    let quoted = QuotedPhrases(question)
    // In capitals throughout, NOT is a word.
    let knowsNot = question.contains(where: \.isLowercase)
    var isExcluding = false
    for (index, piece) in quoted.rest.enumerated() {
      var kept: [Substring] = []
      for word in piece.split(whereSeparator: \.isWhitespace) {
        if isExcluding {
          isExcluding = false
          excluded.append(String(word))
        } else if word == "NOT", knowsNot {
          isExcluding = true
        } else if word.first == "-", let next = word.dropFirst().first, next.isLetter {
          excluded.append(String(word.dropFirst()))
        } else {
          kept.append(word)
        }
      }
      let phrase = index < quoted.phrases.count ? quoted.phrases[index] : nil
      if phrase != nil, kept.last == "-", piece.last == "-" {
        kept.removeLast()
        isExcluding = true
      }
      rest.append(kept.joined(separator: " "))
      if let phrase, isExcluding {
        excluded.append(String(phrase))
        isExcluding = false
        text += rest[index] + " "
      } else {
        phrases += phrase.map { [String($0)] } ?? []
        text += rest[index] + (phrase.map { " \($0) " } ?? "")
      }
    }
    // What is left out leaves something.
    guard text.contains(where: { !$0.isWhitespace }) else {
      rest = quoted.rest.map(String.init)
      phrases = quoted.phrases.map(String.init)
      (excluded, text) = ([], question)
      return
    }
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
