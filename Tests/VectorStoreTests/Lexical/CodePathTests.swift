// The declarations that passages of code are in: kept with them, shown above them, found by their words.

import Foundation
import GRDB
import TestSupport
import Testing

@testable import VectorStore

@Suite struct CodePathTests {
  /// Two functions that fill several passages each.
  private static let code: String = {
    func body(_ word: String) -> String {
      (1...40).map { "    run(\(word)\($0), with: \(word)Other\($0))\n" }.joined()
    }
    return "// Kettles.\n\nstruct TeaKettle {\n  func boilWater() {\n" + body("heat") + "  }\n\n"
      + "  func pourOut() {\n" + body("tilt") + "  }\n}\n"
  }()

  private static var options: AddOptions {
    var options = AddOptions()
    options.chunking = ChunkingOptions(maximumTokens: 120, overlapTokens: 10)
    return options
  }

  /// The passage that has a word, of those that a search for it by words finds.
  private static func hit(_ word: String, _ store: Store, in source: String? = nil) async throws
    -> Hit
  {
    let options = QueryOptions(limit: 50, ranking: .lexical)
    return try #require(
      try await store.query(word, options: options).hits.first {
        $0.text?.contains(word) == true && (source == nil || $0.source == source)
      })
  }

  @Test func hitsSayWhichDeclarationsTheyAreIn() async throws {
    try await withStore { store, folder in
      try folder.write(Self.code, to: "src/kettle.swift")
      try await store.add(paths: [folder.path("src")], options: Self.options)
      let hit = try await Self.hit("heat20,", store)
      #expect(hit.headings == ["struct TeaKettle", "func boilWater"])
      #expect(hit.text?.contains("boilWater") == false)
      let other = try await Self.hit("tilt20,", store)
      #expect(other.headings == ["struct TeaKettle", "func pourOut"])
      // A passage that has the end of one and the beginning of the other is in what holds both.
      let both = try await Self.hit("func pourOut", store)
      #expect(both.headings.first == "struct TeaKettle")
      #expect(
        both.text?.contains("heat40") == false || both.headings == ["struct TeaKettle"], "\(both)")
      #expect(
        Excerpt(
          of: hit.text ?? "", LexicalQuery("heat20"), format: hit.format, headings: hit.headings
        ).headings == hit.headings)
    }
  }

  @Test func wordsOfTheDeclarationsAroundFindAPassage() async throws {
    try await withStore { store, folder in
      try folder.write(Self.code, to: "src/kettle.swift")
      try await store.add(paths: [folder.path("src")], options: Self.options)
      let options = QueryOptions(limit: 50, ranking: .lexical)
      let hits = try await store.query("boil water", options: options).hits
      let within = hits.filter { $0.text?.contains("boilWater") == false }
      #expect(within.count >= 2)
      #expect(within.allSatisfy { $0.headings.contains("func boilWater") })
    }
  }

  @Test func piecesOfALongPassageAreEachInTheirOwnDeclarations() throws {
    let counter = TokenCounter(isExact: true) { $0.utf8.count / 4 }
    let document = CutDocument(
      source: "kettle.swift", origin: .file, format: .code, text: Self.code, metadata: "{}",
      chunking: ChunkingOptions(maximumTokens: 4000, overlapTokens: 0))
    let chunks = document.cut(fitting: counter, tokens: 150).chunks
    #expect(chunks.count > 4)
    let heat = try #require(chunks.first { $0.text?.contains("heat20,") == true })
    #expect(heat.headings == "struct TeaKettle\nfunc boilWater")
    let tilt = try #require(chunks.first { $0.text?.contains("tilt20,") == true })
    #expect(tilt.headings == "struct TeaKettle\nfunc pourOut")
  }

  /// What a version that knew no declarations stored stays as it is as long as its file does.
  @Test func unchangedFilesKeepWhatTheyHave() async throws {
    try await withStore { store, folder in
      try folder.write(Self.code, to: "src/kettle.swift")
      try folder.write(Self.code, to: "src/other.swift")
      try await store.add(paths: [folder.path("src")], options: Self.options)
      try await store.file.write { db in
        try db.execute(sql: "UPDATE chunks SET headings = NULL")
      }
      try folder.write("// Now.\n" + Self.code, to: "src/other.swift")
      let update = try #require(try await store.update().first).report
      #expect(update.documents == .init(updated: 1, unchanged: 1))
      let old = try await Self.hit("tilt40,", store, in: "src/kettle.swift")
      #expect(old.headings == [])
      let new = try await Self.hit("tilt40,", store, in: "src/other.swift")
      #expect(new.headings.first == "struct TeaKettle")
    }
  }

  @Test func nothingOfThemIsKeptWithoutTexts() async throws {
    try await withStore { store, folder in
      try folder.write(Self.code, to: "src/kettle.swift")
      var options = Self.options
      options.keepsText = false
      try await store.add(paths: [folder.path("src")], options: options)
      let stored = try await store.file.read { db in
        try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM chunks WHERE headings IS NOT NULL")
      }
      #expect(stored == 0)
      let found = try await store.query("heat20 heatOther20").hits
      let hit = try #require(found.first { $0.text?.contains("heat20,") == true })
      #expect(hit.headings.first == "struct TeaKettle")
    }
  }
}
