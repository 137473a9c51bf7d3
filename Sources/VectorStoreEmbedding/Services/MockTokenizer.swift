// Cuts UTF-8 into the words, characters and symbols of the mock embedding. Called by MockService;
// hands what it finds to MockTally, asks MockFolding about scalars beyond ASCII.

/// A word while it is read: its folded scalars and the hash state after each of them.
struct MockWord {
  /// Words are cut after so many scalars, so that a text without any space costs no more.
  static let longest = 48

  private(set) var count = 0
  private var scalars = [UInt32](repeating: 0, count: longest)
  private var states = [UInt64](repeating: 0, count: longest + 1)

  /// The hash state of the whole word.
  var state: UInt64 { states[count] }
  /// The hash state of its first five scalars, or of all where there are fewer.
  var prefixState: UInt64 { states[min(count, 5)] }
  /// The hash state of its stem.
  var stemState: UInt64 { states[MockWords.stemLength(of: scalars[..<count])] }

  mutating func append(_ scalar: UInt32) {
    scalars[count] = scalar
    states[count + 1] = MockHash.extended(states[count], by: scalar)
    count += 1
  }

  mutating func removeAll() { count = 0 }

  func append(to arena: inout [UInt32]) { arena.append(contentsOf: scalars[..<count]) }
}

/// Reads a text once, front to back.
struct MockTokenizer {
  private var word = MockWord()
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
      if byte < 0x80 {
        tokenizer.take(ascii: byte, into: &tally)
        position += 1
      } else {
        let (scalar, length) = decode(bytes, at: position)
        tokenizer.take(scalar, into: &tally)
        position += length
      }
    }
    tokenizer.endWord(into: &tally)
  }

  @inline(__always)
  private mutating func take(ascii byte: UInt8, into tally: inout MockTally) {
    let lower = byte | 0x20
    if lower >= 0x61 && lower <= 0x7A {
      takeLetter(UInt32(lower), into: &tally)
    } else if byte >= 0x30 && byte <= 0x39 {
      takeLetter(UInt32(byte), into: &tally)
    } else {
      previousCharacter = 0
      endWord(into: &tally)
    }
  }

  @inline(__always)
  private mutating func takeLetter(_ scalar: UInt32, into tally: inout MockTally) {
    if word.count == MockWord.longest { endWord(into: &tally) }
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

  @inline(__always)
  private mutating func endWord(into tally: inout MockTally) {
    if word.count == 0 { return }
    tally.countWord(word)
    word.removeAll()
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
