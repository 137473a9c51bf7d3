// Files as released versions wrote them, kept in Fixtures/: opened, upgraded and used. Tests File/Schema.swift.

import Foundation
import GRDB
import TestSupport
import Testing

@testable import VectorStore

@Suite struct OldFormatTests {
  /// A copy of a kept file.
  private static func file(format: Int, in folder: TemporaryFolder) async throws -> String {
    let kept = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "Fixtures/format-\(format).db.gz")
    let path = try folder.write(Data(), to: "old.db")
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["gunzip", "-c", kept.path]
    process.standardOutput = try FileHandle(forWritingTo: URL(filePath: path))
    let status = try await withCheckedThrowingContinuation { continuation in
      process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
      do {
        try process.run()
      } catch {
        continuation.resume(throwing: error)
      }
    }
    try #require(status == 0, "gunzip failed")
    return path
  }

  private static func open(
    _ path: String, _ access: StoreConfiguration.Access
  ) async throws -> Store {
    var configuration = StoreConfiguration(mode: .mock)
    configuration.access = access
    return try await Store(path: path, configuration: configuration)
  }

  private static func unwell(
    _ path: String, repairs: Bool = false
  ) async throws -> Set<DoctorReport.Name> {
    try await examine(path, repairs: repairs).unwell.subtracting([.files])
  }

  private static func examine(
    _ path: String, repairs: Bool = false
  ) async throws -> DoctorReport {
    var options = DoctorOptions()
    options.repairs = repairs
    var configuration = StoreConfiguration(mode: .mock)
    configuration.budget.ledgerPath = path + "-ledger"
    return try await Store.doctor(path: path, configuration: configuration, options: options)
  }

  /// The kept file as each later version would have upgraded it.
  @Test(arguments: [
    (5, true), (5, false), (6, true), (7, false), (8, true), (9, false), (10, true),
  ])
  func earlierFormatsAreUpgraded(format: Int, byDoctor: Bool) async throws {
    let folder = try TemporaryFolder()
    let path = try await Self.file(format: 5, in: folder)
    if format > 5 {
      let migration = try #require(
        Schema.migrator.migrations.first { $0.hasPrefix("\(format) ") })
      let queue = try DatabaseQueue(path: path)
      try Schema.migrator.migrate(queue, upTo: migration)
      try queue.close()
    }
    #expect(await errorCode { _ = try await Self.open(path, .readOnly) } == .readOnly)
    // It is well and is said to be older, with the next step; looking has not changed it.
    let found = try await Self.examine(path)
    #expect(found.isWell && found.unwell == [.file], "\(found.checks)")
    #expect(found[.file]?.message.contains("format \(format), made by an older version") == true)
    #expect(found[.file]?.advice?.contains("brings it up to date") == true)
    #expect(found[.integrity]?.state == .ok)
    #expect(try await Self.value("SELECT user_version FROM pragma_user_version", path) == format)
    let store = try await Self.open(path, .readWrite)
    #expect(try await store.list().map(\.source) == ["docs/walrus.md", "sky", "himmel"])
    var options = QueryOptions()
    options.filter = try Filter(parsing: "year = 2020")
    #expect(
      try await store.query("tusks", options: options).hits.map(\.source) == ["docs/walrus.md"])
    #expect(try await store.export(to: folder.path("out.npy")).rows == 2)
    try await store.add([Document(id: "new", text: "Something new.")])
    try await store.close()

    // What was there has no checksums yet; what is new has.
    let count = "SELECT COUNT(*) FROM vectors WHERE checksum IS NULL"
    #expect(try await Self.value(count, path) == 3)
    #expect(try await Self.unwell(path) == [.checksums])
    if byDoctor {
      #expect(try await Self.unwell(path, repairs: true) == [.checksums])
    } else {
      let compacted = try await Self.open(path, .readWrite)
      try await compacted.compact()
      try await compacted.close()
    }
    #expect(try await Self.value(count, path) == 0)
    #expect(try await Self.unwell(path).isEmpty)
    try expectWhole(path)
  }

  /// The files of a store that knew no roots are found again: in their places, by their content elsewhere, and
  /// from the working folder that they were added from.
  @Test(arguments: ["in place", "moved", "another working folder", "another spelling"])
  func filesOfAnEarlierFormatAreFoundAgain(how: String) async throws {
    let folder = try TemporaryFolder()
    let path = try await Self.file(format: 5, in: folder)
    let text =
      "---\nlang: en\nyear: 2020\n---\n# Walrus\n\nThe walrus has tusks and lives on ice.\n"
    let place = how == "in place" || how == "another spelling" ? "docs" : "work/docs"
    let working = how == "another working folder" ? "work" : ""
    try folder.write(
      how == "another working folder" ? text + "It grew.\n" : text, to: "\(place)/walrus.md")
    if how == "another spelling" {
      let queue = try DatabaseQueue(path: path)
      try await queue.write { [old = folder.path("docs/../docs/walrus.md")] db in
        try db.execute(
          sql: "UPDATE documents SET source = ? WHERE origin = 'file'", arguments: [old])
      }
      try queue.close()
    }
    var configuration = StoreConfiguration(mode: .mock)
    configuration.workingFolder = folder.path(working)
    let store = try await Store(path: path, configuration: configuration)
    let id = try await store.query("tusks").hits.first?.id
    let report = try await store.add(paths: [how == "moved" ? "work" : "docs"])
    switch how {
    case "moved": #expect(report.documents == .init(moved: 1))
    case "another working folder": #expect(report.documents == .init(updated: 1))
    default: #expect(report.documents == .init(unchanged: 1))
    }
    #expect(report.chunks.embedded == (how == "another working folder" ? 1 : 0))
    #expect(try await store.list().map(\.source).contains("\(place)/walrus.md"))
    #expect(try await store.list().count == 3 && report.gone.isEmpty)
    if how != "another working folder" {
      #expect(try await store.query("tusks").hits.first?.id == id)
    }
    #expect(try await store.roots().map(\.documents) == [1])
    try await store.close()
    try expectWhole(path)
  }

  private static func value(_ sql: String, _ path: String) async throws -> Int? {
    let queue = try DatabaseQueue(path: path)
    defer { try? queue.close() }
    return try await queue.read { try Int.fetchOne($0, sql: sql) }
  }
}
