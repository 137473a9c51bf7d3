// Where the store is looked for that nobody names: in the working folder, then in each folder above, as git looks
// for a repository.

import Foundation

/// The search for a store by its usual name.
struct StoreSearch {
  /// The usual name.
  static let name = "store.db"

  /// The folders that are looked at, the working folder first.
  let folders: [String]
  /// The path of the nearest store from the working folder; nil if there is none.
  let found: String?

  /// Looks for a store.
  ///
  /// A store above that belongs to somebody else is passed by: in a folder that all may write to, anybody can
  /// put one.
  ///
  /// - Parameter folder: the working folder.
  init(from folder: String) {
    var (folders, found): ([String], String?) = ([], nil)
    var (current, prefix) = (URL(filePath: folder).standardizedFileURL.path, "")
    while true {
      folders.append(current)
      var status = stat()
      if stat(current + "/" + Self.name, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
        prefix.isEmpty || status.st_uid == geteuid()
      {
        found = prefix + Self.name
        break
      }
      let parent = URL(filePath: current).deletingLastPathComponent().path
      guard parent != current, current != "/" else { break }
      (current, prefix) = (parent, prefix + "../")
    }
    self.folders = folders
    self.found = found
  }
}
