// One bad document among many is reported with its id and place; the others are added.

import Foundation
import TestSupport
import Testing

@testable import VectorStore

@Suite struct BadDocumentTests {
  /// Lists within each other, so many, in an object.
  static func nested(_ levels: Int) -> [String: MetadataValue] {
    var value = MetadataValue.array([])
    for _ in 1..<levels { value = .array([value]) }
    return ["deep": value]
  }

  static let bad: [(Document, StoreError.Code)] = [
    (Document(id: "bad", text: ""), .empty),
    (Document(id: "bad", text: " \n\t"), .empty),
    (Document(id: "", text: "words"), .empty),
    (Document(id: "bad", text: "a\u{0}b"), .malformedInput),
    (Document(id: "b\u{0}d", text: "words"), .malformedInput),
    (Document(id: "bad", text: "words", metadata: ["n": .number(.nan)]), .invalidArgument),
    (
      Document(id: "bad", text: "words", metadata: ["n": .array([.number(.infinity)])]),
      .invalidArgument
    ),
    (Document(id: "bad", text: "words", metadata: nested(64)), .invalidArgument),
    (Document(id: "bad", text: "words", metadata: nested(5000)), .invalidArgument),
  ]

  @Test(arguments: bad.indices, [true, false])
  func theOthersAreAdded(_ index: Int, isDryRun: Bool) async throws {
    let (document, code) = Self.bad[index]
    try await withStore { store, _ in
      var documents = (0..<1000).map { Document(id: "\($0)", text: "text \($0)") }
      documents[617] = document
      var options = AddOptions()
      options.isDryRun = isDryRun
      let report = try await store.add(documents, options: options)
      #expect(report.documents == .init(added: 999, failed: 1))
      let error = try #require(report.errors.first)
      #expect(report.errors.count == 1)
      #expect(error.code == code && error.index == 617 && error.source == document.source)
      #expect(error.message.hasPrefix("document 618 of 1000: "))
      #expect(report.isPartial)
      #expect(try await store.list().count == (isDryRun ? 0 : 999))
      // Alone it is an error, and nothing else is lost.
      #expect(await errorCode { try await store.add([document]) } == code)
    }
  }

  @Test func metadataOfTheWholeCallIsRefusedAtOnce() async throws {
    try await withStore { store, _ in
      var options = AddOptions()
      options.metadata = ["n": .number(.nan)]
      let documents = numberedTexts(3)
      let code = await errorCode { try await store.add(documents, options: options) }
      #expect(code == .invalidArgument)
      let collections = try await store.collections()
      #expect(collections.isEmpty)
    }
  }

  @Test func metadataAsDeepAsMayBeComesBack() async throws {
    try await withStore { store, folder in
      let metadata = Self.nested(63)
      try await store.add([Document(id: "deep", text: "words", metadata: metadata)])
      #expect(try await store.get("deep")?.summary.metadata == metadata)
      let file = folder.path("deep.jsonl")
      try await store.export(to: file)
      let report = try await store.import(from: file, into: "copy")
      #expect(report.documents.added == 1)
      #expect(try await store.get("deep", in: "copy")?.summary.metadata == metadata)
    }
  }

  @Test func oneBadFileOfAFolderIsReported() async throws {
    try await withStore { store, folder in
      for number in 0..<20 { try folder.write("text \(number)", to: "d/\(number).txt") }
      try folder.write("---\nn: .nan\nm: 1e999\n---\nwords", to: "d/numbers.md")
      let deep = String(repeating: "[", count: 70) + String(repeating: "]", count: 70)
      try folder.write("---\ndeep: \(deep)\n---\nwords", to: "d/deep.md")
      let report = try await store.add(paths: [folder.path("d")])
      #expect(report.documents == .init(added: 21, failed: 1))
      #expect(report.errors.map(\.code) == [.invalidArgument])
      #expect(report.errors.first?.message.contains("deep.md") == true)
    }
  }
}
