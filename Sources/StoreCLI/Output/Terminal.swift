// A stream the command writes to: whether a person watches it, how wide it is, and styles for it.
// Used by everything in Output/; standard output is written nowhere else.

import Foundation

/// Standard output or standard error.
struct Terminal: Sendable {
  /// How text stands out on a terminal.
  enum Style: String {
    case bold = "1"
    case dim = "2"
    case match = "1;33"
  }

  static let standardOutput = Terminal(descriptor: 1)
  static let standardError = Terminal(descriptor: 2)

  let descriptor: Int32
  /// Whether a person watches it.
  let isTerminal: Bool
  /// Whether styles are shown: on a terminal, unless `NO_COLOR` is set or the terminal is dumb.
  let isStyled: Bool

  private init(descriptor: Int32) {
    self.descriptor = descriptor
    isTerminal = isatty(descriptor) == 1
    let environment = ProcessInfo.processInfo.environment
    isStyled =
      isTerminal && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
  }

  /// The number of columns, 80 where it is not known.
  var columns: Int {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  /// A text in a style, or as it is where styles are not shown.
  func styled(_ text: String, _ style: Style) -> String {
    isStyled ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
  }

  /// Writes a text at once. A reader that has gone away is not an error; results that cannot be
  /// written otherwise end the command with status 1.
  func write(_ text: String) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let written = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      guard written > 0 else {
        if errno == EINTR { continue }
        if descriptor == 1, errno != EPIPE {
          let reason = String(cString: strerror(errno))
          Terminal.standardError.write("Error: standard output cannot be written: \(reason)\n")
          exit(1)
        }
        return
      }
      bytes = bytes.dropFirst(written)
    }
  }
}
