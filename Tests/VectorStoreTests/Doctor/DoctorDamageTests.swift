// Every kind of damage is planted in a store, found by name, and repaired or reported. Tests
// Sources/VectorStore/Doctor.

import Foundation
import GRDB
import TestSupport
import Testing

@testable import VectorStore

@Suite struct DoctorDamageTests {
  @Test(arguments: PlantedDamage.all)
  func damageIsFoundAndRepairedOrReported(damage: PlantedDamage) async throws {
    let fixture = try await DoctorFixture()
    let comment = Comment(rawValue: damage.description)
    #expect(try await fixture.examine().unwell.isEmpty, comment)
    try await fixture.execute(damage.sql)

    let before = try Data(contentsOf: URL(filePath: fixture.path))
    let found = try await fixture.examine()
    #expect(found.unwell.isSuperset(of: damage.names), "\(damage): \(found.unwell)")
    for name in damage.names {
      #expect((found[name]?.count ?? 0) > 0, "\(damage): \(name)")
      #expect(found[name]?.advice != nil, "\(damage): \(name)")
    }
    // Looking has not written a byte.
    #expect(try Data(contentsOf: URL(filePath: fixture.path)) == before, comment)

    let repaired = try await fixture.examine(repairs: true)
    let again = try await fixture.examine()
    guard damage.isRepaired else {
      #expect(again.unwell.isSuperset(of: damage.names), "\(damage): \(again.unwell)")
      return
    }
    let named = repaired.names(.repaired).union(repaired.names(.warning))
    #expect(named.isSuperset(of: damage.names), "\(damage): \(repaired.unwell)")
    #expect(
      repaired.isWell && again.isWell, "\(damage): \(again.checks.filter { $0.state == .problem })")
    #expect(again.unwell.isSubset(of: [.pending]), "\(damage): \(again.unwell)")
    try await fixture.expectAnswers(comment)
    try expectWhole(fixture.path)
  }

  /// What holds texts or vectors is never deleted by a repair.
  @Test func repairsDeleteNothingThatIsNotDerived() async throws {
    let fixture = try await DoctorFixture()
    let counts = "SELECT (SELECT COUNT(*) FROM chunks) * 1000000 + (SELECT COUNT(*) FROM vectors)"
    let before: Int? = try await fixture.value(counts)
    for damage in [
      "DELETE FROM documents WHERE source IN ('sky', 'v5')", "DELETE FROM collections",
      "UPDATE vectors SET data = x'00' WHERE id = 9", "DELETE FROM segments WHERE id = 1",
      "UPDATE chunks SET text = 'another' WHERE text LIKE 'Bread%'",
    ] { try await fixture.execute(damage) }
    let report = try await fixture.examine(repairs: true)
    #expect(report.names(.problem) == [.vectorSizes, .texts])
    #expect(try await fixture.value(counts) == before)
    let store = try await Store(path: fixture.path, configuration: fixture.configuration)
    let recovered = try await store.list().map(\.source).filter { $0.hasPrefix("recovered/") }
    #expect(recovered.count == 2)
    #expect(report[.texts]?.examples.first?.hasPrefix("bread (collection") == true)
    // Remove and add again, as the report says.
    let collection = try #require(
      try await store.list().first { $0.source == "bread" }?.collection)
    try await store.remove(["bread"], from: collection)
    try await store.close()
    #expect(try await fixture.examine().names(.problem) == [.vectorSizes])
  }

  /// What the word index still has of a damaged text stays in it.
  @Test func aTextThatChangedKeepsItsWords() async throws {
    let fixture = try await DoctorFixture()
    try await fixture.execute(
      "UPDATE chunks SET text = 'garbage' WHERE text LIKE 'The sky%'; "
        + "DELETE FROM chunk_search WHERE chunk_search MATCH 'bread'")
    let report = try await fixture.examine(repairs: true)
    #expect(report[.words]?.state == .repaired)
    #expect(report[.texts]?.state == .problem)
    let words: Int? = try await fixture.value(
      "SELECT COUNT(*) FROM chunk_search WHERE chunk_search MATCH 'blue OR yeast'")
    #expect(words == 2)
  }

  // MARK: - Damage below the tables

  @Test func garbageInAPageIsToldAndNothingIsWritten() async throws {
    for table in ["chunks", "vectors", "documents", "collections"] {
      let fixture = try await DoctorFixture()
      let page: Int? = try await fixture.value(
        "SELECT rootpage FROM sqlite_master WHERE name = '\(table)'")
      let bytes = (0..<3000).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 11) }
      try fixture.overwrite(at: (try #require(page) - 1) * Schema.pageSize, bytes)
      let before = try Data(contentsOf: URL(filePath: fixture.path))
      let found = try await fixture.examine()
      #expect(!found.isWell, "\(table)")
      #expect(found[.integrity]?.state == .problem, "\(table): \(found.unwell)")
      #expect(found[.integrity]?.advice?.contains(".recover") == true)
      let repaired = try await fixture.examine(repairs: true)
      #expect(!repaired.isWell, "\(table)")
      #expect(try Data(contentsOf: URL(filePath: fixture.path)) == before, "\(table)")
    }
  }

  @Test(arguments: ["truncated", "header", "schema", "text", "other", "newer", "empty"])
  func aFileThatDoesNotOpenIsTold(kind: String) async throws {
    let fixture = try await DoctorFixture()
    let url = URL(filePath: fixture.path)
    switch kind {
    case "truncated": try Data(contentsOf: url).prefix(300_000).write(to: url)
    case "header": try fixture.overwrite(at: 0, [UInt8](repeating: 0, count: 100))
    case "schema": try fixture.overwrite(at: 100, [UInt8](repeating: 0x5A, count: 30_000))
    case "text": try Data(String(repeating: "notes\n", count: 99).utf8).write(to: url)
    case "other": try await fixture.execute("PRAGMA application_id = 7")
    case "newer": try await fixture.execute("PRAGMA user_version = 99")
    default: try Data().write(to: url)
    }
    for repairs in [false, true] {
      let report = try await fixture.examine(repairs: repairs)
      #expect(report.checks.map(\.name) == [.file] && !report.isWell, "\(kind): \(report.checks)")
      let check = try #require(report.checks.first)
      #expect(check.message.contains(fixture.path), "\(kind): \(check)")
      if ["truncated", "header", "schema"].contains(kind) {
        #expect(check.advice?.contains("`sqlite3 \(fixture.path) .recover") == true, "\(kind)")
      }
      if kind == "header" { #expect(check.examples.contains("it holds pages of a store")) }
    }
  }

  @Test func noFileIsAnError() async throws {
    let folder = try TemporaryFolder()
    let code = await errorCode { _ = try await Store.doctor(path: folder.path("none.db")) }
    #expect(code == .storeNotFound)
  }
}
