// The ignore files that hold at one place of a walk: .gitignore of the folder and of those above
// it, up to the repository's root, and the repository's own exclude file. FileFinder enters and
// leaves folders; calls GitIgnore.

internal import Foundation

/// The ignore rules that hold in one folder, nearest last.
///
/// Paths are relative to the topmost folder whose rules count, in bytes, so that one growing and
/// shrinking buffer serves the whole walk.
struct IgnoreStack {
  private struct Scope {
    let rules: GitIgnore
    /// The length of the path to the rules' folder, its slash included.
    let start: Int
    /// Whether rules from outside stop here: a repository's do not reach into one inside it.
    let isRepositoryRoot: Bool
  }

  /// The most bytes of an ignore file: far more than any has.
  private static let maximumBytes = 4 << 20
  /// The most bytes of a file that holds one path.
  private static let maximumPointerBytes = 1 << 16

  private var scopes: [Scope] = []
  /// Ignore files that are there and could not be read: their rules do not hold, which is to be
  /// said, since more is taken than the user wished.
  private(set) var problems: [FileProblem] = []

  /// How many ignore files hold.
  var count: Int { scopes.count }

  /// Enters a folder.
  ///
  /// - Parameters:
  ///   - path: how to open the folder.
  ///   - start: the length of its path as the rules see it, its slash included.
  ///   - isRepository: whether `.git` is there.
  ///   - hasIgnoreFile: whether `.gitignore` is there.
  mutating func enter(_ path: String, start: Int, isRepository: Bool, hasIgnoreFile: Bool) {
    if isRepository {
      let rules = read(excludeFile(ofRepository: path), followsLink: true)
      scopes.append(Scope(rules: rules ?? GitIgnore([]), start: start, isRepositoryRoot: true))
    }
    if hasIgnoreFile, let rules = read(path + "/.gitignore", followsLink: false), !rules.isEmpty {
      scopes.append(Scope(rules: rules, start: start, isRepositoryRoot: false))
    }
  }

  /// Leaves folders until `count` ignore files hold.
  mutating func leave(to count: Int) {
    scopes.removeSubrange(count...)
  }

  /// Enters the folders above `folder` from the root of its repository down, without `folder`
  /// itself; none where it lies in no repository.
  ///
  /// - Returns: the path from the root to `folder` as the rules see it, with a slash at its end.
  mutating func enterAncestors(of folder: String) -> [UInt8] {
    guard let resolved = realpath(folder, nil) else { return [] }
    defer { free(resolved) }
    // Bytes for the rules, and `..` to open what is above: a folder there may have a name that is
    // not UTF-8.
    let parts = UnsafeRawBufferPointer(start: resolved, count: strlen(resolved))
      .split(separator: GlobPattern.slash).map { Array($0) }
    func ancestor(_ depth: Int) -> String {
      folder + String(repeating: "/..", count: parts.count - depth)
    }
    func kind(_ name: String, in folder: String) -> FileKind? {
      try? FileKind(path: folder + "/" + name, followsLink: false)
    }
    let depths = (0...parts.count).reversed()
    guard
      let root = depths.first(where: { (kind(".git", in: ancestor($0)) ?? .other) != .other })
    else { return [] }
    var path: [UInt8] = []
    for depth in root..<parts.count {
      enter(
        ancestor(depth), start: path.count, isRepository: depth == root,
        hasIgnoreFile: kind(".gitignore", in: ancestor(depth)) == .file)
      path += parts[depth] + [GlobPattern.slash]
    }
    return path
  }

  /// Takes the problems met since the last call.
  mutating func takeProblems() -> [FileProblem] {
    defer { problems = [] }
    return problems
  }

  /// Whether the rules leave a path out.
  ///
  /// The nearest file that says anything decides.
  func ignores(_ path: [UInt8], isFolder: Bool) -> Bool {
    for scope in scopes.reversed() {
      if let verdict = scope.rules.verdict(for: path[scope.start...], isFolder: isFolder) {
        return verdict == .ignored
      }
      if scope.isRepositoryRoot { return false }
    }
    return false
  }

  private mutating func read(_ path: String, followsLink: Bool) -> GitIgnore? {
    do {
      guard try FileKind(path: path, followsLink: followsLink) == .file else { return nil }
      return GitIgnore(
        try WholeFile.read(path, limit: Self.maximumBytes, followsLink: followsLink))
    } catch let reason as FileProblem.Reason where reason != .missing {
      problems.append(FileProblem(path: path, reason: reason))
    } catch {}
    return nil
  }

  /// Where a repository keeps `info/exclude`.
  ///
  /// In a worktree or a submodule `.git` is a file that names the folder (gitrepository-layout(5)),
  /// which may name one that several share.
  private mutating func excludeFile(ofRepository path: String) -> String {
    func line(_ file: String) -> String? {
      do {
        let bytes = try WholeFile.read(file, limit: Self.maximumPointerBytes)
        return String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .newlines)
      } catch let reason as FileProblem.Reason where reason != .missing {
        problems.append(FileProblem(path: file, reason: reason))
      } catch {}
      return nil
    }
    func resolve(_ target: String, in folder: String) -> String {
      target.hasPrefix("/") ? target : folder + "/" + target
    }
    var folder = path + "/.git"
    if (try? FileKind(path: folder, followsLink: false)) == .file,
      let pointer = line(folder), pointer.hasPrefix("gitdir: ")
    {
      folder = resolve(String(pointer.dropFirst("gitdir: ".count)), in: path)
      if let common = line(folder + "/commondir") { folder = resolve(common, in: folder) }
    }
    return folder + "/info/exclude"
  }
}
