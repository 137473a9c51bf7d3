// BytePairEncoder on pieces that are merged in windows, and on how the work grows with the text.

import Foundation
import TestSupport
import Testing

@testable import VectorStoreText

@Suite struct BytePairEncoderTests {
  /// Windows from smaller than a token to larger than the text.
  @Test(arguments: 0..<10)
  func windowsDoNotChangeTheTokens(seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(seed))
    let tokens = NaiveMerge.tokens(40, of: Array("abc".utf8), using: &generator)
    let text = NaiveMerge.text(150, of: Array("abcd".utf8), using: &generator)
    let expected = NaiveMerge.parts(of: text, by: tokens)
    for window in [1, 2, 3, 5, 8, 16, 20, 40, 100, 149, 150, 151] {
      let made = try TestTokenizer.make(tokens, window: window)
      let ids = made.tokenizer.tokens(of: String(decoding: text, as: UTF8.self))
      #expect(
        ids.map { Array(made.vocabulary[$0]) } == expected, "seed \(seed), window \(window)")
      #expect(made.tokenizer.count(String(decoding: text, as: UTF8.self)) == expected.count)
    }
  }

  /// Each pair of the text has a lower rank than the one before, so that merging begins at the end:
  /// which letters pair up is known only there, far outside the first windows.
  @Test(arguments: [1, 2])
  func wholePiecesAreMergedWhereWindowsFail(dropped: Int) throws {
    let text = Array(Self.lettersWithEachPairOnce().dropFirst(dropped))
    let pairs = zip(text, text.dropFirst()).map { [$0, $1] }
    let made = try TestTokenizer.make(pairs.reversed())
    let ids = made.tokenizer.tokens(of: String(decoding: text, as: UTF8.self))
    #expect(made.bytes(of: ids) == text)
    #expect(ids.count == (text.count + 1) / 2)
    let first = try #require(ids.first)
    #expect(made.vocabulary[first].count == (text.count.isMultiple(of: 2) ? 2 : 1))
    #expect(ids.dropFirst().allSatisfy { made.vocabulary[$0].count == 2 })
  }

  @Test func encodesPieceAfterPiece() throws {
    let tokens = [" a", "ab", " ab", "1 ", "b "].map { Array($0.utf8) }
    let made = try TestTokenizer.make(tokens)
    let ids = made.tokenizer.tokens(of: "ab ab1 b")
    // "1 " and "b " reach over the end of a piece.
    #expect(ids == [257, 258, 49, 32, 98])
  }

  /// Ten times the text takes about ten times the work; were it the square, it would be a hundred.
  @Test(arguments: ["letters", "one letter", "blanks", "Chinese", "signs", "words"])
  func workGrowsWithTheLength(kind: String) throws {
    let tokenizer = try (TestTokenizer.cl100k ?? TestTokenizer.made).get().tokenizer
    let short = Self.text(kind, size: 3000)
    let long = Self.text(kind, size: 30000)
    let ratio = processorTimeRatio(
      { _ = tokenizer.count(long) }, over: { _ = tokenizer.count(short) })
    #expect(ratio < 40, "\(kind): \(ratio)")
  }

  private static func text(_ kind: String, size: Int) -> String {
    var generator = SeededGenerator(seed: 7)
    switch kind {
    case "letters":
      let letters = Array("abcdefghijklmnopqrstuvwxyz".utf8)
      return String(
        decoding: NaiveMerge.text(size, of: letters, using: &generator), as: UTF8.self)
    case "one letter": return String(repeating: "a", count: size)
    case "blanks": return String(repeating: " ", count: size) + "."
    case "Chinese":
      let letters = (0..<size / 3).map { _ in UInt16.random(in: 0x4E00..<0x9FA5, using: &generator)
      }
      return String(decoding: letters, as: UTF16.self)
    case "signs": return String(repeating: "=+-", count: size / 3)
    default: return String(repeating: "the store never mixes ", count: size / 22)
    }
  }

  /// Letters in which each two letters follow each other once: a de Bruijn sequence of order 2.
  private static func lettersWithEachPairOnce() -> [UInt8] {
    let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
    var text: [UInt8] = []
    for (index, letter) in letters.enumerated() {
      text.append(letter)
      for other in letters[(index + 1)...] { text += [letter, other] }
    }
    return text
  }
}
