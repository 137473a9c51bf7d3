import TestSupport
import Testing

@testable import VectorStore

struct ExcerptTests {
  private func excerpt(
    _ text: String, _ question: String?, headings: [String] = [], isStart: Bool = true
  ) -> Excerpt {
    Excerpt(
      of: text, question.map { LexicalQuery($0) }, format: .markdown, headings: headings,
      isStart: isStart)
  }

  @Test(arguments: [1, 5, 20, 30, 39]) func showsTheLineThatMatches(line: Int) {
    let lines = (1...39).map { $0 == line ? "- item \($0) with onager" : "- item \($0) with words" }
    let found = excerpt(lines.joined(separator: "\n"), "onager")
    #expect(found.lines.contains("- item \(line) with onager"))
    #expect(found.lines.count == 8)
    #expect(found.lines.first == lines[found.firstLine])
    #expect(found.isCut == (found.firstLine + 8 < 39))
  }

  /// A passage of several pages says which of them the question's words are on.
  @Test func namesThePageOfTheLineThatMatches() {
    let pages = "A walrus swims.\n\u{0C}\nAn onager runs.\n\u{0C}\u{0C}\nA tern flies.\n"
    for (question, page, line) in [("walrus", 3, 0), ("onager", 4, 0), ("tern", 6, 0)] {
      let found = excerpt(pages, question, headings: ["pages 3 to 6", "Animals"])
      #expect(found.headings == ["page \(page)", "Animals"] && found.firstLine == line)
    }
    #expect(excerpt(pages, "zebra", headings: ["pages 3 to 6"]).headings == ["pages 3 to 6"])
    #expect(excerpt(pages, "tern", headings: ["Animals"]).headings == ["Animals"])
    let long = (1...30).map { "line \($0) \u{2028} of it\n\u{0C}\n" }.joined()
    let found = excerpt(long, "30", headings: ["slides 1 to 31"])
    #expect(found.headings == ["slide 30"])
    // Lines are counted as editors count them.
    #expect(found.firstLine == 2 * 26 && found.lines.first == "line 27 ")
  }

  @Test func linesMayEndAsOnWindows() {
    let text =
      "# One\r\n\r\nA walrus.\r\n\r\n# Two\r\n\r\n" + (1...9).map { "line \($0)\r\n" }.joined()
    let found = excerpt(text + "An onager.\r\n", "onager")
    #expect(found.headings == ["Two"] && found.firstLine == 8 && found.lines.last == "An onager.")
    #expect(Headings(of: text, format: .markdown).titles == ["One", "Two"])
  }

  /// What stands above a passage, found as a reader finds it: line by line from the beginning.
  @Test(arguments: 0..<20) func headingsAreThoseAbove(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let lines = (0..<60).map { line in
      Int.random(in: 0..<3, using: &generator) == 0
        ? String(repeating: "#", count: .random(in: 1...4, using: &generator)) + " h\(line)"
        : "words"
    }
    let headings = Headings(of: lines.joined(separator: "\n"), format: .markdown)
    var path: [(level: Int, title: String)] = []
    var place = 0
    for line in lines {
      #expect(headings.above(place) == path.map(\.title), "seed \(seed)")
      #expect(headings.hasOne(at: place) == line.hasPrefix("#"))
      let level = line.prefix { $0 == "#" }.count
      if level > 0 {
        path.removeAll { $0.level >= level }
        path.append((level, String(line.dropFirst(level + 1))))
      }
      place += line.unicodeScalars.count + 1
    }
  }

  /// A message of a mailbox is not below the subject of the one before it; a cell is below earlier headings.
  @Test func messagesHaveNothingToDoWithEachOther() {
    let text = "# One\n\nwords\n\u{0C}\n# Two\n\nwords\n\u{0C}\nwords\n"
    func above(_ source: String) -> [[String]] {
      let headings = Headings(of: text, format: .markdown, source: source)
      return [7..<9, 15..<20, 22..<27, 30..<35].map { headings.above($0) }
    }
    #expect(
      above("x.mbox") == [
        ["message 1", "One"], ["message 2"], ["message 2", "Two"], ["message 3"],
      ])
    #expect(
      above("x.ipynb") == [
        ["cell 1", "One"], ["cell 2", "One"], ["cell 2", "Two"], ["cell 3", "Two"],
      ])
  }

  @Test func showsTheBeginningIfNothingMatches() {
    let found = excerpt((1...20).map { "line \($0)" }.joined(separator: "\n"), "zebra")
    #expect(found.firstLine == 0 && found.lines.count == 8 && found.isCut)
    #expect(excerpt("", "zebra") == Excerpt(of: "", nil, format: .text))
  }

  @Test func leavesOutFrontMatterMarksAndComments() {
    let text = """
      ---
      title: Trains
      tags: [a, b]
      ---

      # Delayed **trains**

      <!-- not for
      readers -->
      See [the rules](rules.md) and [[page|our page]]; `code` stays.
      ```swift
      let fare = **fare
      ```
      """
    let found = excerpt(text, "rules")
    #expect(
      found.lines == [
        "Delayed trains", "See the rules and our page; `code` stays.", "let fare = **fare",
      ])
    #expect(!found.isCut && found.firstLine == 5)
    // In the middle of a document three dashes are a rule.
    #expect(excerpt("---\na: b\n---\nx", nil, isStart: false).lines == ["a: b", "x"])
  }

  @Test func rowsOfATableHaveTheirHeader() {
    let rows = (1...30).map { "| row \($0) | \($0 == 25 ? "onager" : "horse") |" }
    let table = (["| name | animal |", "| --- | --- |"] + rows).joined(separator: "\n")
    let found = excerpt("Animals:\n" + table, "onager")
    #expect(found.lines.first == "| name | animal |")
    #expect(found.lines.contains("| row 25 | onager |"))
  }

  @Test func namesTheHeadingsAboveWhatIsShown() {
    let filler = String(repeating: "some words\n", count: 12)
    let text = "\(filler)## Install\n\(filler)### Linux\n\(filler)apt-get install onager\n"
    #expect(excerpt(text, "onager", headings: ["Guide"]).headings == ["Guide", "Install", "Linux"])
    #expect(excerpt(text, "zebra", headings: ["Guide", "Old"]).headings == ["Guide", "Old"])
    // A heading that is shown first does not stand below the section before it.
    let section = excerpt("## Install\nonager\n", "onager", headings: ["Guide", "Old"])
    #expect(section.lines.first == "Install" && section.headings == ["Guide"])
  }

  @Test func aLongLineIsCutAroundTheWord() {
    let filler = String(repeating: "lorem ipsum ", count: 100)
    let found = excerpt(filler + "the onager sleeps " + filler, "onager")
    #expect(found.lines.count == 1 && found.lines[0].contains("onager"))
    #expect(found.lines[0].count <= 480 && found.startsInLine && found.isCut)
  }

  @Test func excerptsOfAnyTextHoldAWordIfTheTextDoes() {
    for seed in UInt64(0)..<200 {
      let text = (0..<8).map { RandomText.make(seed: seed * 9 + $0) }.joined(separator: "\n")
      let found = excerpt(text + "\nonager", "onager", isStart: seed % 2 == 0)
      #expect(found.lines.joined(separator: "\n").contains("onager"), "seed \(seed)")
    }
  }

  @Test func headingsAreThoseOfMarkdownOutsideOfCode() {
    let text = "# A\ntext\n```\n# no\n```\n## B ##\n#tag\n# C\n"
    #expect(Headings(of: text, format: .markdown).titles == ["A", "B", "C"])
    #expect(Headings(of: text, format: .code).titles.isEmpty)
    #expect(Headings(of: text, format: .markdown).above(text.unicodeScalars.count) == ["C"])
    let before = text.unicodeScalars.count - "#tag\n# C\n".unicodeScalars.count
    #expect(Headings(of: text, format: .markdown).above(before) == ["A", "B"])
    #expect(Headings(of: text, format: .markdown).above(0).isEmpty)
    // What holds a passage comes before its headings, and is none of them.
    let book = "# A\nwords\n\u{0C}\n## B\nmore"
    let pages = Headings(of: book, format: .markdown, source: "b.epub")
    let end = book.unicodeScalars.count
    #expect(pages.above(0..<3) == ["chapter 1"])
    #expect(pages.above(end - 1..<end) == ["chapter 2", "A", "B"])
    #expect(pages.above(4..<end) == ["chapters 1 to 2", "A"])
    let passage = Headings(of: "# C\nwords", format: .markdown)
    #expect(passage.path(below: ["page 2", "A"], at: 5) == ["page 2", "C"])
    #expect(passage.path(below: ["page 2", "A"], at: 0) == ["page 2", "A"])
  }
}
