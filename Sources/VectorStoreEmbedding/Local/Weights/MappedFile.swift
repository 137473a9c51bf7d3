// A file in memory without being read: its pages come when they are touched.

import Foundation
import VectorStoreText

/// A regular file that is mapped for reading for as long as this lives.
///
/// A file that another program makes shorter meanwhile ends this process (SIGBUS), as with every program that
/// maps files: models are replaced by renaming, never written in place.
final class MappedFile: Sendable {
  let path: String
  // Nobody writes to the mapping, and it goes with this object alone.
  nonisolated(unsafe) let bytes: UnsafeRawBufferPointer

  /// - Throws: ``LocalModelError`` if the file cannot be opened or is no regular file.
  init(_ path: String) throws(LocalModelError) {
    self.path = path
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw LocalModelError(.missing, "\(path) cannot be read: \(String(cString: strerror(errno)))")
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw LocalModelError(.damaged, "\(path) is not a file; expected one of a model")
    }
    let size = Int(status.st_size)
    guard size > 0 else {
      throw LocalModelError(.damaged, "\(path) is empty; get the model again")
    }
    guard let start = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED
    else {
      throw LocalModelError(
        .tooLarge, "\(path) does not fit into memory: \(String(cString: strerror(errno)))")
    }
    bytes = UnsafeRawBufferPointer(start: start, count: size)
  }

  deinit {
    munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
  }

  /// A hash that differs between two versions of a file of weights: SHA-256 over the size, the first 64 KB
  /// and 128 pages at even distances, so that opening a model does not read all of it.
  var fingerprint: String {
    var hash = SHA256()
    withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { hash.add($0) }
    hash.add(UnsafeRawBufferPointer(rebasing: bytes[..<min(bytes.count, 65536)]))
    let (page, pages) = (4096, 128)
    for index in 0..<pages {
      let first = bytes.count / pages * index
      hash.add(UnsafeRawBufferPointer(rebasing: bytes[first..<min(first + page, bytes.count)]))
    }
    return hash.finish().hexadecimal
  }
}
