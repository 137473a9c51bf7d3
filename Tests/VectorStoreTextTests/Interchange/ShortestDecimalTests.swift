import Foundation
import TestSupport
import Testing

@testable import VectorStoreText

private func text(_ value: Float) -> String {
  let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: ShortestDecimal.reach)
  defer { bytes.deallocate() }
  let count = ShortestDecimal.write(value, to: bytes)
  return String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
}

/// The significant digits of a decimal text.
private func digits(_ text: String) -> Int {
  var digits = text.prefix { $0 != "e" }.filter(\.isNumber).drop { $0 == "0" }
  while digits.last == "0" { digits.removeLast() }
  return digits.count
}

@Suite struct ShortestDecimalTests {
  @Test(arguments: UInt64(1)...10)
  func readsBackAndIsAsShortAsDescription(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var values: [Float] = []
    for _ in 0..<600 {
      let bits = UInt32.random(in: .min ... .max, using: &generator)
      if Float(bitPattern: bits).isFinite { values.append(Float(bitPattern: bits)) }
      // 1e-6 to 1, where the fast way is, and few digits.
      values.append(Float(bitPattern: .random(in: 0x3586_37BD...0x3F80_0000, using: &generator)))
      values.append(.random(in: -0.1...0.1, using: &generator))
      values.append(Float(Int.random(in: -9999...9999, using: &generator)) / 100_000)
    }
    let wrong = values.filter { value in
      let text = text(value)
      return strtof(text, nil).bitPattern != value.bitPattern
        || digits(text) != digits(value.description)
    }
    #expect(wrong.isEmpty, "\(wrong) (seed \(seed))")
  }

  @Test func writesNeighboursOfPowersExactly() {
    var values: [Float] = [
      0, -0.0, 1, 0.5, -0.25, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 1e10,
    ]
    for power in ["1", "0.1", "0.01", "0.001", "0.0001", "0.00001", "0.000001"] {
      guard let value = Float(power) else { continue }
      values += [value, value.nextUp, value.nextDown, -value.nextDown, value.nextDown.nextDown]
    }
    for exponent in -25...0 {
      let value = Float(sign: .plus, exponent: exponent, significand: 1)
      values += [value, value.nextUp, -value.nextDown]
    }
    for value in values {
      #expect(strtof(text(value), nil).bitPattern == value.bitPattern, "\(value)")
      #expect(digits(text(value)) == digits(value.description), "\(value): \(text(value))")
    }
    #expect(text(-0.0625) == "-0.0625" && text(0.1) == "0.1" && text(-0.0) == "-0.0")
  }
}
