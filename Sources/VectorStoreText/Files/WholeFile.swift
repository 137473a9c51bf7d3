// Reads whole files and nothing but files: no pipe, no device, and no more than a limit.

package import Foundation

/// Reads what lies at a path as one piece.
package enum WholeFile {
  /// Looks at bytes as they come, and throws if the rest is not worth reading.
  package typealias Screen = (_ bytes: UnsafeRawBufferPointer) throws -> Void

  /// The bytes that are read, and screened, at a time.
  private static let pieceBytes = 1 << 18

  /// The bytes of a regular file.
  ///
  /// - Parameters:
  ///   - limit: the most bytes; a larger file is in error, after its beginning has been screened.
  ///   - followsLink: whether the path may be a symbolic link.
  /// - Throws: ``FileProblem/Reason``, and what `screen` throws.
  /// - Complexity: O(bytes), at most `limit`.
  package static func read(
    _ path: String, limit: Int, followsLink: Bool = true, screen: Screen = { _ in }
  ) throws -> Data {
    let descriptor = try open(path, followsLink: followsLink)
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileProblem.Reason(errno: errno) }
    return try read(
      descriptor, limit: limit, size: Int(status.st_size), waits: false, screen: screen)
  }

  /// The bytes of a stream that is open, such as standard input's 0; waits for them.
  ///
  /// - Throws: ``FileProblem/Reason``, and what `screen` throws as soon as the bytes at fault come.
  package static func read(
    stream descriptor: Int32, limit: Int, screen: Screen = { _ in }
  ) throws -> Data {
    try read(descriptor, limit: limit, size: nil, waits: true, screen: screen)
  }

  /// The first bytes of a regular file, at most `count`; nil if it cannot be read.
  package static func start(of path: String, count: Int) -> Data? {
    guard let descriptor = try? open(path, followsLink: true) else { return nil }
    defer { close(descriptor) }
    var data = Data()
    while data.count < count {
      guard let piece = try? next(descriptor, at: count - data.count, waits: false), !piece.isEmpty
      else { break }
      data += piece
    }
    return data
  }

  private static func open(_ path: String, followsLink: Bool) throws -> Int32 {
    // Asked before: opening a device can have effects. And after: it may be another file by then.
    guard try FileKind(path: path, followsLink: followsLink) == .file else {
      throw FileProblem.Reason.notFile
    }
    let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (followsLink ? 0 : O_NOFOLLOW)
    let descriptor = Foundation.open(path, flags)
    guard descriptor >= 0 else { throw FileProblem.Reason(errno: errno) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw FileProblem.Reason.notFile
    }
    return descriptor
  }

  private static func read(
    _ descriptor: Int32, limit: Int, size: Int?, waits: Bool, screen: Screen
  ) throws -> Data {
    var data = Data()
    if let size { data.reserveCapacity(min(size, limit)) }
    while true {
      let piece = try next(descriptor, at: pieceBytes, waits: waits)
      guard !piece.isEmpty else { return data }
      try piece.withUnsafeBytes(screen)
      // A file may grow while it is read, and those of the system say that they are empty.
      guard max(size ?? 0, data.count + piece.count) <= limit else {
        throw FileProblem.Reason.tooLarge(limit: limit)
      }
      data += piece
    }
  }

  /// Some bytes, at most `count`; none at the end.
  private static func next(_ descriptor: Int32, at count: Int, waits: Bool) throws -> [UInt8] {
    while true {
      var code: Int32 = 0
      let bytes = [UInt8](unsafeUninitializedCapacity: min(count, pieceBytes)) { buffer, filled in
        let count = Foundation.read(descriptor, buffer.baseAddress, buffer.count)
        if count < 0 { code = errno }
        filled = max(0, count)
      }
      switch code {
      case 0: return bytes
      case EINTR: continue
      case EAGAIN where waits:
        var event = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        poll(&event, 1, -1)
      case EAGAIN: throw FileProblem.Reason.wouldWait
      default: throw FileProblem.Reason(errno: code)
      }
    }
  }
}
