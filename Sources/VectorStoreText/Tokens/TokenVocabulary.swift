// The tokens of a byte pair encoding and their ranks, read from OpenAI's .tiktoken format. Loaded by
// TokenVocabularySource, searched by BytePairTokenizer through BytePairTable.

/// The tokens of an encoding: byte strings, each with its rank, which is also its id.
///
/// A `.tiktoken` file holds a token a line: its bytes in base64, a blank, its rank. The ranks count
/// from 0, and each of the 256 single bytes is a token, so that every text can be encoded.
package struct TokenVocabulary: Sendable {
  /// The bytes of all tokens, one after the other by rank.
  let bytes: [UInt8]
  /// Where each token starts in ``bytes``, and at last where the last one ends.
  let starts: [UInt32]

  /// Reads the text of a `.tiktoken` file.
  ///
  /// - Throws: ``TokenVocabularyError`` where a line is not `base64 rank`, ranks do not count from 0,
  ///   or a single byte is not a token. Tokens that are there twice are found by ``BytePairTable``.
  /// - Complexity: O(bytes of the file).
  package init(parsing file: [UInt8]) throws {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(file.count / 2)
    var starts: [UInt32] = [0]
    starts.reserveCapacity(file.count / 16)
    var singles = Set<UInt8>()
    try file.withUnsafeBufferPointer { file in
      var reader = Reader(file: file)
      while reader.skipEmptyLines() {
        try reader.readLine(into: &bytes, rank: starts.count - 1)
        let start = Int(starts[starts.count - 1])
        if bytes.count == start + 1 { singles.insert(bytes[start]) }
        starts.append(UInt32(bytes.count))
      }
    }
    if let missing = (0...UInt8.max).first(where: { !singles.contains($0) }) {
      throw TokenVocabularyError.missingByte(missing)
    }
    self.bytes = bytes
    self.starts = starts
  }

  /// The number of tokens.
  package var count: Int { starts.count - 1 }

  /// The bytes of a token.
  ///
  /// - Precondition: `id` is in `0..<count`.
  package subscript(id: Int) -> ArraySlice<UInt8> {
    bytes[Int(starts[id])..<Int(starts[id + 1])]
  }
}

extension TokenVocabulary {
  /// Walks over the lines of a file.
  private struct Reader {
    let file: UnsafeBufferPointer<UInt8>
    private var at = 0
    private var line = 1

    init(file: UnsafeBufferPointer<UInt8>) {
      self.file = file
    }

    /// Moves to the next line that holds something; false at the end of the file.
    mutating func skipEmptyLines() -> Bool {
      while at < file.count, Bytes.isNewline(file[at]) {
        if file[at] == 0x0A { line += 1 }
        at += 1
      }
      return at < file.count
    }

    /// Reads one line up to its end, and appends its token.
    mutating func readLine(into bytes: inout [UInt8], rank expected: Int) throws {
      let size = bytes.count
      guard readToken(into: &bytes), bytes.count > size, skip(0x20), let rank = readRank(),
        at == file.count || Bytes.isNewline(file[at])
      else { throw TokenVocabularyError.malformedLine(line) }
      guard rank == expected else {
        throw TokenVocabularyError.unexpectedRank(rank, line: line, expected: expected)
      }
    }

    private mutating func skip(_ byte: UInt8) -> Bool {
      guard at < file.count, file[at] == byte else { return false }
      at += 1
      return true
    }

    private mutating func readRank() -> Int? {
      let start = at
      var rank = 0
      while at < file.count, at < start + 9, Bytes.isDigit(file[at]) {
        rank = rank * 10 + Int(file[at] &- 48)
        at += 1
      }
      return at > start ? rank : nil
    }

    /// Reads whole groups of four signs, of which the last may be padded.
    private mutating func readToken(into bytes: inout [UInt8]) -> Bool {
      while at + 4 <= file.count, let first = Self.value(file[at]),
        let second = Self.value(file[at + 1])
      {
        bytes.append(first << 2 | second >> 4)
        if file[at + 2] == Self.padding {
          guard file[at + 3] == Self.padding else { return false }
          at += 4
          return true
        }
        guard let third = Self.value(file[at + 2]) else { return false }
        bytes.append(second << 4 | third >> 2)
        if file[at + 3] == Self.padding {
          at += 4
          return true
        }
        guard let fourth = Self.value(file[at + 3]) else { return false }
        bytes.append(third << 6 | fourth)
        at += 4
      }
      return true
    }

    private static let padding = UInt8(ascii: "=")

    /// What a sign of base64 stands for (RFC 4648, section 4).
    @inline(__always)
    private static func value(_ sign: UInt8) -> UInt8? {
      switch sign {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): sign - UInt8(ascii: "A")
      case UInt8(ascii: "a")...UInt8(ascii: "z"): sign - UInt8(ascii: "a") + 26
      case UInt8(ascii: "0")...UInt8(ascii: "9"): sign - UInt8(ascii: "0") + 52
      case UInt8(ascii: "+"): 62
      case UInt8(ascii: "/"): 63
      default: nil
      }
    }
  }
}
