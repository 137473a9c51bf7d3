// BytePairTokenizer against tiktoken's own tokens, and on texts of which nobody has told it.

import Foundation
import TestSupport
import Testing

@testable import VectorStoreText

@Suite struct BytePairTokenizerTests {
  @Test func equalsTiktokenByASmallVocabulary() throws {
    let made = try TestTokenizer.made.get()
    for example in try TokenFixture.load().cases {
      let tokens = made.tokenizer.tokens(of: example.whole)
      #expect(example.made.difference(from: tokens) == nil, "\(example.name)")
      #expect(made.tokenizer.count(example.whole) == tokens.count, "\(example.name)")
    }
  }

  @Test(.enabled(if: TestTokenizer.cl100k != nil))
  func equalsTiktokenByCL100k() throws {
    let cl100k = try #require(try TestTokenizer.cl100k?.get())
    for example in try TokenFixture.load().cases {
      let tokens = cl100k.tokenizer.tokens(of: example.whole)
      #expect(example.cl100k.difference(from: tokens) == nil, "\(example.name)")
      #expect(cl100k.tokenizer.count(example.whole) == tokens.count, "\(example.name)")
    }
  }

  @Test(.enabled(if: TestTokenizer.cl100k != nil))
  func countsWordsByCL100k() throws {
    let tokenizer = try #require(try TestTokenizer.cl100k?.get()).tokenizer
    #expect(tokenizer.tokens(of: "The quick brown fox") == [791, 4062, 14198, 39935])
    #expect(tokenizer.count("") == 0)
    let counter = TokenCounter(isExact: true) { tokenizer.count($0) }
    #expect(counter.count("The quick brown fox") == 4)
  }

  @Test(.enabled(if: TestTokenizer.cl100k != nil))
  func takesSpecialTokensForText() throws {
    let tokenizer = try #require(try TestTokenizer.cl100k?.get()).tokenizer
    #expect(tokenizer.tokens(of: "<|endoftext|>") == [27, 91, 8862, 728, 428, 91, 29])
  }

  /// Every token of the vocabulary that is one piece of text is found again as itself.
  @Test(.enabled(if: TestTokenizer.cl100k != nil))
  func findsWholePiecesAtOnce() throws {
    let cl100k = try #require(try TestTokenizer.cl100k?.get())
    for id in stride(from: 0, to: cl100k.vocabulary.count, by: 37) {
      let bytes = cl100k.vocabulary[id]
      let isWord = bytes.allSatisfy { Bytes.isLetter($0) }
      guard isWord else { continue }
      #expect(cl100k.tokenizer.tokens(of: String(decoding: bytes, as: UTF8.self)) == [id])
    }
  }

  @Test(
    .enabled(if: TestTokenizer.cl100k != nil), arguments: ["cranfield", "xquad-de", "xquad-zh"])
  func decodesBackToRealTexts(collection: String) throws {
    let cl100k = try #require(try TestTokenizer.cl100k?.get())
    let texts = try RealTexts.corpus(collection)
    for text in texts.prefix(60) {
      let tokens = cl100k.tokenizer.tokens(of: text)
      #expect(cl100k.bytes(of: tokens) == Array(text.utf8))
      #expect(cl100k.tokenizer.count(text) == tokens.count)
    }
  }

  @Test(arguments: 0..<20)
  func decodesBackToAnyText(seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(seed))
    let made = try TestTokenizer.made.get()
    for kind in TextMaker.Kind.allCases {
      let text = TextMaker.text(kind, pieces: 30, using: &generator)
      let tokens = made.tokenizer.tokens(of: text)
      #expect(made.bytes(of: tokens) == Array(text.utf8), "seed \(seed) \(kind)")
      #expect(made.tokenizer.count(text) == tokens.count, "seed \(seed) \(kind)")
    }
  }
}
