// The hits of a query, as a person reads them, as a program does, and as bare passages.

import Foundation
import VectorStore

/// A hit as one line of JSON: the hit's own fields, and which query it answers.
struct HitLine: Encodable {
  /// The query's place on the command line or in the input, from 0.
  let query: Int
  let hit: Hit
  var explanation: Explainer.Line?

  private enum Key: String, CodingKey {
    case query, rank, score, cosine, strength, id, source, path, fileState, collection, ordinal,
      text,
      metadata
    case start, end, line, headings, copies, space, degraded, explanation
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(query, forKey: .query)
    try container.encode(hit.rank, forKey: .rank)
    try container.encode(hit.score, forKey: .score)
    try container.encode(hit.cosine, forKey: .cosine)
    try container.encode(hit.strength, forKey: .strength)
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
    try container.encode(hit.headings, forKey: .headings)
    try container.encode(hit.copies, forKey: .copies)
    try container.encode(hit.space, forKey: .space)
    try container.encode(hit.isDegraded, forKey: .degraded)
    try container.encodeIfPresent(explanation, forKey: .explanation)
  }
}

/// Hits as a person reads them: score, source and line, the headings above, and the lines of the passage
/// that have most of the query's words.
struct HitPage {
  let query: String?
  let hits: [Hit]
  let terminal: Terminal
  var explainer: Explainer?
  /// Whether hits of several collections are among each other.
  var showsCollection = false

  /// The page, a line break after each line.
  func text() -> String {
    guard !hits.isEmpty else { return "no hits\n" }
    let words = query.map { LexicalQuery($0) }
    return hits.map { hit in
      guard let text = hit.text else {
        return heading(hit, line: hit.line, [])
          + (hit.fileState == nil
            ? terminal.styled("    no text is stored of it", .dim) + "\n" : "")
      }
      let excerpt = Excerpt(
        of: text, words, format: hit.format, headings: hit.headings, isStart: hit.start == 0)
      return heading(hit, line: hit.line.map { $0 + excerpt.firstLine }, excerpt.headings)
        + passage(excerpt, words)
    }.joined(separator: "\n")
  }

  /// Rank, score, and where the passage shown stands.
  private func heading(_ hit: Hit, line: Int?, _ headings: [String]) -> String {
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
    let copies =
      hit.copies.isEmpty
      ? "" : "  +\(Format.counted(hit.copies.count, "copy", "copies"))"
    let path = headings.isEmpty ? nil : Terminal.oneLine(headings.joined(separator: " › "))
    let opens = hit.fileState == .gone ? nil : hit.path
    let linked = opens.map { terminal.linked(place, to: $0) } ?? place
    let notes = [path, file, explainer?.sentence(hit)].compactMap { $0 }
      .map { "    \(terminal.styled($0, .dim))\n" }.joined()
    let strength = hit.strength.map { " \($0)" } ?? ""
    return "\(rank)  \(terminal.styled(score + strength, .dim))  \(terminal.styled(linked, .bold))"
      + "\(terminal.styled(copies, .dim))\n" + notes
  }

  private func passage(_ excerpt: Excerpt, _ words: LexicalQuery?) -> String {
    let shown = Self.unindented(excerpt.lines).joined(separator: "\n")
    let text =
      (excerpt.startsInLine ? "…" : "") + marked(shown, words?.matches(in: shown) ?? [])
      + (excerpt.isCut ? " …" : "")
    return text.split(separator: "\n", omittingEmptySubsequences: false)
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
