// What lies at a path, and what stands in the way of a file or folder.

internal import Foundation

/// A path that could not be taken, and why.
package struct FileProblem: Error, Sendable, Hashable {
  /// Why a path could not be taken.
  package enum Reason: Error, Sendable, Hashable {
    /// Nothing is there.
    case missing
    /// The system does not allow it.
    case permissionDenied
    /// It is a pipe, a socket or a device.
    case notFileOrFolder
    /// It is a folder, a pipe, a socket or a device where a file is wanted.
    case notFile
    /// It is called a file, but reading it would wait for something to happen.
    case wouldWait
    /// It has more bytes than are read.
    case tooLarge(limit: Int)
    /// A name that is not UTF-8, so that no source can be made of it.
    case nameNotUTF8
    /// Anything else, in the system's words.
    case unreadable(String)
  }

  /// The path, with U+FFFD for what is not UTF-8.
  package let path: String
  /// Why it could not be taken.
  package let reason: Reason
}

extension FileProblem.Reason {
  /// The reason for an error of the system.
  init(errno code: Int32) {
    switch code {
    case ENOENT: self = .missing
    case EACCES, EPERM: self = .permissionDenied
    default: self = .unreadable(String(cString: strerror(code)))
    }
  }
}

extension FileProblem.Reason: CustomStringConvertible {
  package var description: String {
    switch self {
    case .missing: "no such file or folder"
    case .permissionDenied: "permission denied"
    case .notFileOrFolder:
      "not a file or folder, but a pipe or a device; give what it holds as a text"
    case .notFile: "not a file, but a folder, a pipe or a device"
    case .wouldWait: "not a plain file: reading it would wait for something to happen"
    case .tooLarge(let limit): "larger than \(limit) bytes, the most that is read"
    case .nameNotUTF8: "the name is not UTF-8; rename it"
    case .unreadable(let message): message
    }
  }
}

extension FileProblem: CustomStringConvertible {
  package var description: String { "\(path): \(reason)" }
}

/// What a path is, as far as a walk asks.
enum FileKind: Equatable {
  case file
  case folder
  /// A symbolic link in a folder that is listed.
  case link
  /// A socket, a pipe or a device: never opened.
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
    case Int(DT_LNK): self = .link
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
