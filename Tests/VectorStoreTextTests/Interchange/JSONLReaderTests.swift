import Foundation
import TestSupport
import Testing
import VectorStoreText

@testable import VectorStoreText

/// Reads all lines: documents, and the errors of the others.
private func read(
  _ text: some Sequence<UInt8>, maximumLineBytes: Int = JSONLReader.defaultMaximumLineBytes
) throws -> (documents: [ImportedDocument], errors: [InterchangeError]) {
  try withScratchFolder { folder in
    let path = try folder.file("a.jsonl", text)
    let reader = try JSONLReader(path: path, maximumLineBytes: maximumLineBytes)
    var documents: [ImportedDocument] = []
    var errors: [InterchangeError] = []
    while true {
      do throws(InterchangeError) {
        guard let document = try reader.next() else { break }
        documents.append(document)
      } catch {
        #expect(error.file == path)
        errors.append(error)
      }
    }
    return (documents, errors)
  }
}

private func error(_ line: String) throws -> InterchangeError {
  let (documents, errors) = try read(line.utf8)
  #expect(documents.isEmpty, "\(line)")
  return try #require(errors.first, "\(line)")
}

@Suite struct JSONLReaderTests {
  @Test func readsAllFields() throws {
    let text = #"""
      {"id":"a","text":"Say \"vector\": [1, 2]","vector":[0.5, -1],"metadata":{"vector":[9],"n":1.5},"norm":2.5}
      {"_id":7,"title":"T","text":"x","metadata":{}}
      {"id":1.50,"vector":[],"text":null,"metadata":null,"norm":null,"title":null}
      {"metadata":{"title":"mine"},"title":"T","text":"","id":null}
      """#
    let (documents, errors) = try read(text.utf8)
    #expect(errors == [])
    #expect(
      documents == [
        ImportedDocument(
          line: 1, id: "a", text: "Say \"vector\": [1, 2]", vector: [0.5, -1],
          metadata: ["vector": .array([9]), "n": .number(1.5)], norm: 2.5),
        ImportedDocument(
          line: 2, id: "7", text: "x", vector: nil, metadata: ["title": "T"], norm: nil),
        ImportedDocument(line: 3, id: "1.50", text: nil, vector: [], metadata: [:], norm: nil),
        ImportedDocument(
          line: 4, id: nil, text: "", vector: nil, metadata: ["title": "mine"], norm: nil),
      ])
  }

  @Test func readsLinesOfAnyEnding() throws {
    let text =
      "\u{FEFF}{\"text\":\"a\"}\r\n\n  \t\r\n{\"text\":\"b\"}\n\r\n{\"text\":\"c\"} \r\n{\"text\":\"d\"}"
    let (documents, errors) = try read(text.utf8)
    #expect(errors == [])
    #expect(documents.map(\.text) == ["a", "b", "c", "d"])
    #expect(documents.map(\.line) == [1, 4, 6, 7])
    #expect(try read("".utf8).documents.isEmpty)
    #expect(try read("\u{FEFF}".utf8).documents.isEmpty)
    #expect(try read("\n\n \n".utf8).documents.isEmpty)
  }

  @Test func refusesLinesWithReasonAndGoesOn() throws {
    let lines: [(String, InterchangeError.Code, String?)] = [
      (#"{"text":"a","vektor":[1]}"#, .unknownField, "vektor"),
      (#"{"text":"a","text":"b"}"#, .duplicateField, "text"),
      (#"{"id":"a","_id":"b","text":"c"}"#, .duplicateField, "_id"),
      (#"{"text":"a","metadata":{"x":1,"x":2}}"#, .duplicateField, "metadata"),
      (#"{"id":"a"}"#, .missingContent, nil),
      (#"{"text":null,"vector":null}"#, .missingContent, nil),
      ("{}", .missingContent, nil),
      (#"{"id":true,"text":"a"}"#, .wrongKind, "id"), (#"{"id":"","text":"a"}"#, .wrongKind, "id"),
      (#"{"text":1}"#, .wrongKind, "text"), (#"{"title":[],"text":"a"}"#, .wrongKind, "title"),
      (#"{"vector":"0.5"}"#, .wrongKind, "vector"), (#"{"vector":[1,"2"]}"#, .wrongKind, "vector"),
      (#"{"vector":[[1]]}"#, .wrongKind, "vector"), (#"{"vector":[1,null]}"#, .wrongKind, "vector"),
      (#"{"vector":[1,NaN]}"#, .notFinite, "vector"),
      (#"{"vector":[1e39]}"#, .outOfRange, "vector"),
      (#"{"text":"a","metadata":[]}"#, .wrongKind, "metadata"),
      (#"{"text":"a","norm":"1"}"#, .wrongKind, "norm"),
      (#"{"text":"a","norm":0}"#, .outOfRange, "norm"),
      (#"{"text":"a","norm":-1}"#, .outOfRange, "norm"),
      (#"{"text":"a","norm":1e400}"#, .outOfRange, "norm"),
      (#"{"text":"a"#, .notJSON, "text"), (#"{"text":"a"} x"#, .notJSON, nil),
      (#"{"text":"a"}{"text":"b"}"#, .notJSON, nil), ("[]", .wrongKind, nil),
      ("text", .wrongKind, nil),
    ]
    var text = ""
    for (line, _, _) in lines { text += line + "\n{\"text\":\"good\"}\n" }
    let (documents, errors) = try read(text.utf8)
    #expect(documents.count == lines.count)
    try #require(errors.count == lines.count)
    for (index, (line, code, field)) in lines.enumerated() {
      #expect(errors[index].code == code, "\(line): \(errors[index])")
      #expect(errors[index].field == field, "\(line): \(errors[index])")
      #expect(errors[index].line == 2 * index + 1, "\(line)")
    }
  }

  @Test func refusesBytesThatAreNotUTF8() throws {
    let bytes = Array("{\"text\":\"a\"}\n{\"text\":\"".utf8) + [0xE9] + Array("\"}\n".utf8)
    let (documents, errors) = try read(bytes)
    #expect(documents.count == 1)
    #expect(errors.map(\.code) == [.notUTF8] && errors.map(\.line) == [2])
  }

  @Test func saysWhatIsWrongInWords() throws {
    #expect(
      try error(#"{"text":"a","vektor":[1]}"#).description.hasSuffix(
        "a.jsonl, line 1, field \"vektor\": found a field that is not known at byte 13, expected one "
          + "of id, _id, title, text, vector, metadata, norm, space; rename it, or move it into \"metadata\""
      ))
    #expect(
      try error(#"{"vector":[0.5,NaN]}"#).description.hasSuffix(
        "line 1, field \"vector\": found NaN at byte 16, expected a finite number; "
          + "leave the vector out, or make it again"))
    let secret = try error(#"{"text":"the secret","norm":{"the":"secret"}}"#)
    #expect(secret.description.contains("found an object at byte 29, expected a number"))
    #expect(!secret.description.contains("secret"))
  }

  @Test func boundsTheLengthOfLines() throws {
    let long = "{\"text\":\"" + String(repeating: "x", count: 1_200_000) + "\"}"
    let text = "{\"text\":\"a\"}\n\(long)\n{\"text\":\"b\"}\n\(long)"
    let whole = try read(text.utf8)
    #expect(whole.documents.map { $0.text?.utf8.count } == [1, 1_200_000, 1, 1_200_000])
    let bounded = try read(text.utf8, maximumLineBytes: 100)
    #expect(bounded.documents.map(\.text) == ["a", "b"])
    #expect(bounded.errors.map(\.code) == [.lineTooLong, .lineTooLong])
    #expect(bounded.errors.map(\.line) == [2, 4])
    #expect(bounded.errors[0].description.contains("expected at most 100"))
  }

  @Test func readsFromADescriptor() throws {
    let pipe = Pipe()
    try pipe.fileHandleForWriting.write(contentsOf: Data("{\"text\":\"a\"}\nx".utf8))
    try pipe.fileHandleForWriting.close()
    let reader = JSONLReader(descriptor: pipe.fileHandleForReading.fileDescriptor)
    #expect(try reader.next()?.text == "a")
    do throws(InterchangeError) {
      _ = try reader.next()
      Issue.record("took a broken line")
    } catch {
      #expect(error.file == "standard input" && error.line == 2)
    }
    #expect(try reader.next() == nil)
    #expect(try reader.next() == nil)
  }

  @Test func refusesFilesThatAreNotThere() throws {
    try withScratchFolder { folder in
      #expect(throws: InterchangeError.self) {
        try JSONLReader(path: folder.appending(path: "none").path)
      }
      do throws(InterchangeError) {
        _ = try JSONLReader(path: folder.path)
        Issue.record("opened a folder")
      } catch {
        #expect(error.code == .cannotOpen)
      }
    }
  }

  @Test(.enabled(if: SharedData.file("ir/xquad-zh/corpus.jsonl") != nil))
  func readsRealCollections() throws {
    for (name, count) in [("cranfield", 1400), ("xquad-zh", 240)] {
      let url = try #require(SharedData.file("ir/\(name)/corpus.jsonl"))
      let reader = try JSONLReader(path: url.path)
      var documents: [ImportedDocument] = []
      while let document = try reader.next() { documents.append(document) }
      #expect(documents.count == count)
      #expect(Set(documents.map(\.id)).count == count)
    }
  }
}
