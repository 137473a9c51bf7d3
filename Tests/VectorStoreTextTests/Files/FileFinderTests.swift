// FileFinder and its walk: order, repetitions, globs, links, pipes, permissions, strange names.

import Foundation
import TestSupport
import Testing

@testable import VectorStoreText

struct FileFinderTests {
  private func find(
    _ tree: FileTree, _ paths: [String], globs: [String] = []
  ) throws -> (sources: [String], problems: [FileProblem]) {
    var sources: [String] = []
    var problems: [FileProblem] = []
    let identity = SourceIdentity(storeFolder: tree.root, workingFolder: tree.root)
    for path in paths {
      for finding in try FileFinder(path: path, globs: globs, identity: identity) {
        switch finding {
        case .file(let file):
          sources.append(file.source)
          #expect(FileManager.default.fileExists(atPath: file.path), "\(file.path)")
        case .link: break
        case .problem(let problem): problems.append(problem)
        }
      }
    }
    return (sources, problems)
  }

  private func sources(
    _ tree: FileTree, _ paths: [String], globs: [String] = []
  ) throws -> [String] {
    let (sources, problems) = try find(tree, paths, globs: globs)
    #expect(problems == [])
    return sources
  }

  @Test func walksFoldersInByteOrderOfSources() throws {
    try FileTree.with { tree in
      try tree.create(
        "a/b.md", "a-b.md", "a.md", "a/c/d.md", "a0.md", "B.md", "é.md", "empty/", "z")
      let all = ["B.md", "a-b.md", "a.md", "a/b.md", "a/c/d.md", "a0.md", "z", "é.md"]
      #expect(try sources(tree, ["."]) == all)
      #expect(try sources(tree, ["./"]) == all)
      #expect(try sources(tree, ["z", "./a//"]) == ["z", "a/b.md", "a/c/d.md"])
      #expect(try sources(tree, ["a/../a/c"]) == ["a/c/d.md"])
      #expect(try sources(tree, [tree.path("a/c/")]) == ["a/c/d.md"])
      #expect(try sources(tree, ["empty"]) == [])
      #expect(try sources(tree, []) == [])
    }
  }

  @Test func takesFilesThatFitAGlob() throws {
    try FileTree.with { tree in
      try tree.create("a.md", "b.txt", "c.swift", "docs/d.md", "docs/e.txt", "docs/old/f.md")
      #expect(
        try sources(tree, ["."], globs: ["*.md"]) == ["a.md", "docs/d.md", "docs/old/f.md"])
      #expect(
        try sources(tree, ["."], globs: ["*.txt", "c.*"]) == ["b.txt", "c.swift", "docs/e.txt"])
      #expect(try sources(tree, ["."], globs: ["docs/*.md"]) == ["docs/d.md"])
      #expect(try sources(tree, ["."], globs: ["/*.md"]) == ["a.md"])
      #expect(try sources(tree, ["."], globs: ["./*.md"]) == ["a.md"])
      #expect(try sources(tree, ["docs"], globs: ["docs/*.md"]) == [])
      #expect(try sources(tree, ["."], globs: ["docs/**"]).count == 3)
      #expect(try sources(tree, ["."], globs: ["old/"]) == ["docs/old/f.md"])
      #expect(try sources(tree, ["."], globs: ["docs"]) == [])
    }
  }

  @Test func excludesByGlob() throws {
    try FileTree.with { tree in
      try tree.create("a.md", "b.txt", "docs/d.md", "docs/e.txt", "docs/old/f.md")
      #expect(try sources(tree, ["."], globs: ["!*.md"]) == ["b.txt", "docs/e.txt"])
      #expect(try sources(tree, ["."], globs: ["!old", "*.md"]) == ["a.md", "docs/d.md"])
      #expect(try sources(tree, ["."], globs: ["*.md", "!docs/"]) == ["a.md"])
      #expect(try sources(tree, ["."], globs: ["!docs/old/**"]).contains("docs/old/f.md") == false)
      #expect(try sources(tree, ["."], globs: ["!a.md/"]).contains("a.md"))
      // What is given itself is always taken.
      #expect(try sources(tree, ["a.md"], globs: ["!*.md"]) == ["a.md"])
      #expect(try sources(tree, ["docs/old"], globs: ["!old"]) == ["docs/old/f.md"])
    }
  }

  @Test(arguments: ["", "!", "/", "a[", "!b\\"])
  func refusesGlobsThatFitNothing(glob: String) {
    #expect(throws: InvalidGlobError(pattern: glob)) {
      try FileFinder(
        path: ".", globs: [glob],
        identity: SourceIdentity(storeFolder: "/", workingFolder: "/"))
    }
    #expect(InvalidGlobError(pattern: glob).description.contains("\"\(glob)\""))
  }

  @Test func aGlobTakesAPathByItsFoldersToo() throws {
    let filter = try GlobFilter(["*.md", "!drafts/"])
    #expect(filter.takes("a.md") && filter.takes("docs/a.md"))
    #expect(
      !filter.takes("a.txt") && !filter.takes("drafts/a.md") && !filter.takes("x/drafts/y/a.md"))
  }

  @Test func skipsHiddenNamesUnlessGiven() throws {
    try FileTree.with { tree in
      try tree.create(".hidden.md", ".config/a.md", "b.md")
      #expect(try sources(tree, ["."]) == ["b.md"])
      #expect(
        try sources(tree, [".hidden.md", ".config"]) == [".hidden.md", ".config/a.md"])
    }
  }

  @Test func doesNotFollowLinksInFolders() throws {
    try FileTree.with { tree in
      try tree.create("real/a.md", "docs/b.md")
      try tree.link("docs/loop", to: "..")
      try tree.link("docs/link.md", to: "b.md")
      try tree.link("docs/broken", to: "nowhere")
      try tree.link("folder", to: "real")
      try tree.link("self", to: "self")
      #expect(try sources(tree, ["docs"]) == ["docs/b.md"])
      #expect(
        try sources(tree, ["docs/link.md", "folder"]) == ["docs/link.md", "real/a.md"])
      #expect(
        try sources(tree, ["docs/loop"]) == ["docs/b.md", "real/a.md"])
      let problems = try find(tree, ["docs/broken", "self"]).problems
      #expect(problems.map(\.path) == ["docs/broken", "self"])
      #expect(problems.first?.reason == .missing)
    }
  }

  @Test func neverOpensPipes() throws {
    try FileTree.with { tree in
      try tree.create("a.md")
      #expect(mkfifo(tree.path("pipe"), 0o600) == 0)
      #expect(mkfifo(tree.path(".gitignore"), 0o600) == 0)
      #expect(try sources(tree, ["."]) == ["a.md"])
      let problems = try find(tree, ["pipe", "/dev/null"]).problems
      #expect(problems.map(\.reason) == [.notFileOrFolder, .notFileOrFolder])
    }
  }

  @Test func goesOnAfterAProblem() throws {
    try FileTree.with { tree in
      try tree.create("a.md", "b.md")
      let found = try find(tree, ["missing/", "a.md", "", "a.md/x", "b.md/"])
      #expect(found.sources == ["a.md", "b.md"])
      #expect(found.problems.map(\.path) == ["missing/", "", "a.md/x"])
      #expect(found.problems.prefix(2).allSatisfy { $0.reason == .missing })
      #expect(found.problems.first?.description == "missing/: no such file or folder")
    }
  }

  @Test func reportsFoldersItMayNotRead() throws {
    try FileTree.with { tree in
      try tree.create("a/x.md", "b.md", "locked/secret.md")
      chmod(tree.path("locked"), 0)
      defer { chmod(tree.path("locked"), 0o700) }
      let found = try find(tree, ["."])
      if getuid() == 0 {
        #expect(found.sources == ["a/x.md", "b.md", "locked/secret.md"])
      } else {
        #expect(found.sources == ["a/x.md", "b.md"])
        #expect(found.problems == [FileProblem(path: "locked", reason: .permissionDenied)])
      }
    }
  }

  @Test func reportsIgnoreFilesItMayNotRead() throws {
    try FileTree.with { tree in
      try tree.create("a.md", ".gitignore")
      chmod(tree.path(".gitignore"), 0)
      let found = try find(tree, ["."])
      #expect(found.sources == ["a.md"])
      #expect(found.problems.count == (getuid() == 0 ? 0 : 1))
    }
  }

  @Test func takesStrangeNames() throws {
    try FileTree.with { tree in
      let names = [
        "new\nline.md", "tab\t.md", "😀/👩‍👩‍👧.md", "e\u{301}.md", "\u{E9}.md", "*[x].md", "-a",
      ]
      for name in names { try tree.create(name) }
      let identity = SourceIdentity(storeFolder: tree.root, workingFolder: tree.root)
      let found = try FileFinder(path: ".", identity: identity).compactMap { finding in
        if case .file(let file) = finding { file } else { nil }
      }
      let paths = found.map { Array($0.path.utf8) }
      #expect(paths == paths.sorted { $0.lexicographicallyPrecedes($1) })
      // Two spellings of é are two files wherever the file system keeps them apart, and one source.
      #expect(Set(paths).count == found.count)
      #expect(Set(found.map(\.source)).isSuperset(of: names.map { $0 }))
    }
  }

  /// Makes a file whose name ends in a byte that is no UTF-8; false where the file system refuses such names.
  private static func makeFile(notUTF8 path: String) -> Bool {
    let bytes = Array(path.utf8CString.dropLast()) + [CChar(bitPattern: 0xFF), 0]
    let descriptor = open(bytes, O_CREAT | O_WRONLY, 0o600)
    if descriptor >= 0 { close(descriptor) }
    return descriptor >= 0
  }

  private static let takesNamesThatAreNotUTF8: Bool = {
    guard let folder = try? TemporaryFolder() else { return false }
    return makeFile(notUTF8: folder.path("b"))
  }()

  @Test(.enabled(if: takesNamesThatAreNotUTF8, "the file system refuses such names"))
  func reportsNamesThatAreNotUTF8() throws {
    try FileTree.with { tree in
      try tree.create("a.md")
      try #require(Self.makeFile(notUTF8: tree.path("b")))
      let found = try find(tree, ["."])
      #expect(found.sources == ["a.md"])
      #expect(found.problems == [FileProblem(path: "b\u{FFFD}", reason: .nameNotUTF8)])
      // A file that is not wanted is no problem.
      #expect(try find(tree, ["."], globs: ["*.md"]).problems == [])
    }
  }

  @Test func walksDeepAndWideFolders() throws {
    try FileTree.with { tree in
      let deep = Array(repeating: "d", count: 200).joined(separator: "/")
      try tree.create(deep + "/a.md")
      for number in 0..<500 { try tree.create("wide/\(number)") }
      #expect(try sources(tree, ["."]).count == 501)
    }
  }
}
