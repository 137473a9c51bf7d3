// The words that say little, and the endings that fold words together, for the mock embedding.
// Called by MockTally; what they weigh stands at MockService.

/// Stop words, common words and stems, of words that are folded already (no accents, ß as ss).
enum MockWords {
  /// How much a word says by itself.
  enum Rank: UInt8 {
    /// Says what the text is about, as far as is known here.
    case other
    /// Has the stem of an everyday or common word.
    case everyday
    /// May stand in any text, as "first" or "year".
    case common
    /// Holds sentences together, as "the".
    case stop
  }

  /// The rank of a word among stop and common words, by its hash state.
  static func rank(of state: UInt64) -> Rank { words.rank(of: state) }

  /// The rank of a word that is neither a stop nor a common word, by the hash state of its stem.
  static func rank(ofStem state: UInt64) -> Rank { stems.rank(of: state) }

  /// How many of a word's scalars its stem has: the stem lacks the first of the ``endings`` that
  /// leaves at least four scalars.
  static func stemLength(of word: UnsafeBufferPointer<UInt32>) -> Int {
    guard let last = word.last, last >= 0x61, last <= 0x7A else { return word.count }
    var tail: UInt64 = 0
    for scalar in word.suffix(6) { tail = tail << 8 | UInt64(min(scalar, 0xFF)) }
    for ending in endingsByLetter[Int(last - 0x61)]
    where tail & ending.mask == ending.letters && word.count - ending.count >= 4 {
      return word.count - ending.count
    }
    return word.count
  }

  /// Endings of English plurals, verbs, nouns and adverbs, and of German plurals and adjectives, in
  /// the order of trial.
  private static let endings =
    "ations ation ments ment ness ings ing ities ity ies ied ed ers er es ly al s e y en em n"

  /// An ending as one number, a letter a byte.
  private struct Ending {
    var letters: UInt64
    var mask: UInt64
    var count: Int
  }

  private static let endingsByLetter: [[Ending]] = {
    var byLetter = [[Ending]](repeating: [], count: 26)
    for ending in endings.utf8.split(separator: 0x20) {
      let letters = ending.reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
      byLetter[Int(letters & 0xFF) - 0x61].append(
        Ending(letters: letters, mask: (1 << UInt64(ending.count * 8)) - 1, count: ending.count))
    }
    return byLetter
  }()

  private static let words: Table = {
    var table = Table()
    for list in [english, german, french, spanish, italian, dutch, portuguese] {
      table.insert(scalars(of: list), .stop)
    }
    for list in [commonEnglish, commonGerman, ambiguous] {
      table.insert(scalars(of: list), .common)
    }
    return table
  }()

  private static let stems: Table = {
    var table = Table()
    for list in [commonEnglish, everyday] {
      let stems = scalars(of: list).map { word in
        word.prefix(word.withUnsafeBufferPointer { stemLength(of: $0) })
      }
      table.insert(stems.map(Array.init), .everyday)
    }
    return table
  }()

  private static func scalars(of list: String) -> [[UInt32]] {
    list.split(whereSeparator: \.isWhitespace).map { $0.unicodeScalars.map(\.value) }
  }

  /// Ranks by hash state, in an open-addressing table, less than half full with the lists here.
  private struct Table {
    private var states = [UInt64](repeating: 0, count: 2048)
    private var ranks = [Rank](repeating: .other, count: 2048)

    func rank(of state: UInt64) -> Rank { ranks[slot(of: state)] }

    mutating func insert(_ words: [[UInt32]], _ rank: Rank) {
      for word in words {
        let state = word.reduce(0) { MockHash.extended($0, by: $1) }
        let slot = slot(of: state)
        states[slot] = state
        ranks[slot] = rank
      }
    }

    /// The slot that holds a state, or the free one where it belongs.
    private func slot(of state: UInt64) -> Int {
      var slot = Int(truncatingIfNeeded: state &>> 40) & 2047
      while states[slot] != 0 && states[slot] != state { slot = (slot + 1) & 2047 }
      return slot
    }
  }
}
