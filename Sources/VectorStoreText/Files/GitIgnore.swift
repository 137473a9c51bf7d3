// The ignore files that hold at one place of a walk, and the rules of one, by gitignore(5).

internal import Foundation

/// The rules of one ignore file.
///
/// It judges one path at a time. The walk never enters an ignored folder, so `!` rules below it have no
/// effect.
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

  /// Takes the rules out of a file's bytes, which need not be UTF-8. ``IgnoreStack`` reads the file.
  package init(_ contents: some Collection<UInt8>) {
    var contents = contents[...]
    if contents.starts(with: [0xEF, 0xBB, 0xBF]) { contents = contents.dropFirst(3) }
    rules = contents.split(separator: UInt8(ascii: "\n")).compactMap { Self.rule(Array($0)[...]) }
  }

  /// Takes the rules out of a file's text.
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
  /// Ignore files that could not be read. Their rules do not apply, so more files are added than the user
  /// wanted; the report names them.
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
      let folder = gitFolder(ofRepository: path)
      // The user's own rules come first: those of the repository may take them back.
      let own = GitConfiguration.excludesFile(repository: folder)
        .flatMap { read($0, followsLink: true) }
      scopes.append(Scope(rules: own ?? GitIgnore([]), start: start, isRepositoryRoot: true))
      if let rules = read(folder + "/info/exclude", followsLink: true) {
        scopes.append(Scope(rules: rules, start: start, isRepositoryRoot: false))
      }
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

  /// Where a repository keeps `config` and `info/exclude`.
  ///
  /// In a worktree or a submodule `.git` is a file that names the folder (gitrepository-layout(5)),
  /// which may name one that several share.
  private mutating func gitFolder(ofRepository path: String) -> String {
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
    return folder
  }
}

enum GitConfiguration {
  /// The most bytes of a configuration file.
  private static let maximumBytes = 1 << 20

  /// The file of `core.excludesFile`, as git finds it: by the repository's configuration, else the user's,
  /// else `git/ignore` in the user's folder of configurations. It need not be there.
  ///
  /// - Parameter repository: the folder that holds the repository's `config`.
  static func excludesFile(repository: String) -> String? {
    value(in: repository + "/config") ?? user
  }

  private static let user: String? = {
    let environment = ProcessInfo.processInfo.environment
    let home = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 }
    let folder =
      environment["XDG_CONFIG_HOME"].flatMap { $0.isEmpty ? nil : $0 }
      ?? home.map { $0 + "/.config" }
    return home.flatMap { value(in: $0 + "/.gitconfig") }
      ?? folder.flatMap { value(in: $0 + "/git/config") } ?? folder.map { $0 + "/git/ignore" }
  }()

  /// `excludesFile` of the section `core`; of several the last.
  private static func value(in path: String) -> String? {
    guard let bytes = try? WholeFile.read(path, limit: maximumBytes) else { return nil }
    var isCore = false
    var found: String?
    for line in String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline) {
      let line = line.trimmingCharacters(in: .whitespaces)
      if line.hasPrefix("[") {
        isCore = line.lowercased().hasPrefix("[core]")
        continue
      }
      let parts = line.split(separator: "=", maxSplits: 1).map {
        $0.trimmingCharacters(in: .whitespaces)
      }
      guard isCore, parts.count == 2, parts[0].lowercased() == "excludesfile" else { continue }
      found = parts[1].trimmingCharacters(in: CharacterSet(charactersIn: "\""))
    }
    guard let found, !found.isEmpty else { return nil }
    guard found.hasPrefix("~/") else { return found }
    return (ProcessInfo.processInfo.environment["HOME"] ?? "") + found.dropFirst(1)
  }
}
