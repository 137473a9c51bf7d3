// What lies at a path. FolderListing, IgnoreStack and FileWalk ask before anything is opened.

internal import Foundation

/// What a path is, as far as a walk asks.
enum FileKind: Equatable {
  case file
  case folder
  /// A link, a socket, a pipe or a device: never opened.
  case other

  /// Looks at `path`, and at what a symbolic link points to if `followsLink`.
  ///
  /// - Throws: ``FileProblem/Reason``.
  init(path: String, followsLink: Bool) throws {
    var status = stat()
    guard (followsLink ? stat(path, &status) : lstat(path, &status)) == 0 else {
      throw FileProblem.Reason(errno: errno)
    }
    self.init(mode: status.st_mode)
  }

  /// Reads the kind of a folder's entry, asking the file where the file system does not say.
  init(_ type: UInt8, name: UnsafePointer<CChar>, in folder: Int32) {
    switch Int(type) {
    case Int(DT_REG): self = .file
    case Int(DT_DIR): self = .folder
    case Int(DT_UNKNOWN):
      var status = stat()
      let found = fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0
      self = found ? FileKind(mode: status.st_mode) : .other
    default: self = .other
    }
  }

  private init(mode: mode_t) {
    switch mode & S_IFMT {
    case S_IFREG: self = .file
    case S_IFDIR: self = .folder
    default: self = .other
    }
  }
}
