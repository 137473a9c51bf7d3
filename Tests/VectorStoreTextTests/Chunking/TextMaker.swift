// Texts to cut: random ones of many kinds, and real ones. Used by the tests of this folder and of
// Tokens.

import Foundation
import TestSupport
import Testing

/// Makes random texts that are hard to cut.
enum TextMaker {
  enum Kind: CaseIterable {
    case prose, noSpaces, clusters, blanks, windowsLines, oldLines, scripts, code, markdown, unicode
  }

  static func text(
    _ kind: Kind, pieces: Int, using generator: inout SeededGenerator
  ) -> String {
    if kind == .unicode { return uniformScalars(pieces * 4, using: &generator) }
    let choices = Self.pieces(kind)
    var text = ""
    for _ in 0..<pieces {
      text += choices[Int.random(in: 0..<choices.count, using: &generator)]
    }
    return text
  }

  /// Scalars drawn from all there are.
  static func uniformScalars(_ count: Int, using generator: inout SeededGenerator) -> String {
    var text = String.UnicodeScalarView()
    while text.count < count {
      let value = UInt32.random(in: 0x20...0x10FFFF, using: &generator)
      if let scalar = Unicode.Scalar(value) { text.append(scalar) }
    }
    return String(text)
  }

  private static func pieces(_ kind: Kind) -> [String] {
    switch kind {
    case .prose:
      [
        "The wing ", "of a plane, ", "is thin. ", "Why? ", "\n", "\n\n", "lift ", "and “drag.” ",
        "3. ",
      ]
    case .noSpaces:
      ["a", "bcdefgh", "/", "QUJD", String(repeating: "x", count: 90), "ß", "é"]
    case .clusters:
      [
        "👩‍👩‍👧‍👦", "🇩🇪", "🇫🇷🇮🇹", "e\u{301}\u{302}", "a", " ", "👍🏽", "क्षि", "한", "\u{1100}\u{1161}\u{11A8}", "❤️",
        "\u{200D}", "\u{301}", " \u{301}", "\u{600}", "\n\u{308}", "1\u{FE0F}\u{20E3}",
        "z" + String(repeating: "\u{335}", count: 60),
      ]
    case .blanks:
      [
        "\n", " ", "\t", "\u{3000}", "\r\n", "\u{200B}", "x", "\u{A0}", "\n\n\n",
        String(repeating: " \t", count: 40), String(repeating: "\n", count: 90),
      ]
    case .windowsLines:
      [
        "One line\r\n", "\r\n", "Another, longer line. ", "word ", "\r", "\n", "# Head\r\n",
        "```\r\n",
      ]
    case .oldLines: ["a line\r", "\r", "words and words ", "# Head\r", "end.\r"]
    case .scripts:
      [
        "Привет, мир. ", "你好，世界。", "「はい。」", "カタカナ", "안녕 ", "שלום ", "مرحبا؟ ", "สวัสดีครับ", "नमस्ते। ",
        "Größe ", "\n", "Hello. ",
      ]
    case .code:
      [
        "func a() {\n", "  let x = 1\n", "}\n", "\n", "\n\n", "// note\n", "    return [1, 2]\n",
        "@main\n", "\tif x { y() }\n", "  }\n",
      ]
    case .markdown:
      [
        "# Title\n", "\n", "Text of a paragraph. ", "\nSetext\n===\n",
        "```\n# no heading\n\ncode\n```\n",
        "- item\n", "1. first\n", "## Sub ##\n\n", "---\n", "```\n", "| a | b |\n", "Head\n---\n",
        "> q\n",
      ]
    case .unicode: []
    }
  }
}

/// The real data's texts.
enum RealTexts {
  /// The texts of a collection, in the order of its file.
  static func corpus(_ collection: String) throws -> [String] {
    struct Line: Decodable { let text: String }
    let file = try #require(SharedData.file("ir/\(collection)/corpus.jsonl"))
    return try Data(contentsOf: file).split(separator: UInt8(ascii: "\n"))
      .map { try JSONDecoder().decode(Line.self, from: $0).text }
  }
}
