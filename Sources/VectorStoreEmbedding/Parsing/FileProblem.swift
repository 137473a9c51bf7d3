// What stands in the way of a file or folder. FileFinder yields it among the files; the commands
// report it and go on.

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
    case .notFileOrFolder: "not a file or folder; pipes can be read with --stdin"
    case .nameNotUTF8: "the name is not UTF-8; rename it"
    case .unreadable(let message): message
    }
  }
}

extension FileProblem: CustomStringConvertible {
  package var description: String { "\(path): \(reason)" }
}
