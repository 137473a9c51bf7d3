// A file that was named and cannot be taken is an error; one found in a folder is left out with its
// reason.

import Foundation
import TestSupport
import Testing

@testable import VectorStore

@Suite struct NamedFileTests {
  static let unreadable: [(name: String, bytes: [UInt8])] = [
    ("latin.txt", Array("caf".utf8) + [0xE9, 0x0A]), ("nul.md", Array("Invoice\0".utf8)),
    ("paper.pdf", Array("%PDF-1.4 words".utf8)), ("odd.txt", [0xFF, 0xFE, 0x61]),
    ("picture.png", [0x89, 0x50, 0x4E, 0x47, 0, 1]),
  ]

  @Test(arguments: unreadable.indices)
  func isAnErrorIfNamed(_ index: Int) async throws {
    let (name, bytes) = Self.unreadable[index]
    try await withStore { store, folder in
      let path = try folder.write(Data(bytes), to: name)
      let good = try folder.write("words", to: "good.txt")
      for paths in [[path], [path, good]] {
        let report = try await store.add(paths: paths)
        #expect(report.documents.failed == 1 && report.skipped == 0)
        #expect(report.errors.map(\.code) == [.notText])
        #expect(report.errors.first?.message.contains(name) == true)
        #expect(report.documents.added == paths.count - 1)
      }
    }
  }

  @Test func isLeftOutOfAFolderWithItsReason() async throws {
    try await withStore { store, folder in
      for (name, bytes) in Self.unreadable { try folder.write(Data(bytes), to: "d/\(name)") }
      try folder.write("words", to: "d/good.txt")
      let report = try await store.add(paths: [folder.path("d")])
      #expect(report.documents == .init(added: 1) && report.skipped == 5 && !report.isPartial)
      for (name, kind) in [
        ("latin.txt", "text in another encoding"), ("nul.md", "binary file"),
        ("paper.pdf", "PDF document"), ("odd.txt", "text in another encoding"),
        ("picture.png", "image"),
      ] {
        let file = report.leftOut.first { $0.source.hasSuffix(name) }
        #expect(file?.kind.rawValue == kind && file?.reason.isEmpty == false, "\(name)")
      }
      #expect(report.leftOutByKind["image"] == 1 && report.warnings.isEmpty)
    }
  }

  @Test(.aboutFiles) func theStoreItselfIsAnErrorIfNamed() async throws {
    try await withStore { store, folder in
      let report = try await store.add(paths: [store.path])
      #expect(report.errors.map(\.code) == [.invalidArgument])
    }
  }

  /// Pipes and devices in the place of files that are read along the way keep nothing waiting.
  @Test func nothingWaitsForAPipe() async throws {
    try await withStore { store, folder in
      try folder.write("words", to: "d/a.txt")
      try folder.write("words", to: "e/a.txt")
      mkfifo(folder.path("fifo"), 0o600)
      for (link, target) in [("d/.git", folder.path("git")), ("e/.git", folder.path("git2"))] {
        try folder.write("gitdir: \(target)\n", to: link)
      }
      for folderName in ["git", "git2"] { try folder.write("", to: "\(folderName)/x") }
      symlink("/dev/zero", folder.path("git/commondir"))
      symlink(folder.path("fifo"), folder.path("git2/commondir"))
      let report = try await store.add(paths: [folder.path("d"), folder.path("e")])
      #expect(report.documents.added == 2)
      #expect(report.errors.count == 2, "what could not be read is said")
      #expect(
        await errorCode { _ = try RetrievalJudgements(contentsOfFile: folder.path("fifo")) }
          == .pathNotFound)
      #expect(
        await errorCode { _ = try JudgedQuery.read(contentsOfFile: "/dev/zero") } == .pathNotFound)
      #expect(await errorCode { try await store.import(from: "/dev/zero") } == .pathNotFound)
      #expect(
        await errorCode { try await store.import(from: folder.path("none.jsonl")) } == .pathNotFound
      )
      #expect(
        await errorCode { try await store.import(from: folder.path("none.npy")) } == .pathNotFound)
    }
  }
}
