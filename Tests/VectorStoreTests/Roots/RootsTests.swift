// Roots keep their options, and are brought in step: what is new, changed, moved, gone or left out.

import Foundation
import TestSupport
import Testing

@testable import VectorStore

@Suite struct RootsTests {
  private static func ids(_ store: Store) async throws -> [String: Int64] {
    var ids: [String: Int64] = [:]
    for document in try await store.get(try await store.list().map { $0.path ?? $0.source }) {
      ids[document.summary.source] = document.chunks.first?.id
    }
    return ids
  }

  private static func move(_ from: String, _ to: String, in folder: TemporaryFolder) throws {
    let target = URL(filePath: folder.path(to))
    try FileManager.default.createDirectory(
      at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
    try FileManager.default.moveItem(at: URL(filePath: folder.path(from)), to: target)
  }

  /// Within a root, between roots, a whole folder, and to where nothing was added before.
  @Test func movedFilesKeepIDsAndVectorsForNothing() async throws {
    try await withPaidStore { paid in
      let folder = paid.folder
      for name in ["a", "b", "c", "d"] {
        try folder.write("# \(name)\n\nThe words of \(name).\n", to: "notes/\(name).md")
      }
      try folder.write("another", to: "other/x.md")
      let store = try await paid.open(service: try paid.service())
      try await store.add(paths: [folder.path("notes"), folder.path("other")])
      let (before, billed) = (try await Self.ids(store), paid.server.billing.requests)

      try Self.move("notes/a.md", "notes/sub/renamed.md", in: folder)
      try Self.move("notes/b.md", "other/b.md", in: folder)
      let planned = try await store.update(options: UpdateOptions(prunes: true, isDryRun: true))
      #expect(planned[0].report.documents == .init(unchanged: 3, moved: 2))
      let report = try #require(try await store.update(options: UpdateOptions(prunes: true)).first)
        .report
      #expect(report.documents == .init(unchanged: 3, moved: 2) && report.gone.isEmpty)
      #expect(
        Set(report.moved) == [
          .init(from: "notes/a.md", to: "notes/sub/renamed.md"),
          .init(from: "notes/b.md", to: "other/b.md"),
        ])
      var after = try await Self.ids(store)
      #expect(after["notes/sub/renamed.md"] == before["notes/a.md"])
      #expect(after["other/b.md"] == before["notes/b.md"])

      // The whole folder, to a place that was not added.
      try Self.move("notes", "archive", in: folder)
      let archived = try await store.add(paths: [folder.path("archive")])
      #expect(archived.documents == .init(moved: 3) && archived.gone.isEmpty)
      after = try await Self.ids(store)
      #expect(after["archive/c.md"] == before["notes/c.md"] && after.count == 5)
      #expect(try await store.roots().map(\.source) == ["archive", "other"], "notes is forgotten")
      #expect(try await store.update()[0].report.documents == .init(unchanged: 5))

      // A copy is a document of its own; a moved file that changed is a new one.
      try folder.write("# c\n\nThe words of c.\n", to: "archive/copy.md")
      #expect(try await store.update()[0].report.documents == .init(added: 1, unchanged: 5))
      #expect(paid.server.billing.requests == billed, "nothing of this was paid for")
      #expect(
        try await store.query(vectors: [LoopbackServer.vector(for: "another")])[0].hits[0].source
          == "other/x.md")
      try await store.close()
    }
  }

  @Test func whatIsNotTakenAnyMoreIsToldAndPruned() async throws {
    try await withStore { store, folder in
      for name in (0..<12).map({ "k\($0)" }) + ["ignored", "binary", "emptied", "folder", "gone"] {
        try folder.write("the gnu of \(name)", to: "d/\(name).md")
      }
      try await store.add(paths: [folder.path("d")])
      try folder.write("ignored.md\n", to: "d/.gitignore")
      try folder.write(Data([0, 1, 2, 0]), to: "d/binary.md")
      try folder.write("\n", to: "d/emptied.md")
      for name in ["folder", "gone"] {
        try FileManager.default.removeItem(atPath: folder.path("d/\(name).md"))
      }
      try folder.write("inside", to: "d/folder.md/new.md")

      let expected: Set<AddReport.Gone> = [
        .init(source: "d/ignored.md", reason: .ignored),
        .init(source: "d/binary.md", reason: .notText),
        .init(source: "d/folder.md", reason: .notAFile),
        .init(source: "d/gone.md", reason: .missing),
      ]
      var options = UpdateOptions(isDryRun: true)
      #expect(Set(try await store.update(options: options)[0].report.gone) == expected)
      options = UpdateOptions()
      let told = try await store.update(options: options)[0].report
      #expect(Set(told.gone) == expected && told.documents.removed == 0)
      #expect(told.documents == .init(added: 1, updated: 1, unchanged: 12))
      #expect(told.warnings.contains { $0.contains("is ignored now") && $0.contains("ignored.md") })
      #expect(told.warnings.contains { $0.contains("emptied.md is empty") })
      // All but the missing one are silent, whatever is asked.
      var lexical = QueryOptions(lexical: true, limit: 50)
      func sources(_ options: QueryOptions) async throws -> Set<String> {
        Set(try await store.query("gnu", options: options).hits.map(\.source))
      }
      let answering = try await sources(lexical)
      #expect(
        try await sources(QueryOptions(limit: 50))
          .isDisjoint(with: ["d/ignored.md", "d/binary.md", "d/folder.md"]))
      #expect(answering.count == 13 && answering.contains("d/gone.md"))
      lexical.filter = try Filter(parsing: "source like 'd/%' and ordinal = 0")
      #expect(try await sources(lexical) == answering)
      lexical.filter = try Filter(parsing: "source = 'd/ignored.md'")
      #expect(try await sources(lexical).isEmpty)
      let silent = try await store.list(states: [.leftOut])
      #expect(silent.map(\.source) == ["d/binary.md", "d/folder.md", "d/ignored.md"])
      #expect(silent[2].reason == "its file is ignored now, or chosen no more by the globs")

      try folder.write("", to: "d/k0.md")
      options.prunes = true
      let pruned = try await store.update(options: options)[0].report
      #expect(Set(pruned.gone) == expected.union([.init(source: "d/k0.md", reason: .empty)]))
      #expect(pruned.documents.removed == 5 && pruned.notPruned.isEmpty)
      let hits = try await store.query("gnu", options: .init(lexical: true, limit: 50)).hits
      #expect(hits.count == 11 && hits.allSatisfy { $0.source.hasPrefix("d/k") })
    }
  }

  /// What is ignored for a while comes back as it was, for nothing; a store that is copied keeps it silent.
  @Test func whatIsTakenAgainAnswersAgainForNothing() async throws {
    try await withPaidStore { paid in
      let folder = paid.folder
      try folder.write("the gnu of one", to: "d/one.md")
      try folder.write("the gnu of two", to: "d/two.md")
      let store = try await paid.open(service: try paid.service())
      try await store.add(paths: [folder.path("d")])
      let lexical = QueryOptions(lexical: true)
      let ids = try await store.query("gnu", options: lexical).hits.map(\.id).sorted()
      let billed = paid.server.billing.requests
      try folder.write("one.md\n", to: "d/.gitignore")
      try await store.update()
      #expect(try await store.query("gnu", options: lexical).hits.map(\.source) == ["d/two.md"])
      try await store.export(to: folder.path("e.jsonl"))
      try await store.import(from: folder.path("e.jsonl"), into: "copy")
      let copied = try await store.query("gnu", in: "copy", options: lexical).hits
      #expect(copied.map(\.source) == ["d/two.md"])
      try FileManager.default.removeItem(atPath: folder.path("d/.gitignore"))
      #expect(try await store.update(in: "default")[0].report.documents == .init(unchanged: 2))
      #expect(try await store.query("gnu", options: lexical).hits.map(\.id).sorted() == ids)
      // A moved file too.
      try folder.write("one.md\n", to: "d/.gitignore")
      try await store.update(in: "default")
      try Self.move("d/one.md", "d/three.md", in: folder)
      #expect(
        try await store.update(in: "default")[0].report.documents == .init(unchanged: 1, moved: 1))
      #expect(try await store.query("gnu", options: lexical).hits.map(\.id).sorted() == ids)
      #expect(paid.server.billing.requests == billed)
      try await store.close()
    }
  }

  /// A disk that is not there, or an empty mount point, is no reason to remove anything.
  @Test(arguments: ["missing", "empty", "most"])
  func anUnmountedDiskIsNotPruned(_ how: String) async throws {
    try await withStore { store, folder in
      for number in 0..<5 { try folder.write("note \(number)", to: "disk/\(number).md") }
      try folder.write("elsewhere", to: "other/a.md")
      try await store.add(paths: [folder.path("disk"), folder.path("other")])
      try Self.move("disk", "away", in: folder)
      if how != "missing" { try folder.write("*.log\n", to: "disk/.gitignore") }
      if how == "most" { try Self.move("away/0.md", "disk/0.md", in: folder) }
      try FileManager.default.removeItem(atPath: folder.path("other/a.md"))
      let gone = how == "most" ? 4 : 5
      for _ in 0..<2 {
        let report = try await store.update(options: UpdateOptions(prunes: true))[0].report
        #expect(report.notPruned.contains("disk") && report.documents.removed == 0)
        #expect(report.gone.count == gone + 1)
        #expect(
          report.warnings.contains {
            $0.contains("Is its disk mounted?") && $0.contains("\(gone) of the 5")
          })
      }
      #expect(try await store.list().count == 6)
      var options = AddOptions()
      options.prunes = true
      if how != "missing" {
        #expect(
          try await store.add(paths: [folder.path("disk")], options: options).notPruned == ["disk"])
      }
      let report = try await store.update(
        options: UpdateOptions(prunes: true, prunesMostOfARoot: true))[0].report
      #expect(report.documents.removed == gone + 1 && report.notPruned.isEmpty)
    }
  }

  @Test func optionsAreKeptAndChangesAreSaid() async throws {
    try await withStore { store, folder in
      let text = (0..<40).map { "Sentence number \($0) of a longer text." }.joined(separator: " ")
      for name in ["a.md", "b.md", "c.txt"] { try folder.write("\(name) \(text)", to: "d/\(name)") }
      var options = AddOptions()
      options.globs = ["*.md"]
      options.metadata = ["project": "x"]
      options.chunking = ChunkingOptions(maximumTokens: 80, overlapTokens: 0)
      let d = folder.path("d")
      #expect(try await store.add(paths: [d], options: options).documents == .init(added: 2))
      let chunks = try await store.list().map(\.chunks)
      #expect(chunks.allSatisfy { $0 > 2 })

      // Neither a plain add nor an update changes what was chosen.
      #expect(try await store.add(paths: [d]).documents == .init(unchanged: 2))
      try folder.write("e.md \(text)", to: "d/e.md")
      try folder.write("f.txt \(text)", to: "d/f.txt")
      #expect(try await store.update()[0].report.documents == .init(added: 1, unchanged: 2))
      #expect(
        try await store.list().allSatisfy {
          $0.metadata == ["project": "x"] && $0.chunks == chunks[0]
        })
      let root = try #require(try await store.roots().first)
      #expect(root.globs == ["*.md"] && root.metadata == ["project": "x"] && root.documents == 3)
      #expect(root.chunkTokens == 80 && root.overlapTokens == 0 && root.isFolder && !root.isMissing)
      #expect(root.updated != nil && root.path == d && root.source == "d")

      var other = AddOptions()
      other.chunking = ChunkingOptions()
      other.globs = ["*"]
      other.metadata = ["year": 2026]
      let report = try await store.add(paths: [d], options: other)
      #expect(report.documents == .init(added: 2, updated: 3))
      let warning = try #require(report.warnings.first { $0.contains("gets new options") })
      for part in ["takes *, before *.md", "before 80 and 0", "other metadata: year"] {
        #expect(warning.contains(part), "\(warning)")
      }
      #expect(try await store.add(paths: [d]).documents == .init(unchanged: 5))
      #expect(try await store.list().allSatisfy { $0.metadata == ["project": "x", "year": 2026] })
    }
  }

  /// A folder in a folder, and a file in it, each with options of their own: no add takes one's documents for
  /// the other's.
  @Test func theInnermostRootHasTheFile() async throws {
    try await withStore { store, folder in
      for name in ["a.md", "in/b.md", "in/c.txt", "in/d.md"] {
        try folder.write("text of \(name)", to: "d/\(name)")
      }
      var inner = AddOptions()
      inner.metadata = ["inner": true]
      inner.globs = ["*.md"]
      try await store.add(paths: [folder.path("d/in")], options: inner)
      var file = AddOptions()
      file.metadata = ["file": true]
      try await store.add(paths: [folder.path("d/in/d.md")], options: file)
      #expect(
        try await store.add(paths: [folder.path("d")]).documents == .init(added: 2, unchanged: 2))
      try folder.write("new", to: "d/in/e.md")
      for _ in 0..<2 {
        _ = try await store.add(paths: [folder.path("d"), folder.path("d/in")])
        _ = try await store.update()
      }
      let metadata = Dictionary(
        uniqueKeysWithValues: try await store.list().map { ($0.source, $0.metadata) })
      #expect(
        metadata == [
          "d/a.md": [:], "d/in/c.txt": [:], "d/in/b.md": ["inner": true],
          "d/in/e.md": ["inner": true],
          "d/in/d.md": ["inner": true, "file": true],
        ])
      #expect(try await store.roots().map(\.documents) == [2, 2, 1])
      // What is gone is told, whichever root it belonged to.
      try FileManager.default.removeItem(atPath: folder.path("d/in/b.md"))
      #expect(try await store.add(paths: [folder.path("d")]).gone.map(\.source) == ["d/in/b.md"])
      // A file of a remembered folder needs no root of its own.
      try await store.add(paths: [folder.path("d/in/e.md"), folder.path("d/a.md")])
      #expect(try await store.roots().count == 3)
    }
  }

  @Test func updateTakesTheRootsThatPathsLieIn() async throws {
    try await withStore { store, folder in
      #expect(try await store.update().isEmpty)
      for name in ["one", "two"] { try folder.write("text", to: "\(name)/a.md") }
      try await store.add(paths: [folder.path("one")], to: "first")
      try await store.add(paths: [folder.path("two")], to: "second")
      for name in ["one", "two"] { try folder.write("more of \(name)", to: "\(name)/b.md") }
      let one = try await store.update([folder.path("one/b.md")])
      #expect(one.map(\.collection) == ["first"] && one[0].roots == ["one"])
      #expect(one[0].report.documents == .init(added: 1, unchanged: 1))
      let all = try await store.update()
      #expect(all.map(\.collection) == ["first", "second"])
      #expect(all.map(\.report.documents) == [.init(unchanged: 2), .init(added: 1, unchanged: 1)])
      #expect(
        await errorCode { _ = try await store.update([folder.path("three")]) } == .pathNotFound)
      #expect(
        await errorCode { _ = try await store.update(in: "third") } == .collectionNotFound)
    }
  }

  @Test func aRemovedRootIsForgotten() async throws {
    try await withStore { store, folder in
      for name in ["d/a.md", "d/b.md", "e/c.md", "f.md"] { try folder.write("text", to: name) }
      try await store.add(paths: ["d", "e", "f.md"].map(folder.path))
      #expect(try await store.remove(root: folder.path("d") + "/").documents == 2)
      #expect(try await store.remove(root: folder.path("d")).notFound == [folder.path("d")])
      #expect(try await store.remove([folder.path("f.md")]).documents == 1)
      #expect(try await store.roots().map(\.source) == ["e"])
      #expect(try await store.remove(below: folder.path("e")).documents == 1)
      #expect(try await store.roots().isEmpty)
      #expect(try await store.update().isEmpty)
      // What is no document is no root either.
      try folder.write(Data([0, 1]), to: "picture.png")
      _ = try await store.add(paths: [folder.path("picture.png")])
      #expect(try await store.roots().isEmpty)
    }
  }

  @Test func aDryRunRemembersNothing() async throws {
    try await withStore { store, folder in
      try folder.write("text", to: "d/a.md")
      var options = AddOptions()
      options.isDryRun = true
      #expect(try await store.add(paths: [folder.path("d")], options: options).documents.added == 1)
      #expect(try await store.roots().isEmpty)
    }
  }
}
