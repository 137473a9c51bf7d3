// The only way out to standard output and standard error, and the one rule for what may reach a
// terminal. Everything that the command prints goes through here.

import Foundation
import Logging
import VectorStore

/// Standard output or standard error.
///
/// Documents, names, errors and servers' messages are other people's texts: raw, they could move the
/// cursor, rename the window or turn the order of letters. So nothing is written but through
/// ``write(_:)``, which lets no such character pass, and ``writeText(_:)``, which gives documents
/// unchanged to files and pipes.
struct Terminal: Sendable {
  /// How text stands out on a terminal. Until it is written, a style is a mark in the text: a control
  /// character, which nothing else that is written may hold.
  enum Style: Character, CaseIterable {
    case bold = "\u{1}"
    case dim = "\u{2}"
    case match = "\u{3}"

    /// The mark of a style's end.
    static let end: Character = "\u{4}"

    /// Whether a character is a mark, which takes no room.
    static func isMark(_ character: Character) -> Bool {
      character == end || Style(rawValue: character) != nil
    }

    fileprivate var sequence: String {
      switch self {
      case .bold: "\u{1B}[1m"
      case .dim: "\u{1B}[2m"
      case .match: "\u{1B}[1;33m"
      }
    }
  }

  static let standardOutput = Terminal(descriptor: 1)
  static let standardError = Terminal(descriptor: 2)

  let descriptor: Int32
  /// Whether a person watches it.
  let isTerminal: Bool
  /// Whether styles are shown: on a terminal, unless `NO_COLOR` is set or the terminal is dumb.
  let isStyled: Bool

  private init(descriptor: Int32) {
    let environment = ProcessInfo.processInfo.environment
    let isTerminal = isatty(descriptor) == 1
    self.init(
      descriptor: descriptor, isTerminal: isTerminal,
      isStyled: isTerminal && (environment["NO_COLOR"] ?? "").isEmpty
        && environment["TERM"] != "dumb")
  }

  /// A stream of which it is known what it is.
  init(descriptor: Int32, isTerminal: Bool, isStyled: Bool) {
    self.descriptor = descriptor
    self.isTerminal = isTerminal
    self.isStyled = isStyled
  }

  /// The number of columns, 80 where it is not known.
  var columns: Int {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  // MARK: - What may pass

  /// A text of somebody else's, its lines kept: each control character, each that turns the order of
  /// letters and each mark of a style is U+FFFD, a tab four spaces.
  static func clean(_ text: some StringProtocol) -> String {
    rendered(text) { _ in nil }
  }

  /// The same on one line, as for a name or a message: what breaks a line is a space.
  static func oneLine(_ text: some StringProtocol) -> String {
    text.split(whereSeparator: \.isNewline).map { clean($0) }.joined(separator: " ")
  }

  /// A text in a style, or as it is where styles are not shown.
  func styled(_ text: String, _ style: Style) -> String {
    isStyled ? "\(style.rawValue)\(text)\(Style.end)" : text
  }

  /// A text that opens a file where the terminal knows links (OSC 8), or as it is where styles are not shown.
  func linked(_ text: String, to path: String) -> String {
    guard isStyled, let path = path.addingPercentEncoding(withAllowedCharacters: Self.plainInURLs)
    else { return text }
    return "\(Self.link)file://\(path)\(Self.linkText)\(text)\(Self.linkEnd)"
  }

  private static let plainInURLs = CharacterSet(
    charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/")
  /// The marks before a link's address, before its text and after it.
  private static let (link, linkText, linkEnd): (Character, Character, Character) = (
    "\u{5}", "\u{6}", "\u{7}"
  )

  private static func rendered(
    _ text: some StringProtocol, mark: (Character) -> String?
  ) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n": result.append(scalar)
      case "\t": result.append(contentsOf: "    ".unicodeScalars)
      case "\r": continue
      case _ where !scalar.steersTerminals: result.append(scalar)
      default: result.append(contentsOf: (mark(Character(scalar)) ?? "\u{FFFD}").unicodeScalars)
      }
    }
    return String(result)
  }

  /// What is written for a text: clean, with the styles that are marked in it.
  func shown(_ text: String) -> String {
    var isOpen = false
    func rendered(_ text: some StringProtocol) -> String {
      Self.rendered(text) { mark in
        if mark == Style.end {
          defer { isOpen = false }
          return isOpen ? "\u{1B}[0m" : ""
        }
        guard let style = Style(rawValue: mark), isStyled else { return nil }
        isOpen = true
        return style.sequence
      }
    }
    let parts = text.split(separator: Self.link, omittingEmptySubsequences: false)
    var shown = rendered(parts.first ?? "")
    for part in parts.dropFirst() {
      shown += shownLink(part, rendered) ?? rendered("\(Self.link)\(part)")
    }
    return shown + (isOpen ? "\u{1B}[0m" : "")
  }

  /// What follows the mark of a link; nil if that is none of ``linked(_:to:)``.
  private func shownLink(_ part: Substring, _ rendered: (Substring) -> String) -> String? {
    let halves = part.split(
      separator: Self.linkText, maxSplits: 1, omittingEmptySubsequences: false)
    guard isStyled, halves.count == 2, halves[0].hasPrefix("file:///"),
      halves[0].dropFirst(7).unicodeScalars.allSatisfy({
        $0 == "%" || Self.plainInURLs.contains($0)
      }),
      let end = halves[1].firstIndex(of: Self.linkEnd)
    else { return nil }
    return "\u{1B}]8;;\(halves[0])\u{1B}\\" + rendered(halves[1][..<end]) + "\u{1B}]8;;\u{1B}\\"
      + rendered(halves[1][halves[1].index(after: end)...])
  }

  // MARK: - Writing

  /// Writes a page of the program's own making, clean wherever it goes.
  func write(_ text: String) {
    send(shown(text))
  }

  /// Writes a document's text: byte for byte to a file or a pipe, clean to a terminal.
  func writeText(_ text: String) {
    send(isTerminal ? Self.clean(text) : text)
  }

  /// Writes a line in the place of the one that the cursor is on; an empty one takes it away.
  func rewriteLine(_ line: String) {
    send("\r\(Self.oneLine(line))\u{1B}[K")
  }

  private func send(_ text: String) {
    if descriptor == 1, Pager.takes(text) { return }
    writeRendered(text)
  }

  /// Writes at once what was made fit to be shown. A reader that has gone away is not an error; results that
  /// cannot be written otherwise end the command with status 1.
  func writeRendered(_ text: String) {
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

/// Writes log events as lines that cannot steer the terminal.
struct TerminalLogHandler: LogHandler {
  let label: String
  var logLevel = Logger.Level.info
  var metadata = Logger.Metadata()
  var metadataProvider: Logger.MetadataProvider?

  init(label: String) {
    self.label = label
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let provided = metadataProvider?.get() ?? [:]
    let all = metadata.merging(provided) { $1 }.merging(event.metadata ?? [:]) { $1 }
    let fields = all.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
    let time = Date().formatted(.iso8601)
    Terminal.standardError.write(
      Terminal.oneLine("\(time) \(event.level) \(label):\(fields) \(event.message)") + "\n")
  }
}
