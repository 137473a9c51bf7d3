// Tokenizers of models: WordPiece and Unigram by hand, and against Hugging Face's on random Unicode.

import Foundation
import TestSupport
import Testing
import VectorStoreText

@testable import VectorStoreEmbedding

@Suite struct TokenizerTests {
  @Test func wordPieceTakesTheLongestPieces() throws {
    let tokenizer = try ModelFixture().open().tokenizer
    #expect(tokenizer.tokens(of: "UNAFFABLE refunds!") == [11, 12, 13, 7, 9, 14])
    #expect(tokenizer.tokens(of: "Café CAFE\u{301} cafe") == [8, 8, 8])
    #expect(tokenizer.tokens(of: "money水back") == [5, 16, 6])
    #expect(tokenizer.tokens(of: "moneyx, [SEP] ") == [1, 1, 3])
    #expect(tokenizer.tokens(of: "mo\u{200B}ney\u{0}\tback\u{A0}.") == [5, 6, 15])
    #expect(tokenizer.tokens(of: String(repeating: "s", count: 101)) == [1])
    #expect(tokenizer.tokens(of: "") == [])
  }

  @Test func unigramTakesTheMostProbableCut() throws {
    let model = Unigram(
      vocabulary: [("<unk>", 0), ("a", -1), ("b", -1), ("ab", -1.5), ("abc", -9), ("c", -2)],
      unknown: 0)
    func tokens(_ text: String) -> [Int32] {
      var (text, numbers) = (text, [Int32]())
      text.withUTF8 { model.append($0, to: &numbers) }
      return numbers
    }
    #expect(tokens("abc") == [3, 5])
    #expect(tokens("ba") == [2, 1])
    #expect(tokens("axüb") == [1, 0, 2])
  }

  @Test func metaspaceMarksWords() throws {
    let step = SplitStep.metaspace(mark: "\u{2581}", prepend: .always, splits: true)
    #expect(
      step.apply(to: "a b  c", isFirst: true) == [
        "\u{2581}a", "\u{2581}b", "\u{2581}", "\u{2581}c",
      ])
    // A blank below an accent is one all the same.
    #expect(step.apply(to: "a \u{301}b", isFirst: true) == ["\u{2581}a", "\u{2581}\u{301}b"])
  }

  @Test func refusesATokenizerOfAnotherKind() throws {
    let fixture = try ModelFixture()
    func message(_ json: String) throws -> String {
      try fixture.folder.write(json, to: "tokenizer.json")
      do {
        _ = try fixture.open()
        return "opened"
      } catch let error as LocalModelError {
        return error.message.replacing(fixture.folder.url.path, with: "M")
      }
    }
    #expect(
      try message(#"{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}}"#)
        == "M/tokenizer.json asks for the model BPE; WordPiece and Unigram are read")
    #expect(try message(#"{"model": "#).hasPrefix("M/tokenizer.json cannot be read: at byte 10"))
    #expect(
      try message(
        #"{"normalizer": {"type": "BertNormalizer"}, "pre_tokenizer": {"type": "BertPreTokenizer"}, "#
          + #""model": {"type": "WordPiece", "vocab": {"a": 0, "[UNK]": 70}}}"#)
        == "the tokenizer has tokens up to 70, but M/model.safetensors has 17 rows; get all files of one model"
    )
  }

  @Test(
    .enabled("needs the references of .scripts/models") {
      ReferenceModels.path("bert.jsonl") != nil
    })
  func wordPieceEqualsHuggingFace() throws {
    let folder = ModelFolder(path: try #require(ReferenceModels.path("minilm")))
    let tokenizer = try TokenizerFile.tokenizer(of: folder)
    for (text, expected) in try ReferenceModels.rows("bert.jsonl") {
      #expect(tokenizer.tokens(of: text).map(Double.init) == expected, "\(text.debugDescription)")
    }
  }

  @Test(
    .enabled("needs the references of .scripts/models") {
      ReferenceModels.path("unigram.jsonl") != nil
    })
  func unigramEqualsHuggingFace() throws {
    let folder = ModelFolder(path: try #require(ReferenceModels.path("unigram")))
    let tokenizer = try TokenizerFile.tokenizer(of: folder)
    #expect(tokenizer.before == [1])
    #expect(tokenizer.after == [2])
    for (text, expected) in try ReferenceModels.rows("unigram.jsonl") {
      #expect(tokenizer.tokens(of: text).map(Double.init) == expected, "\(text.debugDescription)")
    }
  }
}
