// Collections that keep no text: nothing of it is in the file, and hits read it from the documents' own files.

import Foundation
import TestSupport
import Testing

@testable import VectorStore

@Suite struct NoTextTests {
  /// Words that no file has by chance.
  private static let markers = (0..<20).map { "marker\($0)xq\($0 * 7)zv" }

  private static func write(_ folder: TemporaryFolder) throws {
    for (number, marker) in markers.enumerated() {
      let front = number == 3 ? "---\nauthor: \(marker)author\n---\n" : ""
      try folder.write(
        front + "# Title \(marker)head\n\nWords before \(marker) and after.\n\n"
          + "## Part \(marker)sub\n\nThe second passage of \(marker).\n",
        to: "d/file\(number).md")
    }
  }

  private static var options: AddOptions {
    var options = AddOptions()
    options.keepsText = false
    options.chunking = ChunkingOptions(maximumTokens: 40, overlapTokens: 0)
    return options
  }

  /// The texts of a document's passages.
  private static func passages(
    _ source: String, _ store: Store, in collection: String = "default"
  ) async throws -> [String] {
    try await store.get(source, in: collection)?.chunks.compactMap(\.text) ?? []
  }

  /// Which markers the files of a store hold.
  private static func leaks(_ folder: TemporaryFolder, _ name: String = "paid.db") -> [String] {
    ["", "-wal", "-shm", "-journal"].flatMap { side -> [String] in
      let bytes = (try? Data(contentsOf: URL(filePath: folder.path(name) + side))) ?? Data()
      // As they stand there, and as the word index would write their beginnings.
      return markers.flatMap { [$0, String($0.dropFirst(6))] }
        .filter { bytes.range(of: Data($0.utf8)) != nil }.map { "\(side) \($0)" }
    }
  }

  @Test func nothingOfTheTextIsInTheFile() async throws {
    try await withPaidStore { paid in
      let folder = paid.folder
      try Self.write(folder)
      let store = try await paid.open(service: try paid.service())
      try await store.add(paths: [folder.path("d")], options: Self.options)
      try await store.add([Document(id: "own", text: "Said: \(Self.markers[5])")])
      #expect(Self.leaks(folder).isEmpty)
      // Changed, renamed, removed.
      try folder.write("Now \(Self.markers[1]) alone.", to: "d/file2.md")
      try FileManager.default.moveItem(
        atPath: folder.path("d/file3.md"), toPath: folder.path("d/renamed.md"))
      try FileManager.default.removeItem(atPath: folder.path("d/file4.md"))
      let update = try #require(try await store.update(options: UpdateOptions(prunes: true)).first)
        .report
      #expect(update.documents == .init(updated: 1, unchanged: 17, moved: 1, removed: 1))
      #expect(Self.leaks(folder).isEmpty)
      try await store.compact()
      #expect(Self.leaks(folder).isEmpty)
      // What it has: ranges, hashes, vectors.
      let document = try #require(try await store.get("own"))
      #expect(document.text == nil && document.chunks.map(\.text) == [nil])
      #expect(document.chunks[0].start == 0 && document.chunks[0].spaces.count == 1)
      #expect(try await store.list().first { $0.source == "d/renamed.md" }?.metadata == [:])
      #expect(try await store.collections().map(\.keepsText) == [false])
      #expect(try await store.doctor().checks.filter { $0.state == .problem }.isEmpty)
      try await store.close()
    }
  }

  @Test func hitsReadTheirTextFromFilesThatAreAsTheyWere() async throws {
    try await withPaidStore { paid in
      let folder = paid.folder
      try Self.write(folder)
      let store = try await paid.open(service: try paid.service())
      try await store.add(paths: [folder.path("d")], options: Self.options)
      let passages = try await Self.passages("d/file7.md", store)
      let passage = try #require(passages.first)
      #expect(passages.count > 1 && passages.joined().contains("The second passage of"))
      for ranking in [QueryOptions.Ranking.vector, .fused] {
        var options = QueryOptions(limit: 1)
        options.ranking = ranking
        options.neighbours = 1
        let hit = try #require(try await store.query(passage, options: options).hits.first)
        #expect(hit.source == "d/file7.md" && hit.fileState == nil)
        #expect(hit.text?.contains("Words before \(Self.markers[7]) and after.") == true)
        #expect(hit.text?.contains("second passage of \(Self.markers[7])") == true)
      }
      let whole = try #require(try await store.get("d/file7.md"))
      #expect(
        try whole.text == String(contentsOfFile: folder.path("d/file7.md"), encoding: .utf8))
      #expect(whole.chunks.allSatisfy { $0.text != nil })

      // Words are not searched.
      var lexical = QueryOptions()
      lexical.ranking = .lexical
      let error = await #expect(throws: StoreError.self) {
        try await store.query("words", options: lexical)
      }
      #expect(
        error?.message
          == "the collection \"default\" keeps no texts, so it cannot be searched by words; rank by vectors"
      )

      // Changed within, and gone.
      try folder.write("Something else.", to: "d/file7.md")
      let changed = try #require(
        try await store.query(passage, options: QueryOptions(limit: 1)).hits.first)
      #expect(changed.text == nil && changed.fileState == .changed)
      try FileManager.default.removeItem(atPath: folder.path("d/file7.md"))
      let gone = try #require(
        try await store.query(passage, options: QueryOptions(limit: 1)).hits.first)
      #expect(gone.text == nil && gone.fileState == .gone)
      #expect(try await store.get("d/file7.md")?.text == nil)
      try await store.close()
    }
  }

  /// A picture within a text is no part of its passage, and the passage is found all the same.
  @Test func aPassageAroundBinaryDataIsReadWithoutIt() async throws {
    try await withPaidStore { paid in
      let folder = paid.folder
      let picture = Data((0..<600).map { UInt8(($0 * 7919) % 251) }).base64EncodedString()
      try folder.write(
        "Before the picture.\n![p](data:image/png;base64,\(picture))\nAfter the picture.\n",
        to: "d/a.md")
      let store = try await paid.open(service: try paid.service())
      var options = Self.options
      options.chunking = nil
      try await store.add(paths: [folder.path("d")], options: options)
      let chunks = try #require(try await store.get("d/a.md")).chunks
      #expect(chunks.allSatisfy { $0.text?.contains("picture") == true })
      #expect(chunks.allSatisfy { $0.text?.contains(picture.prefix(80)) == false })
      try await store.close()
    }
  }

  @Test func itsRetrievalIsMeasuredByVectorsAlone() async throws {
    try await withPaidStore { paid in
      let store = try await paid.open(service: try paid.service())
      try await store.add(
        [Document(id: "sky", text: "The sky is blue."), Document(id: "bread", text: "Knead it.")],
        options: Self.options)
      let quality = try await store.retrievalQuality(
        queries: [JudgedQuery(id: "1", text: "The sky is blue.")],
        judgements: RetrievalJudgements(grades: ["1": ["sky": 1]]))
      #expect(quality.rankings.map(\.ranking) == [.vector])
      #expect(quality.rankings.first?.mrr.mean == 1 && quality.comparisons.isEmpty)
      try await store.close()
    }
  }

  @Test func itIsDecidedBeforeTheFirstDocument() async throws {
    try await withPaidStore { paid in
      let store = try await paid.open(service: try paid.service())
      try await store.add([Document(id: "a", text: "one")])
      await #expect(throws: StoreError.self) {
        try await store.add([Document(id: "b", text: "two")], options: Self.options)
      }
      #expect(try await store.count() == 1)
      try await store.add([Document(id: "b", text: "two")], to: "other", options: Self.options)
      var keeping = AddOptions()
      keeping.keepsText = true
      let error = await #expect(throws: StoreError.self) {
        try await store.add([Document(id: "c", text: "three")], to: "other", options: keeping)
      }
      #expect(error?.message.contains("keeps no texts of its documents") == true)
      // It stays so without a word.
      try await store.add([Document(id: "c", text: "three")], to: "other")
      #expect(try await store.get("c", in: "other")?.chunks.map(\.text) == [nil])
      try await store.close()
    }
  }

  @Test func withoutAServiceNothingWaitsAndStandInsAreStored() async throws {
    try await withPaidStore { paid in
      let folder = paid.folder
      try Self.write(folder)
      let real = try await paid.open(service: nil)
      let refused = try await real.add(paths: [folder.path("d")], options: Self.options)
      #expect(refused.documents.failed == 20 && refused.documents.pending == 0)
      #expect(
        refused.errors.contains { $0.message.contains("keeps no text with which it could wait") })
      #expect(try await real.count() == 0 && Self.leaks(folder).isEmpty)
      try await real.close()

      let hybrid = try await paid.open(mode: .hybrid, service: nil)
      #expect(
        try await hybrid.add(paths: [folder.path("d")], options: Self.options).documents.added == 20
      )
      #expect(Self.leaks(folder).isEmpty)
      let hit = try await hybrid.query(
        "Words before \(Self.markers[9]) and after", options: QueryOptions(limit: 1)
      ).hits.first
      #expect(hit?.source == "d/file9.md" && hit?.text?.contains(Self.markers[9]) == true)
      try await hybrid.close()

      // Reembedding has nothing to read; an update reads the files again.
      let store = try await paid.open(service: try paid.service())
      let error = await #expect(throws: StoreError.self) { try await store.reembed() }
      #expect(error?.message.contains("update its folders, which reads them again") == true)
      let update = try await store.update()[0].report
      #expect(update.chunks.standIn == 0 && update.chunks.embedded > 0)
      #expect(try await store.reembed().chunks.remaining == 0 && Self.leaks(folder).isEmpty)
      var batches = AddOptions()
      batches.spending.usesBatches = true
      await #expect(throws: StoreError.self) {
        try await store.add([Document(id: "x", text: "later")], options: batches)
      }
      try await store.close()
    }
  }

  @Test func anExportHoldsNoTextAndComesBack() async throws {
    try await withPaidStore { paid in
      let folder = paid.folder
      try Self.write(folder)
      let store = try await paid.open(service: try paid.service())
      try await store.add(paths: [folder.path("d")], options: Self.options)
      let file = folder.path("out.jsonl")
      try await store.export(to: file)
      #expect(Self.leaks(folder, "out.jsonl").isEmpty)
      try await store.import(from: file, into: "copy")
      #expect(try await store.collections().map(\.keepsText) == [false, false])
      let passage = try #require(try await Self.passages("d/file8.md", store, in: "copy").last)
      let hits = try await store.query(passage, in: "copy", options: QueryOptions(limit: 1)).hits
      #expect(hits.first?.text == passage && hits.first?.source == "d/file8.md")

      // What has texts, into a collection without.
      try await store.add(paths: [folder.path("d/file1.md")], to: "full")
      try await store.export(to: folder.path("full.jsonl"), from: "full")
      try await store.import(from: folder.path("full.jsonl"), into: "bare", keepsText: false)
      let bare = try #require(try await store.get("d/file1.md", in: "bare"))
      #expect(bare.text?.contains(Self.markers[1]) == true)
      try FileManager.default.removeItem(atPath: folder.path("d/file1.md"))
      #expect(try await store.get("d/file1.md", in: "bare")?.chunks.first?.text == nil)
      #expect(try await store.get("d/file1.md", in: "full")?.chunks.first?.text != nil)
      try await store.close()
    }
  }
}
