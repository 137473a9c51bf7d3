import Foundation
import TestSupport
import Testing
import VectorStoreText

@testable import VectorStoreText

private func written(_ body: (JSONLWriter) throws -> Void) throws -> String {
  try withScratchFolder { folder in
    let path = folder.appending(path: "a.jsonl").path
    let writer = try JSONLWriter(path: path)
    try body(writer)
    #expect(!FileManager.default.fileExists(atPath: path))
    try writer.finish()
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a.jsonl"])
    return try String(contentsOfFile: path, encoding: .utf8)
  }
}

private func value(depth: Int, using generator: inout SeededGenerator) -> MetadataValue {
  switch Int.random(in: 0..<(depth > 2 ? 5 : 7), using: &generator) {
  case 0: return .null
  case 1: return .bool(.random(using: &generator))
  case 2: return .integer(.random(in: .min ... .max, using: &generator))
  case 3:
    let number = Double(bitPattern: .random(in: .min ... .max, using: &generator))
    return .number(number.isFinite ? number : 2)
  case 4: return .string(string(using: &generator))
  case 5:
    return .array(
      (0..<Int.random(in: 0...3, using: &generator)).map { _ in
        value(depth: depth + 1, using: &generator)
      })
  default: return .object(object(depth: depth + 1, using: &generator))
  }
}

private func object(depth: Int, using generator: inout SeededGenerator) -> [String: MetadataValue] {
  var members: [String: MetadataValue] = [:]
  for _ in 0..<Int.random(in: 0...3, using: &generator) {
    members[string(using: &generator)] = value(depth: depth, using: &generator)
  }
  return members
}

private func string(using generator: inout SeededGenerator) -> String {
  let special: [Unicode.Scalar] = [
    "\"", "\\", "/", "\n", "\0", "\u{1F}", "\u{7F}", "\u{2028}", "\u{FEFF}", "😀",
  ]
  var text = String.UnicodeScalarView()
  for _ in 0..<Int.random(in: 0...12, using: &generator) {
    let code = UInt32.random(in: 0...0x10FFFF, using: &generator)
    text.append(
      Bool.random(using: &generator)
        ? special.randomElement(using: &generator) ?? "x" : Unicode.Scalar(code) ?? "y")
  }
  return String(text)
}

@Suite struct JSONLWriterTests {
  @Test func writesFieldsInOrderAndNamesSorted() throws {
    let text = try written { writer in
      try writer.append(
        id: "a\"b", text: "tab\t line\n \u{1} é 😀 /\\",
        vector: [1, -0.0, 0.1, .leastNonzeroMagnitude, 3e38],
        metadata: ["z": 1, "é": .number(2), "a": .array([.null, true, .object([:])])], norm: 2.5)
      try writer.append(id: "2", text: nil, vector: [0.5], metadata: [:], norm: 1)
      try writer.append(id: "3", text: "", vector: nil, metadata: [:], norm: 1)
    }
    let expected = #"""
      {"id":"a\"b","text":"tab\t line\n \u0001 é 😀 /\\","vector":[1.0,-0.0,0.1,1e-45,3e+38],"metadata":{"a":[null,true,{}],"z":1,"é":2.0},"norm":2.5}
      {"id":"2","text":null,"vector":[0.5],"metadata":{}}
      {"id":"3","text":"","metadata":{}}

      """#
    #expect(text == expected)
  }

  @Test(arguments: UInt64(1)...30)
  func readsBackWhatItWrote(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let documents = (1...8).map { line in
      let vector = (0..<20).map { _ in
        let value = Float(bitPattern: .random(in: .min ... .max, using: &generator))
        return value.isFinite ? value : -0.0
      }
      return ImportedDocument(
        line: line, id: "i" + string(using: &generator),
        text: Bool.random(using: &generator) ? nil : string(using: &generator), vector: vector,
        metadata: object(depth: 0, using: &generator),
        norm: Bool.random(using: &generator) ? nil : .random(in: 0.1...9, using: &generator))
    }
    let text = try written { writer in
      for document in documents {
        try writer.append(
          id: document.id ?? "", text: document.text, vector: document.vector,
          metadata: document.metadata, norm: document.norm ?? 1)
      }
    }
    try withScratchFolder { folder in
      let reader = try JSONLReader(path: try folder.file("a.jsonl", text.utf8))
      for document in documents {
        let read = try #require(try reader.next())
        #expect(read == document, "seed \(seed)")
        #expect(
          read.vector?.map(\.bitPattern) == document.vector?.map(\.bitPattern), "seed \(seed)")
      }
      #expect(try reader.next() == nil)
    }
    for line in text.split(separator: "\n") {
      #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(line.utf8)) }
    }
  }

  @Test func refusesWhatJSONCannotSayAndGoesOn() throws {
    let text = try written { writer in
      for bad in [Float.nan, .infinity, -.infinity] {
        do throws(InterchangeError) {
          try writer.append(id: "x", text: nil, vector: [1, bad], metadata: [:], norm: 1)
          Issue.record("wrote \(bad)")
        } catch {
          #expect(error.code == .notFinite)
          #expect(error.description.contains("found NaN or infinity in a document's numbers"))
        }
      }
      #expect(throws: InterchangeError.self) {
        try writer.append(id: "x", text: nil, vector: nil, metadata: ["a": .number(.nan)], norm: 1)
      }
      #expect(throws: InterchangeError.self) {
        try writer.append(id: "x", text: nil, vector: nil, metadata: [:], norm: .nan)
      }
      try writer.append(id: "y", text: "t", vector: nil, metadata: [:], norm: 1)
    }
    #expect(text == "{\"id\":\"y\",\"text\":\"t\",\"metadata\":{}}\n")
  }

  @Test func writesToAHandleAndLeavesItOpen() throws {
    try withScratchFolder { folder in
      let path = try folder.file("a.jsonl", [])
      let handle = try #require(FileHandle(forWritingAtPath: path))
      let writer = JSONLWriter(handle: handle)
      try writer.append(id: "a", text: "t", vector: nil, metadata: [:], norm: 1)
      try writer.finish()
      try handle.write(contentsOf: Data("more\n".utf8))
      try handle.close()
      let text = try String(contentsOfFile: path, encoding: .utf8)
      #expect(text == "{\"id\":\"a\",\"text\":\"t\",\"metadata\":{}}\nmore\n")
    }
  }

  @Test func leavesNothingWithoutFinish() throws {
    try withScratchFolder { folder in
      do {
        let writer = try JSONLWriter(path: folder.appending(path: "a.jsonl").path)
        try writer.append(id: "a", text: "t", vector: nil, metadata: [:], norm: 1)
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }
  }
}
