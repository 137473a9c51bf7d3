// The embedding service that needs no network, key or money, and its formula.

import VectorStoreText

/// Embeds text by hashing its own words: deterministic, offline, free, and useful, since texts that
/// share words, parts of words or phrases come out near.
///
/// ```swift
/// let service = MockService()
/// let batch = try await service.embed(["a cat sat", "cats sit"])  // two vectors, 0 tokens
/// ```
///
/// It is no language model: it knows no synonyms and no meaning, and its scores say how many words
/// two texts share.
///
/// The model is feature hashing (Weinberger et al., ICML 2009), named `hashed-features-2`. Whatever
/// changes a vector needs a new name. Its formula, for D dimensions, all hashes in 64 bits,
/// wrapping:
///
/// 1. **Scalars** are folded (`MockFolding`): lower case; Latin, Greek and Cyrillic letters without
///    accents, ß as ss, full-width forms as plain ones. Each is a letter or digit, a *character* of a script
///    without spaces (Han, kana, Thai, Lao, Burmese, Khmer), a symbol (emoji included), a separator
///    or nothing (combining accents, joiners). Letters and digits side by side make a word, cut
///    every 48 scalars. An Arabic word is read without marks, article, particle and ending, and a stop
///    word not at all (`MockArabic`).
/// 2. **Runs** are hashed a scalar `c` at a time from `h = 0`: `h = (h ^ c) * P; h ^= h >> 29`, with
///    `P = 0x9FB21C651E98DF25`. The *state* of a word is this `h`.
/// 3. **Terms** are counted over the whole text: each word; each symbol; each character; each pair
///    of characters side by side, `pair(h, c)` of the states of its two; each pair of words that
///    follow one another when stop words are left out and no character stands between,
///    `pair(s, t)` of their stems' states, where `pair(a, b) = (a * P) ^ (a >> 32) ^ b`.
/// 4. **Features** of a term, each a number, a kind and a weight:
///
///    | term | number | kind | weight |
///    | --- | --- | --- | --- |
///    | stop word | state | 1 | 5 |
///    | word | state | 1 | 50 |
///    | word | state of its stem | 2 | 100 |
///    | word | state of its first 5 scalars, or all | 3 | 80 |
///    | word | each of its m 2-grams | 4 | 20 / sqrt(m) |
///    | word | each of its m 3-grams | 5 | 35 / sqrt(m) |
///    | word | each of its m 4-grams | 6 | 55 / sqrt(m) |
///    | pair of words | its hash | 7 | 10 |
///    | character | state | 8 | 70 |
///    | pair of characters | its hash | 9 | 100 |
///    | symbol | state | 10 | 70 |
///
///    N-grams are taken side by side from the scalars of the word with 2 before them and 3 after
///    them; `c1 … cn` has the number `(…(c1 * P + c2) * P + …) + cn`. Stop, common and
///    everyday words and stems are in `MockWords`.
/// 5. **Damping**: a term that occurs n times counts `d = 16 * n^0.75`; of that, a common word keeps
///    0.5, and another word whose stem is an everyday or common English word's 0.7. A feature weighs
///    `floor(weight * d + 0.5)`, computed in float32.
/// 6. **Hashing**: `z = number ^ (kind * 0x9E3779B97F4A7C15)`, `z = (z ^ (z >> 32)) * P`. The weight
///    goes to component `((z >> 32) * D) >> 32`, with a minus where bit 31 of z is set.
/// 7. **Unit length**: with components `a`, the vector is `sign(a) * sqrt(|a| / Σ|a|)`: the square
///    root damps what piles up in one component, and makes the length 1 by itself.
///
/// `hashed-features-1`, which stores from before have, reads an Arabic word as it stands, as if its letters were
/// of any other script; all other texts have the same components. A question is embedded as any text; only in
/// that space each Arabic word goes with four of its other forms (`ArabicForms`).
///
/// A text with no such feature (punctuation or blanks only, or features that cancel out) gets
/// features of kind 11 and weight 50 instead, a scalar each and one for the whole run of scalars,
/// and should these cancel out too, component 0 is 1. So no vector is zero.
///
/// Weights are whole numbers and every step after them is a multiplication, a division or a square
/// root of IEEE 754 in a fixed order, so that a text has the same bits on every machine.
public struct MockService: EmbeddingService {
  /// The space `mock/hashed-features-2/<dimensions>`, or that of a store from before.
  public let space: EmbeddingSpace

  /// Creates a service whose vectors have 1536 components.
  public init() { space = .mock }

  /// Creates a service whose vectors have so many components.
  ///
  /// - Throws: ``SettingError`` unless `dimensions` is in ``EmbeddingSpace/supportedDimensions``.
  public init(dimensions: Int) throws(SettingError) {
    let own = EmbeddingSpace.mock
    space = try EmbeddingSpace(
      provider: own.provider, model: own.model, dimensions: dimensions, kind: own.kind)
  }

  /// Creates the service that makes the vectors of a space; nil if this program makes none of it.
  package init?(space: EmbeddingSpace) {
    let models = [EmbeddingSpace.mock.model, EmbeddingSpace.formerMock.model]
    guard space.kind == .mock, space.provider == EmbeddingSpace.mock.provider,
      models.contains(space.model)
    else { return nil }
    self.space = space
  }

  /// Whether Arabic words are folded together.
  private var foldsArabic: Bool { space.model == EmbeddingSpace.mock.model }

  /// Embeds texts, one vector of unit length a text, in order; `tokens` is 0.
  ///
  /// - Throws: `CancellationError` only, before the first text.
  /// - Complexity: O(bytes of the texts + texts × dimensions), tens of megabytes a second on each
  ///   core; costs nothing.
  public func embed(_ texts: [String]) async throws -> EmbeddingBatch {
    try Task.checkCancellation()
    return EmbeddingBatch(
      vectors: await Parallel.mapOffPool(texts) { vector(of: $0) }, tokens: 0)
  }

  /// The vector of a text: ``EmbeddingSpace/dimensions`` components, of length 1 within 1e-6, also
  /// for a text without any word.
  ///
  /// - Complexity: O(UTF-8 bytes + dimensions).
  package func vector(of text: String) -> [Float] {
    var text = text
    return text.withUTF8 { bytes in
      var tally = MockTally(bytes: bytes.count)
      MockTokenizer.read(bytes, foldingArabic: foldsArabic, into: &tally)
      return [Float](unsafeUninitializedCapacity: space.dimensions) { components, count in
        components.initialize(repeating: 0)
        count = components.count
        let sums = MockComponents(components)
        tally.place(into: sums)
        if sums.isZero { sums.addScalars(of: bytes) }
        sums.normalise()
      }
    }
  }
}

/// The hash functions of the mock embedding.
enum MockHash {
  /// An odd multiplier of well mixed bits, used by every hash here.
  static let multiplier: UInt64 = 0x9FB2_1C65_1E98_DF25

  /// One more scalar of a run.
  @inline(__always)
  static func extended(_ state: UInt64, by scalar: UInt32) -> UInt64 {
    let product = (state ^ UInt64(scalar)) &* multiplier
    return product ^ (product &>> 29)
  }

  /// One hash of two, in their order.
  @inline(__always)
  static func pair(_ first: UInt64, _ second: UInt64) -> UInt64 {
    (first &* multiplier) ^ (first &>> 32) ^ second
  }
}

/// Components of a vector while its features are added up.
///
/// Holds whole numbers as floats: exact below 2^24, and added in the order of the text beyond.
struct MockComponents {
  private let components: UnsafeMutableBufferPointer<Float>

  /// Adds to the components given, which the caller has set to zero and keeps alive.
  init(_ components: UnsafeMutableBufferPointer<Float>) {
    self.components = components
  }

  /// Whether every component is zero: no feature yet, or all cancelled out.
  var isZero: Bool { components.allSatisfy { $0 == 0 } }

  /// Adds a feature: its number and kind say where and with which sign.
  @inline(__always)
  func add(_ number: UInt64, kind: UInt64, weight: Float) {
    var bits = number ^ (kind &* 0x9E37_79B9_7F4A_7C15)
    bits = (bits ^ (bits &>> 32)) &* MockHash.multiplier
    let index = Int(truncatingIfNeeded: ((bits &>> 32) &* UInt64(components.count)) &>> 32)
    // A sign bit costs less here than a branch that nothing predicts.
    let sign = UInt32(truncatingIfNeeded: bits) & 0x8000_0000
    components[index] += Float(bitPattern: weight.bitPattern ^ sign)
  }

  /// Adds the scalars of a text that has no other feature, so that its vector is not zero.
  func addScalars(of bytes: UnsafeBufferPointer<UInt8>) {
    var run: UInt64 = 0
    for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
      add(MockHash.extended(0, by: scalar.value), kind: 11, weight: 50)
      run = MockHash.extended(run, by: scalar.value)
    }
    add(run, kind: 11, weight: 50)
    if isZero { components[0] = 1 }
  }

  /// Turns sums `a` into `sign(a) * sqrt(|a| / Σ|a|)`, whose squares add up to 1.
  ///
  /// - Precondition: at least one component is not zero.
  func normalise() {
    withUnsafeTemporaryAllocation(of: Int32.self, capacity: components.count) { filled in
      // A short text fills few components, and square roots are the costly part: list the filled
      // ones without a branch, since which they are is chance.
      var count = 0
      for index in components.indices {
        filled[count] = Int32(truncatingIfNeeded: index)
        count += components[index] == 0 ? 0 : 1
      }
      // Whole numbers add up exactly in a Double.
      var total = 0.0
      for position in 0..<count { total += Double(components[Int(filled[position])].magnitude) }
      let scale = Float(1 / total)
      for position in 0..<count {
        let index = Int(filled[position])
        let sum = components[index]
        let root = (sum.magnitude * scale).squareRoot()
        components[index] = Float(bitPattern: root.bitPattern | sum.bitPattern & 0x8000_0000)
      }
    }
  }
}

extension MockService {
  /// How many other forms of a word are embedded.
  private static let forms = 4

  /// Embeds questions, one vector of unit length each, in order; as texts, but in `hashed-features-1` each Arabic
  /// word with its other forms.
  ///
  /// - Throws: `CancellationError` only.
  /// - Complexity: as ``embed(_:)``.
  package func embed(questions: [String]) async throws -> EmbeddingBatch {
    try await embed(foldsArabic ? questions : questions.map(Self.withForms))
  }

  /// A question with the other forms of each Arabic word behind it.
  static func withForms(_ question: String) -> String {
    // Arabic letters take two bytes, the first of them from 0xD8 to 0xD9.
    guard question.utf8.contains(where: { 0xD8...0xD9 ~= $0 }) else { return question }
    let words = question.split { !$0.isLetter }
    return ([question] + words.flatMap { ArabicForms.forms(of: $0).prefix(forms) })
      .joined(separator: " ")
  }
}
