// JSONReader against Foundation's JSON, and on JSON that is broken.

import Foundation
import TestSupport
import Testing

@testable import VectorStoreEmbedding

@Suite struct JSONReaderTests {
  private static func read<Result>(
    _ text: String, _ body: (inout JSONReader) throws -> Result
  ) throws -> Result {
    try Array(text.utf8).withUnsafeBufferPointer { bytes in
      var json = JSONReader(bytes)
      let result = try body(&json)
      try json.finish()
      return result
    }
  }

  @Test(arguments: [
    "0", "-0", "1", "-17", "0.5", "-0.006929283495992422", "1e5", "1E+05", "25e-3", "1.5e308",
    "5e-324", "0.1", "123456789012345678901234567890", "0.00000000000000000000000000001",
    "9007199254740993", "9007199254740992.5", "3.4028235e38", "1.17549435e-38", "1e-400",
    "0.10000000000000000000000", "100000000000000000000000",
  ])
  func readsNumbersAsTheStandardLibraryDoes(text: String) throws {
    #expect(try Self.read(text) { try $0.number() } == Double(text))
    #expect(try Self.read("  \(text)\n") { try $0.number() } == Double(text))
  }

  @Test func readsRandomNumbersAsTheStandardLibraryDoes() throws {
    var generator = SeededGenerator(seed: 11)
    for _ in 0..<2000 {
      let number = Float.random(in: -1...1, using: &generator)
      for text in ["\(number)", "\(Double(number))", "\(Double(number) * 1e-7)"] {
        #expect(try Self.read(text) { try $0.number() } == Double(text), "\(text)")
      }
    }
  }

  @Test func makesInfinityOfNumbersThatAreTooLarge() throws {
    #expect(try Self.read("1e999") { try $0.number() } == .infinity)
    #expect(try Self.read("-1e999") { try $0.number() } == -.infinity)
  }

  @Test(arguments: [
    "01", "-01", "1.", ".5", "+1", "1.e5", "1e", "1e+", "-", "NaN", "0x10", "--1", "1_0",
  ])
  func refusesWhatIsNoNumber(text: String) {
    #expect(throws: JSONReader.Fault.self) { try Self.read(text) { try $0.number() } }
  }

  @Test(arguments: [
    #""""#, #""plain""#, #""a\"b\\c\/d""#, #""\b\f\n\r\t""#, #""\u0041\u00e4\u9ED1\u0000""#,
    #""\ud83d\ude00!""#, #""äöü 黑 👩🏽‍🚀""#, #""12345678\n12345678\\""#,
    #""1234567\"""#,
  ])
  func readsStringsAsFoundationDoes(text: String) throws {
    let expected = try JSONDecoder().decode(String.self, from: Data(text.utf8))
    #expect(try Self.read(text) { try $0.string() } == expected)
  }

  @Test(arguments: [#""\ud83d""#, #""\ude00x""#, #""\ud83d\u0041""#])
  func repairsHalfASurrogatePair(text: String) throws {
    #expect(try Self.read(text) { try $0.string() }.contains("\u{FFFD}"))
  }

  @Test(arguments: [#""\x""#, #""\u12""#, #""\u12G4""#, "\"a\u{1}b\"", "\"12345678\n12345678\""])
  func refusesBrokenStrings(text: String) {
    #expect(throws: JSONReader.Fault.malformed) { try Self.read(text) { try $0.string() } }
  }

  @Test func findsTheEndOfAStringAtAnyPlace() throws {
    for count in 0..<40 {
      let content = String(repeating: "x", count: count)
      #expect(try Self.read("\"\(content)\"") { try $0.string() } == content)
      #expect(
        try Self.read("\"\(content)\\n\(content)\"") { try $0.string() }.utf8.count == 2 * count + 1
      )
    }
  }

  @Test func stepsThroughObjectsAndLists() throws {
    var keys: [String] = []
    var numbers: [Double] = []
    try Self.read(#" { "a" : [ 1 , 2.5 ] , "\u0062": {}, "c":[], "d": [3] } "#) { json in
      try json.object { key, json in
        keys.append(key)
        guard try json.peek() == UInt8(ascii: "[") else { return try json.skip() }
        try json.array { json in numbers.append(try json.number()) }
      }
    }
    #expect(keys == ["a", "b", "c", "d"])
    #expect(numbers == [1, 2.5, 3])
  }

  @Test(arguments: [
    #"{"a":[1,{"b":null}],"c":true,"d":false,"e":"x\"","f":-1.5e-3}"#, "[]", "{}", "null",
    "[[[]],{}]",
  ])
  func skipsAnyValue(text: String) throws {
    try Self.read(text) { try $0.skip() }
  }

  @Test func findsEveryTruncation() throws {
    let text = #"{"a":[1,{"b":null}],"c":true,"e":"x\"é\u0041","f":"y"}"#
    let bytes = Array(text.utf8)
    for count in 0..<bytes.count {
      let fault = #expect(throws: JSONReader.Fault.self, "\(count) bytes") {
        try bytes[..<count].withUnsafeBufferPointer { bytes in
          var json = JSONReader(bytes)
          try json.skip()
        }
      }
      #expect(fault == .truncated, "\(count) bytes")
    }
  }

  @Test(arguments: [
    "[1 2]", "[1,]", "[,1]", #"{"a" 1}"#, #"{"a":1,}"#, #"{"a":1 "b":2}"#, "[1}", "nul!", "tru3",
    "<html>",
    "[1]]", "{} x", "[NaN]", "[-Infinity]",
  ])
  func refusesBrokenJSON(text: String) {
    #expect(throws: JSONReader.Fault.malformed) { try Self.read(text) { try $0.skip() } }
  }

  @Test func saysWhenAValueIsOfAnotherKind() {
    #expect(throws: JSONReader.Fault.wrongKind) {
      try Self.read("[]") { try $0.object { _, json in try json.skip() } }
    }
    #expect(throws: JSONReader.Fault.wrongKind) {
      try Self.read("{}") { try $0.array { json in try json.skip() } }
    }
    #expect(throws: JSONReader.Fault.wrongKind) { try Self.read("1") { try $0.string() } }
    #expect(throws: JSONReader.Fault.wrongKind) { try Self.read("\"1\"") { try $0.number() } }
  }

  @Test func doesNotFollowEndlessNesting() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    try Self.read(nested(64)) { try $0.skip() }
    #expect(throws: JSONReader.Fault.malformed) { try Self.read(nested(65)) { try $0.skip() } }
    #expect(throws: JSONReader.Fault.malformed) {
      try Self.read(nested(1_000_000)) { try $0.skip() }
    }
  }
}
