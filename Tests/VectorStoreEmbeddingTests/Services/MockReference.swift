// The mock embedding written again from its doc comment, slowly and plainly: the oracle of
// MockServiceTests. Shares the folding, the word lists and the stems, which have tests of their own.

@testable import VectorStoreEmbedding

/// The formula of `hashed-features-2`, and of `hashed-features-1`, a term at a time, with no concern for speed.
struct MockReference {
  private static let p: UInt64 = 0x9FB2_1C65_1E98_DF25
  private let foldsArabic: Bool
  private var order: [Term] = []
  private var counts: [Term: Int] = [:]

  private enum Term: Hashable {
    case word([UInt32]), wordPair(UInt64), character(UInt32), characterPair(UInt64)
    case symbol(UInt32)
  }

  private init(foldsArabic: Bool) { self.foldsArabic = foldsArabic }

  static func vector(of text: String, in space: EmbeddingSpace) -> [Float] {
    let dimensions = space.dimensions
    var reference = MockReference(foldsArabic: space.model == "hashed-features-2")
    reference.read(text)
    var sums = [Double](repeating: 0, count: dimensions)
    for term in reference.order {
      reference.features(of: term) { number, kind, weight in
        add(number, kind, weight, to: &sums)
      }
    }
    if sums.allSatisfy({ $0 == 0 }) {
      for scalar in text.unicodeScalars { add(state([scalar.value]), 11, 50, to: &sums) }
      add(state(text.unicodeScalars.map(\.value)), 11, 50, to: &sums)
    }
    if sums.allSatisfy({ $0 == 0 }) { sums[0] = 1 }
    let scale = Float(1 / sums.reduce(0) { $0 + $1.magnitude })
    return sums.map { sum in
      let root = (Float(sum.magnitude) * scale).squareRoot()
      return sum < 0 ? -root : root
    }
  }

  private static func state(_ scalars: some Sequence<UInt32>) -> UInt64 {
    var h: UInt64 = 0
    for c in scalars {
      h = (h ^ UInt64(c)) &* p
      h ^= h >> 29
    }
    return h
  }

  private static func pair(_ a: UInt64, _ b: UInt64) -> UInt64 { (a &* p) ^ (a >> 32) ^ b }

  private static func add(
    _ number: UInt64, _ kind: UInt64, _ weight: Double, to sums: inout [Double]
  ) {
    var z = number ^ (kind &* 0x9E37_79B9_7F4A_7C15)
    z = (z ^ (z >> 32)) &* p
    let place = Int(((z >> 32) * UInt64(sums.count)) >> 32)
    sums[place] += z & 0x8000_0000 == 0 ? weight : -weight
  }

  private mutating func read(_ text: String) {
    var word: [UInt32] = []
    var stemBefore: UInt64?
    var characterBefore: UInt64?
    func endWord(_ reference: inout MockReference) {
      if reference.foldsArabic {
        guard let counted = MockArabic.counted(of: word) else { return word = [] }
        word = Array(counted)
      }
      if word.isEmpty { return }
      reference.count(.word(word))
      if MockWords.rank(of: Self.state(word)) != .stop {
        let stem = Self.state(Self.stem(word))
        if let stemBefore { reference.count(.wordPair(Self.pair(stemBefore, stem))) }
        stemBefore = stem
      }
      word = []
    }
    func letter(_ scalar: UInt32, _ reference: inout MockReference) {
      if word.count == 48 { endWord(&reference) }
      word.append(scalar)
      characterBefore = nil
    }
    for scalar in text.unicodeScalars {
      switch (foldsArabic ? MockArabic.fold(scalar.value) : nil) ?? Self.fold(scalar) {
      case .ignored: break
      case .letter(let folded): letter(folded, &self)
      case .letters(let first, let second):
        letter(first, &self)
        letter(second, &self)
      case .character:
        endWord(&self)
        count(.character(scalar.value))
        let state = Self.state([scalar.value])
        if let characterBefore { count(.characterPair(Self.pair(characterBefore, state))) }
        characterBefore = state
        stemBefore = nil
      case .symbol:
        endWord(&self)
        count(.symbol(scalar.value))
        characterBefore = nil
      case .separator:
        endWord(&self)
        characterBefore = nil
      }
    }
    endWord(&self)
  }

  private static func fold(_ scalar: Unicode.Scalar) -> MockFolding.Folded {
    guard scalar.isASCII else { return MockFolding.fold(scalar.value) }
    let character = Character(scalar)
    guard character.isLetter || character.isNumber else { return .separator }
    return .letter(character.lowercased().unicodeScalars.reduce(0) { $1.value | $0 })
  }

  private static func stem(_ word: [UInt32]) -> ArraySlice<UInt32> {
    word.prefix(word.withUnsafeBufferPointer { MockWords.stemLength(of: $0) })
  }

  private mutating func count(_ term: Term) {
    if counts[term] == nil { order.append(term) }
    counts[term, default: 0] += 1
  }

  private func features(of term: Term, _ add: (UInt64, UInt64, Double) -> Void) {
    let count = Double(counts[term] ?? 0)
    var damping = Float(16 * (count * count.squareRoot()).squareRoot())
    func feature(_ number: UInt64, _ kind: UInt64, _ weight: Float) {
      add(number, kind, Double((weight * damping + 0.5).rounded(.down)))
    }
    switch term {
    case .wordPair(let pair): feature(pair, 7, 10)
    case .character(let scalar): feature(Self.state([scalar]), 8, 70)
    case .characterPair(let pair): feature(pair, 9, 100)
    case .symbol(let scalar): feature(Self.state([scalar]), 10, 70)
    case .word(let word):
      let rank = MockWords.rank(of: Self.state(word))
      if rank == .stop { return feature(Self.state(word), 1, 5) }
      if rank == .common {
        damping *= 0.5
      } else if MockWords.rank(ofStem: Self.state(Self.stem(word))) == .everyday {
        damping *= 0.7
      }
      feature(Self.state(word), 1, 50)
      feature(Self.state(Self.stem(word)), 2, 100)
      feature(Self.state(word.prefix(5)), 3, 80)
      let marked = [2] + word + [3]
      for (n, kind, weight) in [(2, 4, 20), (3, 5, 35), (4, 6, 55)] as [(Int, UInt64, Float)] {
        let starts = 0..<max(marked.count - n + 1, 0)
        for start in starts {
          let number = marked[start..<(start + n)].reduce(0 as UInt64) {
            $0 &* Self.p &+ UInt64($1)
          }
          feature(number, kind, weight / Float(starts.count).squareRoot())
        }
      }
    }
  }
}
