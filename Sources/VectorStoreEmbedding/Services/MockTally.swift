// The terms of one text, counted, and the features that they turn into. MockTokenizer fills it,
// MockService places it into components; the formula and the weights stand at MockService.

/// Counts the words, characters, symbols and pairs of a text: an open-addressing table over terms
/// that are kept in the order of their first appearance.
///
/// Counting whole words first means that a word's n-grams are hashed once a text, however often it
/// comes.
struct MockTally {
  private enum Kind: UInt8 {
    case stopWord, commonWord, word, wordPair, character, characterPair, symbol
  }

  private struct Term {
    var hash: UInt64
    /// Of words only: the state of the stem and of the first scalars.
    var stem: UInt64 = 0
    var prefix: UInt64 = 0
    var count: Int32 = 1
    /// Of words only: where its scalars are.
    var start = 0
    var length = 0
    var kind: Kind
  }

  private var terms: [Term] = []
  private var scalars: [UInt32] = []
  /// Indices into `terms`, plus one; 0 is free. A power of two, at most half full.
  private var slots: [Int32]
  /// The stem of the word before, 0 where no pair can be.
  private var previousStem: UInt64 = 0

  /// Creates a tally with room for what a text of so many UTF-8 bytes usually holds.
  init(bytes: Int) {
    var size = 64
    while size < bytes / 2 && size < 1 << 16 { size *= 2 }
    slots = [Int32](repeating: 0, count: size)
    terms.reserveCapacity(size / 2)
    scalars.reserveCapacity(size)
  }

  /// Counts a word.
  ///
  /// - Parameters:
  ///   - word: its folded scalars, 1 to ``MockTokenizer/longestWord``.
  ///   - states: the hash states after each of them.
  @inline(__always)
  mutating func countWord(_ word: borrowing MockWord) {
    let (index, isNew) = count(word.state, .word)
    if isNew { describe(word, at: index) }
    if terms[index].kind == .stopWord { return }
    let stem = terms[index].stem
    if previousStem != 0 { _ = count(MockHash.pair(previousStem, stem), .wordPair) }
    previousStem = stem
  }

  /// Counts a character of a script without spaces.
  ///
  /// - Parameter previous: the state of the character right before it, or 0.
  /// - Returns: its state.
  @inline(__always)
  mutating func countCharacter(_ scalar: UInt32, after previous: UInt64) -> UInt64 {
    let state = MockHash.extended(0, by: scalar)
    _ = count(state, .character)
    if previous != 0 { _ = count(MockHash.pair(previous, state), .characterPair) }
    previousStem = 0
    return state
  }

  /// Counts a symbol.
  mutating func countSymbol(_ scalar: UInt32) {
    _ = count(MockHash.extended(0, by: scalar), .symbol)
  }

  /// Adds the features of all terms, in the order of their first appearance.
  func place(into sink: inout MockComponents) {
    for term in terms {
      let damped = Self.damped(term.count)
      func weight(_ base: Float) -> Float { (base * damped).rounded() }
      switch term.kind {
      case .stopWord: sink.add(term.hash, kind: 1, weight: weight(5))
      case .word: placeWord(term, damped: damped, into: &sink)
      case .commonWord: placeWord(term, damped: damped * 0.4, into: &sink)
      case .wordPair: sink.add(term.hash, kind: 7, weight: weight(12))
      case .character: sink.add(term.hash, kind: 8, weight: weight(70))
      case .characterPair: sink.add(term.hash, kind: 9, weight: weight(100))
      case .symbol: sink.add(term.hash, kind: 10, weight: weight(70))
      }
    }
  }

  private func placeWord(_ term: Term, damped: Float, into sink: inout MockComponents) {
    sink.add(term.hash, kind: 1, weight: (50 * damped).rounded())
    sink.add(term.stem, kind: 2, weight: (100 * damped).rounded())
    sink.add(term.prefix, kind: 3, weight: (80 * damped).rounded())
    let weight2 = (8 * damped).rounded()
    let weight3 = (15 * damped).rounded()
    let weight4 = (25 * damped).rounded()
    // Numbers of the n-grams that end at the scalar before; the word begins after the mark 2.
    var one: UInt64 = 2
    var two: UInt64 = 0
    var three: UInt64 = 0
    for offset in 0...term.length {
      let scalar = offset < term.length ? UInt64(scalars[term.start + offset]) : 3
      let four = three &* MockHash.multiplier &+ scalar
      three = two &* MockHash.multiplier &+ scalar
      two = one &* MockHash.multiplier &+ scalar
      one = scalar
      sink.add(two, kind: 4, weight: weight2)
      if offset >= 1 { sink.add(three, kind: 5, weight: weight3) }
      if offset >= 2 { sink.add(four, kind: 6, weight: weight4) }
    }
  }

  /// `16 * count^0.75`, by square roots, whose last bit is the same on every machine.
  private static func damped(_ count: Int32) -> Float {
    if count == 1 { return 16 }
    let count = Double(count)
    return Float(16 * (count * count.squareRoot()).squareRoot())
  }

  private mutating func describe(_ word: borrowing MockWord, at index: Int) {
    switch MockWords.rank(of: word.state) {
    case .stop:
      terms[index].kind = .stopWord
      return
    case .common: terms[index].kind = .commonWord
    case .other: break
    }
    terms[index].stem = word.stemState
    terms[index].prefix = word.prefixState
    terms[index].start = scalars.count
    terms[index].length = word.count
    word.append(to: &scalars)
  }

  /// Counts one term and says where it is.
  @inline(__always)
  private mutating func count(_ hash: UInt64, _ kind: Kind) -> (index: Int, isNew: Bool) {
    // A word and a character are never the same run of scalars; pairs are told apart by chance,
    // 64 bits of it.
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: (hash &* MockHash.multiplier) &>> 32) & mask
    while slots[slot] != 0 {
      let index = Int(slots[slot]) - 1
      if terms[index].hash == hash {
        terms[index].count += 1
        return (index, false)
      }
      slot = (slot + 1) & mask
    }
    terms.append(Term(hash: hash, kind: kind))
    slots[slot] = Int32(terms.count)
    if terms.count * 2 > slots.count { grow() }
    return (terms.count - 1, true)
  }

  private mutating func grow() {
    let mask = slots.count * 2 - 1
    slots = [Int32](repeating: 0, count: mask + 1)
    for (index, term) in terms.enumerated() {
      var slot = Int(truncatingIfNeeded: (term.hash &* MockHash.multiplier) &>> 32) & mask
      while slots[slot] != 0 { slot = (slot + 1) & mask }
      slots[slot] = Int32(index + 1)
    }
  }
}
