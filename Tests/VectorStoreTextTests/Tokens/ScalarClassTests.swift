// ScalarClass against tiktoken's own count of letters and numbers, and Unicode's White_Space.

import Testing

@testable import VectorStoreText

@Suite struct ScalarClassTests {
  @Test func hasAsManyLettersAndNumbersAsTiktoken() throws {
    let fixture = try TokenFixture.load()
    #expect(ScalarClass.table.count { $0 == .letter } == fixture.letters)
    #expect(ScalarClass.table.count { $0 == .number } == fixture.numbers)
  }

  @Test func rangesAreInOrder() {
    for bounds in [ScalarClass.letters, ScalarClass.numbers] {
      #expect(bounds.count.isMultiple(of: 2))
      #expect(zip(bounds, bounds.dropFirst()).allSatisfy { $0 <= $1 })
    }
  }

  @Test func whiteSpaceIsUnicodes() {
    for (value, kind) in ScalarClass.table.enumerated() {
      guard let scalar = Unicode.Scalar(UInt32(value)) else { continue }
      let isSpace = kind == .space || kind == .newline
      if isSpace != scalar.properties.isWhitespace {
        Issue.record("U+\(String(value, radix: 16))")
      }
    }
    #expect(ScalarClass.table[0x0A] == .newline)
    #expect(ScalarClass.table[0x0D] == .newline)
    #expect(ScalarClass.table[0x0B] == .space)
  }
}
