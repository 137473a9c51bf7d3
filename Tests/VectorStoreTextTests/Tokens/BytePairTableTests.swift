// BytePairTable: every token is found, nothing else is.

import TestSupport
import Testing

@testable import VectorStoreText

@Suite struct BytePairTableTests {
  @Test func findsEveryTokenInTheMiddleAndAtTheEnd() throws {
    let vocabulary = try TestTokenizer.made.get().vocabulary
    let table = try BytePairTable(vocabulary)
    for id in 0..<vocabulary.count {
      let token = Array(vocabulary[id])
      // At the end of a text no eight bytes can be read at once.
      for end in [[], [UInt8](repeating: 0x41, count: 9)] {
        #expect(rank([0x7A] + token + end, 1, 1 + token.count, in: table) == UInt32(id))
      }
    }
  }

  @Test func tellsNearTokensApart() throws {
    let tokens: [[UInt8]] = [
      [0, 0], [0, 0, 0, 0], Array("abcdefgh".utf8), Array("abcdefghi".utf8),
      Array("abcdefgh12345678".utf8), Array("abcdefgh1234567_abcdefgh".utf8),
    ]
    let table = try BytePairTable(TestTokenizer.make(tokens).vocabulary)
    let absent: [[UInt8]] = [
      [0, 0, 0], [0, 1], Array("abcdefg".utf8), Array("abcdefgi".utf8), Array("bbcdefghi".utf8),
      Array("abcdefgh12345679".utf8), Array("abcdefgh1234567_abcdefgi".utf8),
      Array("abcdefgh1234567_abcdefghi".utf8),
    ]
    for (index, token) in tokens.enumerated() {
      #expect(rank(token, 0, token.count, in: table) == UInt32(256 + index))
    }
    for text in absent {
      #expect(rank(text, 0, text.count, in: table) == BytePairTable.none)
    }
  }

  /// A text made on purpose: its hash is that of a token, its bytes are not.
  @Test func comparesTheBytesOfEqualHashes() throws {
    let token = (word: UInt64(0x6162_6364_6566_6768), last: UInt64(0x7172_7374_7576_7778))
    let word = token.word ^ 1
    let last = token.last ^ BytePairKey.mix(token.word, 16) ^ BytePairKey.mix(word, 16)
    let (known, forged) = (bytes(token.word) + bytes(token.last), bytes(word) + bytes(last))
    let hashes = [known, forged].map { text in
      text.withUnsafeBufferPointer { BytePairKey.make($0, from: 0, length: 16).hash }
    }
    #expect(hashes[0] == hashes[1])
    let table = try BytePairTable(TestTokenizer.make([known]).vocabulary)
    #expect(rank(known, 0, 16, in: table) == 256)
    #expect(rank(forged, 0, 16, in: table) == BytePairTable.none)
  }

  @Test func findsPairsOfBytes() throws {
    let table = try BytePairTable(TestTokenizer.make([[0xFF, 0], [0, 0xFF]]).vocabulary)
    let ranks = [UInt8]([0xFF, 0, 0xFF, 0xFF]).withUnsafeBufferPointer { bytes in
      table.withLookup(in: bytes) { lookup in (0..<3).map { lookup.rankOfPair(at: $0) } }
    }
    #expect(ranks == [256, 257, BytePairTable.none])
  }

  @Test(arguments: [2, 12])
  func refusesATokenThatIsThereTwice(length: Int) throws {
    let token = [UInt8](repeating: 0x61, count: length)
    let error = #expect(throws: TokenVocabularyError.self) {
      try TestTokenizer.make([token, [1, 2], token])
    }
    #expect(error == .repeatedToken(rank: 258, first: 256))
  }

  private func bytes(_ word: UInt64) -> [UInt8] {
    withUnsafeBytes(of: word.littleEndian) { Array($0) }
  }

  private func rank(_ text: [UInt8], _ start: Int, _ end: Int, in table: BytePairTable) -> UInt32 {
    text.withUnsafeBufferPointer { bytes in
      table.withLookup(in: bytes) { $0.rank(start, end) }
    }
  }
}
