// What a document is called: its first heading, else its file's name in words.

/// Finds the title of a document that names none itself.
package enum DocumentTitle {
  /// How far a heading is looked for, in lines.
  private static let linesSearched = 200

  /// The first heading of a Markdown text.
  ///
  /// - Complexity: O(length of the first lines).
  package static func heading(of text: String, format: DocumentFormat) -> String? {
    guard format == .markdown else { return nil }
    var isInFence = false
    for line in text.split(maxSplits: linesSearched, whereSeparator: \.isNewline).prefix(
      linesSearched)
    {
      if line.hasPrefix("```") || line.hasPrefix("~~~") { isInFence.toggle() }
      let marks = line.prefix { $0 == "#" }.count
      guard !isInFence, (1...6).contains(marks), line.dropFirst(marks).first == " " else {
        continue
      }
      let title = line.trimming { $0 == "#" || $0.isWhitespace }
      if !title.isEmpty { return title }
    }
    return nil
  }

  /// The name of a file without its ending, in words: `pay-rise_2025.md` is `pay rise 2025`.
  package static func words(ofFile source: String) -> String? {
    let name = source.split(separator: "/").last ?? ""
    let stem =
      name.lastIndex(of: ".").map { $0 > name.startIndex ? name[..<$0] : name[...] } ?? name[...]
    let words = stem.split { $0 == "-" || $0 == "_" || $0.isWhitespace }.joined(separator: " ")
    return words.isEmpty ? nil : words
  }
}

extension Substring {
  /// Without the characters at both ends that are to go.
  fileprivate func trimming(_ isTrimmed: (Character) -> Bool) -> String {
    let rest = drop(while: isTrimmed)
    return String(rest.lastIndex { !isTrimmed($0) }.map { rest[...$0] } ?? "")
  }
}
