// The --glob patterns of one command, as one question. FileFinder asks it of what it finds in
// folders; calls GlobPattern.

/// Chooses files by patterns as a user typed them.
///
/// A file is taken where any pattern stands for it, or where none is given that takes, and no
/// pattern that begins with `!` stands for it. A pattern without a slash means a name at any depth,
/// one with a slash a path from the folder given, one with a slash at its end all that lies in such
/// folders. One that excludes means what lies in a folder as well as the folder itself.
struct GlobFilter: Sendable {
  private var taking: [GlobPattern] = []
  private var excluding: [GlobPattern] = []
  private var excludingFolders: [GlobPattern] = []

  /// - Throws: ``InvalidGlobError`` for an empty pattern and one that is broken off.
  init(_ patterns: [String]) throws {
    for pattern in patterns {
      let excludes = pattern.hasPrefix("!")
      var text = Array(pattern.utf8.dropFirst(excludes ? 1 : 0))
      let meansFolder = text.last == GlobPattern.slash
      if meansFolder { text.removeLast() }
      let isAnchored = text.contains(GlobPattern.slash)
      if text.starts(with: "./".utf8) { text.removeFirst(2) }
      if text.first == GlobPattern.slash { text.removeFirst() }
      guard !text.isEmpty else { throw InvalidGlobError(pattern: pattern) }
      if !isAnchored { text = Array("**/".utf8) + text }
      guard let itself = GlobPattern(text, unit: .scalar),
        let contents = GlobPattern(text + Array("/**".utf8), unit: .scalar)
      else { throw InvalidGlobError(pattern: pattern) }
      if excludes {
        excluding += meansFolder ? [] : [itself]
        excludingFolders.append(itself)
      } else {
        taking.append(meansFolder ? contents : itself)
      }
    }
  }

  /// Whether a file is taken; `path` is relative to the folder given.
  ///
  /// A file in an excluded folder is not asked about, since the walk does not go there.
  func takesFile(_ path: ArraySlice<UInt8>) -> Bool {
    (taking.isEmpty || taking.contains { $0.matches(path) })
      && !excluding.contains { $0.matches(path) }
  }

  /// Whether a folder is worth walking; `path` is relative to the folder given.
  func takesFolder(_ path: ArraySlice<UInt8>) -> Bool {
    !excludingFolders.contains { $0.matches(path) }
  }
}

/// A pattern that a user typed and that can stand for nothing.
package struct InvalidGlobError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The pattern as it was typed.
  package let pattern: String

  package var description: String {
    "glob \"\(pattern)\" can fit nothing: it is empty, or a \"[\" or \"\\\" in it is left open"
  }
}
