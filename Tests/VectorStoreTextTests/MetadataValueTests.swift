// Values as a person types them. Tests Sources/VectorStoreEmbedding/MetadataValue.swift.

import TestSupport
import Testing

@testable import VectorStoreText

@Suite struct MetadataValueTests {
  /// JSON's grammar of numbers, as RFC 8259 writes it.
  private static func isNumber(_ text: String) -> Bool {
    text.wholeMatch(of: #/-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/#) != nil
  }

  private static func expectByGrammar(_ text: String) {
    let isWhole = text.wholeMatch(of: #/-?[0-9]+/#) != nil
    switch MetadataValue.number(written: text) {
    case .integer(let value)?: #expect(isNumber(text) && Int64(text) == value, "\(text)")
    case .number(let value)?:
      #expect(isNumber(text) && !isWhole && Double(text) == value, "\(text)")
    case nil:
      let isHeld = isWhole ? Int64(text) != nil : Double(text)?.isFinite == true
      #expect(!(isNumber(text) && isHeld), "\(text)")
    default: Issue.record("\(text)")
    }
    switch MetadataValue(typed: text) {
    case .integer(let value): #expect("\(value)" == text)
    case .number(let value): #expect("\(value)" == text && !text.hasSuffix(".0"))
    case .string(let value): #expect(value == text)
    default: Issue.record("\(text)")
    }
  }

  @Test func whatIsNoNumberInItsShortestFormStaysAsItIsTyped() {
    for text in [
      "1.10", "1.0", "12345678901234567890", "1234e56", "1e5", "-0", "0.10", "01234", "+1", "1.5e3",
      "0.12345678901234567890", "1,5",
    ] {
      #expect(MetadataValue(typed: text) == .string(text), "\(text)")
    }
    #expect(MetadataValue(typed: "-7") == .integer(-7))
    #expect(MetadataValue(typed: "9223372036854775807") == .integer(.max))
    #expect(MetadataValue(typed: "0.1") == .number(0.1))
    #expect(MetadataValue(typed: "true") == .bool(true))
  }

  @Test func numbersAreThoseOfJSON() {
    for text in [
      "0", "-0", "7", "-12", "01", "-01", "00", "1.", ".5", "1.50", "-0.5e3", "1e5", "1E+5", "1e-5",
      "1e", "1e+", "e5", "+1", "--1", "1_000", "0x10", " 1", "1 ", "", "-", "1,5", "1e400", "NaN",
      "inf",
      "9223372036854775807", "9223372036854775808", "-9223372036854775808", "1\u{301}", "٣",
      "1.2.3", "1e5.5",
    ] { Self.expectByGrammar(text) }
    #expect(MetadataValue(typed: "12") == .integer(12))
    #expect(MetadataValue(typed: "1.5") == .number(1.5))
    #expect(MetadataValue(typed: "01234") == .string("01234"))
  }

  @Test func randomTextsAreReadByTheGrammar() {
    var generator = SeededGenerator(seed: 1)
    for _ in 0..<3000 {
      let count = Int.random(in: 1...7, using: &generator)
      let text = String(
        (0..<count).map { _ in "0019-+.eE".randomElement(using: &generator) ?? "0" })
      Self.expectByGrammar(text)
    }
  }
}
