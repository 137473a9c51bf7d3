// Where Chunker cuts, by example.

import Testing

@testable import VectorStoreText

@Suite struct ChunkerTests {
  @Test func keepsShortTextWhole() {
    let text = "# Title\n\nOne sentence. Another.\n"
    let chunks = cut(text, .markdown, maximum: 100)
    #expect(
      chunks == [
        TextChunk(
          text: text, range: 0..<text.unicodeScalars.count, line: 1,
          estimatedTokens: TokenEstimator().tokens(in: text))
      ])
  }

  @Test(arguments: ["", " ", "\n\n\n", "\r\n\t\u{3000}\u{200B}\u{FEFF}", "\0\u{7F}"])
  func makesNoChunkOfBlanks(text: String) {
    #expect(cut(text, .text).isEmpty)
  }

  @Test func splitsAtHeadingThoughMoreWouldFit() {
    let first = "# First\n\n" + sentences(4)
    let second = "# Second\n\n" + sentences(9)
    let chunks = cut(first + "\n\n" + second, .markdown, maximum: 100)
    #expect(chunks.first?.text == first + "\n\n")
    #expect(chunks.dropFirst().first?.text.hasPrefix("# Second\n\nWater") == true)
    #expect(chunks.dropFirst().first?.line == 5)
  }

  @Test func splitsAtSetextHeading() {
    let first = "First\n=====\n\n" + sentences(4)
    let chunks = cut(first + "\n\nSecond\n------\n" + sentences(9), .markdown, maximum: 100)
    #expect(chunks.first?.text == first + "\n\n")
    #expect(chunks.dropFirst().first?.text.hasPrefix("Second\n------\nWater") == true)
  }

  @Test func findsNoHeadingInsideFence() {
    let fence = "```sh\n" + String(repeating: "# a comment\nrun --fast\n", count: 5) + "```\n"
    let chunks = cut(sentences(3) + "\n\n" + fence + "\n" + sentences(9), .markdown, maximum: 100)
    #expect(chunks.contains { $0.text.contains(fence) })
  }

  @Test func mergesShortSections() {
    let text = (1...4).map { "## Part \($0)\n\nShort.\n\n" }.joined()
    #expect(cut(text, .markdown, maximum: 60).count == 1)
  }

  @Test(arguments: 0..<30)
  func leavesNoHeadingAtTheEndOfAChunk(before: Int) {
    let text =
      sentences(before) + "\n\n# Head\n\n## Sub\n\n" + sentences(20) + "\n\nUnder\n---\n\n"
      + sentences(12)
    for chunk in cut(text, .markdown, maximum: 64, overlap: 10) {
      let last = chunk.text.split(whereSeparator: \.isNewline).last ?? ""
      #expect(!last.hasPrefix("#") && last != "Under" && last != "---", "\(before): \(last)")
    }
  }

  @Test func keepsFrontMatterWhole() {
    let front = "---\ntitle: A\ntags:\n\n  - one. Two\n  - three\n---\n"
    let chunks = cut(front + sentences(12), .markdown, maximum: 60)
    #expect(chunks.first?.text.hasPrefix(front) == true)
  }

  @Test func splitsAtParagraphBeforeLimit() {
    let first = sentences(5)
    let chunks = cut(first + "\n\n" + sentences(9), .text, maximum: 70)
    #expect(chunks.first?.text == first + "\n\n")
  }

  @Test func splitsAtSentenceWithoutParagraphs() {
    let chunks = cut(sentences(30), .text, maximum: 50)
    #expect(chunks.count > 5)
    #expect(chunks.dropLast().allSatisfy { $0.text.hasSuffix(". ") })
    #expect(chunks.dropLast().allSatisfy { $0.estimatedTokens > 30 })
  }

  @Test(arguments: ["水在零度结冰，在一百度沸腾。", "水は冷えると氷になります！", "「水は熱い？」"])
  func splitsAfterSentenceWithoutSpaces(sentence: String) {
    let chunks = cut(String(repeating: sentence, count: 30), .text, maximum: 64)
    #expect(chunks.count > 3)
    #expect(chunks.allSatisfy { $0.text.hasSuffix(String(sentence.suffix(2))) })
  }

  @Test func splitsAtLinesWithoutSentences() {
    let text = (1...60).map { "entry \($0) of the log\n" }.joined()
    let chunks = cut(text, .text, maximum: 40)
    #expect(chunks.count > 5)
    #expect(chunks.allSatisfy { $0.text.hasSuffix("log\n") })
    #expect(chunks.map(\.line) == chunks.map { text.prefixLines($0.range.lowerBound) })
  }

  @Test func splitsAtWordsWithoutLines() {
    let text = String(repeating: "word and more words ", count: 60)
    let chunks = cut(text, .text, maximum: 40)
    #expect(chunks.allSatisfy { $0.text.hasSuffix(" ") && !$0.text.hasPrefix(" ") })
    #expect(chunks.dropLast().allSatisfy { $0.estimatedTokens > 34 })
  }

  @Test func splitsCodeBetweenDeclarations() {
    let function = "func a() {\n  let x = 1\n\n  return x + 1\n}\n"
    let chunks = cut((1...8).map { _ in function }.joined(separator: "\n"), .code, maximum: 60)
    #expect(chunks.count > 2)
    #expect(chunks.allSatisfy { $0.text.hasPrefix("func") })
  }

  @Test func keepsCommentWithItsDeclarationAndBraceWithItsBlock() {
    let lines = (1...40).map { "// About \($0).\nfunc f\($0)() {\n  run(\($0))\n}\n" }.joined()
    for chunk in cut(lines, .code, maximum: 50) {
      #expect(chunk.text.hasPrefix("// About") && chunk.text.hasSuffix("}\n"))
    }
  }

  @Test func keepsIndentationWithItsLine() {
    let text = (1...60).map { "    indented \($0)\n" }.joined()
    #expect(cut(text, .code, maximum: 40).allSatisfy { $0.text.hasPrefix("    indented") })
  }

  @Test func overlapRepeatsWholeSentences() {
    let chunks = cut(sentences(30), .text, maximum: 60, overlap: 20)
    for (last, next) in zip(chunks, chunks.dropFirst()) {
      let repeated = last.range.upperBound - next.range.lowerBound
      #expect(repeated > 0)
      #expect(next.text.hasPrefix("Water"))
      #expect(last.text.hasSuffix(String(next.text.prefix(repeated))))
    }
  }

  @Test func repeatsNothingOverAHeading() {
    let text = "# A\n\n" + sentences(5) + "\n\n# B\n\n" + sentences(9)
    let chunks = cut(text, .markdown, maximum: 90, overlap: 40)
    #expect(chunks.dropFirst().first?.text.hasPrefix("# B") == true)
  }

  @Test func leavesNoScrapAtTheEnd() {
    for count in 5..<60 {
      let chunks = cut(sentences(count), .text, maximum: 80)
      #expect(chunks.count == 1 || (chunks.last?.estimatedTokens ?? 0) >= 15, "\(count)")
    }
  }

  @Test func leavesOutBlanksThatNoChunkCanHold() {
    let blanks = String(repeating: " \t", count: 500)
    let chunks = cut(blanks + "one" + blanks + "two" + blanks, .text, maximum: 40)
    #expect(chunks.map(\.text) == ["one", "two"])
    #expect(chunks.map(\.range) == [1000..<1003, 2003..<2006])
  }

  /// Words are read in parts of 256 bytes; a word that ended with one divided by zero.
  @Test(arguments: 240...272)
  func readsWordsThatEndWithAPart(length: Int) {
    for last in ["x", "/", "é", "👍🏽"] {
      let text = String(repeating: "y", count: length - last.utf8.count) + last + "\n\nnext"
      let chunks = cut(text + text + "  ", .text, maximum: 32)
      #expect(chunks.map(\.text).joined() == text + text + "  ", "\(length) \(last)")
    }
  }

  @Test func keepsWindowsLineEndsWhole() {
    let text = String(repeating: "a line of text\r\n", count: 50)
    #expect(cut(text, .text, maximum: 30).allSatisfy { $0.text.hasSuffix("text\r\n") })
  }

  @Test func cutsHugeClusterBetweenScalars() {
    let text = "a" + String(repeating: "\u{301}", count: 400)
    let chunks = cut(text, .text, maximum: 40)
    #expect(chunks.count > 5)
    #expect(chunks.allSatisfy { $0.estimatedTokens <= 40 })
    #expect(chunks.map(\.text).joined().unicodeScalars.elementsEqual(text.unicodeScalars))
  }

  private func cut(
    _ text: String, _ format: DocumentFormat, maximum: Int = 400, overlap: Int = 0
  ) -> [TextChunk] {
    Chunker(checked: ChunkingOptions(maximumTokens: maximum, overlapTokens: overlap))
      .chunks(of: text, format: format)
  }

  private func sentences(_ count: Int) -> String {
    (0..<count).map { "Water number \($0) flows down to the sea." }.joined(separator: " ")
  }
}

extension String {
  /// The line, from 1, of the scalar at an offset.
  fileprivate func prefixLines(_ offset: Int) -> Int {
    unicodeScalars.prefix(offset).count { $0 == "\n" } + 1
  }
}
