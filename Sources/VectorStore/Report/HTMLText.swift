// Texts as they may stand in a page: documents say anything, and none of it may become markup. Used by
// everything in Report/; calls nothing.

enum HTMLText {
  /// A text for between tags and inside quoted attributes: markup characters escaped, control characters
  /// and code points that HTML forbids shown as U+FFFD, line breaks and tabs as spaces.
  static func escaped(_ text: some StringProtocol) -> String {
    var result = ""
    result.reserveCapacity(text.utf8.count + 16)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case "\n", "\t", "\r": result += " "
      default:
        let isForbidden =
          scalar.properties.generalCategory == .control
          || scalar.properties.isNoncharacterCodePoint
        result.unicodeScalars.append(isForbidden ? "\u{FFFD}" : scalar)
      }
    }
    return result
  }

  /// A text of a document: escaped, and of its own direction, so that right-to-left text and unclosed
  /// marks of direction end with it.
  static func isolated(_ text: some StringProtocol) -> String {
    "<bdi>\(escaped(text))</bdi>"
  }

  /// Where a chunk stands and how it begins, in one line, as `notes.md:12  The walrus…`.
  static func place(_ chunk: StatisticsReport.Chunk) -> String {
    chunk.source + (chunk.line.map { ":\($0)" } ?? "")
  }
}
