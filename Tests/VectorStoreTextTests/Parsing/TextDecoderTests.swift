// TextDecoder: what is decoded, what is refused and at which byte; random bytes against Foundation.

import Foundation
import TestSupport
import Testing
import VectorStoreText

struct TextDecoderTests {
  private func refusal(_ bytes: [UInt8]) -> TextDecodingError? {
    do {
      _ = try TextDecoder.decode(bytes)
      return nil
    } catch {
      return error as? TextDecodingError
    }
  }

  @Test func keepsUTF8AsItIs() throws {
    for text in ["", "a", "naïve 日本語 👩‍👩‍👧\r\nsecond line\r\n", "tab\tfeed\u{0C}"] {
      #expect(try TextDecoder.decode(Array(text.utf8)).utf8.elementsEqual(text.utf8))
      #expect(try TextDecoder.decode(Data(text.utf8)).utf8.elementsEqual(text.utf8))
    }
  }

  @Test func removesOneByteOrderMark() throws {
    #expect(try TextDecoder.decode([0xEF, 0xBB, 0xBF]) == "")
    let text = try TextDecoder.decode([0xEF, 0xBB, 0xBF, 0xEF, 0xBB, 0xBF, 0x61])
    #expect(text.unicodeScalars.map(\.value) == [0xFEFF, 0x61])
  }

  @Test func namesTheByteThatIsNotUTF8() {
    #expect(refusal([0x61, 0xFF, 0x62]) == .invalidUTF8(offset: 1))
    #expect(refusal([0xEF, 0xBB, 0xBF, 0x61, 0xC0, 0x80]) == .invalidUTF8(offset: 4))
    #expect(refusal(Array("é".utf8) + [0x80]) == .invalidUTF8(offset: 2))
    #expect(refusal([0x61, 0xE2, 0x82]) == .invalidUTF8(offset: 1))
    #expect(refusal([0xED, 0xA0, 0x80]) == .invalidUTF8(offset: 0))
    // The start of U+FFFD itself, broken off: what a repair would put there begins alike.
    #expect(refusal([0x61, 0xEF, 0xBF]) == .invalidUTF8(offset: 1))
  }

  @Test func keepsReplacementCharactersThatAreThere() throws {
    #expect(try TextDecoder.decode([0xEF, 0xBF, 0xBD]) == "\u{FFFD}")
  }

  @Test func refusesBinary() {
    #expect(refusal([0x61, 0x00, 0x62]) == .binary(offset: 1))
    #expect(refusal([0x89, 0x50, 0x4E, 0x47, 0x00]) == .binary(offset: 4))
    #expect(refusal(Array("%PDF-1.4\n".utf8)) == .pdf)
    // UTF-16 without its mark, and UTF-32 with one.
    #expect(refusal([0x61, 0x00, 0x62, 0x00]) == .binary(offset: 1))
    #expect(refusal([0xFF, 0xFE, 0x00, 0x00, 0x61, 0x00, 0x00, 0x00]) == .binary(offset: 2))
  }

  @Test(arguments: [true, false])
  func readsUTF16OfEitherOrder(isLittleEndian: Bool) throws {
    let text = "naïve 日本語 👩‍👩‍👧\r\n"
    func bytes(_ units: [UInt16]) -> [UInt8] {
      units.flatMap {
        isLittleEndian ? [UInt8($0 & 0xFF), UInt8($0 >> 8)] : [UInt8($0 >> 8), UInt8($0 & 0xFF)]
      }
    }
    #expect(try TextDecoder.decode(bytes([0xFEFF] + Array(text.utf16))) == text)
    #expect(try TextDecoder.decode(bytes([0xFEFF])) == "")
    #expect(refusal(bytes([0xFEFF, 0x61]) + [0x62]) == .invalidUTF16(offset: 4))
    #expect(refusal(bytes([0xFEFF, 0x61, 0xD83D])) == .invalidUTF16(offset: 4))
    #expect(refusal(bytes([0xFEFF, 0xD83D, 0x61])) == .invalidUTF16(offset: 2))
    #expect(refusal(bytes([0xFEFF, 0x61, 0xDC67, 0x61])) == .invalidUTF16(offset: 4))
    #expect(refusal(bytes([0xFEFF, 0xD83D, 0xD83D, 0xDC67])) == .invalidUTF16(offset: 2))
  }

  @Test func decodesRandomBytesOrRefusesThemAsFoundationDoes() {
    for seed in 0..<300 {
      var generator = SeededGenerator(seed: UInt64(seed))
      // Mostly lead and continuation bytes, so that sequences of all lengths come whole and broken.
      let kinds: [ClosedRange<UInt8>] = [
        0x01...0x7F, 0x80...0xBF, 0x80...0xBF, 0xC0...0xDF, 0xE0...0xEF, 0xF0...0xF7,
      ]
      let bytes = (0..<Int.random(in: 1...6, using: &generator)).map { _ in
        UInt8.random(in: kinds.randomElement(using: &generator) ?? 1...1, using: &generator)
      }
      if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { continue }
      let expected = String(bytes: bytes, encoding: .utf8)
      let decoded = try? TextDecoder.decode(bytes)
      #expect(decoded == expected, "seed \(seed): \(bytes)")
    }
  }

  @Test func saysWhatIsWrong() {
    #expect(
      TextDecodingError.invalidUTF8(offset: 7).description
        == "not UTF-8: byte 7 begins no valid character; convert the file to UTF-8 first")
    #expect(
      TextDecodingError.binary(offset: 3).description
        == "binary, not text: a NUL character at byte 3")
    #expect(TextDecodingError.pdf.description.contains("PDF"))
    #expect(TextDecodingError.invalidUTF16(offset: 2).description.contains("byte 2"))
  }
}
