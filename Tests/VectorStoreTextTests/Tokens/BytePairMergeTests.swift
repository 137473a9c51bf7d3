// BytePairMerge against the definition of byte pair encoding, word for word.

import TestSupport
import Testing

@testable import VectorStoreText

@Suite struct BytePairMergeTests {
  @Test func mergesTheLowestRankFirst() throws {
    // "bc" comes before "ab", and takes the b.
    #expect(try parts(of: "abc", by: ["bc", "ab"]) == ["a", "bc"])
    #expect(try parts(of: "abc", by: ["ab", "bc"]) == ["ab", "c"])
  }

  @Test func mergesTheLeftmostOfEqualPairs() throws {
    #expect(try parts(of: "aaa", by: ["aa"]) == ["aa", "a"])
    #expect(try parts(of: "aaaaa", by: ["aa", "aaa"]) == ["aa", "aaa"])
  }

  @Test func mergesWhatMergingMade() throws {
    #expect(try parts(of: "abcd", by: ["ab", "cd", "abcd"]) == ["abcd"])
    // No two parts make "abc" while "ab" is not a token.
    #expect(try parts(of: "abc", by: ["abc"]) == ["a", "b", "c"])
  }

  @Test func leavesOneByteAlone() throws {
    #expect(try parts(of: "a", by: ["ab"]) == ["a"])
  }

  @Test func returnsTheNumberOfParts() throws {
    let table = try BytePairTable(TestTokenizer.make([Array("ab".utf8)]).vocabulary)
    let count = Array("abcab".utf8).withUnsafeBufferPointer { bytes in
      table.withLookup(in: bytes) { lookup in
        BytePairMerge.withCapacity(5, lookup: lookup) { $0.run(0, 5) }
      }
    }
    #expect(count == 3)
  }

  /// Sizes of one to four levels of the tree, by random vocabularies.
  @Test(arguments: 0..<12)
  func equalsTheDefinition(seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(seed))
    let tokens = NaiveMerge.tokens(60, of: Array("abc".utf8), using: &generator)
    for size in [1, 2, 7, 8, 9, 30, 64, 65, 200, 600] {
      let text = NaiveMerge.text(size, of: Array("abcd".utf8), using: &generator)
      let expected = NaiveMerge.parts(of: text, by: tokens)
      #expect(try parts(of: text, by: tokens) == expected, "seed \(seed), \(size) bytes")
    }
  }

  private func parts(of text: String, by tokens: [String]) throws -> [String] {
    try parts(of: Array(text.utf8), by: tokens.map { Array($0.utf8) })
      .map { String(decoding: $0, as: UTF8.self) }
  }

  private func parts(of text: [UInt8], by tokens: [[UInt8]]) throws -> [[UInt8]] {
    let table = try BytePairTable(TestTokenizer.make(tokens).vocabulary)
    return text.withUnsafeBufferPointer { bytes in
      table.withLookup(in: bytes) { lookup in
        BytePairMerge.withCapacity(bytes.count, lookup: lookup) { merge in
          merge.run(0, bytes.count)
          var parts: [[UInt8]] = []
          var index = 0
          while index < bytes.count {
            let end = merge.end(ofPartAt: index)
            parts.append(Array(bytes[index..<end]))
            index = end
          }
          return parts
        }
      }
    }
  }
}

/// Byte pair encoding by its definition, and what to try it on.
enum NaiveMerge {
  /// The parts of a text: as long as two neighbours are a token, the first of those with the lowest
  /// rank are merged.
  static func parts(of text: [UInt8], by tokens: [[UInt8]]) -> [[UInt8]] {
    let ranks = Dictionary(uniqueKeysWithValues: zip(tokens, tokens.indices))
    var parts = text.map { [$0] }
    while true {
      let pairs = zip(parts, parts.dropFirst()).map { ranks[$0 + $1] ?? Int.max }
      guard let least = pairs.min(), least < Int.max, let at = pairs.firstIndex(of: least)
      else { return parts }
      parts[at] += parts.remove(at: at + 1)
    }
  }

  /// Random tokens of two parts that are there before.
  static func tokens(
    _ count: Int, of letters: [UInt8], using generator: inout SeededGenerator
  ) -> [[UInt8]] {
    var known = letters.map { [$0] }
    var tokens: [[UInt8]] = []
    while tokens.count < count {
      guard let left = known.randomElement(using: &generator),
        let right = known.randomElement(using: &generator)
      else { break }
      let token = left + right
      guard token.count <= 12, !known.contains(token) else { continue }
      known.append(token)
      tokens.append(token)
    }
    return tokens.shuffled(using: &generator)
  }

  /// A random text.
  static func text(
    _ size: Int, of letters: [UInt8], using generator: inout SeededGenerator
  ) -> [UInt8] {
    (0..<size).map { _ in letters.randomElement(using: &generator) ?? 0 }
  }
}
