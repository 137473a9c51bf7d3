// GlobPattern: what fits, what is refused, and random patterns against trying every split.

import TestSupport
import Testing

@testable import VectorStoreText

struct GlobPatternTests {
  private func matches(
    _ pattern: String, _ path: String, unit: GlobPattern.Unit = .scalar
  ) throws -> Bool {
    try #require(GlobPattern(pattern.utf8, unit: unit)).matches(path)
  }

  @Test(arguments: [
    ("a.md", "a.md"), ("*.md", "a.md"), ("*.md", ".md"), ("a*", "a"), ("a*c*e", "abcde"),
    ("?.md", "é.md"), ("??", "é😀"), ("[à-ü]x", "éx"), ("[!a]", "é"), ("[^a]", "b"),
    ("[]a]", "]"), ("[!]a]", "b"), ("[a-]", "-"), ("[-a]", "-"), ("[a-c-e]", "-"), ("[[]", "["),
    ("[\\]]", "]"), ("[a\\-c]", "-"), ("[[:digit:]x]", "7"), ("[[:digit:]x]", "x"),
    ("[![:upper:]]", "a"), ("[[:a]", ":"), ("\\*", "*"), ("\\a", "a"), ("*/b", "a/b"),
    ("a/**", "a/b/c"), ("**/c", "c"), ("**/c", "a/b/c"), ("a/**/c", "a/c"), ("a/**/c", "a/b/b/c"),
    ("**", "a/b"), ("***", "a/b"), ("**/", "a/"), ("a/**/b/**/c", "a/x/b/c"),
    ("**/*.md", "a/b.md"), ("a**c", "abc"), ("a/*/**/d", "a/b/c/d"), ("*.*", "a.b.c"),
    ("**/b/*c", "b/x/b/xc"), ("new\nline*", "new\nline 😀"),
  ])
  func fits(pattern: String, path: String) throws {
    #expect(try matches(pattern, path))
  }

  @Test(arguments: [
    ("a.md", "A.md"), ("*.md", "a/b.md"), ("a?b", "a/b"), ("a[/]b", "a/b"), ("a[!x]b", "a/b"),
    ("[a-c]", "d"), ("[c-a]", "b"), ("*", "a/b"), ("a*c", "ab/c"), ("a**c", "a/c"),
    ("a/**", "a"), ("a/**", "ab/c"), ("**/c", "ac"), ("a/**/c", "ac"), ("**a", "b/a"),
    ("*??", "é"), ("?", "éé"), ("\\*", "a"), ("a", ""), ("", "a"), ("[[:digit:]]", "a"),
    ("a/**/b/**/c", "a/b/x"), ("*/c", "a/b/c"),
  ])
  func doesNotFit(pattern: String, path: String) throws {
    #expect(try !matches(pattern, path))
  }

  @Test(arguments: ["[", "[a", "a[]", "[!]", "[[:nope:]]", "[[:digit:", "a\\", "[a\\", "[a-"])
  func refusesBrokenPatterns(pattern: String) {
    #expect(GlobPattern(pattern.utf8, unit: .scalar) == nil)
  }

  @Test func countsBytesWhereAsked() throws {
    #expect(try !matches("?", "é", unit: .byte))
    #expect(try matches("??", "é", unit: .byte))
    #expect(try matches("é*", "été", unit: .byte))
  }

  @Test func matchesNamesThatAreNotUTF8() throws {
    let pattern = try #require(GlobPattern("a?[!x]*.md".utf8, unit: .scalar))
    #expect(pattern.matches([0x61, 0xFF, 0xC3, 0x2E, 0x6D, 0x64][...]))
  }

  @Test func staysQuickOnManyWildcards() throws {
    let text = String(repeating: "a", count: 250)
    let folders = Array(repeating: "a", count: 120).joined(separator: "/")
    let time = try processorSeconds {
      let fits = [
        try matches(String(repeating: "*a", count: 40) + "*b", text),
        try matches(String(repeating: "**/a*", count: 10) + "b", folders),
        try matches(String(repeating: "**/", count: 40) + "b", folders),
        try matches(String(repeating: "*[a]?", count: 30) + "b", text),
      ]
      #expect(fits == [false, false, false, false])
    }
    #expect(time < 5)
  }

  /// What a pattern means, by trying every split: right by its shortness, and slow.
  private func slowMatch(_ tokens: ArraySlice<GlobPattern.Token>, _ path: ArraySlice<UInt8>) -> Bool
  {
    guard let token = tokens.first else { return path.isEmpty }
    let rest = tokens.dropFirst()
    let slash = UInt8(ascii: "/")
    func splits(_ allowed: (ArraySlice<UInt8>) -> Bool) -> Bool {
      (0...path.count).contains { allowed(path.prefix($0)) && slowMatch(rest, path.dropFirst($0)) }
    }
    switch token {
    case .literal(let byte): return splits { $0.elementsEqual([byte]) }
    case .any: return splits { $0.count == 1 && $0.first != slash }
    case .set(let ranges, let isNegated):
      return splits { run in
        guard run.count == 1, let byte = run.first, byte != slash else { return false }
        return ranges.contains { $0.contains(UInt32(byte)) } != isNegated
      }
    case .star: return splits { !$0.contains(slash) }
    case .tree: return splits { _ in true }
    case .folders: return splits { $0.isEmpty || $0.last == slash }
    }
  }

  @Test func agreesWithTryingEverySplit() {
    let pieces = ["a", "b", "/", "*", "?", "**/", "/**", "[ab]", "[!a]", "/**/", "*a"]
    var fits = 0
    for seed in 0..<1_500 {
      var generator = SeededGenerator(seed: UInt64(seed))
      let text = (0..<Int.random(in: 1...5, using: &generator))
        .map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
      guard let pattern = GlobPattern(text.utf8, unit: .byte) else { continue }
      for _ in 0..<4 {
        let path = (0..<Int.random(in: 1...4, using: &generator))
          .map { _ in ["a", "b", "ab", "ba"].randomElement(using: &generator) ?? "" }
          .joined(separator: Bool.random(using: &generator) ? "/" : "")
        let expected = slowMatch(pattern.tokens[...], Array(path.utf8)[...])
        fits += expected ? 1 : 0
        #expect(pattern.matches(path) == expected, "seed \(seed): \(text) \(path)")
      }
    }
    #expect(fits > 300)
  }
}
