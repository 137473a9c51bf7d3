// Base64Floats against Foundation's base64.

import Foundation
import TestSupport
import Testing

@testable import VectorStoreEmbedding

@Suite struct Base64FloatsTests {
  private static func decode(_ text: String) -> [Float]? {
    Array(text.utf8).withUnsafeBufferPointer(Base64Floats.decode)
  }

  private static func encode(_ numbers: [Float]) -> String {
    var data = Data()
    for number in numbers {
      withUnsafeBytes(of: number.bitPattern.littleEndian) { data.append(contentsOf: $0) }
    }
    return data.base64EncodedString()
  }

  @Test func readsLittleEndianFloats() {
    #expect(Self.decode("AACAPwAAAMA=") == [1, -2])
    #expect(Self.decode("") == [])
  }

  @Test func readsAnyBitsOfAnyLength() {
    var generator = SeededGenerator(seed: 7)
    for count in 0..<70 {
      let numbers = (0..<count).map { _ in
        Float(bitPattern: UInt32(truncatingIfNeeded: generator.next()))
      }
      let text = Self.encode(numbers)
      let bits = numbers.map(\.bitPattern)
      #expect(Self.decode(text)?.map(\.bitPattern) == bits, "\(count) numbers")
      let bare = text.replacing("=", with: "")
      #expect(Self.decode(bare)?.map(\.bitPattern) == bits, "\(count) numbers without padding")
    }
  }

  @Test(arguments: [
    "A", "AA", "AAAA", "AAAAA", "AACAPw=", "AACAPw===", "=AACAPw=", "AAC=Pw==", "AAC!Pw==",
    "AACAP_==",
    "AACA Pw==", "AACAPw\n=", "AACAPwAA", "ääää", "====",
  ])
  func refusesWhatIsNoListOfFloats(text: String) {
    #expect(Self.decode(text) == nil)
  }
}
