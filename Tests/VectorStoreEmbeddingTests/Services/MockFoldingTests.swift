import Foundation
import Testing

@testable import VectorStoreEmbedding

@Suite struct MockFoldingTests {
  @Test func foldsLatinAsFoundationDoes() throws {
    // Letters that Unicode does not decompose, which the table folds by hand.
    let special: Set<UInt32> = [
      0xAA, 0xB2, 0xB3, 0xB5, 0xB9, 0xBA, 0xC6, 0xD0, 0xD7, 0xD8, 0xDE, 0xDF, 0xE6, 0xF0, 0xF7,
      0xF8, 0xFE, 0x110, 0x111, 0x126, 0x127, 0x131, 0x132, 0x133, 0x138, 0x13F, 0x140, 0x141,
      0x142, 0x149, 0x14A, 0x14B, 0x152, 0x153, 0x166, 0x167, 0x17F,
      0x1E9A, 0x1E9B, 0x1E9C, 0x1E9D, 0x1E9E, 0x1E9F, 0x1EFA, 0x1EFB, 0x1EFC, 0x1EFD, 0x1EFE,
      0x1EFF,
    ]
    let ranges = [0xC0...0x17F, 0x218...0x21B, 0x386...0x386, 0x388...0x3CE, 0x1E00...0x1EFF]
    for value in ranges.joined().map(UInt32.init) where !special.contains(value) {
      guard let scalar = Unicode.Scalar(value), scalar.properties.isAlphabetic else { continue }
      let expected = String(scalar).lowercased().decomposedStringWithCanonicalMapping
        .unicodeScalars.first?.value
      let final: UInt32 = 0x3C2
      #expect(
        MockFolding.fold(value) == .letter(expected == final ? 0x3C3 : expected ?? 0),
        "U+\(String(value, radix: 16))")
    }
  }

  @Test func foldsCyrillicAndArmenianAsFoundationDoes() throws {
    for value in [0x400...0x45F, 0x460...0x481, 0x48A...0x4BF, 0x4D0...0x52F, 0x531...0x556]
      .joined()
    {
      let scalar = try #require(Unicode.Scalar(UInt32(value)))
      let lower = String(scalar).lowercased()
      // Only the letters in everyday use lose their marks.
      let plain = value <= 0x45F ? lower.decomposedStringWithCanonicalMapping : lower
      let expected = try #require(plain.unicodeScalars.first).value
      #expect(MockFolding.fold(UInt32(value)) == .letter(expected), "U+\(String(value, radix: 16))")
    }
  }

  @Test(arguments: [
    ("ß", [0x73, 0x73]), ("æ", [0x61, 0x65]), ("Œ", [0x6F, 0x65]), ("þ", [0x74, 0x68]),
  ])
  func writesLigaturesAsTwoLetters(text: String, letters: [UInt32]) throws {
    let scalar = try #require(text.unicodeScalars.first)
    #expect(MockFolding.fold(scalar.value) == .letters(letters[0], letters[1]))
  }

  @Test func tellsCharactersSymbolsAndSeparatorsApart() {
    func folds(_ text: String, to folded: MockFolding.Folded) -> Bool {
      text.unicodeScalars.allSatisfy { MockFolding.fold($0.value) == folded }
    }
    #expect(folds("漢字かなカナーไทยລາວមြန㐀𠀀々", to: .character))
    #expect(folds("😀🚀€→√★½°", to: .symbol))
    #expect(folds("\u{A0}\u{3000}–—“”„«»…。、！？：；（）「」·،؟।", to: .separator))
    #expect(folds("\u{AD}\u{300}\u{301}\u{200B}\u{200D}\u{FE0F}\u{FEFF}", to: .ignored))
  }

  @Test func leavesOtherLettersAsTheyAre() {
    for scalar in "한국어العربيةעבריתहिन्दी".unicodeScalars {
      #expect(MockFolding.fold(scalar.value) == .letter(scalar.value), "\(scalar)")
    }
  }
}
