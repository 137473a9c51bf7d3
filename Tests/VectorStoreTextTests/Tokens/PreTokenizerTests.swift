// PreTokenizer: the pieces that cl100k_base's pattern matches.

import Testing

@testable import VectorStoreText

@Suite struct PreTokenizerTests {
  @Test func words() {
    #expect(pieces("Hello world") == ["Hello", " world"])
    #expect(pieces("größer  naïve") == ["größer", " ", " naïve"])
    #expect(pieces("日本語 テスト") == ["日本語", " テスト"])
    // One sign goes with the letters after it, a line end never does.
    #expect(pieces("(a) _b\u{A0}c\td\ne") == ["(a", ")", " _", "b", "\u{A0}c", "\td", "\n", "e"])
    // Marks are not letters.
    #expect(pieces("e\u{301}a") == ["e", "\u{301}a"])
  }

  @Test func contractions() {
    #expect(pieces("it's we'll") == ["it", "'s", " we", "'ll"])
    #expect(pieces("IT'S we'Re'vE'd'M't") == ["IT", "'S", " we", "'Re", "'vE", "'d", "'M", "'t"])
    #expect(pieces("'stop") == ["'s", "top"])
    #expect(pieces("it'\u{17F}o") == ["it", "'\u{17F}", "o"])
    #expect(pieces("x'l y'v z'") == ["x", "'l", " y", "'v", " z", "'"])
    #expect(pieces("O'Neill") == ["O", "'Neill"])
    // A blank before the apostrophe takes it away.
    #expect(pieces("a 's") == ["a", " '", "s"])
  }

  @Test func numbers() {
    #expect(pieces("1234567") == ["123", "456", "7"])
    #expect(pieces("12 345") == ["12", " ", "345"])
    #expect(pieces("a1½²b٣٤٥٦") == ["a", "1½²", "b", "٣٤٥", "٦"])
  }

  @Test func signs() {
    #expect(pieces("a!?...b") == ["a", "!?...", "b"])
    #expect(pieces("end.\n\nNext") == ["end", ".\n\n", "Next"])
    #expect(pieces("a !!\r\n\n x") == ["a", " !!\r\n\n", " x"])
    #expect(pieces("a  !") == ["a", " ", " !"])
    #expect(pieces("a\t!") == ["a", "\t", "!"])
    #expect(pieces("👩‍👩‍👧🏽") == ["👩‍👩‍👧🏽"])
  }

  @Test func whiteSpace() {
    #expect(pieces("a   b") == ["a", "  ", " b"])
    #expect(pieces("a   1") == ["a", "  ", " ", "1"])
    #expect(pieces("a \n\n  b") == ["a", " \n\n", " ", " b"])
    #expect(pieces("a \n \t") == ["a", " \n \t"])
    #expect(pieces("\u{3000}\u{3000}!") == ["\u{3000}", "\u{3000}", "!"])
    #expect(pieces("") == [])
  }

  @Test func everyWhiteSpaceScalarIsOne() {
    for scalar in (0...UInt16(0x3001)).compactMap(Unicode.Scalar.init)
    where scalar.properties.isWhitespace && scalar != "\n" && scalar != "\r" {
      #expect(pieces("a\(scalar)\(scalar)1") == ["a", "\(scalar)", "\(scalar)", "1"])
    }
  }

  @Test func controlsAreSigns() {
    #expect(pieces("a\u{0}\u{1C}\u{7F}1") == ["a", "\u{0}\u{1C}\u{7F}", "1"])
  }

  private func pieces(_ text: String) -> [String] {
    Array(text.utf8).withUnsafeBufferPointer { bytes in
      ScalarClass.table.withUnsafeBufferPointer { classes in
        let pieces = PreTokenizer(bytes: bytes, classes: classes)
        var all: [String] = []
        var start = 0
        while start < bytes.count {
          let end = pieces.end(ofPieceAt: start)
          all.append(String(decoding: bytes[start..<end], as: UTF8.self))
          start = end
        }
        return all
      }
    }
  }
}
