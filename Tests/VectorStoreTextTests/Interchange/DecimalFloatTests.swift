import Foundation
import TestSupport
import Testing

@testable import VectorStoreText

/// Reads a list of numbers as the reader of vectors does.
private func floats(_ text: String) throws(JSONFault) -> [Float] {
  let bytes = Array(text.utf8)
  let outcome = bytes.withUnsafeBufferPointer { bytes in
    Result { () throws(JSONFault) -> [Float] in
      guard var cursor = JSONCursor(bytes) else { return [] }
      let values = try cursor.floats(capacity: 0)
      try cursor.finish()
      return values
    }
  }
  return try outcome.get()
}

private func expectBits(_ texts: [String], seed: UInt64 = 0) throws {
  let values = try floats("[" + texts.joined(separator: ", ") + "]")
  try #require(values.count == texts.count)
  let wrong = zip(texts, values).filter { text, value in
    strtof(text, nil).bitPattern != value.bitPattern
      || Float(text)?.bitPattern != value.bitPattern
  }
  #expect(wrong.isEmpty, "\(wrong.map(\.0)) (seed \(seed))")
}

@Suite struct DecimalFloatTests {
  @Test(arguments: UInt64(1)...20)
  func readsShortestTextOfAnyBitsExactly(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var texts: [String] = []
    while texts.count < 500 {
      let value = Float(bitPattern: UInt32.random(in: .min ... .max, using: &generator))
      if value.isFinite { texts.append("\(value)") }
    }
    try expectBits(texts, seed: seed)
  }

  @Test(arguments: UInt64(1)...20)
  func readsDoublesOfFloatsExactly(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let texts = (0..<500).map { _ in
      "\(Double(Float.random(in: -0.2...0.2, using: &generator)))"
    }
    try expectBits(texts, seed: seed)
    let values = try floats("[" + texts.joined(separator: ",") + "]")
    #expect(values.map { "\(Double($0))" } == texts, "seed \(seed)")
  }

  /// Around the middle of two neighbours, where rounding twice goes wrong: just below, on, and just
  /// above it.
  @Test(arguments: UInt64(1)...20)
  func roundsOnceNearTheMiddleOfNeighbours(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var texts: [String] = []
    while texts.count < 300 {
      let value = Float(bitPattern: UInt32.random(in: 0x2000_0000...0x5F00_0000, using: &generator))
      let middle = (Double(value) + Double(value.nextUp)) / 2
      texts += [middle.nextDown, middle, middle.nextUp].map { "\($0)" }
      texts.append(String(format: "%.17g", middle))
      texts.append(String(format: "%.25g", middle))
      // 18 and 19 digits, one unit off the middle's own digits.
      texts.append(String(format: "%.17e", middle))
      texts.append(String(format: "%.18e", middle))
    }
    try expectBits(texts, seed: seed)
  }

  @Test(arguments: UInt64(1)...20)
  func readsAnyDecimalExactly(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    func digits(_ range: ClosedRange<Int>) -> String {
      let count = Int.random(in: range, using: &generator)
      return String(
        (0..<count).map { _ in Character("\(Int.random(in: 0...9, using: &generator))") })
    }
    var texts: [String] = []
    while texts.count < 500 {
      var text = Bool.random(using: &generator) ? "-" : ""
      let zeros = String(repeating: "0", count: Int.random(in: 0...12, using: &generator))
      text += Bool.random(using: &generator) ? "0" : "\(Int.random(in: 1...9, using: &generator))"
      if !text.hasSuffix("0") { text += digits(0...12) }
      if Bool.random(using: &generator) { text += "." + zeros + digits(1...26) }
      if Bool.random(using: &generator) {
        let mark = ["e", "E", "e-", "E+"].randomElement(using: &generator) ?? "e"
        text += "\(mark)\(Int.random(in: 0...20, using: &generator))"
      }
      texts.append(text)
    }
    try expectBits(texts, seed: seed)
  }

  @Test func readsSpecialNumbersExactly() throws {
    try expectBits([
      "0", "-0", "0.0", "-0.0", "0e5", "-0e-999", "1E5", "1e+5", "1e-400", "-1e-99999", "1e-45",
      "7.006492321624085e-46", "7.006492321624086e-46", "1.1754943508222875e-38",
      "1.17549431578984e-38", "3.4028234663852886e+38", "3.4028235677973362e38", "16777217",
      "16777216", "16777219", "33554434", "0.1", "123456789012345678901234567890", "1.5", "-2.25",
      "0.00000000000000000000000000000000000000000000000000000001234567890123456789e20",
      "9007199254740993", "8388608.5", "8388609.5", "0.3333333333333333148296162562473909929395",
      "10000000000000000000000", "1e10", "99999999", "9999999", "00.0".replacing("00", with: "0"),
      "0." + String(repeating: "0", count: 2000) + "1", "1" + String(repeating: "0", count: 30),
    ])
  }

  @Test func readsManySeparators() throws {
    #expect(try floats("[]") == [])
    #expect(try floats(" [ ] ") == [])
    #expect(try floats("[1]") == [1])
    let list = (0..<100).map { Float($0) / 8 - 3 }
    for separator in [",", ", ", " , ", ",  ", "\t,\r", " ,"] {
      let text = list.map { "\($0)" }.joined(separator: separator)
      #expect(try floats("[\(text)]") == list, "separator \(separator.debugDescription)")
    }
  }

  /// A place among many good numbers, so that the fast way meets it first.
  @Test(arguments: [
    "", "-", "+1", "01", "-01", "1.", ".5", "1.e5", "1e", "1e+", "0x10", "1 2", "1..2", "--1",
    "0.1.2",
    "1e5.5", "NaN", "nan", "Infinity", "-Infinity", "inf", "true", "null", "\"1\"", "[1]", "1_0",
    "1e400", "1e39", "-3.4028236e38", "1e99999", "٣",
  ])
  func refusesWhatIsNoNumber(text: String) {
    let good = Array(repeating: "0.25", count: 40).joined(separator: ",")
    for list in [
      "[\(text)]", "[\(text),\(good)]", "[\(good),\(text),\(good)]", "[\(good),\(text)]",
    ] {
      // The empty list is a list.
      guard list != "[]" else { continue }
      #expect(throws: JSONFault.self, "\(list)") { try floats(list) }
    }
  }

  @Test func namesNumbersThatAreNotFinite() {
    for (text, code) in [
      ("NaN", InterchangeError.Code.notFinite), ("-Infinity", .notFinite), ("Infinity", .notFinite),
      ("1e39", .outOfRange), ("true", .wrongKind), ("1.", .notJSON),
    ] {
      #expect(throws: JSONFault.self) { try floats("[0.5,\(text)]") }
      do throws(JSONFault) {
        _ = try floats("[0.5,\(text)]")
      } catch {
        #expect(error.code == code, "\(text)")
      }
    }
  }
}
