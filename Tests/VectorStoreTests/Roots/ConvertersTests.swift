// Parsers of a store's configuration, and commands that a root remembers.

import Foundation
import TestSupport
import Testing

@testable import VectorStore

@Suite struct ConvertersTests {
  private struct Shouting: DocumentParser {
    let endings: Set<String> = ["loud"]

    func parse(_ file: ParsedFile) throws -> ParsedDocument {
      ParsedDocument(text: String(decoding: file.bytes, as: UTF8.self).uppercased())
    }
  }

  private static func open(
    _ folder: TemporaryFolder, _ allowed: Set<FileConverter> = [],
    parsers: [any DocumentParser] = []
  ) async throws -> Store {
    var configuration = StoreConfiguration(mode: .mock)
    configuration.allowedConverters = allowed
    configuration.parsers = parsers
    return try await Store(path: folder.path("store.db"), configuration: configuration)
  }

  private static func text(_ source: String, _ store: Store) async throws -> String? {
    try await store.get([source]).first?.text
  }

  @Test func anOwnParserReadsWhatIsAddedAndUpdated() async throws {
    let folder = try TemporaryFolder()
    try folder.write("one", to: "d/a.loud")
    let store = try await Self.open(folder, parsers: [Shouting()])
    try await store.add(paths: [folder.path("d")])
    #expect(try await Self.text("d/a.loud", store) == "ONE")
    try folder.write("two", to: "d/a.loud")
    try await store.update()
    #expect(try await Self.text("d/a.loud", store) == "TWO")
    try await store.close()
  }

  @Test func aRootRemembersItsCommandsWhichRunOnlyIfAllowed() async throws {
    let folder = try TemporaryFolder()
    try folder.write("one", to: "d/a.up")
    try folder.write("plain", to: "d/b.txt")
    let converter = try FileConverter(
      ending: "up", command: ["sh", "-c", "tr a-z A-Z < $1", "x", "{}"])
    let store = try await Self.open(folder)
    var options = AddOptions()
    options.converters = [converter]
    try await store.add(paths: [folder.path("d")], options: options)
    #expect(try await Self.text("d/a.up", store) == "ONE")
    #expect(try await store.roots().map(\.converters) == [[converter]])

    // Somebody else opens it: nothing is run, and the document stays as it is, also if pruned.
    try folder.write("two", to: "d/a.up")
    let refused = try #require(try await store.update(options: UpdateOptions(prunes: true)).first)
      .report
    #expect(refused.errors.map(\.code) == [.commandNotRun] && refused.gone.isEmpty)
    #expect(refused.documents == .init(unchanged: 1, failed: 1))
    #expect(
      refused.errors.first?.message
        == "d/a.up cannot be read: the command \"\(converter.commandLine)\", which the store remembers for .up files, "
        + "was not run: you have not allowed it")
    #expect(try await Self.text("d/a.up", store) == "ONE")
    #expect(try await store.query("ONE").hits.contains { $0.source == "d/a.up" })
    try await store.close()

    let allowing = try await Self.open(folder, [converter])
    #expect(try await allowing.update()[0].report.documents == .init(updated: 1, unchanged: 1))
    #expect(try await Self.text("d/a.up", allowing) == "TWO")

    // A program that is missing says nothing about the file either.
    try folder.write("three", to: "d/a.up")
    let missing = try FileConverter(ending: "up", command: ["no-such-program", "{}"])
    let without = try await allowing.update(
      options: UpdateOptions(prunes: true, converters: [missing]))[0].report
    #expect(without.leftOut.map(\.source) == ["d/a.up"] && without.documents.removed == 0)
    #expect(
      without.warnings.contains { $0.contains("read by no-such-program {}, before by sh -c") })
    #expect(try await Self.text("d/a.up", allowing) == "TWO")

    // Without a command it is text.
    try await allowing.update(
      options: UpdateOptions(converters: [try FileConverter(ending: "up", command: [])]))
    #expect(try await Self.text("d/a.up", allowing) == "three")
    #expect(try await allowing.roots().map(\.converters) == [[]])
    try await allowing.close()
  }

  @Test func aCommandFromAnAddedFolderOfAnyCollectionIsRefused() async throws {
    let folder = try TemporaryFolder()
    try folder.write("#!/bin/sh\ncat \"$1\"\n", to: "tools/run")
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o755], ofItemAtPath: folder.path("tools/run"))
    try folder.write("x", to: "d/a.up")
    let converter = try FileConverter(ending: "up", command: [folder.path("tools/run"), "{}"])
    let store = try await Self.open(folder, [converter])
    var options = AddOptions()
    options.converters = [converter]
    #expect(try await store.add(paths: [folder.path("d")], options: options).documents.added == 1)
    try await store.add(paths: [folder.path("tools")], to: "other")
    try folder.write("y", to: "d/a.up")
    let report = try await store.update(in: "default")[0].report
    #expect(report.errors.map(\.code) == [.commandNotRun])
    let error = await #expect(throws: StoreError.self) {
      try await store.add(paths: [folder.path("d")], options: options)
    }
    #expect(error?.code == .invalidArgument && error?.message.contains("leads into") == true)
    try await store.close()
  }

  /// Counts how often it runs.
  private static func counting(_ folder: TemporaryFolder) throws -> FileConverter {
    try FileConverter(
      ending: "up",
      command: ["sh", "-c", "echo x >> \(folder.path("runs")); cat $1", "x", "{}"])
  }

  private static func runs(_ folder: TemporaryFolder) -> Int {
    let text = (try? String(contentsOfFile: folder.path("runs"), encoding: .utf8)) ?? ""
    return text.utf8.count { $0 == UInt8(ascii: "\n") }
  }

  @Test func anUnchangedFileIsNotReadAgain() async throws {
    let folder = try TemporaryFolder()
    try folder.write("one two three", to: "d/a.up")
    try folder.write("plain", to: "d/b.txt")
    let store = try await Self.open(folder)
    var options = AddOptions()
    options.converters = [try Self.counting(folder)]
    func add(_ options: AddOptions) async throws -> AddReport {
      try await store.add(paths: [folder.path("d")], options: options)
    }
    #expect(try await add(options).documents.added == 2 && Self.runs(folder) == 1)
    #expect(try await add(options).documents == .init(unchanged: 2))
    #expect(Self.runs(folder) == 1)

    // Doctor runs no command, and sees by its bytes whether a file has changed.
    func filesCheck() async throws -> DoctorReport.Check? {
      try await store.doctor().checks.first { $0.name == .files }
    }
    #expect(try await filesCheck()?.state == .ok)
    try folder.write("changed", to: "d/a.up")
    #expect(try await filesCheck()?.examples == ["d/a.up: the file has changed"])
    try folder.write("one two three", to: "d/a.up")
    #expect(Self.runs(folder) == 1)

    // Its time alone says nothing, and the hit knows that.
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 1_000_000_000)],
      ofItemAtPath: folder.path("d/a.up"))
    #expect(try await add(options).documents == .init(unchanged: 2))
    #expect(Self.runs(folder) == 1)
    #expect(
      try await store.query("one two three", options: QueryOptions(limit: 1)).hits[0].fileState
        == nil)

    // What makes another document of the same bytes has it read again.
    options.chunking = ChunkingOptions(maximumTokens: 100, overlapTokens: 0)
    #expect(try await add(options).documents == .init(updated: 2) && Self.runs(folder) == 2)
    options.metadata = ["year": 2020]
    #expect(try await add(options).documents == .init(updated: 2) && Self.runs(folder) == 3)
    options.metadata = [:]
    #expect(try await add(options).documents == .init(unchanged: 2) && Self.runs(folder) == 3)
    options.encoding = "windows-1252"
    _ = try await add(options)
    #expect(Self.runs(folder) == 4)
    try folder.write("four", to: "d/a.up")
    #expect(try await add(options).documents == .init(updated: 1, unchanged: 1))
    #expect(Self.runs(folder) == 5)
    #expect(try await Self.text("d/a.up", store) == "four")
    try await store.close()
  }

  @Test func aFileIsReadAgainIfItsDocumentWaitsOrWasLeftOut() async throws {
    try await withPaidStore { paid in
      let folder = paid.folder
      try folder.write("one two three", to: "d/a.up")
      var options = AddOptions()
      options.converters = [try Self.counting(folder)]
      // It waits for a service.
      let without = try await paid.open(service: nil)
      let waiting = try await without.add(paths: [folder.path("d")], options: options)
      #expect(waiting.documents.pending == 1 && Self.runs(folder) == 1)
      try await without.close()
      let store = try await paid.open(service: try paid.service())
      _ = try await store.add(paths: [folder.path("d")], options: options)
      #expect(Self.runs(folder) == 2)
      #expect(
        try await store.add(paths: [folder.path("d")], options: options).documents.unchanged == 1)
      #expect(Self.runs(folder) == 2)
      // It is ignored and comes back.
      try folder.write("*.up\n", to: "d/.gitignore")
      #expect(try await store.update()[0].report.gone.map(\.reason) == [.ignored])
      try FileManager.default.removeItem(atPath: folder.path("d/.gitignore"))
      #expect(try await store.update()[0].report.documents.unchanged == 1)
      #expect(try await store.query("one two three").hits.count == 1)
      try await store.close()
    }
  }
}
