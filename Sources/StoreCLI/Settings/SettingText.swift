// Texts out of files and the environment, made fit for messages. Used by SettingSources and
// SettingWarnings.

/// What may be shown of a text that somebody else wrote.
enum SettingText {
  /// What stands where a text is not shown.
  static let hidden = "(its text is not shown)"

  /// A text without control characters, shortened where it is long; nil where it holds a key, if
  /// only a dummy one.
  static func printable(_ text: String, hiding keys: [HiddenText]) -> String? {
    let isHidden = keys.contains { key in
      text == key.revealed || (key.revealed.utf8.count >= 8 && text.contains(key.revealed))
    }
    guard !isHidden, !holdsKey(text, keys) else { return nil }
    var shown = ""
    for scalar in text.unicodeScalars.prefix(200) {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator:
        shown += scalar.escaped(asASCII: true)
      default: shown.unicodeScalars.append(scalar)
      }
    }
    return text.unicodeScalars.count > 200 ? shown + "…" : shown
  }

  /// Whether a text holds one of the keys, or something made like a key of OpenAI's: a key is easily
  /// put into the wrong variable. Short dummy keys, which may be part of any text, do not count.
  static func holdsKey(_ text: String, _ keys: [HiddenText]) -> Bool {
    if keys.contains(where: { $0.revealed.utf8.count >= 16 && text.contains($0.revealed) }) {
      return true
    }
    return text.ranges(of: "sk-").contains { range in
      let isStart = text[..<range.lowerBound].last.map { !($0.isLetter || $0.isNumber) } ?? true
      let rest = text[range.upperBound...].prefix {
        $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_")
      }
      return isStart && rest.count >= 16
    }
  }
}
