// Texts and the tokens that tiktoken makes of them, by cl100k_base and by a small vocabulary that the
// project carries (Fixtures/make_token_fixture.py), and the tokenizers of both.

import Foundation
import TestSupport

@testable import VectorStoreText

struct TokenFixture: Decodable {
  struct Case: Decodable {
    let name: String
    private let text: String
    private let times: Int
    private let end: String
    let made: Tokens
    let cl100k: Tokens

    /// The text of the case.
    var whole: String {
      name == "ranges" ? Self.ranges() : String(repeating: text, count: times) + end
    }

    /// The first and last scalar of each range of letters and numbers and those beside them, each
    /// between two exclamation marks.
    private static func ranges() -> String {
      var text = String.UnicodeScalarView()
      for bounds in [ScalarClass.letters, ScalarClass.numbers] {
        for index in stride(from: 0, to: bounds.count, by: 2) {
          let (first, last) = (bounds[index], bounds[index + 1])
          for scalar in [first - 1, first, last, last + 1].compactMap(Unicode.Scalar.init) {
            text.append(contentsOf: ["!", scalar, "!", "\n"])
          }
        }
      }
      return String(text)
    }
  }

  /// Tokens, or of many their number and hash.
  enum Tokens: Decodable {
    case all([Int])
    case digest(count: Int, hash: String)

    private enum CodingKeys: CodingKey { case count, hash }

    init(from decoder: any Decoder) throws {
      if let all = try? decoder.singleValueContainer().decode([Int].self) {
        self = .all(all)
      } else {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self = .digest(
          count: try container.decode(Int.self, forKey: .count),
          hash: try container.decode(String.self, forKey: .hash))
      }
    }

    /// What keeps tokens from being these, or nil.
    func difference(from tokens: [Int]) -> String? {
      switch self {
      case .all(let all):
        return all == tokens ? nil : "\(tokens), expected \(all)"
      case .digest(let count, let hash):
        // FNV-1a, a token a step.
        let found = tokens.reduce(0xCBF2_9CE4_8422_2325 as UInt64) {
          ($0 ^ UInt64($1)) &* 0x100_0000_01B3
        }
        return String(found, radix: 16) == hash
          ? nil : "\(tokens.count) tokens, expected \(count): \(tokens)"
      }
    }
  }

  /// How many scalars are letters and numbers.
  let letters: Int
  let numbers: Int
  let cases: [Case]

  static func load() throws -> TokenFixture {
    try JSONDecoder().decode(TokenFixture.self, from: Data(contentsOf: file("tokens.json")))
  }

  /// The bytes of the small vocabulary's file.
  static func madeFile() throws -> [UInt8] {
    [UInt8](try Data(contentsOf: file("made.tiktoken")))
  }

  private static func file(_ name: String) -> URL {
    URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/\(name)")
  }
}

/// A vocabulary and its tokenizer.
struct TestTokenizer: Sendable {
  let vocabulary: TokenVocabulary
  let tokenizer: BytePairTokenizer

  init(_ file: [UInt8]) throws {
    vocabulary = try TokenVocabulary(parsing: file)
    tokenizer = try BytePairTokenizer(vocabulary: vocabulary)
  }

  /// The small vocabulary's.
  static let made = Result { try TestTokenizer(TokenFixture.madeFile()) }

  /// cl100k_base's, or nil where its file is not among the shared data.
  static let cl100k: Result<TestTokenizer, any Error>? = SharedData.file("cl100k_base.tiktoken")
    .map { file in Result { try TestTokenizer([UInt8](Data(contentsOf: file))) } }

  /// A tokenizer of the 256 bytes and of tokens after them.
  static func make(_ tokens: [[UInt8]], window: Int = 512) throws -> TestTokenizer {
    try TestTokenizer(file(tokens), window: window)
  }

  /// A file of the 256 bytes and of tokens after them.
  static func file(_ tokens: [[UInt8]]) -> [UInt8] {
    let all = (0...UInt8.max).map { [$0] } + tokens
    return all.enumerated().flatMap {
      Array("\(Data($0.element).base64EncodedString()) \($0.offset)\n".utf8)
    }
  }

  private init(_ file: [UInt8], window: Int) throws {
    vocabulary = try TokenVocabulary(parsing: file)
    tokenizer = try BytePairTokenizer(vocabulary: vocabulary, window: window)
  }

  /// The bytes that tokens stand for.
  func bytes(of tokens: [Int]) -> [UInt8] {
    tokens.flatMap { vocabulary[$0] }
  }
}
