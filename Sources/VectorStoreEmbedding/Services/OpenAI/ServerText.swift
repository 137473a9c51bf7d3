// Makes text of a server fit to be shown: one short line without keys. Used for messages, codes and
// request names in errors and logs, by ErrorClassifier and OpenAIService.

import Foundation

/// Text of a server as it may be shown.
struct ServerText: Sendable {
  /// The key that was sent, which no text may hold.
  let key: APIKey?

  /// The text in one line of at most 300 characters, without the key, without anything that looks like
  /// one of OpenAI's (`sk-…`), and without words that are masked by asterisks, as servers echo keys.
  func line(_ text: String) -> String {
    var line = withoutKey(text)
    line = line.split(whereSeparator: { $0.isWhitespace || $0.unicodeScalars.allSatisfy(isControl) }
    )
    .map { word in Self.isKey(word) ? Self.mark : String(word) }.joined(separator: " ")
    return line.count > 300 ? line.prefix(300) + "…" : line
  }

  /// A code or a name that a server gave, or nil where it is not one: visible ASCII, at most 128
  /// characters, no key.
  func name(_ text: String?) -> String? {
    guard let text, !text.isEmpty, text.utf8.count <= 128,
      text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }), line(text) == text
    else { return nil }
    return text
  }

  private static let mark = "[key]"

  private func withoutKey(_ text: String) -> String {
    guard let secret = key?.secret, !secret.isEmpty else { return text }
    // By bytes: in characters, an accent behind a key would hide its last letter.
    let bytes = Array(text.utf8).replacing(Array(secret.utf8), with: Array(Self.mark.utf8))
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Whether a word holds what looks like a key: `sk-` at the start of a run of letters, or three
  /// asterisks.
  private static func isKey(_ word: Substring) -> Bool {
    if word.contains("***") { return true }
    var before: Character?
    var rest = word
    while let first = rest.first {
      if rest.hasPrefix("sk-"), rest.count > 3, before?.isLetter != true, before?.isNumber != true {
        return true
      }
      before = first
      rest = rest.dropFirst()
    }
    return false
  }

  private func isControl(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.generalCategory == .control
  }
}
