// Statistics of whole stores: names and texts of rows, spaces and collections, what is refused, saved
// summaries. Tests Sources/VectorStore/Statistics/Store+Statistics.swift and Statistics/.

import Foundation
import GRDB
import TestSupport
import Testing
@testable import VectorStore

@Suite struct StoreStatisticsTests {
  private static let texts = [
    "The sky is blue because air scatters blue light.", "Bread rises because of yeast.",
    "Bread rises because of yeast.", "Walruses have tusks.", "A harbour shelters ships.",
  ]

  private static func add(_ store: Store, to collection: String = "default") async throws {
    try await store.add(
      texts.enumerated().map { Document(id: "doc/\($0)", text: $1) }, to: collection)
  }

  @Test func rowsHaveNamesAndTexts() async throws {
    try await withStore { store, _ in
      try await Self.add(store)
      let report = try await store.statistics()
      let figures = try #require(report.spaces.first)
      #expect(report.spaces.count == 1 && figures.space.name == "mock/hashed-features-2/1536")
      #expect(figures.rows == 5 && figures.dimensions == 1536 && figures.kind == .mock)
      #expect(figures.sample == StatisticsReport.SampleFigures(rows: 5, of: 5, seed: nil))
      let group = try #require(figures.duplicates.groups.first)
      #expect(figures.duplicates.groupCount == 1 && group.rows == 2)
      #expect(group.chunks.map(\.source) == ["doc/1", "doc/2"])
      #expect(group.chunks[0].excerpt == "Bread rises because of yeast.")
      #expect(group.chunks[0].line == 1 && group.chunks[0].collection == "default")
      #expect(figures.map.points.count == 5)
      #expect(figures.map.varianceX >= figures.map.varianceY && figures.map.varianceX <= 1)
      #expect(figures.verdict.findings.contains { $0.topic == "rows" })
      #expect(figures.norms.map { $0.minimum > 0.99 && $0.maximum < 1.01 } == true)
      #expect((figures.randomPairs?.percent(of: 1) ?? 0) >= 99)
    }
  }

  @Test func collectionsAreTogetherOrApart() async throws {
    try await withStore { store, _ in
      try await Self.add(store)
      try await store.add([Document(id: "x", text: "Foxes live in dens.")], to: "other")
      let all = try #require(try await store.statistics().spaces.first)
      #expect(all.rows == 6)
      #expect(all.collections.map(\.collection) == ["default", "other"])
      #expect(all.collections.map(\.rows) == [5, 1])
      #expect(all.collections[1].meanCosine == nil)
      #expect(Set(all.map.points.map(\.chunk.collection)) == ["default", "other"])
      let one = try await store.statistics(of: "default")
      #expect(one.collection == "default" && one.spaces.map(\.rows) == [5])
      #expect(one.spaces[0].meanCosine == all.collections[0].meanCosine)
      let missing = await errorCode { _ = try await store.statistics(of: "nowhere") }
      #expect(missing == .collectionNotFound)
      let wrong = await errorCode { _ = try await store.statistics(space: .openAI3Small) }
      #expect(wrong == .spaceMismatch)
    }
  }

  @Test func anEmptyStoreHasNothingToTell() async throws {
    try await withStore { store, _ in
      let report = try await store.statistics()
      #expect(report.spaces.isEmpty && report.refused.isEmpty && report.chunksWithoutVector == 0)
    }
  }

  @Test func figuresAreNeverNaN() async throws {
    try await withStore { store, _ in
      try await store.add([Document(id: "a", text: "One row.")])
      for rows in 1...3 {
        if rows > 1 { try await store.add([Document(id: "\(rows)", text: "Row \(rows)")]) }
        let report = try await store.statistics()
        // JSONEncoder throws at a number that is not finite.
        let data = try JSONEncoder().encode(report)
        #expect(try JSONDecoder().decode(StatisticsReport.self, from: data) == report)
      }
    }
  }

  @Test func timesAndSpacesAreWrittenAsTheyAlwaysWere() async throws {
    try await withStore { store, _ in
      try await store.add([Document(id: "a", text: "One row."), Document(id: "b", text: "Two.")])
      let saved = try await store.statistics(options: StatisticsOptions(save: "monday"))
      let report = try await store.statistics(options: StatisticsOptions(compare: "monday"))
      let drift = try #require(report.spaces.first?.drift)
      #expect(abs(drift.savedAt.timeIntervalSince(saved.at)) < 60 && drift.savedAt <= report.at)
      let kept = try await store.file.read { db in
        try String.fetchOne(db, sql: "SELECT saved_at FROM statistics")
      }
      #expect(Timestamp.of(drift.savedAt) == kept)
      let json = try JSONSerialization.jsonObject(with: JSONEncoder().encode(report))
      let object = try #require(json as? [String: Any])
      #expect(object["seconds"] as? Double == report.duration.inSeconds)
      #expect(object["duration"] == nil)
      let space = try #require((object["spaces"] as? [[String: Any]])?.first)
      #expect(space["space"] as? String == "mock/hashed-features-2/1536")
    }
  }

  @Test func aTimeThatWasReadIsWrittenTheSame() throws {
    for milliseconds in 0..<1000 {
      let text = "2026-12-07T09:27:29." + "00\(milliseconds)".suffix(3) + "Z"
      #expect(Timestamp.of(try #require(Timestamp.time(writtenAs: text))) == text)
    }
    #expect(Timestamp.time(writtenAs: "yesterday") == nil)
  }

  @Test func refusedRowsAreCounted() async throws {
    try await withStore { store, folder in
      let good = (0..<64).map { $0 == 0 ? 1.0 : 0 }
      let lines = [good, Array(repeating: 0, count: 64), [1, 2, 3]].enumerated().map {
        "{\"id\":\"\($0)\",\"text\":\"t\($0)\",\"vector\":[\($1.map { "\($0)" }.joined(separator: ","))]}"
      }
      let file = try folder.write(lines.joined(separator: "\n") + "\n", to: "in.jsonl")
      let space = try EmbeddingSpace(provider: "me", model: "m", dimensions: 64, kind: .real)
      try await store.import(from: file, space: space)
      let report = try await store.statistics()
      #expect(
        report.refused == [
          .init(code: "bad_vector", reason: "wrong_dimensions", rows: 1, runs: 1),
          .init(code: "bad_vector", reason: "zero", rows: 1, runs: 1),
        ])
      #expect(report.spaces.map(\.rows) == [1])
    }
  }

  @Test func savedStatisticsAreComparedWith() async throws {
    try await withStore { store, _ in
      let words = ["red", "green", "blue", "iron", "stone", "river", "cloud", "bread"]
      func texts(_ range: Range<Int>, _ tail: String) -> [Document] {
        range.map { row in
          let text = (0..<5).map { words[(row * 7 + $0 * row) % words.count] }
          return Document(id: "\(tail)\(row)", text: text.joined(separator: " ") + " \(row)")
        }
      }
      try await store.add(texts(0..<60, ""))
      var options = StatisticsOptions()
      options.save = "monday"
      let first = try await store.statistics(options: options)
      #expect(first.spaces[0].drift == nil)
      options.save = nil
      options.compare = "monday"
      let same = try #require(try await store.statistics(options: options).spaces[0].drift)
      #expect(same.name == "monday" && same.rowsBefore == 60 && same.rowsNow == 60)
      #expect(same.frechetDistance < 1e-9 && same.centroidDistance < 1e-9)
      #expect(same.spectrumDistance.map { $0 < 1e-9 } == true)
      #expect(same.newRows == 0 && same.newShareBeyond == nil)
      #expect(same.shareBeyond.map { $0 < 0.03 } == true)
      #expect(same.meanCosine.map { abs($0.before - $0.now) < 1e-12 } == true)
      try await store.add(
        (0..<30).map {
          Document(id: "new\($0)", text: "Entirely other words concerning whales \($0)")
        })
      let moved = try #require(try await store.statistics(options: options).spaces[0].drift)
      #expect(moved.rowsNow == 90 && moved.newRows == 30)
      #expect(moved.newShareBeyond.map { $0 > 0.5 } == true)
      #expect(moved.frechetDistance > 0.05 && (moved.centroidCosine ?? 1) < 0.999)
      options.compare = "tuesday"
      let copy = options
      await #expect {
        try await store.statistics(options: copy)
      } throws: { error in
        (error as? StoreError)?.code == .statisticsNotFound
          && "\(error)"
            == "no statistics of all collections are saved as \"tuesday\": there are monday"
      }
      let apart = await errorCode {
        var options = StatisticsOptions()
        options.compare = "monday"
        _ = try await store.statistics(of: "default", options: options)
      }
      #expect(apart == .statisticsNotFound)
    }
  }

  @Test func aScoreIsCalibratedQuickly() async throws {
    try await withStore { store, _ in
      try await store.add([Document(id: "one", text: "Only one row.")])
      #expect(try await store.calibration() == nil)
      try await Self.add(store)
      let some = try #require(try await store.calibration())
      let all = try #require(try await store.statistics().spaces[0].randomPairs)
      #expect(some.rows == 6 && some.of == 6 && some.randomPairs == all)
      #expect(some.percent(of: -1) == 0 && some.percent(of: 1) > 90)
      let few = try #require(try await store.calibration(rows: 3))
      #expect(few.rows == 3 && few.of == 6 && few.randomPairs.count == 3)
      #expect(few.randomPairs.meanError != nil)
      #expect(
        await errorCode { _ = try await store.calibration(space: .openAI3Small) } == .spaceMismatch)
    }
  }

  @Test func optionsAreChecked() async throws {
    try await withStore { store, _ in
      var options = StatisticsOptions()
      options.duplicateThreshold = .nan
      let (threshold, name) = (options, StatisticsOptions())
      #expect(
        await errorCode { _ = try await store.statistics(options: threshold) } == .invalidArgument)
      options = name
      options.save = ""
      let empty = options
      #expect(await errorCode { _ = try await store.statistics(options: empty) } == .empty)
    }
  }

  @Test func aDamagedRowIsNamed() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("damaged.db")
    let store = try await Store(path: path, configuration: StoreConfiguration(mode: .mock))
    try await Self.add(store)
    try await store.close()
    let queue = try DatabaseQueue(path: path)
    try await queue.write {
      try $0.execute(sql: "UPDATE vectors SET data = zeroblob(length(data)) WHERE id = 3")
    }
    try queue.close()
    let damaged = try await Store(path: path, configuration: StoreConfiguration(mode: .mock))
    let code = await errorCode { _ = try await damaged.statistics() }
    #expect(code == .damaged)
    try await damaged.close()
  }
}
