// Healthy stores are well, whatever was done with them. Tests Sources/VectorStore/Doctor.

import Foundation
import GRDB
import TestSupport
import Testing

@testable import VectorStore

@Suite struct DoctorHealthTests {
  static func examine(
    _ store: Store, _ folder: TemporaryFolder, recall: Bool = true
  ) async throws -> DoctorReport {
    var options = DoctorOptions()
    options.measuresRecall = recall
    var configuration = store.configuration
    configuration.budget.ledgerPath = folder.path("ledger.db")
    return try await Store.doctor(path: store.path, configuration: configuration, options: options)
  }

  @Test(.aboutFiles) func emptyFilledEmptiedAndCompactedStoresAreWell() async throws {
    try await withStore { store, folder in
      #expect(try await Self.examine(store, folder).unwell.isEmpty)
      try await store.add((0..<40).map { Document(id: "\($0)", text: "walrus number \($0)") })
      try await store.add(DoctorFixture.texts, to: "other")
      #expect(try await Self.examine(store, folder).unwell.isEmpty)
      try await store.remove((0..<20).map { "\($0)" })
      #expect(try await Self.examine(store, folder).unwell.isEmpty)
      try await store.compact()
      let report = try await Self.examine(store, folder)
      #expect(report.unwell.isEmpty && report.isWell)
      #expect(
        report.checks.map(\.name) == [
          .file, .integrity, .schema, .references, .generation, .texts, .words, .fields, .times,
          .vectorSizes, .vectorValues, .vectorLengths, .vectorNorms, .checksums, .vectorSpaces,
          .segments, .segmentChain, .segmentRows, .codes, .unembedded, .standIns, .pending,
          .refused, .staged, .runs, .files, .ledger, .reservations, .sqlite, .disk, .kernels,
          .recall, .consistency,
        ])
      #expect(report[.recall]?.figures["recall"] == 1)
      try await store.removeCollection("default")
      try await store.removeCollection("other")
      #expect(try await Self.examine(store, folder).unwell.isEmpty)
    }
  }

  /// FTS5 merges the parts of its index over many writes, a few pages at each.
  @Test(.aboutFiles) func aWordIndexInTheMidstOfAMergeIsWell() async throws {
    try await withStore { store, _ in
      for part in 0..<5 {
        try await store.add(
          (0..<60).map { text in
            Document(
              id: "\(part) \(text)",
              text: (0..<40).map { "p\(part)t\(text)w\($0)" }.joined(separator: " "))
          })
      }
      var timesInTheMidst = 0
      for step in 0..<20 {
        try await store.file.write { db in
          try db.execute(sql: "INSERT INTO chunk_search(chunk_search, rank) VALUES ('merge', -4)")
        }
        let (isWhole, dropped) = try await store.file.read { db in
          (
            try WordIndexProbe(db.sqlite()).isWhole(),
            try Int.fetchOne(
              db,
              sql: """
                SELECT COUNT(*) FROM chunk_search_idx
                WHERE (segid << 37 | pgno >> 1) NOT IN (SELECT id FROM chunk_search_data)
                """) ?? 0
          )
        }
        #expect(isWhole, "step \(step)")
        if dropped > 0 { timesInTheMidst += 1 }
      }
      #expect(timesInTheMidst > 0)
    }
  }

  @Test(.aboutFiles) func standInsPendingAndRefusedAreWarnings() async throws {
    try await withStore(mode: .hybrid) { store, folder in
      try await store.add([Document(id: "a", text: "one text")])
      let report = try await Self.examine(store, folder)
      #expect(report.unwell == [.standIns] && report.isWell)
      #expect(report[.standIns]?.advice?.contains("embed the collection again") == true)
    }
    try await withStore(mode: .real, service: FakeService(isDown: true)) { store, folder in
      try await store.add([Document(id: "a", text: "one text")])
      let report = try await Self.examine(store, folder)
      #expect(report.unwell == [.pending] && report.isWell)
      #expect(report[.pending]?.examples.first?.hasPrefix("a (collection \"default\"): ") == true)
    }
  }

  /// Vectors of the new space beside the old ones are damage, unless `reembed` is on its way.
  @Test func aChangeOfSpaceOnItsWayIsAWarning() async throws {
    let fixture = try await DoctorFixture()
    try await fixture.execute(
      """
      INSERT INTO spaces(id, name, provider, model, dimensions, kind)
        VALUES (50, 'test/other/64', 'test', 'other', 64, 'real');
      INSERT INTO vectors(chunk_id, space_id, data, norm, checksum)
        SELECT chunk_id, 50, data, norm, checksum FROM vectors WHERE id = 199
      """)
    #expect(try await fixture.examine()[.vectorSpaces]?.state == .problem)
    try await fixture.execute(
      "INSERT INTO runs(correlation_id, command, mode, started_at) VALUES ('x', 'reembed', 'REAL', 'now')"
    )
    let report = try await fixture.examine()
    #expect(report.unwell == [.vectorSpaces, .runs] && report.isWell)
  }

  @Test func stagedVectorsAndCutOffRunsAreWarnings() async throws {
    let fixture = try await DoctorFixture()
    try await fixture.execute(
      """
      INSERT INTO staged(space_id, text_hash, data, norm, created_at, checksum)
        SELECT space_id, zeroblob(32), data, norm, 'now', checksum FROM vectors WHERE id = 1;
      UPDATE runs SET finished_at = NULL
      """)
    let report = try await fixture.examine(repairs: true)
    #expect(report.unwell == [.staged, .runs] && report.isWell)
    #expect(report[.staged]?.count == 1)
    #expect(try await fixture.value("SELECT COUNT(*) FROM staged") == 1)
  }

  @Test func filesThatChangedOrVanishedAreTold() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("store.db")
    for name in ["a", "b", "c"] { try folder.write("text of \(name)\n", to: "docs/\(name).md") }
    let store = try await Store(path: path, configuration: StoreConfiguration(mode: .mock))
    try await store.add(paths: [folder.path("docs")])
    #expect(try await Self.examine(store, folder)[.files]?.state == .ok)
    try folder.write("another text\n", to: "docs/b.md")
    try FileManager.default.removeItem(atPath: folder.path("docs/c.md"))
    let check = try #require(try await Self.examine(store, folder)[.files])
    #expect(check.state == .warning && check.count == 2)
    #expect(
      check.examples.map { $0.split(separator: "/").last ?? "" } == [
        "b.md: the file has changed", "c.md: there is no such file",
      ])
    try FileManager.default.removeItem(atPath: folder.path("docs"))
    #expect(
      try await Self.examine(store, folder)[.files]?.message.hasPrefix("none of the 3") == true)
    try await store.close()
  }

  /// Ties and duplicates included, the fast search finds what exact search finds.
  @Test(.aboutFiles) func recallAndConsistencyAreMeasured() async throws {
    let fixture = try await DoctorFixture()
    let report = try await fixture.examine(recall: true)
    #expect(report.unwell.isEmpty)
    #expect(report[.recall]?.figures == ["recall": 1, "queries": 104])
    #expect(report[.consistency]?.message == "no document has several chunks")

    try await withStore { store, folder in
      var options = AddOptions()
      options.chunking = ChunkingOptions(maximumTokens: 40, overlapTokens: 0)
      let texts = ["walrus", "violin", "harbour"].map { (word: String) in
        Document(
          id: word,
          text: (0..<6).map { "The \(word) of part \($0) is the \(word) that \(word) people know." }
            .joined(separator: "\n\n"))
      }
      try await store.add(texts, options: options)
      let check = try #require(try await Self.examine(store, folder)[.consistency])
      #expect((check.figures["chunks"] ?? 0) >= 6)
      #expect(check.figures["consistency"] == 1)
    }
  }

  @Test func aFileThatCannotBeWrittenIsExamined() async throws {
    let fixture = try await DoctorFixture()
    for side in ["-wal", "-shm", "-lock"] {
      try? FileManager.default.removeItem(atPath: fixture.path + side)
    }
    chmod(fixture.path, 0o444)
    chmod(fixture.folder.url.path, 0o555)
    defer { chmod(fixture.folder.url.path, 0o755) }
    #expect(try await fixture.examine().unwell.isEmpty)
  }

  @Test func aJournalOfAnotherKindIsTold() async throws {
    let fixture = try await DoctorFixture()
    try await fixture.execute("PRAGMA journal_mode = DELETE")
    let report = try await fixture.examine()
    #expect(report.unwell == [.file] && report.isWell)
    #expect(report[.file]?.advice?.contains("PRAGMA journal_mode = WAL") == true)
  }
}
