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
        let words = line.replacing(/<[^>]*>|\{\\[^}]*\}/, with: "")
          .trimmingCharacters(in: .whitespaces)
        // Live captions say each line twice.
        guard !words.isEmpty, words != previous else { continue }
        previous = words
        whole += (time.map { "[\($0)] " } ?? "") + words + "\n"
        time = nil
      }
    }
    guard !whole.isEmpty else { throw DocumentParserError.noText("it holds no subtitle") }
    return ParsedDocument(text: whole, format: .text)
  }

  /// When a cue begins, if a line is one's times: `00:01:02,500 --> 00:01:04,000` begins at 0:01:02.
  private static func start(_ line: Substring) -> String? {
    guard let match = line.prefixMatch(of: /\s*(?:(\d+):)?(\d\d):(\d\d)[,.]\d+\s*-->/) else {
      return nil
    }
    return "\(Int(match.1 ?? "0") ?? 0):\(match.2):\(match.3)"
  }
}
