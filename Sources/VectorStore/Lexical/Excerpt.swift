// The part of a passage that a person is shown: whole lines around the question's words.

import VectorStoreText

/// A few lines of a passage, without the marks of its format.
package struct Excerpt: Sendable, Equatable {
  /// The lines to show.
  package var lines: [String] = []
  /// The place of the first of them among the passage's lines, from 0.
  package var firstLine = 0
  /// Whether the first line is shown from within.
  package var startsInLine = false
  /// Whether the passage goes on after the last line.
  package var isCut = false
  /// The headings above the first line, from the highest down. Before them what holds the line with the most of the
  /// question's words, as "page 3", if the passage has pages.
  package var headings: [String] = []

  /// A line of the passage as it is shown.
  private struct Line {
    var number: Int
    var text: String
    /// The question's words in it.
    var words: Set<Int> = []
    var count = 0
  }

  /// Chooses the lines with the most of the question's words; the first lines if it has none of them.
  ///
  /// Front matter, comments, the fences of code and blank lines are left out. A row of a table has the
  /// table's header above it.
  ///
  /// - Parameters:
  ///   - passage: a chunk's text.
  ///   - query: the question; nil for the beginning.
  ///   - format: what the passage is; marks of Markdown are taken out.
  ///   - headings: those above the passage.
  ///   - isStart: whether the passage begins its document, and may begin with front matter.
  ///   - limits: the most lines and characters.
  package init(
    of passage: String, _ query: LexicalQuery?, format: DocumentFormat, headings: [String] = [],
    isStart: Bool = true, limits: (lines: Int, characters: Int) = (8, 480)
  ) {
    var shown = Self.lines(of: passage, format: format, isStart: isStart)
    if let query {
      for index in shown.indices {
        let found = query.words(in: shown[index].text)
        (shown[index].words, shown[index].count) = (Set(found), found.count)
      }
    }
    guard !shown.isEmpty else { return }
    var window = Self.best(shown, limits)
    window = Self.widened(window, shown, limits)
    firstLine = shown[window.lowerBound].number
    isCut = window.upperBound < shown.count
    lines = shown[window].map(\.text)
    if window.count == 1, let line = lines.first, line.count > limits.characters {
      let range = (query ?? LexicalQuery("")).bestExcerpt(of: line, limit: limits.characters)
      startsInLine = range.lowerBound > line.startIndex
      isCut = isCut || range.upperBound < line.endIndex
      lines = [String(line[range])]
    }
    if let header = Self.header(of: window.lowerBound, shown) { lines.insert(header, at: 0) }
    let most = shown[window].max {
      ($0.words.count, $0.count, $1.number) < ($1.words.count, $1.count, $0.number)
    }
    self.headings = Self.path(
      Self.placed(headings, passage, at: most.flatMap { $0.words.isEmpty ? nil : $0.number }),
      passage, format, above: firstLine)
  }

  /// The headings above a passage with the one place, page or message, that a line of it is in.
  private static func placed(_ above: [String], _ passage: String, at line: Int?) -> [String] {
    guard let line, let label = above.first, passage.utf8.contains(0x0C) else { return above }
    let before = physicalLines(passage).prefix(line).reduce(0) { $0 + $1.utf8.count { $0 == 0x0C } }
    guard let place = TextPlaces.label(label, after: before) else { return above }
    return [place] + above.dropFirst()
  }

  /// Its lines as they are counted, each with a line end of Windows as far as its file has them.
  private static func physicalLines(_ passage: String) -> [Substring] {
    passage.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).map(Substring.init)
  }

  /// The window with the most distinct words, then the most words; the first of equals.
  private static func best(
    _ lines: [Line], _ limits: (lines: Int, characters: Int)
  ) -> Range<Int> {
    var best = (distinct: -1, count: 0, window: 0..<1)
    for start in lines.indices {
      var words: Set<Int> = []
      var (count, characters) = (0, 0)
      var end = start
      while end < lines.count, end - start < limits.lines {
        characters += lines[end].text.count
        if characters > limits.characters, end > start { break }
        words.formUnion(lines[end].words)
        count += lines[end].count
        end += 1
        if (words.count, count) > (best.distinct, best.count) {
          best = (words.count, count, start..<end)
        }
      }
    }
    // From the first line that has a word.
    let first = best.window.first { !lines[$0].words.isEmpty } ?? best.window.lowerBound
    return first..<best.window.upperBound
  }

  /// The window with what is around it, as far as there is room: a third before, which explains it.
  private static func widened(
    _ window: Range<Int>, _ lines: [Line], _ limits: (lines: Int, characters: Int)
  ) -> Range<Int> {
    var (start, end) = (window.lowerBound, window.upperBound)
    var characters = lines[window].reduce(0) { $0 + $1.text.count }
    func fits(_ index: Int, upTo most: Int) -> Bool {
      lines.indices.contains(index) && end - start < most
        && characters + lines[index].text.count <= limits.characters
    }
    let before = window.count + max(0, limits.lines - window.count) / 3
    while fits(start - 1, upTo: before) {
      start -= 1
      characters += lines[start].text.count
    }
    while fits(end, upTo: limits.lines) {
      characters += lines[end].text.count
      end += 1
    }
    while fits(start - 1, upTo: limits.lines) {
      start -= 1
      characters += lines[start].text.count
    }
    return start..<end
  }

  /// The header of the table that a line is a row of, if it is not shown.
  private static func header(of index: Int, _ lines: [Line]) -> String? {
    func isRow(_ line: Line) -> Bool { line.text.drop { $0 == " " }.first == "|" }
    guard isRow(lines[index]) else { return nil }
    var first = index
    while first > 0, isRow(lines[first - 1]),
      lines[first - 1].number == lines[first].number - 1
        || isRule(after: lines[first - 1], lines[first])
    {
      first -= 1
    }
    return first < index ? lines[first].text : nil
  }

  /// Whether the rule below a table's header was left out between two lines.
  private static func isRule(after header: Line, _ next: Line) -> Bool {
    next.number == header.number + 2
  }

  private static func path(
    _ above: [String], _ passage: String, _ format: DocumentFormat, above line: Int
  ) -> [String] {
    let start = physicalLines(passage).prefix(line)
      .reduce(0) { $0 + $1.unicodeScalars.count + 1 }
    let headings = Headings(of: passage, format: format)
    // A heading that is shown itself stands below what its own section is in.
    return headings.hasOne(at: start)
      ? headings.path(below: above, at: start + 1).dropLast()
      : headings.path(below: above, at: start)
  }

  // MARK: Lines

  private static func lines(
    of passage: String, format: DocumentFormat, isStart: Bool
  ) -> [Line] {
    let all = physicalLines(passage).enumerated().flatMap { number, line in
      line.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        .map { (number: number, line: $0) }
    }
    let skipped = isStart && format == .markdown ? frontMatter(all.map(\.line)) : 0
    var isComment = false
    var isCode = false
    var result: [Line] = []
    for (number, line) in all.dropFirst(skipped) {
      let trimmed = line.drop(while: \.isWhitespace)
      guard !trimmed.isEmpty else { continue }
      guard format == .markdown else {
        result.append(Line(number: number, text: String(line)))
        continue
      }
      if trimmed.hasPrefix("<!--") { isComment = true }
      if isComment {
        if trimmed.contains("-->") { isComment = false }
        continue
      }
      if trimmed.hasPrefix("```") || trimmed.hasPrefix("~~~") {
        isCode.toggle()
        continue
      }
      let isRule = trimmed.allSatisfy { "-|:=*_ \t".contains($0) }
      guard !isRule else { continue }
      result.append(Line(number: number, text: isCode ? String(line) : unmarked(line)))
    }
    // A passage of nothing else is shown as it is.
    guard result.isEmpty else { return result }
    return all.filter { !$0.line.allSatisfy(\.isWhitespace) }
      .map { Line(number: $0.number, text: String($0.line)) }
  }

  /// How many lines the front matter takes; 0 if there is none.
  private static func frontMatter(_ lines: [Substring]) -> Int {
    guard lines.first == "---",
      let end = lines.dropFirst().firstIndex(where: { $0 == "---" || $0 == "..." })
    else { return 0 }
    return end + 1
  }

  /// A line of Markdown as it reads: without the marks of headings, emphasis and links.
  private static func unmarked(_ line: Substring) -> String {
    var text = line
    let level = text.prefix { $0 == "#" }.count
    if (1...6).contains(level), text.dropFirst(level).first == " " {
      text = text.dropFirst(level + 1)
    }
    var result = ""
    var index = text.startIndex
    while index < text.endIndex {
      let rest = text[index...]
      if let link = Self.link(rest) {
        result += link.text
        index = link.end
      } else if rest.hasPrefix("**") || rest.hasPrefix("__") {
        index = text.index(index, offsetBy: 2)
      } else {
        result.append(text[index])
        index = text.index(after: index)
      }
    }
    return result
  }

  /// `[text](address)`, `![text](address)` and `[[page]]` at the beginning of a text.
  private static func link(_ rest: Substring) -> (text: Substring, end: Substring.Index)? {
    let body = rest.first == "!" ? rest.dropFirst() : rest
    if body.hasPrefix("[[") {
      guard let close = body.firstRange(of: "]]") else { return nil }
      let inner = body[body.index(body.startIndex, offsetBy: 2)..<close.lowerBound]
      return (inner.split(separator: "|").last ?? inner, close.upperBound)
    }
    guard body.first == "[", let middle = body.firstRange(of: "]("),
      let end = body[middle.upperBound...].firstIndex(of: ")"),
      !body[body.startIndex..<middle.lowerBound].dropFirst().contains("[")
    else { return nil }
    return (body[body.startIndex..<middle.lowerBound].dropFirst(), body.index(after: end))
  }
}
