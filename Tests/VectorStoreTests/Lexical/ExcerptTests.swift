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
