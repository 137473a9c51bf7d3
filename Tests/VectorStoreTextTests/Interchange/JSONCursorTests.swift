import Foundation
import TestSupport
import Testing
import VectorStoreText

@testable import VectorStoreText

private func object(_ bytes: some Collection<UInt8>) throws(JSONFault) -> [String: MetadataValue] {
  let bytes = Array(bytes)
  let outcome = bytes.withUnsafeBufferPointer { bytes in
    Result { () throws(JSONFault) -> [String: MetadataValue] in
      guard var cursor = JSONCursor(bytes) else {
        throw JSONFault(code: .notJSON, offset: 0, found: "nothing", expected: "an object")
      }
      let object = try cursor.object()
      try cursor.finish()
      return object
    }
  }
  return try outcome.get()
}

private func fault(_ text: String) -> JSONFault? {
  do throws(JSONFault) {
    _ = try object(text.utf8)
    return nil
  } catch {
    return error
  }
}

/// Equal but for the kinds of numbers: Foundation reads `1.0` as a whole number.
private func same(_ left: MetadataValue, _ right: MetadataValue) -> Bool {
  switch (left, right) {
  case (.integer(let left), .number(let right)): Double(left) == right
  case (.number(let left), .integer(let right)): left == Double(right)
  case (.array(let left), .array(let right)):
    left.count == right.count && zip(left, right).allSatisfy { same($0, $1) }
  case (.object(let left), .object(let right)):
    left.keys == right.keys && left.allSatisfy { same($1, right[$0] ?? .null) }
  default: left == right
  }
}

/// Whether a closing mark stands at `offset` and the text before it ends with a comma.
private func followsComma(_ offset: Int, in bytes: [UInt8]) -> Bool {
  guard offset < bytes.count, "]}".utf8.contains(bytes[offset]) else { return false }
  return bytes[..<offset].last { !" \t\n\r".utf8.contains($0) } == UInt8(ascii: ",")
}

@Suite struct JSONCursorTests {
  @Test func readsEveryKindOfValue() throws {
    let text = #"""
       { "a" : null, "b":true,"c":false,"d":[ ] , "e":{}, "f":[1,-2.5,"x",[{"y":0}]],
         "g":9223372036854775807, "h":-9223372036854775808, "i":9223372036854775808, "j":1.0,
         "k":1E5, "l":-0, "m":1e-400, "":"" }
      """#
    let expected: [String: MetadataValue] = [
      "a": .null, "b": true, "c": false, "d": .array([]), "e": .object([:]),
      "f": .array([1, .number(-2.5), "x", .array([.object(["y": 0])])]),
      "g": .integer(.max), "h": .integer(.min), "i": "9223372036854775808",
      "j": .number(1), "k": .number(100_000), "l": 0, "m": .number(0), "": "",
    ]
    #expect(try object(text.utf8) == expected)
  }

  @Test func readsStringsWithEscapesAndUnicode() throws {
    let text = #"{"k\u0065y": "\"\\\/\b\f\n\r\t\u0000\u00e9\u20AC\ud83d\ude00 é€😀 \"vector\": [1"}"#
    let expected = "\"\\/\u{8}\u{C}\n\r\t\0é€😀 é€😀 \"vector\": [1"
    #expect(try object(text.utf8) == ["key": .string(expected)])
  }

  @Test func refusesBrokenText() {
    let texts = [
      "", " ", "{", "}", "[]", "1", "null", "\"a\"", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}",
      "{\"a\":1 \"b\":2}", "{\"a\":1}}", "{\"a\":1} x", "{\"a\":1}{}", "{a:1}", "{'a':1}",
      "{\"a\":tru}",
      "{\"a\":truex}", "{\"a\":nul", "{\"a\":[1,]}", "{\"a\":[1 2]}", "{\"a\":[}", "{\"a\":01}",
      "{\"a\":1.}", "{\"a\":+1}", "{\"a\":.5}", "{\"a\":1e}", "{\"a\":-}", "{\"a\":NaN}",
      "{\"a\":\"\n\"}",
      "{\"a\":\"\\x\"}", "{\"a\":\"\\u12g4\"}", "{\"a\":\"\\u12", "{\"a\":\"\\", "{\"a\":\"b",
      "{\"a\":\"\\ud800\"}", "{\"a\":\"\\udc00\"}", "{\"a\":\"\\ud800\\u0041\"}",
      "{\"a\":1}\u{FEFF}", "{\"a\":\u{A0}1}", "// c\n{}", "{\"a\":1e400}", "{\"a\":-1e999}",
    ]
    for text in texts { #expect(fault(text) != nil, "\(text.debugDescription)") }
    for bytes: [UInt8] in [
      [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xE2, 0x82], [0xF4, 0x90, 0x80, 0x80],
    ] {
      for text in [Array("x".utf8), Array("\\n".utf8)] {
        let line = Array("{\"a\":\"".utf8) + text + bytes + Array("\"}".utf8)
        do throws(JSONFault) {
          _ = try object(line)
          Issue.record("took \(bytes)")
        } catch {
          #expect(error.code == .notUTF8)
        }
      }
    }
  }

  @Test func saysWhereAndWhat() {
    #expect(
      fault("{\"a\":1 \"b\":2}")
        == JSONFault(code: .notJSON, offset: 7, found: "a string", expected: "\",\" or \"}\""))
    #expect(fault("{\"a\":1e400}")?.code == .outOfRange)
    #expect(fault("{\"a\":1,\"a\":2}")?.code == .duplicateField)
    #expect(fault("{\"a\":{\"b\":1,\"\\u0062\":2}}")?.code == .duplicateField)
    #expect(fault("{\"a\":\"secret")?.found == "the end of the line")
  }

  @Test func limitsDepth() {
    func nested(_ depth: Int) -> String {
      "{\"a\":" + String(repeating: "[", count: depth) + String(repeating: "]", count: depth) + "}"
    }
    #expect(fault(nested(JSONCursor.maximumDepth - 1)) == nil)
    #expect(fault(nested(JSONCursor.maximumDepth))?.code == .tooDeep)
    #expect(fault("{\"a\":" + String(repeating: "[", count: 1_000_000))?.code == .tooDeep)
    #expect(fault(String(repeating: "{\"a\":", count: 100_000))?.code == .tooDeep)
  }

  /// Text that is changed at random is taken or refused as Foundation does, and read as the same.
  @Test(arguments: UInt64(1)...30)
  func agreesWithFoundationOnMutations(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let sources = [
      #"{"id":"a","text":"q\"u\\o\u0041te é€😀","vector":[0.25,-1e-3,3],"metadata":{"a":[true,null]}}"#,
      #"{"a":{"b":{"c":[[],[{}],"\ud83d\ude00",-0.0e+10]}},"d":false}"#,
    ]
    let pieces =
      Array("{}[]\",:\\u0123456789eE+-. \ttruefalsn\n/".utf8) + [0x01, 0x80, 0xC3, 0xE2, 0xFF]
    for _ in 0..<60 {
      var bytes = Array((sources.randomElement(using: &generator) ?? "").utf8)
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        let at = Int.random(in: 0..<bytes.count, using: &generator)
        let piece = pieces.randomElement(using: &generator) ?? 0
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: bytes[at] = piece
        case 1: bytes.insert(piece, at: at)
        case 2: bytes.remove(at: at)
        default:
          let end = min(bytes.count, at + Int.random(in: 1...8, using: &generator))
          bytes.insert(
            contentsOf: bytes[at..<end], at: Int.random(in: 0...bytes.count, using: &generator))
        }
      }
      let shown = "seed \(seed): \(String(decoding: bytes, as: UTF8.self).debugDescription)"
      let parsed = try? JSONSerialization.jsonObject(with: Data(bytes))
      do throws(JSONFault) {
        let value = try object(bytes)
        #expect(parsed is [String: Any], "taken, \(shown)")
        let theirs = try? JSONDecoder().decode([String: MetadataValue].self, from: Data(bytes))
        #expect(same(.object(value), .object(theirs ?? [:])), "other value, \(shown)")
      } catch  where error.code == .duplicateField || error.code == .outOfRange {
        // Foundation keeps one of the two and has other limits.
      } catch  where followsComma(error.offset, in: bytes) {
        // Foundation takes a comma behind a list's or an object's last value.
      } catch {
        #expect(!(parsed is [String: Any]), "refused with \(error), \(shown)")
      }
    }
  }
}
