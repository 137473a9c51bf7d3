// The terms of one text, counted, and the features that they turn into.

/// Counts the words, characters, symbols and pairs of a text: an open-addressing table over terms
/// that are kept in the order of their first appearance.
///
/// Counting whole words first means that a word's n-grams are hashed once a text, however often it
/// comes.
struct MockTally {
  private enum Kind: UInt8 {
    case stopWord, commonWord, everydayWord, word, wordPair, character, characterPair, symbol
  }

  private struct Term {
    var hash: UInt64
    /// Of words only: the states of the stem and of the first five scalars.
    var stem: UInt64 = 0
    var prefix: UInt64 = 0
    var count = 1
    /// Of words only: where in `scalars` its letters begin, and how many there are.
    var start = 0
    var length: Int32 = 0
    var kind: Kind
  }

  private var terms: [Term] = []
  /// The folded letters of all words that have n-grams.
  private var scalars: [UInt32] = []
  /// Indices into `terms`, plus one; 0 is free. A power of two long, at most half full.
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
  ///   - state: its hash state.
  ///   - appendLetters: appends its folded scalars, at least one; asked for new words only.
  @inline(__always)
  mutating func countWord(_ state: UInt64, appendLetters: (inout [UInt32]) -> Void) {
    let (index, isNew) = count(state, .word)
    if isNew {
      terms[index].start = scalars.count
      appendLetters(&scalars)
      describeWord(at: index)
    }
    let stem = terms[index].stem
    if terms[index].kind == .stopWord { return }
    if previousStem != 0 { _ = count(MockHash.pair(previousStem, stem), .wordPair) }
    previousStem = stem
  }

  /// Counts a character of a script without spaces, and its pair with the one right before.
  ///
  /// - Parameter previous: the state of the character right before, or 0.
  /// - Returns: its own state.
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
  func place(into components: MockComponents) {
    scalars.withUnsafeBufferPointer { scalars in
      for term in terms {
        let damping = Self.damping(term.count)
        let hash = term.hash
        switch term.kind {
        case .stopWord: components.add(hash, kind: 1, weight: Self.weight(5, damping))
        case .commonWord: Self.placeWord(term, scalars, damping * 0.5, into: components)
        case .everydayWord: Self.placeWord(term, scalars, damping * 0.7, into: components)
        case .word: Self.placeWord(term, scalars, damping, into: components)
        case .wordPair: components.add(hash, kind: 7, weight: Self.weight(10, damping))
        case .character: components.add(hash, kind: 8, weight: Self.weight(70, damping))
        case .characterPair: components.add(hash, kind: 9, weight: Self.weight(100, damping))
        case .symbol: components.add(hash, kind: 10, weight: Self.weight(70, damping))
        }
      }
    }
  }

  @inline(__always)
  private static func placeWord(
    _ term: Term, _ scalars: UnsafeBufferPointer<UInt32>, _ damping: Float,
    into components: MockComponents
  ) {
    components.add(term.hash, kind: 1, weight: weight(50, damping))
    components.add(term.stem, kind: 2, weight: weight(100, damping))
    components.add(term.prefix, kind: 3, weight: weight(80, damping))
    // The n-grams of one length share a weight, so that long words do not drown short ones.
    let length = Float(term.length)
    let weight2 = weight(20 / (length + 1).squareRoot(), damping)
    let weight3 = weight(35 / length.squareRoot(), damping)
    let weight4 = weight(55 / max(length - 1, 1).squareRoot(), damping)
    // The numbers of the n-grams that end here; the word begins after the mark 2.
    let first = UInt64(scalars[term.start])
    var two = 2 &* MockHash.multiplier &+ first
    var three: UInt64 = 0
    var one = first
    components.add(two, kind: 4, weight: weight2)
    for offset in 1..<(Int(term.length) + 1) {
      let isInside = offset < Int(term.length)
      let scalar = isInside ? UInt64(scalars[term.start + offset]) : 3
      let four = three &* MockHash.multiplier &+ scalar
      three = two &* MockHash.multiplier &+ scalar
      two = one &* MockHash.multiplier &+ scalar
      one = scalar
      components.add(two, kind: 4, weight: weight2)
      components.add(three, kind: 5, weight: weight3)
      if offset >= 2 { components.add(four, kind: 6, weight: weight4) }
    }
  }

  /// `16 * count^0.75`, by square roots, whose last bit is the same on every machine.
  @inline(__always)
  private static func damping(_ count: Int) -> Float {
    if count == 1 { return 16 }
    let count = Double(count)
    return Float(16 * (count * count.squareRoot()).squareRoot())
  }

  /// A weight as a whole number.
  @inline(__always)
  private static func weight(_ base: Float, _ damping: Float) -> Float {
    Float(Int(base * damping + 0.5))
  }

  /// Ranks a new word, and keeps its letters only where they are needed.
  private mutating func describeWord(at index: Int) {
    let start = terms[index].start
    let rank = MockWords.rank(of: terms[index].hash)
    if rank == .stop {
      terms[index].kind = .stopWord
      scalars.removeLast(scalars.count - start)
      return
    }
    let count = scalars.count - start
    let (stemCount, prefixCount) = scalars.withUnsafeBufferPointer {
      (MockWords.stemLength(of: UnsafeBufferPointer(rebasing: $0[start...])), min(count, 5))
    }
    terms[index].length = Int32(count)
    let stem = state(ofFirst: stemCount, from: start)
    if rank == .common {
      terms[index].kind = .commonWord
    } else if MockWords.rank(ofStem: stem) == .everyday {
      terms[index].kind = .everydayWord
    }
    terms[index].stem = stem
    terms[index].prefix = state(ofFirst: prefixCount, from: start)
  }

  private func state(ofFirst count: Int, from start: Int) -> UInt64 {
    var state: UInt64 = 0
    for index in start..<(start + count) {
      state = MockHash.extended(state, by: scalars[index])
    }
    return state
  }

  /// Counts one term and says where it is. Words, characters and symbols are never the same scalars,
  /// and pairs are told apart from them by 64 bits of hash.
  @inline(__always)
  private mutating func count(_ hash: UInt64, _ kind: Kind) -> (index: Int, isNew: Bool) {
    let mask = slots.count - 1
    var slot = Self.slot(of: hash) & mask
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
      var slot = Self.slot(of: term.hash) & mask
      while slots[slot] != 0 { slot = (slot + 1) & mask }
      slots[slot] = Int32(index + 1)
    }
  }

  @inline(__always)
  private static func slot(of hash: UInt64) -> Int {
    Int(truncatingIfNeeded: (hash &* MockHash.multiplier) &>> 32)
  }
}
