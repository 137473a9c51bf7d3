import Foundation
import TestSupport
import Testing
@testable import VectorStore

@Suite struct StoreAddFilesTests {
  @Test func addsAFolderAndLeavesOutWhatIsIgnored() async throws {
    try await withStore { store, folder in
      try folder.write("# Title\n\nSome notes.", to: "docs/notes.md")
      try folder.write("let x = 1\n", to: "docs/code/main.swift")
      try folder.write("secret", to: "docs/build/output.txt")
      try folder.write("hidden", to: "docs/.hidden.txt")
      try folder.write("build/\n", to: "docs/.gitignore")
      try folder.write(Data([0x89, 0x50, 0, 1, 2, 0xFF]), to: "docs/picture.png")
      let docs = folder.path("docs")
      let report = try await store.add(paths: [docs])
      #expect(report.documents == .init(added: 2))
      #expect(report.skipped == 1)
      let listed = try await store.list()
      #expect(listed.map(\.source) == ["docs/code/main.swift", "docs/notes.md"])
      #expect(listed.map(\.format) == [.code, .markdown])
    }
  }

  @Test func globsChooseFiles() async throws {
    try await withStore { store, folder in
      for name in ["a.md", "b.txt", "sub/c.md"] {
        try folder.write("text of \(name)", to: "g/\(name)")
      }
      var options = AddOptions()
      options.globs = ["*.md"]
      #expect(try await store.add(paths: [folder.path("g")], options: options).documents.added == 2)
    }
  }

  @Test func encodingsAreReadAndLineEndsKept() async throws {
    try await withStore { store, folder in
      let text = "Grüße, 世界\r\nzweite Zeile"
      let bom = try folder.write(Data([0xEF, 0xBB, 0xBF]) + Data(text.utf8), to: "bom.txt")
      let utf16 = try folder.write(
        Data([0xFF, 0xFE]) + Data(text.utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }),
        to: "utf16.txt")
      try await store.add(paths: [bom, utf16])
      #expect(try await store.get(bom)?.text == text)
      #expect(try await store.get(utf16)?.text == text)
    }
  }

  @Test func frontMatterAndFlagsBecomeMetadata() async throws {
    try await withStore { store, folder in
      let path = try folder.write(
        "---\ntitle: Plan\ntags: [a, b]\nyear: 2024\n---\n\nThe plan.\n", to: "plan.md")
      var options = AddOptions()
      options.metadata = ["team": "blue", "year": 2025]
      try await store.add(paths: [path], options: options)
      let metadata = try await store.get(path)?.summary.metadata
      #expect(
        metadata == [
          "title": "Plan", "tags": .array(["a", "b"]), "team": "blue", "year": 2025,
        ])
      let hit = try await store.query("the plan").hits.first
      #expect(hit?.metadata == metadata)
    }
  }

  @Test func goneFilesAreToldAndPruned() async throws {
    try await withStore { store, folder in
      try folder.write("kept text", to: "d/kept.txt")
      let gone = try folder.write("gone text", to: "d/gone.txt")
      let outside = try folder.write("outside text", to: "d2/outside.txt")
      try await store.add(paths: [folder.path("d"), outside])
      try FileManager.default.removeItem(atPath: gone)
      try FileManager.default.removeItem(atPath: outside)

      let told = try await store.add(paths: [folder.path("d")])
      #expect(told.documents == .init(unchanged: 1))
      #expect(told.warnings.count == 1 && told.warnings[0].contains("gone.txt"))
      #expect(told.gone == [AddReport.Gone(source: "d/gone.txt", reason: .missing)])
      #expect(try await store.list().count == 3)

      var options = AddOptions()
      options.prunes = true
      let pruned = try await store.add(paths: [folder.path("d")], options: options)
      #expect(pruned.documents == .init(unchanged: 1, removed: 1))
      #expect(try await store.list().map(\.source) == ["d/kept.txt", "d2/outside.txt"])
    }
  }

  @Test func anEmptyFileIsADocumentWithoutChunks() async throws {
    try await withStore { store, folder in
      let path = try folder.write("words at first", to: "empty.txt")
      try await store.add(paths: [path])
      try folder.write("", to: "empty.txt")
      let report = try await store.add(paths: [path])
      #expect(report.documents == .init(updated: 1))
      #expect(report.warnings.contains { $0.contains("is empty") })
      #expect(!report.isPartial)
      #expect(try await store.query("words", options: .init(lexical: true)).hits.isEmpty)
      #expect(try await store.add(paths: [path]).documents == .init(unchanged: 1))
    }
  }

  @Test func theStoreItselfIsNoDocument() async throws {
    try await withStore { store, folder in
      try folder.write("a note", to: "note.txt")
      let report = try await store.add(paths: [folder.url.path])
      #expect(report.documents == .init(added: 1) && report.skipped == 0)
    }
  }

  @Test func largeBinariesAreLeftOutUnread() async throws {
    try await withStore { store, folder in
      try folder.write(Data([0x7F, 0x45, 0x4C, 0x46, 0, 0]), to: "d/image.bin")
      let handle = try FileHandle(forWritingTo: folder.url.appending(path: "d/image.bin"))
      try handle.truncate(atOffset: 3 << 30)  // a hole: no room is taken
      try handle.close()
      let report = try await store.add(paths: [folder.path("d")])
      #expect(report.skipped == 1 && !report.isPartial)
    }
  }

  @Test func aMissingPathStopsBeforeAnythingIsMade() async throws {
    try await withStore { store, folder in
      let code = await errorCode { try await store.add(paths: [folder.path("nowhere")]) }
      #expect(code == .pathNotFound)
      let collections = try await store.collections()
      #expect(collections.isEmpty)
    }
  }

  @Test func aMissingPathAmongOthersIsReported() async throws {
    try await withStore { store, folder in
      let path = try folder.write("here", to: "here.txt")
      let report = try await store.add(paths: [path, folder.path("nowhere")])
      #expect(report.documents == .init(added: 1, failed: 1))
      #expect(report.errors.map(\.code) == ["path_not_found"])
      #expect(report.isPartial)
    }
  }
}
