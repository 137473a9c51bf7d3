// Which declarations are found in code of each language, and which are around a passage.

import Foundation
import TestSupport
import Testing

@testable import VectorStoreText

@Suite struct CodeOutlineTests {
  @Test(arguments: CodeSample.some + CodeSample.others)
  func findsDeclarations(sample: CodeSample) {
    #expect(Self.declarations(sample.text, sample.name) == sample.expected)
  }

  /// The declarations of a text, each with its lines and those around it.
  private static func declarations(_ text: String, _ name: String) -> [String] {
    guard let language = CodeLanguage(fileName: name) else { return [] }
    var text = text
    return text.withUTF8 { bytes in
      var scanner = CodeScanner(bytes: bytes, language: language)
      scanner.scan()
      func line(_ place: Int) -> Int { bytes[..<place].count { $0 == 0x0A } + 1 }
      return scanner.scopes.map { scope in
        var (path, parent) = ([scope.title], scope.parent)
        while parent >= 0 {
          path.insert(scanner.scopes[parent].title, at: 0)
          parent = scanner.scopes[parent].parent
        }
        return "\(line(scope.start))-\(line(scope.end)) " + path.joined(separator: " › ")
      }
    }
  }

  // MARK: - Paths

  @Test func namesWhatAllOfAPassageIsIn() throws {
    let text = """
      // Ä file.

      struct Store {
        /// Adds é.
        func add() {
          one()
          two()
        }

        func remove() {
          three()
        }
      }

      """
    let outline = try #require(CodeOutline(of: text, source: "src/Store.swift"))
    func path(_ from: String, _ to: String) throws -> [String] {
      let scalars = Array(text.unicodeScalars)
      let start = try #require(text.range(of: from)).lowerBound
      let end = try #require(text.range(of: to)).upperBound
      let range =
        text[..<start].unicodeScalars
        .count..<min(
          scalars.count, text[..<end].unicodeScalars.count)
      return outline.path(around: range)
    }
    #expect(try path("    one", "two()\n") == ["struct Store", "func add"])
    // The whole function with its comment, and the blank line after it.
    #expect(try path("  /// Adds", "  }\n\n") == ["struct Store", "func add"])
    #expect(try path("    two", "three()\n") == ["struct Store"])
    #expect(try path("    three", "  }\n}\n") == ["struct Store"])
    #expect(try path("struct", "two()\n") == ["struct Store"])
    #expect(try path("// Ä", "two()\n") == [])
    #expect(CodeOutline(of: text, source: "Store.txt") == nil)
    #expect(CodeOutline(of: text, source: "swift") == nil)
  }

  @Test func declarationAtTheLineStartEndsWhatWasNotClosed() {
    let text = "func a() {\n  if x {\n  call(\nfunc b() {\n  }\n}\nfunc c() { \"open\n}\n"
    #expect(
      Self.declarations(text, "a.swift") == ["1-4 func a", "4-5 func b", "7-8 func c"])
    #expect(
      Self.declarations("x = (1,\ndef a():\n  pass\n", "a.py") == ["2-4 def a"])
  }

  // MARK: - Any text

  @Test(arguments: TextMaker.Kind.allCases)
  func anyTextHasDeclarationsWithinIt(kind: TextMaker.Kind) {
    let pieces = [
      "{", "}", "(", ")", "\"", "'", "\"\"\"", "/*", "*/", "func a", "class B ", "\n", "  ",
      "<<A\n",
      "#if x\n", "#else\n", "r#\"", "/", "\\", "=", "[[", ";", "def é", "template<", "`",
      "operator",
    ]
    for seed in 0..<12 {
      var generator = SeededGenerator(seed: UInt64(seed))
      var text = TextMaker.text(kind, pieces: 30, using: &generator)
      for _ in 0..<200 {
        text += pieces[Int.random(in: 0..<pieces.count, using: &generator)]
      }
      for name in ["a.swift", "a.cpp", "a.py", "a.rb", "a.js", "a.rs", "a.php", "a.sh", "a.sql"] {
        guard let outline = CodeOutline(of: text, source: name) else { continue }
        let count = text.unicodeScalars.count
        for start in stride(from: 0, to: count, by: 17) {
          let outer = outline.path(around: start..<min(count, start + 40))
          let inner = outline.path(around: start..<min(count, start + 10))
          #expect(inner.starts(with: outer), "seed \(seed), \(kind), \(name), at \(start)")
        }
      }
    }
  }

  @Test(arguments: [
    ("a.swift", "{"), ("a.swift", "func a(){"), ("a.swift", "func a() {\n"), ("a.c", "(["),
    ("a.swift", "let a = \"x\n\"\"\" "), ("a.js", "(/["), ("a.sh", "<<A\n"), ("a.py", "def a(:\n "),
    ("a.py", "class a:\n"), ("a.rs", "impl a<{"), ("a.cpp", "operator "), ("a.c", "/*"),
    ("a.kt", "((({}"),
  ])
  func timeGrowsWithTheText(name: String, piece: String) {
    let text = String(repeating: piece, count: 400_000 / piece.utf8.count)
    let tenth = String(repeating: piece, count: 40_000 / piece.utf8.count)
    let ratio = processorTimeRatio {
      _ = CodeOutline(of: text, source: name)
    } over: {
      _ = CodeOutline(of: tenth, source: name)
    }
    // Ten times the text; a hundred times the work if it grew with the square.
    #expect(ratio < 40)
  }
}
