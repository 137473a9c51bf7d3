// Decides whether two words are forms of one, to mark them in an excerpt. Words are looked up by `WordIndex`.

/// A word without case and diacritics, and its light stem.
struct WordForm: Hashable, Sendable {
  /// The folded word.
  let folded: String
  /// Its characters.
  private let letters: [UInt8]
  /// The characters less an ending of inflection.
  private let stem: [UInt8]

  init(_ word: some StringProtocol) { self.init(folded: Folding.fold(word)) }

  /// A word that is folded.
  init(folded: String) {
    self.folded = folded
    letters = Array(folded.utf8)
    stem = letters.allSatisfy { $0 < 0x80 } ? Self.stem(of: letters) : letters
  }

  /// Whether a word of a passage is to be marked for this word of the question: equal, of one stem,
  /// longer than this one (4 letters or more) by any ending, or alike but for short endings.
  func matches(_ other: WordForm) -> Bool {
    if letters == other.letters || stem == other.stem { return true }
    let shared = zip(letters, other.letters).prefix { $0 == $1 }.count
    if shared == letters.count { return shared >= 4 }
    let (shorter, longer) = (
      min(letters.count, other.letters.count), max(letters.count, other.letters.count)
    )
    if shared == other.letters.count { return shared >= 4 && shared * 2 >= longer }
    return shared >= 6 && shared >= shorter - 2 && shared * 2 + 1 >= longer
  }

  /// The endings that may be cut and the letters that must be left.
  private static let endings: [(ending: [UInt8], minimum: Int)] = [
    ("ings", 3), ("ions", 4), ("ing", 3), ("ion", 4), ("ers", 4), ("ed", 3), ("es", 4), ("er", 4),
    ("en", 4), ("s", 3), ("e", 4),
  ].map { (Array($0.0.utf8), $0.1) }

  private static func stem(of letters: [UInt8]) -> [UInt8] {
    if letters.count > 4, letters.suffix(3).elementsEqual("ies".utf8) {
      return letters.dropLast(3) + Array("y".utf8)
    }
    // Hashes, boxes, glasses: the e belongs to the ending.
    if letters.count > 4, letters.suffix(2).elementsEqual("es".utf8),
      "xszh".utf8.contains(letters[letters.count - 3])
    {
      return letters.dropLast(2)
    }
    guard !letters.suffix(2).elementsEqual("ss".utf8) else { return letters }
    for (ending, minimum) in endings
    where letters.count - ending.count >= minimum && letters.suffix(ending.count) == ending[...] {
      let rest = letters.dropLast(ending.count)
      let isVerbal = ending.starts(with: "ing".utf8) || ending.elementsEqual("ed".utf8)
      return isVerbal ? undoubled(rest) : Array(rest)
    }
    return letters
  }

  /// A stem without the consonant doubled before an ending: `runn` is `run`, but `fall` stays.
  private static func undoubled(_ stem: ArraySlice<UInt8>) -> [UInt8] {
    guard stem.count > 3, let last = stem.last, stem.dropLast().last == last,
      !"aeioulsz".utf8.contains(last)
    else { return Array(stem) }
    return Array(stem.dropLast())
  }
}
