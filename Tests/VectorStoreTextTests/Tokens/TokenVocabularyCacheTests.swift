// TokenVocabularyCache in real folders: only the right file is used, and it is kept whole.

import Foundation
import TestSupport
import Testing

@testable import VectorStoreText

@Suite struct TokenVocabularyCacheTests {
  private let folder: TemporaryFolder
  private let file = TestVocabulary.file

  init() throws {
    folder = try TemporaryFolder()
  }

  @Test func knowsTheFileOfCL100k() {
    let cl100k = TokenVocabularyFile.cl100k
    let cache = TokenVocabularyCache(file: cl100k, folders: ["/a", "/b/"])
    #expect(
      cache.paths == [
        "/a/9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
        "/b/9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
      ])
  }

  @Test(.enabled(if: SharedData.file("cl100k_base.tiktoken") != nil))
  func takesTheRealFileForCL100k() throws {
    let shared = try #require(SharedData.file("cl100k_base.tiktoken"))
    let bytes = [UInt8](try Data(contentsOf: shared))
    #expect(TokenVocabularyFile.cl100k.problem(with: bytes, from: "x") == nil)
    #expect(TokenVocabularyFile.cl100k.problem(with: Array(bytes.reversed()), from: "x") != nil)
  }

  @Test func anEmptyNameIsNoFolder() {
    #expect(TokenVocabularyCache(file: file, folders: ["", "a", ""]).paths == ["a/made"])
  }

  @Test func readsTheFirstRightFile() throws {
    try folder.write(Data(TestVocabulary.bytes.reversed()), to: "wrong/made")
    try folder.write("x", to: "small/made")
    try folder.write(Data(TestVocabulary.bytes), to: "right/made")
    let (bytes, problems) = cache("absent", "wrong", "small", "right", "right").read()
    #expect(bytes == TestVocabulary.bytes)
    #expect(problems.count == 2)
    guard case .wrongHash(folder.path("wrong/made"), _, file.sha256) = problems[0] else {
      Issue.record("\(problems[0])")
      return
    }
    #expect(
      problems[1]
        == .wrongSize(place: folder.path("small/made"), found: 1, expected: file.size))
  }

  @Test func findsNothingWhereNothingIs() {
    let (bytes, problems) = cache("absent").read()
    #expect(bytes == nil)
    #expect(problems == [])
  }

  @Test func readsThroughALink() throws {
    try folder.write(Data(TestVocabulary.bytes), to: "other/file")
    try folder.write("", to: "linked/x")
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("linked/made"), withDestinationPath: folder.path("other/file"))
    #expect(cache("linked").read().bytes == TestVocabulary.bytes)
  }

  @Test func takesNoFolderForAFile() throws {
    try folder.write("x", to: "odd/made/x")
    let (bytes, problems) = cache("odd").read()
    #expect(bytes == nil)
    #expect(problems.count == 1)
  }

  @Test func writesIntoTheFirstFolderThatTakesIt() throws {
    try folder.write("a file", to: "blocked")
    let cache = cache("blocked", "new/deep", "other")
    let problems = cache.write(TestVocabulary.bytes)
    #expect(problems.count == 1)
    guard case .unwritable(folder.path("blocked/made"), let reason) = problems.first else {
      Issue.record("\(problems)")
      return
    }
    #expect(!reason.isEmpty)
    #expect(cache.read().bytes == TestVocabulary.bytes)
    let kept = try FileManager.default.contentsOfDirectory(atPath: folder.path("new/deep"))
    #expect(kept == ["made"])
    #expect(!FileManager.default.fileExists(atPath: folder.path("other")))
  }

  @Test func replacesAWrongFile() throws {
    try folder.write("wrong", to: "cache/made")
    #expect(cache("cache").write(TestVocabulary.bytes) == [])
    #expect(cache("cache").read().bytes == TestVocabulary.bytes)
  }

  private func cache(_ names: String...) -> TokenVocabularyCache {
    TokenVocabularyCache(file: file, folders: names.map(folder.path))
  }
}

/// A vocabulary of the 256 bytes and one pair, as a published file.
enum TestVocabulary {
  static let bytes = TestTokenizer.file([[0x61, 0x62]])
  static let file = TokenVocabularyFile(
    name: "made", address: "https://vocabularies.example/made.tiktoken", cacheName: "made",
    size: bytes.count,
    sha256: "64e88c0a004c6c12b61dce5a1ee54f3b495694433568bc9529c29bd3d8a250d8")
}
