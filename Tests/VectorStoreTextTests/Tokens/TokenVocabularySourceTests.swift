// TokenVocabularySource: cache first, one download at most, and every way in which it can fail.

import Foundation
import TestSupport
import Testing

@testable import VectorStoreText

@Suite struct TokenVocabularySourceTests {
  private let folder: TemporaryFolder
  private let file = TestVocabulary.file
  private let address = TestVocabulary.file.address

  init() throws {
    folder = try TemporaryFolder()
  }

  @Test func takesTheCachedFileAndFetchesNothing() async throws {
    try folder.write(Data(TestVocabulary.bytes), to: "made")
    let downloads = Downloads(.success(TestVocabulary.bytes))
    let loaded = try await source(downloads, folder.url.path).load()
    #expect(loaded.tokenizer.tokens(of: "ab") == [256])
    #expect(!loaded.isDownloaded)
    #expect(loaded.problems == [])
    #expect(await downloads.count == 0)
  }

  @Test func fetchesOnceAndKeepsTheFile() async throws {
    let downloads = Downloads(.success(TestVocabulary.bytes))
    let source = source(downloads, folder.path("cache"))
    let counts = try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<8 { group.addTask { try await source.load().tokenizer.count("abc") } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(counts == [Int](repeating: 2, count: 8))
    #expect(try await source.load().isDownloaded)
    #expect(await downloads.count == 1)
    let next = try await self.source(nil, folder.path("cache")).load()
    #expect(!next.isDownloaded)
  }

  @Test func replacesAWrongFileAndSaysSo() async throws {
    try folder.write("wrong", to: "made")
    let loaded = try await source(.init(.success(TestVocabulary.bytes)), folder.url.path).load()
    #expect(loaded.isDownloaded)
    #expect(
      loaded.problems == [
        .wrongSize(place: folder.path("made"), found: 5, expected: file.size)
      ])
    #expect(try Data(contentsOf: folder.url.appending(path: "made")) == Data(TestVocabulary.bytes))
  }

  @Test func worksWithoutAFolderToKeepTheFileIn() async throws {
    try folder.write("a file", to: "blocked")
    let downloads = Downloads(.success(TestVocabulary.bytes))
    let loaded = try await source(downloads, folder.path("blocked")).load()
    #expect(loaded.tokenizer.count("abab") == 2)
    #expect(loaded.problems.count == 1)
    #expect(try await source(.init(.success(TestVocabulary.bytes))).load().problems == [])
  }

  @Test func saysWhereToPutTheFileWhenNothingFetchesIt() async {
    let text = await failure(of: source(nil, "/absent"))
    #expect(
      text == """
        no vocabulary to count the tokens of made with: no cache folder has it, and nothing is to \
        fetch it; put \(address) there as /absent/made
        """)
    #expect(
      await failure(of: source(nil)) == """
        no vocabulary to count the tokens of made with: no cache folder has it, and nothing is to \
        fetch it; name a cache folder that has \(address) as made
        """)
  }

  @Test func saysWhyTheDownloadFailed() async throws {
    try folder.write("wrong", to: "made")
    let downloads = Downloads(.failure(NoRoute()))
    let source = source(downloads, folder.url.path)
    let text = await failure(of: source)
    #expect(
      text == """
        no vocabulary to count the tokens of made with: \(folder.path("made")) holds 5 bytes, \
        expected \(file.size); \(address) could not be read: no route to the host; put \(address) \
        there as \(folder.path("made"))
        """)
    // The failure stays: nothing is fetched again.
    #expect(await failure(of: source) == text)
    #expect(await downloads.count == 1)
  }

  @Test func keepsNoWrongDownload() async throws {
    var wrong = TestVocabulary.bytes
    wrong[0] ^= 1
    let text = await failure(of: source(.init(.success(wrong)), folder.url.path))
    #expect(text?.contains("\(address) has SHA-256 ") == true)
    #expect(text?.contains(", expected \(file.sha256)") == true)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == [])
  }

  @Test func aFileThatIsRightAndNoVocabularyIsAnError() async throws {
    var file = file
    file.size = 0
    file.sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    let source = TokenVocabularySource(file: file, cacheFolders: []) { _ in [] }
    await #expect(throws: TokenVocabularyError.missingByte(0)) { try await source.load() }
  }

  @Test func aCancelledCallerDoesNotWait() async throws {
    let (gate, opening) = AsyncStream<Void>.makeStream()
    let source = TokenVocabularySource(file: file, cacheFolders: []) { _ in
      for await _ in gate {}
      return TestVocabulary.bytes
    }
    let impatient = Task { try await source.load() }
    let patient = Task { try await source.load() }
    impatient.cancel()
    await #expect(throws: CancellationError.self) { try await impatient.value }
    opening.finish()
    #expect(try await patient.value.isDownloaded)
  }

  @Test func problemsSayWhatAndWhere() {
    let problems: [TokenVocabularyProblem] = [
      .wrongSize(place: "/a", found: 1, expected: 2),
      .wrongHash(place: "/a", found: "00", expected: "ff"),
      .unreadable(place: "/a", reason: "no permission"),
      .unwritable(path: "/a", reason: "no space"),
    ]
    #expect(
      problems.map(\.description) == [
        "/a holds 1 bytes, expected 2", "/a has SHA-256 00, expected ff",
        "/a could not be read: no permission", "/a could not be written: no space",
      ])
  }

  private func source(_ downloads: Downloads?, _ folders: String...) -> TokenVocabularySource {
    guard let downloads else { return TokenVocabularySource(file: file, cacheFolders: folders) }
    return TokenVocabularySource(file: file, cacheFolders: folders) {
      try await downloads.fetch($0)
    }
  }

  /// The message of the error that loading throws.
  private func failure(of source: TokenVocabularySource) async -> String? {
    await #expect(throws: TokenVocabularyUnavailable.self) { try await source.load() }?.description
  }
}

/// Stands for the network.
private actor Downloads {
  private(set) var count = 0
  private let answer: Result<[UInt8], NoRoute>

  init(_ answer: Result<[UInt8], NoRoute>) {
    self.answer = answer
  }

  func fetch(_ file: TokenVocabularyFile) throws -> [UInt8] {
    count += 1
    return try answer.get()
  }
}

private struct NoRoute: Error, CustomStringConvertible {
  var description: String { "no route to the host" }
}
