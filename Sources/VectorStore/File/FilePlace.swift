// What lies at a path, looked at without following a link; which file that is; the names of a store and of the
// files beside it.

import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What lies at a path.
enum FilePlace: Equatable {
  case nothing
  case file(bytes: Int64)
  /// Where the link points, as it is written.
  case link(to: String)
  /// "a folder", "a device", "a pipe", "a socket".
  case other(String)

  /// Looks, and follows no link at the end of the path.
  ///
  /// - Throws: ``StoreError/Code/cannotOpen`` where the path cannot be looked up.
  init(_ path: String) throws {
    var status = stat()
    guard lstat(path, &status) == 0 else {
      let code = errno
      guard code == ENOENT || code == ENOTDIR else {
        throw StoreError(
          .cannotOpen,
          "\(path) cannot be looked up: \(String(cString: strerror(code))); check the path and its "
            + "folder")
      }
      self = .nothing
      return
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG: self = .file(bytes: Int64(status.st_size))
    case S_IFLNK:
      let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path)
      self = .link(to: target ?? "somewhere")
    case S_IFDIR: self = .other("a folder")
    case S_IFIFO: self = .other("a pipe")
    case S_IFSOCK: self = .other("a socket")
    default: self = .other("a device")
    }
  }

  /// What it is, for a message, where it is neither nothing nor a file.
  var obstacle: String? {
    switch self {
    case .nothing, .file: nil
    case .link(let target): "a link to \(target)"
    case .other(let name): name
    }
  }
}

/// Which file it is, whatever it is called.
struct FileIdentity: Hashable, Sendable {
  private let device: UInt64
  private let inode: UInt64

  /// The file at a path, through links; nil where there is none.
  init?(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    device = UInt64(truncatingIfNeeded: status.st_dev)
    inode = UInt64(truncatingIfNeeded: status.st_ino)
  }
}

/// The names of a store's files.
enum StorePath {
  /// What is added to a store's name: SQLite's own files, then those of this program.
  static let sides = ["-wal", "-shm", "-journal", "-lock", "-runs", "-new"]
  /// The files that SQLite has beside a database.
  static let sqliteSides = ["-wal", "-shm", "-journal"]

  /// The path of the file itself: through a link, so that what lies beside the file has one name only, and
  /// never one of the names that SQLite takes for something else than a file.
  ///
  /// - Throws: ``StoreError`` with `empty`; `storeNotFound` for a link to nothing; `notAStore` for
  ///   anything but a file or nothing.
  static func resolved(_ given: String) throws -> String {
    guard !given.isEmpty else {
      throw StoreError(.empty, "the store's path is empty; name a file")
    }
    let isSpecial = given.hasPrefix(":") || given.hasPrefix("file:")
    var path = isSpecial ? "./" + given : given
    var place = try FilePlace(path)
    if case .link(let target) = place {
      guard let real = realpath(path, nil) else {
        throw StoreError(
          .storeNotFound,
          "there is no store at \(path): it is a link to \(target), and nothing can be found there; "
            + "remove the link, or name another file")
      }
      defer { free(real) }
      path = String(cString: real)
      place = try FilePlace(path)
    }
    if let obstacle = place.obstacle {
      throw StoreError(.notAStore, "\(path) is \(obstacle), not a store; name a file")
    }
    return path
  }
}
