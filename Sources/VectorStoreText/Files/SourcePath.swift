// How a file's path becomes its document's source, and which sources lie under a path.

/// The rules of sources: paths as users give them, in one spelling.
///
/// Only the spelling is made one: nothing is looked up, so `..` stays and a symbolic link is its own
/// path. Paths are compared by their bytes, never by Swift's `String` equality, which takes two
/// file names for one where they differ in composition only (`é`, `e` and an accent).
package enum SourcePath {
  /// Spells a path in the one way: without doubled slashes, `.` components and a slash at the end.
  ///
  /// `./docs//a.md` is `docs/a.md`; the working folder is `.`, the root `/`.
  package static func normalized(_ path: String) -> String {
    let parts = components(path)
    let text = parts.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "/")
    if isAbsolute(path) { return "/" + text }
    return parts.isEmpty ? "." : text
  }

  /// Whether `source` is `root` or lies in it, by whole components: `docs/a.md` lies under `docs`,
  /// `docs-old/a.md` does not.
  ///
  /// All relative sources lie under `.` but those that leave it by `..`.
  package static func liesUnder(_ root: String, source: String) -> Bool {
    relative(source, to: root) != nil
  }

  /// Whether `source` lies in `root` and is not `root` itself.
  package static func liesBelow(_ root: String, source: String) -> Bool {
    relative(source, to: root)?.isEmpty == false
  }

  /// The components of `source` below `root`, none where they are the same; nil where it does not
  /// lie there.
  static func relative(_ source: String, to root: String) -> [Substring.UTF8View]? {
    guard isAbsolute(source) == isAbsolute(root) else { return nil }
    let rootParts = components(root)
    let parts = components(source)
    guard parts.count >= rootParts.count,
      zip(parts, rootParts).allSatisfy({ $0.elementsEqual($1) })
    else { return nil }
    let rest = Array(parts[rootParts.count...])
    var depth = 0
    for part in rest {
      depth += part.elementsEqual("..".utf8) ? -1 : 1
      if depth < 0 { return nil }
    }
    return rest
  }

  private static func isAbsolute(_ path: String) -> Bool { path.utf8.first == GlobPattern.slash }

  private static func components(_ path: String) -> [Substring.UTF8View] {
    path.utf8.split(separator: GlobPattern.slash).filter { !$0.elementsEqual(".".utf8) }
  }
}
