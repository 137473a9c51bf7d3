// What of git's configuration says which files are left out.

internal import Foundation

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
