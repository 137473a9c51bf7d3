// The program that `PAGER` names: long output on a terminal is read page by page.

import Foundation
import Synchronization

/// A subcommand whose output people read: on a terminal it goes through ``Pager``.
protocol PagedCommand {}

/// What a command has written for its pager, which is started when the command ends.
///
/// Without `PAGER`, or with `cat`, or where standard output is no terminal, nothing is kept and everything is written
/// at once. What goes to standard error is never kept: it stands before the page.
enum Pager {
  private static let kept = Mutex<String?>(nil)

  /// From here on standard output is kept for the pager, if there is to be one.
  static func begin() {
    guard Terminal.standardOutput.isTerminal, let program, program != "cat" else { return }
    kept.withLock { $0 = "" }
  }

  /// Whether a text was kept. If not, it is to be written.
  static func takes(_ text: String) -> Bool {
    kept.withLock { kept in
      guard kept != nil else { return false }
      kept? += text
      return true
    }
  }

  /// Shows what was kept, and returns when the person has read it.
  static func end() {
    let text = kept.withLock { kept in
      defer { kept = nil }
      return kept
    }
    guard let text, let program, !text.isEmpty else { return }
    if !shows(text, with: program) { Terminal.standardOutput.writeRendered(text) }
  }

  private static var program: String? {
    let name = ProcessInfo.processInfo.environment["PAGER"] ?? ""
    return name.allSatisfy(\.isWhitespace) ? nil : name
  }

  /// Whether the program could be started. `less` keeps styles, and leaves what fits on one screen there.
  private static func shows(_ text: String, with program: String) -> Bool {
    // A person may leave before the end.
    let before = signal(SIGPIPE, SIG_IGN)
    defer { signal(SIGPIPE, before) }
    guard let pipe = popen("LESS=\"${LESS-FRX}\"; export LESS; \(program)", "w") else {
      return false
    }
    // Ctrl-C stops the pager's search, not this command.
    let interrupted = signal(SIGINT, SIG_IGN)
    defer { signal(SIGINT, interrupted) }
    Terminal(descriptor: fileno(pipe), isTerminal: true, isStyled: true).writeRendered(text)
    let status = pclose(pipe)
    // The shell's statuses of a program that cannot be run, or is not there.
    return ![126, 127].contains((status >> 8) & 0xFF)
  }
}
