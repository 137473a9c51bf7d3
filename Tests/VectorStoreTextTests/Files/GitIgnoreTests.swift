// GitIgnore: the rules of gitignore(5) one by one, and random rules against git itself.

import Foundation
import TestSupport
import Testing
import VectorStoreText

struct GitIgnoreTests {
  private func verdict(_ rules: String, _ path: String, folder: Bool = false) -> GitIgnore.Verdict?
  {
    GitIgnore(rules).verdict(for: path, isFolder: folder)
  }

  @Test func skipsBlankLinesAndComments() {
    #expect(GitIgnore("\n# a comment\n\n   \n!\n/\n").isEmpty)
    #expect(verdict("#a\n", "#a") == nil)
    #expect(verdict("\\#a\n", "#a") == .ignored)
    #expect(verdict("a#b\n", "a#b") == .ignored)
  }

  @Test func ignoresTrailingSpacesUnlessQuoted() {
    #expect(verdict("a   \n", "a") == .ignored)
    #expect(verdict("a\\ \n", "a ") == .ignored)
    #expect(verdict("a\\   \n", "a ") == .ignored)
    #expect(verdict("a\\ \n", "a") == nil)
    #expect(verdict("a\\\\ \n", "a\\") == .ignored)
    #expect(verdict("a\t\n", "a") == nil)
    #expect(verdict(" a\n", " a") == .ignored)
    #expect(verdict("a b\n", "a b") == .ignored)
  }

  @Test func readsBothLineEndsAndAByteOrderMark() {
    #expect(verdict("a\r\nb\r\n", "a") == .ignored)
    #expect(verdict("a\r\nb", "b") == .ignored)
    #expect(verdict("\u{FEFF}a\n", "a") == .ignored)
  }

  @Test func matchesNamesAtAnyDepthWithoutASlash() {
    #expect(verdict("*.log", "a.log") == .ignored)
    #expect(verdict("*.log", "x/y/a.log") == .ignored)
    #expect(verdict("**.log", "x/a.log") == .ignored)
  }

  @Test func anchorsPatternsWithASlash() {
    #expect(verdict("/a", "a") == .ignored)
    #expect(verdict("/a", "x/a") == nil)
    #expect(verdict("doc/a", "doc/a") == .ignored)
    #expect(verdict("doc/a", "x/doc/a") == nil)
    #expect(verdict("doc/*.txt", "doc/a.txt") == .ignored)
    #expect(verdict("doc/*.txt", "doc/x/a.txt") == nil)
  }

  @Test func meansFoldersWithATrailingSlash() {
    #expect(verdict("build/", "x/build", folder: true) == .ignored)
    #expect(verdict("build/", "build") == nil)
    #expect(verdict("/x/build/", "x/build", folder: true) == .ignored)
  }

  @Test func matchesDoubleAsterisks() {
    #expect(verdict("**/foo", "foo") == .ignored)
    #expect(verdict("**/foo/bar", "x/foo/bar") == .ignored)
    #expect(verdict("abc/**", "abc/x/y") == .ignored)
    #expect(verdict("abc/**", "abc", folder: true) == nil)
    #expect(verdict("a/**/b", "a/b") == .ignored)
    #expect(verdict("a/**/b", "a/x/y/b") == .ignored)
  }

  @Test func letsTheLastRuleDecide() {
    #expect(verdict("*.md\n!keep.md\n", "keep.md") == .included)
    #expect(verdict("!keep.md\n*.md\n", "keep.md") == .ignored)
    #expect(verdict("\\!a\n", "!a") == .ignored)
  }

  @Test func dropsBrokenPatterns() {
    #expect(verdict("a[\n", "a[") == nil)
    #expect(verdict("a\\\n", "a\\") == nil)
    #expect(verdict("a[\nb\n", "b") == .ignored)
  }

  @Test func readsRulesThatAreNotUTF8() {
    let rules = GitIgnore([0xFF, 0x2A, 0x0A])
    #expect(rules.verdict(for: [0xFF, 0x61][...], isFolder: false) == .ignored)
  }

  /// Paths in which random rules find something to say.
  private static let names = ["a", "b", "b.c", "a b", "-", "é", "A"]

  private static func randomRule(using generator: inout SeededGenerator) -> String {
    // Two asterisks after a letter are left out: git 2.39, for one, takes `b**/a` for
    // `b` and `**/a`, against its manual.
    let pieces = [
      "a", "b", "ab", "a.c", "*", "?", "[ab]", "[!a]", "[^b-z]", "[[:alpha:]]", "*.c", "a*", "*b",
      "\\a", "é", "a b", "A", "[a-", "[]-a]", "-",
    ]
    let count = Int.random(in: 1...3, using: &generator)
    var parts = (0..<count).map { _ in
      let isDouble = Int.random(in: 0..<4, using: &generator) == 0
      return isDouble ? "**" : pieces.randomElement(using: &generator) ?? ""
    }
    if Int.random(in: 0..<6, using: &generator) == 0, parts[count - 1] != "**" {
      parts[count - 1] += pieces[Int.random(in: 0..<4, using: &generator)]
    }
    let begin = ["", "", "", "/", "!", "!/", "!"].randomElement(using: &generator) ?? ""
    let end = ["", "", "", "/", " ", "\\ ", "\r"].randomElement(using: &generator) ?? ""
    return begin + parts.joined(separator: "/") + end
  }

  @Test(.enabled(if: Git.executable != nil))
  func agreesWithGit() async throws {
    try await FileTree.with { tree in
      // A folder a seed, each with rules of its own, so that git is asked once.
      var rules: [String: GitIgnore] = [:]
      var paths: [(path: String, seed: String, isFolder: Bool)] = []
      for seed in 0..<150 {
        var generator = SeededGenerator(seed: UInt64(seed))
        let text = (0..<Int.random(in: 1...4, using: &generator))
          .map { _ in Self.randomRule(using: &generator) + "\n" }.joined()
        try tree.write(text, to: "\(seed)/.gitignore")
        rules["\(seed)"] = GitIgnore(text)
        for _ in 0..<6 {
          let parts = (0..<3).map { _ in Self.names.randomElement(using: &generator) ?? "" }
          try tree.create("\(seed)/\(parts.joined(separator: "/"))/")
          for depth in 1...3 {
            paths.append((parts.prefix(depth).joined(separator: "/"), "\(seed)", true))
          }
          // A name that no folder has.
          let file = "\(parts[0])/\(parts[1])/a\(parts[2])"
          try tree.create("\(seed)/\(file)")
          paths.append((file, "\(seed)", false))
        }
      }
      _ = try await Git.run(["init", "-q"], in: tree.root)
      let input = paths.map { "\($0.seed)/\($0.path)\0" }.joined()
      let output = try await Git.run(
        ["check-ignore", "--stdin", "-z", "--no-index"], in: tree.root, input: input)
      let ignored = Set(output.split(separator: 0).map { String(decoding: $0, as: UTF8.self) })
      #expect(ignored.count > 500)
      for (path, seed, isFolder) in paths {
        let rule = try #require(rules[seed])
        let parts = path.split(separator: "/")
        let isIgnored = (1...parts.count).contains { depth in
          rule.verdict(
            for: parts.prefix(depth).joined(separator: "/"),
            isFolder: isFolder || depth < parts.count) == .ignored
        }
        #expect(isIgnored == ignored.contains("\(seed)/\(path)"), "seed \(seed): \(path)")
      }
    }
  }
}
