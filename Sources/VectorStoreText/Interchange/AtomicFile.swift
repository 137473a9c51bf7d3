// A file that appears whole or not at all.

import Foundation

/// A file written beside its place under another name, and moved there when it is complete.
///
/// Until ``commit()`` the path holds what it held before; without it the temporary file is removed
/// when the value goes. A process killed in between leaves `.NAME.….partial` behind.
package final class AtomicFile {
  /// The path as it was given: for messages.
  package let path: String
  private let destination: String
  private let temporary: String
  private var descriptor: Int32

  /// Creates the temporary file beside `path`.
  ///
  /// A symbolic link is followed, so that the link stays; a file that is replaced hands its
  /// permissions on. A new one is for this user only, since it may hold people's texts.
  ///
  /// - Throws: ``InterchangeError/Code/cannotWrite``, also where `path` is there and is no regular
  ///   file: a device, a pipe or a link to nothing cannot be replaced by renaming.
  package init(path: String) throws(InterchangeError) {
    self.path = path
    var status = stat()
    let exists = stat(path, &status) == 0
    var link = stat()
    let isLinkToNothing = !exists && lstat(path, &link) == 0
    if isLinkToNothing || exists && status.st_mode & S_IFMT != S_IFREG {
      throw InterchangeError(
        .cannotWrite, file: path,
        found: isLinkToNothing ? "a link to nothing" : "something that is not a regular file",
        expected: "a new path or a file to replace", advice: "choose another path")
    }
    destination = exists ? Self.resolved(path) : path
    let place = URL(filePath: destination)
    let suffix = String(UInt64.random(in: .min ... .max), radix: 36)
    temporary =
      place.deletingLastPathComponent()
      .appending(path: ".\(place.lastPathComponent).\(suffix).partial").path
    descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw failure(errno) }
    _ = fchmod(descriptor, exists ? status.st_mode & 0o777 : 0o600)
  }

  deinit {
    discard()
  }

  /// Appends bytes.
  ///
  /// - Throws: ``InterchangeError/Code/cannotWrite``; the temporary file is removed then.
  package func write(_ bytes: UnsafeRawBufferPointer) throws(InterchangeError) {
    var rest = bytes
    while !rest.isEmpty {
      let count = Foundation.write(descriptor, rest.baseAddress, rest.count)
      if count >= 0 {
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      } else if errno != EINTR {
        throw discarding(errno)
      }
    }
  }

  /// Makes the file durable and moves it to its place.
  ///
  /// Nothing can be written afterwards.
  ///
  /// - Throws: ``InterchangeError/Code/cannotWrite``; the temporary file is removed then.
  package func commit() throws(InterchangeError) {
    guard fsync(descriptor) == 0 else { throw discarding(errno) }
    let closed = close(descriptor)
    descriptor = -1
    guard closed == 0, rename(temporary, destination) == 0 else {
      let code = errno
      _ = unlink(temporary)
      throw failure(code)
    }
    syncFolder()
  }

  /// Removes the temporary file; the path keeps what it held.
  package func discard() {
    guard descriptor >= 0 else { return }
    _ = close(descriptor)
    descriptor = -1
    _ = unlink(temporary)
  }

  /// The new name is durable only when the folder is; some file systems cannot say, so a failure is
  /// no error.
  private func syncFolder() {
    let folder = open(URL(filePath: destination).deletingLastPathComponent().path, O_RDONLY)
    guard folder >= 0 else { return }
    _ = fsync(folder)
    _ = close(folder)
  }

  private func discarding(_ code: Int32) -> InterchangeError {
    discard()
    return failure(code)
  }

  private func failure(_ code: Int32) -> InterchangeError {
    InterchangeError(
      .cannotWrite, file: path, found: systemError(code), expected: "room to write",
      advice: "check that its folder is there, can be written, and has space")
  }

  private static func resolved(_ path: String) -> String {
    guard let target = realpath(path, nil) else { return path }
    defer { free(target) }
    return String(cString: target)
  }
}
