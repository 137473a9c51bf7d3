// Subtitles, SRT and WebVTT: what is said, and when.

import Foundation

/// Reads subtitles (SubRip and WebVTT): what is said, without numbers and markup, each cue after the time at
/// which it begins, as `[0:12:31] Hello there.`
struct SubtitleParser: DocumentParser {
  let endings: Set<String> = ["srt", "vtt"]

  func parse(_ file: ParsedFile) throws -> ParsedDocument {
    let text = try TextDecoder.decode(file.bytes, or: file.encoding)
    var whole = ""
    var time: String?
    var isCue = false
    var previous = ""
    for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
      if let start = Self.start(line) {
        (time, isCue) = (start, true)
      } else if line.allSatisfy(\.isWhitespace) {
        isCue = false
      } else if isCue {
        let words = Self.unmarked(line)
        // Live captions say each line twice.
        guard !words.isEmpty, words != previous else { continue }
        previous = words
        whole += (time.map { "[\($0)] " } ?? "") + words + "\n"
        time = nil
      }
    }
    guard !whole.isEmpty else { throw DocumentParserError.noSubtitle }
    return ParsedDocument(text: whole, format: .text)
  }

  /// When a cue begins, if a line is one's times: `00:01:02,500 --> 00:01:04,000` begins at 0:01:02.
  private static func start(_ line: Substring) -> String? {
    // No line of times is longer.
    guard line.utf8.count < 200,
      let match = line.prefixMatch(of: /\s*(?:(\d+):)?(\d\d):(\d\d)[,.]\d+\s*-->/)
    else {
      return nil
    }
    return "\(Int(match.1 ?? "0") ?? 0):\(match.2):\(match.3)"
  }

  /// What is said of a line: `<i>` and `{\an8}` are no words.
  ///
  /// - Complexity: O(length), whatever the line is.
  private static func unmarked(_ line: Substring) -> String {
    var rest = Substring(line.trimmingCharacters(in: .whitespaces))
    guard rest.utf8.contains(where: { "<{".utf8.contains($0) }) else { return String(rest) }
    var words = ""
    var isOpen = (angle: true, brace: true)
    while let mark = rest.firstIndex(where: { $0 == "<" || $0 == "{" }) {
      words += rest[..<mark]
      let isAngle = rest[mark] == "<"
      let isMark = isAngle ? isOpen.angle : isOpen.brace && rest[mark...].hasPrefix("{\\")
      let end = isMark ? rest[mark...].firstIndex(of: isAngle ? ">" : "}") : nil
      // What has no end once has none later.
      if isMark, end == nil { if isAngle { isOpen.angle = false } else { isOpen.brace = false } }
      if end == nil { words.append(rest[mark]) }
      rest = rest[rest.index(after: end ?? mark)...]
    }
    return (words + rest).trimmingCharacters(in: .whitespaces)
  }
}
