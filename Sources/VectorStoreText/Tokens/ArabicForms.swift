// The forms that an Arabic word has with and without articles, particles and endings.

/// Other forms of Arabic words, and what all of them have in common.
///
/// In Arabic the article, short particles and pronouns are written as parts of a word: "the government" is one word,
/// and so is "and for its government". What is cut off is what Larkey, Ballesteros and Connell cut (*Light stemming
/// for Arabic information retrieval*, 2007). In the word index the forms are looked for beside the word itself, so
/// that texts are stored as they are.
package enum ArabicForms {
  /// Of what a word begins with, the first that leaves three letters is cut off.
  private static let articles = ["وال", "بال", "كال", "فال", "لل", "ال"]
  /// And, to, in: cut off if four letters are left.
  private static let particles = ["و", "ل", "ب"]
  /// The first that leaves three letters is cut off.
  private static let endings = ["ها", "هم", "ات", "ون", "ين", "ان", "ه", "ة", "ي"]
  private static let fewestLetters = 3

  /// The other forms of a word, the commonest first; none for a word that is not Arabic, or too short.
  ///
  /// - Complexity: O(letters).
  package static func forms(of word: some StringProtocol) -> [String] {
    // Vowel signs and the stretching stroke are no letters.
    let letters = String(String.UnicodeScalarView(word.unicodeScalars.filter { !isMark($0) }))
    guard letters.unicodeScalars.count >= fewestLetters,
      letters.unicodeScalars.allSatisfy({ 0x0621...0x064A ~= $0.value })
    else { return [] }
    let core = withoutBeginning(letters)
    let stem = withoutEnding(core)
    let all = [
      core, "ال" + core, stem, "ال" + stem, stem + "ة", stem + "ات", "ال" + stem + "ة", "و" + stem,
      "وال" + stem, "بال" + stem,
    ]
    var seen: Set = [String(word)]
    return all.filter { seen.insert($0).inserted }
  }

  /// What is left of a word without its beginning and its ending; all of it if it is not Arabic, or too short.
  ///
  /// - Parameter word: scalars of letters, without marks.
  /// - Complexity: O(letters).
  package static func stem(of word: [UInt32]) -> ArraySlice<UInt32> {
    guard word.count >= fewestLetters, word.allSatisfy({ 0x0621...0x064A ~= $0 }) else {
      return word[...]
    }
    let beginning =
      articleScalars.first { word.starts(with: $0) && word.count - $0.count >= fewestLetters }
      ?? particleScalars.first { word.starts(with: $0) && word.count - $0.count > fewestLetters }
    let core = word.dropFirst(beginning?.count ?? 0)
    let ending = endingScalars.first {
      core.suffix($0.count).elementsEqual($0) && core.count - $0.count >= fewestLetters
    }
    return core.dropLast(ending?.count ?? 0)
  }

  private static let articleScalars = scalars(articles)
  private static let particleScalars = scalars(particles)
  private static let endingScalars = scalars(endings)

  private static func scalars(_ parts: [String]) -> [[UInt32]] {
    parts.map { $0.unicodeScalars.map(\.value) }
  }

  private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
    0x064B...0x065F ~= scalar.value || scalar.value == 0x0670 || scalar.value == 0x0640
  }

  private static func withoutBeginning(_ word: String) -> String {
    let count = word.unicodeScalars.count
    func has(_ beginning: String, leaving fewest: Int) -> Bool {
      word.hasPrefix(beginning) && count - beginning.unicodeScalars.count >= fewest
    }
    let found =
      articles.first { has($0, leaving: fewestLetters) }
      ?? particles.first { has($0, leaving: fewestLetters + 1) }
    return String(word.dropFirst(found?.count ?? 0))
  }

  private static func withoutEnding(_ word: String) -> String {
    let count = word.unicodeScalars.count
    let found = endings.first {
      word.hasSuffix($0) && count - $0.unicodeScalars.count >= fewestLetters
    }
    return String(word.dropLast(found?.count ?? 0))
  }
}
