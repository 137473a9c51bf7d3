// Cuts UTF-8 into the words, characters and symbols of the mock embedding. Called by MockService;
// hands what it finds to MockTally, asks MockFolding about scalars beyond ASCII.

/// Reads a text once, front to back.
///
/// A word of ASCII letters and digits is hashed where it stands, without a copy. Only words with
/// other letters are gathered in a buffer first.
struct MockTokenizer {
  /// Words are cut after so many scalars, so that a text without any space costs no more.
  static let longestWord = 48

  /// The folded scalars of the word being read, where it is not ASCII alone.
  private var word: [UInt32] = []
  /// The state of the character right before, or 0.
  private var previousCharacter: UInt64 = 0

  /// Counts everything in a text.
  ///
  /// - Parameter bytes: valid UTF-8, as Swift's strings hold it.
  static func read(_ bytes: UnsafeBufferPointer<UInt8>, into tally: inout MockTally) {
    var tokenizer = MockTokenizer()
    var position = 0
    while position < bytes.count {
      let byte = bytes[position]
      if foldedASCII(byte) != 0 {
        position = tokenizer.takeLetters(bytes, from: position, into: &tally)
      } else if byte < 0x80 {
        tokenizer.endWord(into: &tally)
        tokenizer.previousCharacter = 0
        position += 1
      } else {
        let (scalar, length) = decode(bytes, at: position)
        tokenizer.take(scalar, into: &tally)
        position += length
      }
    }
    tokenizer.endWord(into: &tally)
  }

  /// A letter in lower case, a digit as it is, 0 for all other bytes.
  @inline(__always)
  static func foldedASCII(_ byte: UInt8) -> UInt8 {
    let lower = byte | 0x20
    if lower &- 0x61 < 26 { return lower }
    return byte &- 0x30 < 10 ? byte : 0
  }

  /// Takes the ASCII letters and digits from a position on, and returns where they end.
  @inline(__always)
  private mutating func takeLetters(
    _ bytes: UnsafeBufferPointer<UInt8>, from start: Int, into tally: inout MockTally
  ) -> Int {
    let limit = min(bytes.count, start + Self.longestWord)
    var end = start
    var state: UInt64 = 0
    while end < limit {
      let folded = Self.foldedASCII(bytes[end])
      if folded == 0 { break }
      state = MockHash.extended(state, by: UInt32(folded))
      end += 1
    }
    let isWhole = word.isEmpty && (end == bytes.count || bytes[end] < 0x80)
    if isWhole {
      tally.countWord(state) { scalars in
        for byte in bytes[start..<end] { scalars.append(UInt32(Self.foldedASCII(byte))) }
      }
    } else {
      for byte in bytes[start..<end] {
        takeLetter(UInt32(Self.foldedASCII(byte)), into: &tally)
      }
    }
    previousCharacter = 0
    return end
  }

  private mutating func takeLetter(_ scalar: UInt32, into tally: inout MockTally) {
    if word.count == Self.longestWord { endWord(into: &tally) }
    word.append(scalar)
    previousCharacter = 0
  }

  /// Takes a scalar beyond ASCII.
  private mutating func take(_ scalar: UInt32, into tally: inout MockTally) {
    switch MockFolding.fold(scalar) {
    case .ignored: break
    case .letter(let folded): takeLetter(folded, into: &tally)
    case .letters(let first, let second):
      takeLetter(first, into: &tally)
      takeLetter(second, into: &tally)
    case .character:
      endWord(into: &tally)
      previousCharacter = tally.countCharacter(scalar, after: previousCharacter)
    case .symbol:
      endWord(into: &tally)
      previousCharacter = 0
      tally.countSymbol(scalar)
    case .separator:
      endWord(into: &tally)
      previousCharacter = 0
    }
  }

  /// Counts the word in the buffer, if any.
  @inline(__always)
  private mutating func endWord(into tally: inout MockTally) {
    if !word.isEmpty { countBuffer(into: &tally) }
  }

  private mutating func countBuffer(into tally: inout MockTally) {
    var state: UInt64 = 0
    for scalar in word { state = MockHash.extended(state, by: scalar) }
    tally.countWord(state) { $0.append(contentsOf: word) }
    word.removeAll(keepingCapacity: true)
  }

  /// Decodes the scalar of two to four bytes that begins at a position.
  @inline(__always)
  private static func decode(
    _ bytes: UnsafeBufferPointer<UInt8>, at position: Int
  ) -> (scalar: UInt32, length: Int) {
    let lead = UInt32(bytes[position])
    let second = UInt32(bytes[position + 1] & 0x3F)
    if lead < 0xE0 { return ((lead & 0x1F) << 6 | second, 2) }
    let third = UInt32(bytes[position + 2] & 0x3F)
    if lead < 0xF0 { return ((lead & 0x0F) << 12 | second << 6 | third, 3) }
    let fourth = UInt32(bytes[position + 3] & 0x3F)
    return ((lead & 0x07) << 18 | second << 12 | third << 6 | fourth, 4)
  }
}
