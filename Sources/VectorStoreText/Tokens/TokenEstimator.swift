// The built-in estimate of how many tokens a text has, without a vocabulary. Costs of letters stand
// in TokenEstimator+Words.swift, of other scripts in TokenEstimator+Scripts.swift.

/// Estimates how many cl100k_base tokens a text has, from its bytes alone.
///
/// ```swift
/// TokenEstimator().tokens(in: "The quick brown fox")  // 4
/// ```
///
/// The text is cut into the pieces that cl100k_base cuts it into before it merges bytes (a word with
/// the space before it, a contraction, up to three digits, a run of punctuation with the newlines
/// after it, a run of whitespace), and each piece has a cost: a word by its pairs of letters, other
/// scripts by their scalars, runs by how often their byte changes. The costs were fitted to true
/// counts over English, German and other prose, Markdown and source code.
///
/// The result is the same on every machine: integers only, and scalars are classed by fixed ranges.
/// It is an estimate, 5 % off on common prose and more on text that looks like none; where a count
/// decides about money already spent, take the service's own.
package struct TokenEstimator: Sendable {
  /// One token, in the units of ``cost(of:)``.
  package static let unit = 64

  /// The costs of pairs of letters, held here so that no word asks for a global.
  private let pairs: [Int8]

  /// Creates an estimator; all estimators are equal.
  package init() {
    pairs = Words.pairs
  }

  /// The estimated number of tokens in a text: 0 for the empty text only, never more than its UTF-8
  /// bytes.
  ///
  /// - Complexity: O(bytes).
  package func tokens(in text: String) -> Int {
    var text = text
    return text.withUTF8 { tokens(in: $0) }
  }

  /// The estimated number of tokens in UTF-8 text.
  ///
  /// - Complexity: O(bytes).
  package func tokens(in bytes: UnsafeBufferPointer<UInt8>) -> Int {
    let rounded = (cost(of: bytes) + Self.unit / 2) / Self.unit
    return min(max(rounded, bytes.isEmpty ? 0 : 1), bytes.count)
  }

  /// The estimated cost of UTF-8 text in 1/64 of a token.
  ///
  /// Costs of slices add up to the cost of the whole where the slices meet between pieces: at the
  /// end of a word, before the whitespace that follows it.
  ///
  /// - Parameter bytes: valid UTF-8.
  /// - Complexity: O(bytes).
  package func cost(of bytes: UnsafeBufferPointer<UInt8>) -> Int {
    pairs.withUnsafeBufferPointer { pairs in
      var pieces = Pieces(bytes: bytes, pairs: pairs)
      return pieces.cost()
    }
  }
}

extension TokenEstimator {
  /// Walks over the pieces of a text and adds up their costs.
  struct Pieces {
    private let bytes: UnsafeBufferPointer<UInt8>
    private let pairs: UnsafeBufferPointer<Int8>
    private var at = 0

    init(bytes: UnsafeBufferPointer<UInt8>, pairs: UnsafeBufferPointer<Int8>) {
      self.bytes = bytes
      self.pairs = pairs
    }

    /// The cost of all pieces.
    mutating func cost() -> Int {
      var sum = 0
      while at < bytes.count {
        let byte = bytes[at]
        if Bytes.isLetter(byte) {
          sum += word(after: .nothing)
        } else if byte <= 0x20 || byte == 0x7F {
          sum += blank()
        } else if byte >= 0x80 {
          sum += scalar(after: .nothing)
        } else if Bytes.isDigit(byte) {
          sum += digits()
        } else {
          sum += punctuation()
        }
      }
      return sum
    }

    /// One space goes with the word or the punctuation after it; every other run of whitespace is a
    /// piece, and so is each control character.
    private mutating func blank() -> Int {
      guard Bytes.isSpace(bytes[at]) else {
        at += 1
        return unit
      }
      if bytes[at] == 0x20, at + 1 < bytes.count {
        let next = bytes[at + 1]
        if Bytes.isLetter(next) {
          at += 1
          return word(after: .space)
        }
        if next >= 0x80 {
          at += 1
          return scalar(after: .space)
        }
        if next > 0x20 && !Bytes.isDigit(next) && next != 0x7F {
          at += 1
          return punctuation()
        }
      }
      return whitespace()
    }

    private mutating func whitespace() -> Int {
      let start = at
      var others = 0
      var changes = 0
      while at < bytes.count, Bytes.isSpace(bytes[at]) {
        if at > start, bytes[at] != bytes[at - 1], bytes[at - 1] != 0x0D { changes += 1 }
        if bytes[at] != 0x20 { others += 1 }
        at += 1
      }
      var length = at - start
      // The last space of a run belongs to the word after it, as a single one would.
      if at < bytes.count, bytes[at - 1] == 0x20, length > 1, !Bytes.isDigit(bytes[at]) {
        at -= 1
        length -= 1
      }
      // Long runs of one byte are tokens of up to 80 spaces or 16 of the others.
      let long = max(0, length - others - 64) / 2 + max(0, others - 8) * 4
      let cost = unit + long + max(0, changes - 3) * 40
      return min(cost, length * unit)
    }

    private mutating func digits() -> Int {
      let start = at
      while at < bytes.count, Bytes.isDigit(bytes[at]) { at += 1 }
      return (at - start + 2) / 3 * unit
    }

    /// A run of ASCII punctuation and the newlines after it; or a contraction; or a word, if the
    /// first sign has a letter after it.
    private mutating func punctuation() -> Int {
      if bytes[at] == 0x27, let letters = contraction() {
        at += 1 + letters
        return unit
      }
      let start = at
      at += 1
      if at < bytes.count, Bytes.isLetter(bytes[at]) { return word(after: .sign) }
      var changes = 0
      while at < bytes.count, Bytes.isPunctuation(bytes[at]) {
        if bytes[at] != bytes[at - 1] { changes += 1 }
        at += 1
      }
      if at < bytes.count, Bytes.isNewline(bytes[at]) {
        changes += 1
        while at < bytes.count, Bytes.isNewline(bytes[at]) { at += 1 }
      }
      let length = at - start
      // Pairs are tokens of their own as a rule; longer mixtures are cut about every second change.
      let mixed = changes < 2 ? 0 : changes == 2 ? 12 : 12 + (changes - 2) * 36
      return min(unit + mixed + max(0, length - changes - 8) * 6, length * unit)
    }

    /// The letters after an apostrophe that make a contraction with it, one or two of them.
    private func contraction() -> Int? {
      guard at + 1 < bytes.count else { return nil }
      let first = bytes[at + 1] | 0x20
      let second = at + 2 < bytes.count ? bytes[at + 2] | 0x20 : 0
      switch (first, second) {
      case (UInt8(ascii: "s"), _), (UInt8(ascii: "t"), _), (UInt8(ascii: "d"), _),
        (UInt8(ascii: "m"), _):
        return 1
      case (UInt8(ascii: "l"), UInt8(ascii: "l")), (UInt8(ascii: "v"), UInt8(ascii: "e")),
        (UInt8(ascii: "r"), UInt8(ascii: "e")):
        return 2
      default: return nil
      }
    }

    /// A run of Latin letters, after what its piece begins with.
    private mutating func word(after before: Before) -> Int {
      let start = at
      let sum = Words.cost(bytes, from: &at, after: before, pairs: pairs)
      let length = at - start + (before == .nothing ? 0 : 1)
      return min(max(sum, unit), length * unit)
    }

    /// A run of scalars beyond ASCII that are no Latin letters, of one script.
    private mutating func scalar(after before: Before) -> Int {
      if Words.isLatin(bytes, at: at) { return word(after: before) }
      let start = at
      var sum = 0
      var script: Scripts.Script?
      while at < bytes.count, bytes[at] >= 0x80, !Words.isLatin(bytes, at: at) {
        let (value, length) = UTF8Scalar.decode(bytes, at: at)
        let cost = Scripts.cost(of: value, length: length)
        if let script, script != cost.script { break }
        if script == nil {
          script = cost.script
          sum = cost.script.start(afterSpace: before == .space)
        }
        sum += cost.cost
        at += length
      }
      let length = at - start + (before == .nothing ? 0 : 1)
      return min(max(sum, unit), length * unit)
    }

    private var unit: Int { TokenEstimator.unit }
  }

  /// What stands before the letters of a piece and belongs to it.
  enum Before: Int {
    case nothing, space, sign
  }
}
