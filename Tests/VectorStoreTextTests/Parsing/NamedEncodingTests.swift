import Foundation
import Testing

@testable import VectorStoreText

@Suite struct NamedEncodingTests {
  private static let samples: [(name: String, text: String, hexadecimal: String)] = [
    ("windows-1252", "Größe: 5 € für Ärger", "4772F6DF653A203520802066FC7220C472676572"),
    ("windows-1251", "Привет, как дела", "CFF0E8E2E5F22C20EAE0EA20E4E5EBE0"),
    ("Shift_JIS", "日本語のテキスト", "93FA967B8CEA82CC8365834C83588367"),
    ("EUC-KR", "안녕하세요", "BEC8B3E7C7CFBCBCBFE4"),
    ("GB18030", "我们在这里学习中文", "CED2C3C7D4DAD5E2C0EFD1A7CFB0D6D0CEC4"),
  ]

  private static func bytes(_ hexadecimal: String) -> Data {
    let digits = Array(hexadecimal.utf8)
    return Data(
      stride(from: 0, to: digits.count, by: 2).compactMap {
        UInt8(String(decoding: digits[$0..<($0 + 2)], as: UTF8.self), radix: 16)
      })
  }

  @Test func readsBytesInTheEncodingNamed() throws {
    for (name, text, hexadecimal) in Self.samples {
      #expect(try TextDecoder.decode(Self.bytes(hexadecimal), or: name) == text, "\(name)")
    }
    // What is UTF-8 stays so.
    #expect(try TextDecoder.decode(Data("Größe".utf8), or: "windows-1252") == "Größe")
    let half = try #require("Größe".data(using: .utf16LittleEndian))
    #expect(try TextDecoder.decode(half, or: "UTF-16LE") == "Größe")
  }

  @Test func proposesTheLikelyEncoding() {
    for (name, text, hexadecimal) in Self.samples {
      #expect(NamedEncoding.likely(Self.bytes(hexadecimal)).contains(name), "\(text)")
    }
    #expect(NamedEncoding.likely(Data([0x61, 0xFF, 0xFE, 0x81, 0x8D, 0x90])).isEmpty)
  }

  @Test func refusesWhatIsNoSuchText() {
    #expect(throws: TextDecodingError.unknownEncoding("klingon")) {
      try TextDecoder.decode(Data([0xE9]), or: "klingon")
    }
    #expect(throws: TextDecodingError.invalid("Shift_JIS", offset: 1)) {
      try TextDecoder.decode(Data([0x61, 0x81, 0x20, 0xFF]), or: "Shift_JIS")
    }
    #expect(NamedEncoding.isKnown("ISO-8859-15") && !NamedEncoding.isKnown("../x"))
  }
}
