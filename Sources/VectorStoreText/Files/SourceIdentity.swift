// What a file's document is called: one source a file, from whatever folder and however its path is typed.

internal import Foundation

/// Turns paths into sources and back.
///
/// The source of a file below the store's folder is its path from there, so that a folder can be moved with
/// its store. Any other file's is its absolute path. Neither has `.`, `..` or doubled slashes; the links in the
/// path of its folder are resolved, and names are in NFC, as some systems write the same name in two ways. A
/// file that is itself a link keeps its own name.
package struct SourceIdentity: Sendable, Hashable {
  /// The folder that holds the store: absolute, without links.
  package let storeFolder: String
  /// Where typed paths begin that are not absolute: absolute, without links.
  package let workingFolder: String

  /// Paths that the system takes have fewer bytes; longer ones are not looked up.
  private static let longestPath = 4096

  /// Looks both folders up.
  package init(storeFolder: String, workingFolder: String) {
    let working = Self.spelled(workingFolder, in: "/")
    self.workingFolder = working
    self.storeFolder = Self.spelled(storeFolder, in: working)
  }

  /// The path of what is, or would be, at a typed path: absolute, in one spelling. What is not there is spelled
  /// from the deepest of its folders that is.
  package func absolute(_ typed: String) -> String { Self.spelled(typed, in: workingFolder) }

  /// The source of the file at a path that ``absolute(_:)`` spelled, `.` for the store's folder.
  package func source(at path: String) -> String {
    let name = Self.relative(path, below: storeFolder) ?? path
    if name.isEmpty { return "." }
    return name.utf8.allSatisfy { $0 < 0x80 } ? name : name.precomposedStringWithCanonicalMapping
  }

  /// The source of the file that a path means.
  package func source(of typed: String) -> String { source(at: absolute(typed)) }

  /// The absolute path of a source.
  package func path(of source: String) -> String {
    let path = spelledOut(source)
    guard !path.utf8.allSatisfy({ $0 < 0x80 }), access(path, F_OK) != 0 else { return path }
    // The file system may have the name in parts.
    let decomposed = path.decomposedStringWithCanonicalMapping
    return access(decomposed, F_OK) == 0 ? decomposed : path
  }

  /// The rest of a source below a folder's, empty if it is the same; nil if it lies elsewhere.
  package func relative(_ source: String, below folder: String) -> String? {
    Self.relative(spelledOut(source), below: spelledOut(folder))
  }

  /// Whether the file of a source is the file, or lies in the folder, of another.
  package func lies(_ source: String, in folder: String) -> Bool {
    relative(source, below: folder) != nil
  }

  /// The absolute path of a source as it is stored: the file system may have the name in other letters.
  private func spelledOut(_ source: String) -> String {
    if source == "." { return storeFolder }
    return source.utf8.first == GlobPattern.slash ? source : Self.joined(storeFolder, source)
  }

  /// A path as a person in the working folder would write it: from there, or absolute if that is shorter.
  package func shown(_ path: String) -> String { Self.shown(path, from: workingFolder) }

  /// The path of a source as a person in the working folder would write it.
  package func shown(source: String) -> String {
    isKnown(source) ? shown(spelledOut(source)) : source
  }

  /// The absolute path of a source; nil for one below a folder that is not known.
  package func knownPath(of source: String) -> String? {
    isKnown(source) ? path(of: source) : nil
  }

  /// The folder of a store that has none: no file can be below it, so that all have absolute sources.
  package static let nowhere = "/dev/null"

  /// Whether the store's folder is known.
  package var hasFolder: Bool { storeFolder != Self.nowhere }

  private func isKnown(_ source: String) -> Bool {
    hasFolder || source.utf8.first == GlobPattern.slash
  }

  /// A path as a person in a folder would write it: from there, or absolute if that is shorter.
  package static func shown(_ path: String, from folder: String) -> String {
    let (parts, base) = (components(path), components(folder))
    let shared = zip(parts, base).prefix { $0.elementsEqual($1) }.count
    let steps =
      Array(repeating: "..", count: base.count - shared)
      + parts[shared...].map { String(decoding: $0, as: UTF8.self) }
    let relative = steps.isEmpty ? "." : steps.joined(separator: "/")
    return relative.utf8.count <= path.utf8.count ? relative : path
  }

  // MARK: - Spelling. By bytes: to Swift a slash and an accent after it are one character.

  private static func spelled(_ typed: String, in folder: String) -> String {
    let path = typed.utf8.first == GlobPattern.slash ? typed : joined(folder, typed)
    guard path.utf8.count < longestPath, !path.utf8.contains(0) else {
      return withoutSteps("/", components(path)[...])
    }
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, let real = real(path) {
      return real
    }
    // Not the last one, which may be a link: the document is called as the link is.
    let parts = components(path)
    for count in stride(from: max(0, parts.count - 1), through: 0, by: -1) {
      let above =
        "/" + parts[..<count].map { String(decoding: $0, as: UTF8.self) }.joined(separator: "/")
      if let real = real(above) { return withoutSteps(real, parts[count...]) }
    }
    return withoutSteps("/", parts[...])
  }

  /// A path without links, if something is there.
  package static func real(_ path: String) -> String? {
    guard let real = realpath(path, nil) else { return nil }
    defer { free(real) }
    return String(cString: real)
  }

  /// A folder and what follows it, `..` taken as one folder up.
  private static func withoutSteps(
    _ folder: String, _ rest: ArraySlice<Substring.UTF8View>
  ) -> String {
    var parts = components(folder)
    for part in rest {
      if part.elementsEqual("..".utf8) { _ = parts.popLast() } else { parts.append(part) }
    }
    return "/" + parts.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "/")
  }

  private static func components(_ path: String) -> [Substring.UTF8View] {
    path.utf8.split(separator: GlobPattern.slash).filter { !$0.elementsEqual(".".utf8) }
  }

  private static func joined(_ folder: String, _ name: String) -> String {
    folder.utf8.last == GlobPattern.slash ? folder + name : folder + "/" + name
  }

  /// The rest of a path below a folder, empty if it is the folder; nil if it lies elsewhere. Both are spelled
  /// in the one way.
  package static func relative(_ path: String, below folder: String) -> String? {
    let (path, folder) = (path.utf8, folder.utf8)
    guard path.starts(with: folder) else { return nil }
    let rest = path.dropFirst(folder.count)
    if rest.isEmpty { return "" }
    if folder.last == GlobPattern.slash { return String(decoding: rest, as: UTF8.self) }
    return rest.first == GlobPattern.slash
      ? String(decoding: rest.dropFirst(), as: UTF8.self) : nil
  }
}

/// Ids that are written like paths, as `docs/a` and `https://example.org/a`. Nothing is looked up.
package enum SourcePath {
  /// Whether an id lies in a folder and is not the folder itself, by whole components: `docs/a` lies below
  /// `docs`, `docs-old/a` does not. All relative ids lie below `.` but those that leave it by `..`.
  package static func liesBelow(_ folder: String, source: String) -> Bool {
    guard isAbsolute(source) == isAbsolute(folder) else { return false }
    let (parent, parts) = (components(folder), components(source))
    guard parts.count > parent.count, zip(parts, parent).allSatisfy({ $0.elementsEqual($1) }) else {
      return false
    }
    var depth = 0
    for part in parts[parent.count...] {
      depth += part.elementsEqual("..".utf8) ? -1 : 1
      if depth < 0 { return false }
    }
    return true
  }

  private static func isAbsolute(_ path: String) -> Bool { path.utf8.first == GlobPattern.slash }

  private static func components(_ path: String) -> [Substring.UTF8View] {
    path.utf8.split(separator: GlobPattern.slash).filter { !$0.elementsEqual(".".utf8) }
  }
}
