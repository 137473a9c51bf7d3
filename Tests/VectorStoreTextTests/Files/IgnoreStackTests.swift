// IgnoreStack, by way of the walk: which ignore files hold where, and whole trees against git.

import Foundation
import TestSupport
import Testing
import VectorStoreText

struct IgnoreStackTests {
  private func sources(_ tree: FileTree, _ paths: [String]) throws -> [String] {
    let identity = SourceIdentity(storeFolder: tree.root, workingFolder: tree.root)
    return try paths.flatMap { path in
      try FileFinder(path: path, identity: identity).map { finding in
        switch finding {
        case .file(let file): file.source
        case .link(let path): "link: \(path)"
        case .problem(let problem): "problem: \(problem)"
        }
      }
    }
  }

  @Test func honoursRulesOutsideARepository() throws {
    try FileTree.with { tree in
      try tree.create("a.log", "a.md", "sub/b.log", "sub/keep.log", "build/c.md")
      try tree.write("*.log\nbuild/\n", to: ".gitignore")
      try tree.write("!keep.log\n", to: "sub/.gitignore")
      #expect(try sources(tree, ["."]) == ["a.md", "sub/keep.log"])
      // Outside a repository nothing above the folder given counts.
      #expect(try sources(tree, ["build"]) == ["build/c.md"])
      #expect(try sources(tree, ["a.log"]) == ["a.log"])
    }
  }

  @Test func honoursRulesUpToTheRepositoryRoot() throws {
    try FileTree.with { tree in
      try tree.create("repo/.git/", "repo/x/y/a.log", "repo/x/y/b.md", "repo/x/y/c.tmp")
      try tree.create("repo/x/y/d.bak", "repo/x/y/e.out")
      try tree.write("*.md\n", to: ".gitignore")
      try tree.write("*.log\n/x/y/d.bak\n", to: "repo/.gitignore")
      try tree.write("y/*.tmp\n", to: "repo/x/.gitignore")
      try tree.write("*.out\n", to: "repo/.git/info/exclude")
      #expect(try sources(tree, ["repo/x/y"]) == ["repo/x/y/b.md"])
      #expect(try sources(tree, ["repo"]) == ["repo/x/y/b.md"])
      try tree.link("link", to: "repo/x")
      #expect(try sources(tree, ["link"]) == ["repo/x/y/b.md"])
    }
  }

  @Test func letsIgnoreFilesOverruleTheExcludeFile() throws {
    try FileTree.with { tree in
      try tree.create(".git/", "a.out", "b.out")
      try tree.write("*.out\n", to: ".git/info/exclude")
      try tree.write("!a.out\n", to: ".gitignore")
      #expect(try sources(tree, ["."]) == ["a.out"])
    }
  }

  @Test func includesNothingBelowAnIgnoredFolder() throws {
    try FileTree.with { tree in
      try tree.create("build/keep.md", "out/keep.md")
      try tree.write("build\nout/*\n!keep.md\n", to: ".gitignore")
      #expect(try sources(tree, ["."]) == ["out/keep.md"])
      // Naming the folder is asking for it; its contents are judged by themselves.
      #expect(try sources(tree, ["build"]) == ["build/keep.md"])
    }
  }

  @Test func keepsARepositorysRulesOutOfOneInside() throws {
    try FileTree.with { tree in
      try tree.create(".git/", "a.log", "inner/.git/", "inner/b.log", "inner/c.tmp")
      try tree.write("*.log\n", to: ".gitignore")
      try tree.write("*.tmp\n", to: "inner/.gitignore")
      #expect(try sources(tree, ["."]) == ["inner/b.log"])
      #expect(try sources(tree, ["inner"]) == ["inner/b.log"])
    }
  }

  @Test func findsTheExcludeFileOfAWorktree() throws {
    try FileTree.with { tree in
      try tree.create("main/.git/worktrees/w/", "w/a.out", "w/b.md")
      try tree.write("*.out\n", to: "main/.git/info/exclude")
      try tree.write("../..\n", to: "main/.git/worktrees/w/commondir")
      try tree.write("gitdir: \(tree.path("main/.git/worktrees/w"))\n", to: "w/.git")
      #expect(try sources(tree, ["w"]) == ["w/b.md"])
      try tree.write("gitdir: ../main/.git/worktrees/w\n", to: "w/.git")
      #expect(try sources(tree, ["w"]) == ["w/b.md"])
    }
  }

  @Test func doesNotFollowALinkedIgnoreFile() throws {
    try FileTree.with { tree in
      try tree.create("a.md")
      try tree.write("*.md\n", to: "rules")
      try tree.link(".gitignore", to: "rules")
      #expect(try sources(tree, ["."]) == ["a.md", "rules"])
    }
  }

  @Test(.enabled(if: Git.executable != nil))
  func agreesWithGitOnWholeTrees() async throws {
    let names = ["a", "b", "c.md", "d.log"]
    let lines = [
      "a", "b/", "*.log", "!d.log", "/a/b", "a/**", "!a/", "**/b/c.md", "!c.md", "/*", "!/a", "b/*",
      "*", "!*/", "c.*", "# a", "/b/**/a/", "!b/a",
    ]
    try await FileTree.with { tree in
      for seed in 0..<40 {
        var generator = SeededGenerator(seed: UInt64(seed))
        func name() -> String { names.randomElement(using: &generator) ?? "" }
        for _ in 0..<12 {
          let folders = (0..<3).map { _ in ["a", "b"].randomElement(using: &generator) ?? "" }
          let depth = Int.random(in: 0...3, using: &generator)
          let file = (folders.prefix(depth) + ["f" + name()]).joined(separator: "/")
          try tree.create("\(seed)/\(file)")
          try tree.create("\(seed)/\(folders.joined(separator: "/"))/\(names[2 + seed % 2])")
        }
        for folder in ["", "a/", "a/b/", "b/"] where Bool.random(using: &generator) {
          let rules = (0..<3).map { _ in lines.randomElement(using: &generator) ?? "" }
          try tree.write(rules.joined(separator: "\n"), to: "\(seed)/\(folder).gitignore")
        }
      }
      _ = try await Git.run(["init", "-q"], in: tree.root)
      try tree.write("fd.log\n/3/a/\n", to: ".git/info/exclude")
      let output = try await Git.run(
        ["ls-files", "--others", "--exclude-standard", "-z"], in: tree.root)
      let expected = output.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        .filter { !$0.hasSuffix("/.gitignore") }
      #expect(expected.count > 100)
      #expect(try sources(tree, ["."]) == expected)
      // From a folder inside, the same files come.
      for seed in 0..<40 {
        let inside = expected.filter { $0.hasPrefix("\(seed)/") }
        #expect(try sources(tree, ["\(seed)"]) == inside, "seed \(seed)")
      }
    }
  }
}
