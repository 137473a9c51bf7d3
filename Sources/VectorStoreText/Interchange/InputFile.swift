// A file open for reading: system calls with their interruptions and errors.

import Foundation

/// A file open for reading, closed when the last reference goes.
///
/// All state is constant, so several threads may call ``read(into:at:)`` at once.
package final class InputFile: Sendable {
  /// The path as it was given, or `standard input`: for messages.
  package let name: String
  private let descriptor: Int32
  private let closesAtEnd: Bool

  /// Opens the file at `path`.
  ///
  /// - Throws: ``InterchangeError/Code/cannotOpen``.
  package init(path: String) throws(InterchangeError) {
    name = path
    closesAtEnd = true
    func problem(_ found: String) -> InterchangeError {
      InterchangeError(
        .cannotOpen, file: path, found: found, expected: "a file that can be read",
        advice: "check the path and its permissions")
    }
    var status = stat()
    guard stat(path, &status) == 0 else { throw problem(systemError(errno)) }
    // A pipe has an end. Of devices only a terminal has one.
    guard [S_IFREG, S_IFIFO, S_IFCHR].contains(status.st_mode & S_IFMT) else {
      throw problem("a folder or a device")
    }
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
    guard descriptor >= 0 else { throw problem(systemError(errno)) }
    guard status.st_mode & S_IFMT != S_IFCHR || isatty(descriptor) == 1 else {
      // Closed by deinit, which runs from here on.
      throw problem("a device")
    }
  }

  /// Reads from a descriptor that somebody else opened and will close, such as standard input's 0.
  package init(descriptor: Int32, name: String) {
    self.descriptor = descriptor
    self.name = name
    closesAtEnd = false
  }

  deinit {
    if closesAtEnd { _ = close(descriptor) }
  }

  /// The size in bytes, or nil where it is no regular file.
  package func regularSize() -> Int? {
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return Int(status.st_size)
  }

  /// Reads the next bytes, as many as fit and are there, and returns how many; 0 at the end.
  ///
  /// - Throws: ``InterchangeError/Code/cannotRead``.
  package func read(into buffer: UnsafeMutableRawBufferPointer) throws(InterchangeError) -> Int {
    while true {
      let count = Foundation.read(descriptor, buffer.baseAddress, buffer.count)
      if count >= 0 { return count }
      let code = errno
      if code != EINTR { throw failure(code) }
    }
  }

  /// Fills `buffer` from the byte at `offset` on and returns how many bytes were there: fewer than
  /// `buffer.count` only where the file ends.
  ///
  /// - Throws: ``InterchangeError/Code/cannotRead``.
  package func read(
    into buffer: UnsafeMutableRawBufferPointer, at offset: Int
  ) throws(InterchangeError) -> Int {
    var filled = 0
    while filled < buffer.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
      let count = pread(descriptor, rest.baseAddress, rest.count, off_t(offset + filled))
      if count == 0 { break }
      if count > 0 {
        filled += count
      } else if errno != EINTR {
        throw failure(errno)
      }
    }
    return filled
  }

  private func failure(_ code: Int32) -> InterchangeError {
    InterchangeError(
      .cannotRead, file: name, found: systemError(code), expected: "bytes",
      advice: "check that it is a file and that its disk is well")
  }
}

/// The system's words for an error number, in quotes: `"No such file or directory"`.
func systemError(_ code: Int32) -> String {
  "\"\(String(cString: strerror(code)))\""
}
