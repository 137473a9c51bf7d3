// Which ids of texts lie in a folder of that name.

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
