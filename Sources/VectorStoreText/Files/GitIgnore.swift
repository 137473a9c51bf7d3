// The rules of one .gitignore file, as gitignore(5) documents them. IgnoreStack, which knows the
// files of all folders around, makes and asks it; calls GlobPattern.

/// The rules of one ignore file.
///
/// It judges a path by itself alone: that nothing can be included again below an ignored folder is
/// for the walk to heed, by not going there.
package struct GitIgnore: Sendable {
  /// What a file's rules say of a path.
  package enum Verdict: Sendable, Equatable {
    /// The last rule that fits says to leave it out.
    case ignored
    /// The last rule that fits begins with `!`.
    case included
  }

  private struct Rule {
    let pattern: GlobPattern
    let isNegated: Bool
    /// Whether the pattern ended in a slash, and so means folders only.
    let isForFolders: Bool
    /// Whether the pattern had no slash before its end, and so means a name at any depth.
    let isForNames: Bool
  }

  private let rules: [Rule]

  /// Reads the rules of a file from its bytes, which need not be UTF-8.
  package init(_ contents: some Collection<UInt8>) {
    var contents = contents[...]
    if contents.starts(with: [0xEF, 0xBB, 0xBF]) { contents = contents.dropFirst(3) }
    rules = contents.split(separator: UInt8(ascii: "\n")).compactMap { Self.rule(Array($0)[...]) }
  }

  /// Reads the rules of a file from its text.
  package init(_ contents: String) {
    self.init(Array(contents.utf8))
  }

  /// Whether no line is a rule.
  package var isEmpty: Bool { rules.isEmpty }

  /// What the rules say of a path, or nil where none fits.
  ///
  /// - Parameters:
  ///   - path: relative to the file's own folder, without a slash at either end.
  ///   - isFolder: whether it is a folder.
  package func verdict(for path: ArraySlice<UInt8>, isFolder: Bool) -> Verdict? {
    let lastSlash = path.lastIndex(of: GlobPattern.slash)
    let name = lastSlash.map { path[($0 + 1)...] } ?? path
    let last = rules.last { rule in
      (isFolder || !rule.isForFolders) && rule.pattern.matches(rule.isForNames ? name : path)
    }
    return last.map { $0.isNegated ? .included : .ignored }
  }

  /// What the rules say of a path, or nil where none fits.
  package func verdict(for path: String, isFolder: Bool) -> Verdict? {
    verdict(for: Array(path.utf8)[...], isFolder: isFolder)
  }

  /// The rule of one line, or nil for a comment, a blank line and a pattern that fits nothing.
  private static func rule(_ line: ArraySlice<UInt8>) -> Rule? {
    var line = line
    guard line.first != UInt8(ascii: "#") else { return nil }
    if line.last == UInt8(ascii: "\r") { line.removeLast() }
    line = withoutTrailingSpaces(line)
    let isNegated = line.first == UInt8(ascii: "!")
    if isNegated { line.removeFirst() }
    let isForFolders = line.last == GlobPattern.slash
    if isForFolders { line.removeLast() }
    let isForNames = !line.contains(GlobPattern.slash)
    if line.first == GlobPattern.slash { line.removeFirst() }
    guard !line.isEmpty, let pattern = GlobPattern(line, unit: .byte) else { return nil }
    return Rule(
      pattern: pattern, isNegated: isNegated, isForFolders: isForFolders, isForNames: isForNames)
  }

  /// `line` without the spaces at its end, except one that a backslash quotes.
  private static func withoutTrailingSpaces(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var end = line.startIndex
    var place = line.startIndex
    while place < line.endIndex {
      let isQuoting = line[place] == UInt8(ascii: "\\")
      place += isQuoting ? 2 : 1
      if isQuoting || line[place - 1] != UInt8(ascii: " ") { end = place }
    }
    return line[..<min(end, line.endIndex)]
  }
}
