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
    let refused = try #require(try await store.update(options: UpdateOptions(prune: true)).first)
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
      options: UpdateOptions(prune: true, converters: [missing]))[0].report
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
    let report = try await store.update(in: "default")[0].report
    #expect(report.errors.map(\.code) == [.commandNotRun])
    let error = await #expect(throws: StoreError.self) {
      try await store.add(paths: [folder.path("d")], options: options)
    }
    #expect(error?.code == .invalidArgument && error?.message.contains("leads into") == true)
    try await store.close()
  }
}
