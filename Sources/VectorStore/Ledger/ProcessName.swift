// Which process made a reservation, and whether it can still be at work on it. Used by
// AttemptsTable; calls the operating system only.

import Foundation

/// A process by its host and number.
struct ProcessName: Sendable, Equatable {
  var host: String
  var number: Int32

  /// This process.
  static let current = ProcessName(
    host: {
      var name = [CChar](repeating: 0, count: 256)
      guard gethostname(&name, name.count - 1) == 0 else { return "" }
      return name.withUnsafeBufferPointer { name in
        String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      }
    }(), number: getpid())

  /// Whether the process may be running: that of another host, as a container has its own, is not
  /// to be seen from here. A number may also have been given to another process since.
  var mayBeRunning: Bool {
    guard host == Self.current.host else { return true }
    return number > 0 && (kill(number, 0) == 0 || errno == EPERM)
  }
}
