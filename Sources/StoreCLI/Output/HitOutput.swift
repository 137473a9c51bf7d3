// The hits of a query, as a person reads them, as a program does, and as bare passages. Called by
// QueryCommand.

import Foundation
import VectorStore

/// A hit as one line of JSON: the hit's own fields, and which query it answers.
struct HitLine: Encodable {
  /// The query's place on the command line or in the input, from 0.
  let query: Int
  let hit: Hit
  var explanation: Explainer.Line?

  private enum Key: String, CodingKey {
    case query, rank, score, cosine, id, source, path, fileState, collection, ordinal, text,
      metadata
    case start, end, line, space, degraded, explanation
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(query, forKey: .query)
    try container.encode(hit.rank, forKey: .rank)
    try container.encode(hit.score, forKey: .score)
    try container.encode(hit.cosine, forKey: .cosine)
    try container.encode(hit.id, forKey: .id)
    try container.encode(hit.source, forKey: .source)
    try container.encode(hit.path, forKey: .path)
    try container.encodeIfPresent(hit.fileState, forKey: .fileState)
    try container.encode(hit.collection, forKey: .collection)
    try container.encode(hit.ordinal, forKey: .ordinal)
    try container.encode(hit.text, forKey: .text)
    try container.encode(hit.metadata, forKey: .metadata)
    try container.encode(hit.start, forKey: .start)
    try container.encode(hit.end, forKey: .end)
    try container.encode(hit.line, forKey: .line)
    try container.encode(hit.space, forKey: .space)
    try container.encode(hit.degraded, forKey: .degraded)
    try container.encodeIfPresent(explanation, forKey: .explanation)
  }
}

/// Hits as a person reads them: score, source and line, and the part of the passage that has most of
/// the query's words.
struct HitPage {
  /// The most of a passage that is shown, in characters and lines.
  private static let (shownCharacters, shownLines) = (480, 8)

  let query: String?
  let hits: [Hit]
  let terminal: Terminal
  var explainer: Explainer?
  /// Whether hits of several collections are among each other.
  var showsCollection = false

  /// The page, a line break behind each line.
  func text() -> String {
    guard !hits.isEmpty else { return "no hits\n" }
    let words = query.map { LexicalQuery($0) }
    return hits.map { hit in
      guard let text = hit.text else { return heading(hit, line: hit.line) }
      let range = Self.excerpt(of: text, words)
      let before = text[..<range.lowerBound].unicodeScalars.count { $0 == "\n" }
      return heading(hit, line: hit.line.map { $0 + before }) + passage(text, range, words)
    }.joined(separator: "\n")
  }

  /// Rank, score, and where the passage shown stands.
  private func heading(_ hit: Hit, line: Int?) -> String {
    let place =
      Terminal.oneLine(
        (showsCollection ? "\(hit.collection)  " : "") + Format.source(hit.source, path: hit.path))
      + (line.map { ":\($0)" } ?? "")
    let rank = String(repeating: " ", count: max(0, 2 - String(hit.rank).count)) + "\(hit.rank)"
    let score = Format.fixed(hit.score, abs(hit.score) < 10 ? 3 : 1)
    let file: String? =
      switch hit.fileState {
      case .changed: "the file has changed since it was read; `store update` reads it again"
      case .gone: "the file is gone; `store update --prune` removes the document"
      case nil: nil
      }
    let note = [file, explainer?.sentence(hit)].compactMap { $0 }
      .map { "    \(terminal.styled($0, .dim))\n" }.joined()
    return "\(rank)  \(terminal.styled(score, .dim))  \(terminal.styled(place, .bold))\n" + note
  }

  /// The part of a text to show: with the most of the query's words, from the start of a line where
  /// one is near, and without blanks around it.
  private static func excerpt(of text: String, _ words: LexicalQuery?) -> Range<String.Index> {
    var range =
      words?.bestExcerpt(of: text, limit: shownCharacters)
      ?? text
      .startIndex..<(text.index(
        text.startIndex, offsetBy: shownCharacters, limitedBy: text.endIndex) ?? text.endIndex)
    let lineStart =
      text[..<range.lowerBound].lastIndex(where: \.isNewline).map(text.index(after:))
      ?? text.startIndex
    if text.distance(from: lineStart, to: range.lowerBound) <= shownCharacters / 4 {
      range = lineStart..<range.upperBound
    }
    let blank = text[range].prefix { $0.isNewline }
    return blank.endIndex..<range.upperBound
  }

  private func passage(
    _ text: String, _ range: Range<String.Index>, _ words: LexicalQuery?
  ) -> String {
    let shown = String(text[range])
    let lines = marked(shown, words?.matches(in: shown) ?? []).split(whereSeparator: \.isNewline)
      .filter { $0.contains { !$0.isWhitespace } }
    let startsInLine =
      range.lowerBound > text.startIndex
      && !text[text.index(before: range.lowerBound)].isNewline
    let isCut =
      lines.count > Self.shownLines
      || text[range.upperBound...].contains { !$0.isWhitespace }
    let kept = Self.unindented(lines.prefix(Self.shownLines).map(String.init))
    return ((startsInLine ? "…" : "") + kept.joined(separator: "\n") + (isCut ? " …" : ""))
      .split(separator: "\n", omittingEmptySubsequences: false)
      .flatMap { wrapped($0) }.map { "    \($0)\n" }.joined()
  }

  /// The text with its matches marked, where the terminal shows styles.
  private func marked(_ text: String, _ matches: [Range<String.Index>]) -> String {
    guard terminal.isStyled else { return Terminal.clean(text) }
    var result = ""
    var rest = text.startIndex
    for match in matches {
      result += Terminal.clean(text[rest..<match.lowerBound])
      result += terminal.styled(Terminal.clean(text[match]), .match)
      rest = match.upperBound
    }
    return result + Terminal.clean(text[rest...])
  }

  /// Lines without the indentation that all of them share.
  private static func unindented(_ lines: [String]) -> [String] {
    let shared = lines.map { $0.prefix { $0 == " " }.count }.min() ?? 0
    return lines.map { String($0.dropFirst(shared)) }
  }

  /// A line broken at spaces to fit the terminal; the marks of styles take no room.
  private func wrapped(_ line: Substring) -> [String] {
    guard terminal.isTerminal else { return [String(line)] }
    let width = max(40, min(terminal.columns, 100) - 5)
    var lines: [String] = []
    var current = ""
    var room = width
    for word in line.split(separator: " ", omittingEmptySubsequences: false) {
      let length = Self.visibleLength(word) + 1
      if length > room, !current.isEmpty {
        lines.append(current)
        (current, room) = ("", width)
      }
      current += (room == width && current.isEmpty ? "" : " ") + word
      room -= length
    }
    return lines + [current]
  }

  private static func visibleLength(_ word: Substring) -> Int {
    word.count { !Terminal.Style.isMark($0) }
  }
}
