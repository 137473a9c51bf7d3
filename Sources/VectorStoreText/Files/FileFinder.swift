// A path and globs as a user typed them → the files to add, one by one.

/// Finds the files of one path in a fixed order, and says what it could not take.
///
/// ```swift
/// for finding in try FileFinder(path: "docs", globs: ["*.md"], identity: identity) {
///   switch finding {
///   case .file(let file): try add(file)
///   case .problem(let problem): report(problem)
///   case .link: break
///   }
/// }
/// ```
///
/// A path that is a file is always taken. A folder is walked: `.gitignore` is honoured, in a
/// repository and outside, hidden names are skipped, links in it are followed only if that is asked for,
/// and pipes, sockets and devices are never opened. The files of a folder come in byte order of their
/// paths. Naming a folder that is ignored or hidden takes what is in it.
///
/// The walk reads one folder at a time and holds the names of those it is in.
///
/// It opens no file that it yields: whether one can be read is known when it is.
package struct FileFinder: Sendable {
  /// The path as it was typed.
  let typed: String
  /// Where it is: absolute, in one spelling.
  let path: String
  let filter: GlobFilter
  let identity: SourceIdentity
  let followsLinks: Bool

  /// Prepares to find files; nothing is read until iteration.
  ///
  /// - Parameters:
  ///   - path: a file or a folder as typed.
  ///   - globs: patterns for what is found in folders. A file is taken if any fits, or if there is
  ///     none that takes; one that begins with `!` excludes. One without a slash means a name at any
  ///     depth, one with a slash a path from the folder given, one with a slash at its end all that
  ///     lies in such folders.
  ///   - followsLinks: whether symbolic links in folders are followed.
  ///   - identity: what files are called, and where relative paths begin.
  /// - Throws: ``InvalidGlobError``.
  package init(
    path: String, globs: [String] = [], followsLinks: Bool = false, identity: SourceIdentity
  ) throws {
    self.followsLinks = followsLinks
    typed = path
    self.path = path.isEmpty ? "" : identity.absolute(path)
    filter = try GlobFilter(globs)
    self.identity = identity
  }
}

/// A file to add.
package struct FoundFile: Sendable, Hashable {
  /// How to open it: absolute.
  package let path: String
  /// What its document is called (``SourceIdentity``).
  package let source: String
  /// Whether the file itself was named, and not a folder that it is in.
  package let isNamed: Bool

  /// Names a file that is known, without a walk.
  package init(path: String, source: String, isNamed: Bool = false) {
    self.path = path
    self.source = source
    self.isNamed = isNamed
  }
}

extension FileFinder {
  /// The folders that the walk enters, and a file's own folder for that file alone: where new files would come.
  package func watchedPlaces() -> [FolderWatch.Place] {
    var walk = FileWalk(self, recordsFolders: true)
    while let finding = walk.next() {
      guard case .file(let file) = finding, file.isNamed else { continue }
      let parts = file.path.split(separator: "/")
      let folder = "/" + parts.dropLast().joined(separator: "/")
      return [FolderWatch.Place(folder: folder, names: [String(parts.last ?? "")])]
    }
    return walk.folders.map { FolderWatch.Place(folder: $0) }
  }
}

extension FileFinder: Sequence {
  /// What the walk comes upon.
  package enum Finding: Sendable, Hashable {
    /// A file to add.
    case file(FoundFile)
    /// A symbolic link, which is not followed.
    case link(String)
    /// A path that could not be taken; the walk goes on after it.
    case problem(FileProblem)
  }

  package func makeIterator() -> FileWalk {
    FileWalk(self)
  }
}

/// Chooses files by patterns as a user typed them.
///
/// A file is taken where any pattern stands for it, or where none is given that takes, and no
/// pattern that begins with `!` stands for it. A pattern without a slash means a name at any depth,
/// one with a slash a path from the folder given, one with a slash at its end all that lies in such
/// folders. One that excludes means what lies in a folder as well as the folder itself.
package struct GlobFilter: Sendable {
  private var taking: [GlobPattern] = []
  private var excluding: [GlobPattern] = []
  private var excludingFolders: [GlobPattern] = []

  /// - Throws: ``InvalidGlobError`` for an empty pattern and one that is broken off.
  package init(_ patterns: [String]) throws {
    for pattern in patterns.flatMap(Self.alternatives) {
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

  /// Whether a file is taken that lies at a path from the folder given, its folders looked at too.
  package func takes(_ path: String) -> Bool {
    let bytes = Array(path.utf8)
    let isLeftOut = bytes.indices.contains {
      bytes[$0] == GlobPattern.slash && !takesFolder(bytes[..<$0])
    }
    return !isLeftOut && takesFile(bytes[...])
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

extension GlobFilter {
  /// A pattern with `{a,b}` as one pattern for each of them, also within each other.
  ///
  /// A brace after a backslash, or without its like, stands for itself.
  static func alternatives(of pattern: String) -> [String] {
    let bytes = Array(pattern.utf8)
    var (depth, start, cuts) = (0, 0, [Int]())
    var index = 0
    while index < bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "\\"): index += 1
      case UInt8(ascii: "{"):
        if depth == 0 { (start, cuts) = (index, [index]) }
        depth += 1
      case UInt8(ascii: ",") where depth == 1: cuts.append(index)
      case UInt8(ascii: "}") where depth == 1 && cuts.count > 1:
        let parts = zip(cuts, cuts.dropFirst() + [index]).map { bytes[($0 + 1)..<$1] }
        return parts.flatMap { part in
          alternatives(
            of: String(decoding: bytes[..<start] + part + bytes[(index + 1)...], as: UTF8.self))
        }
      case UInt8(ascii: "}"): depth = max(0, depth - 1)
      default: break
      }
      index += 1
    }
    return [pattern]
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
