// Questions on a terminal, before money is spent or texts are sent.

import ArgumentParser
import Foundation

enum Confirmation {
  /// Whether somebody sees a question and can answer it.
  static var isPossible: Bool { isatty(0) == 1 && isatty(2) == 1 }

  /// Asks on standard error; anything but yes is no.
  static func isAgreed(_ question: String) -> Bool {
    Terminal.standardError.write(question + " [y/N] ")
    return ["y", "yes"].contains(readLine()?.lowercased())
  }

  /// Shows what is to be done and asks whether to do it; where nobody can answer, `advice` is the error.
  static func ask(_ summary: String, advice: String, refusal: String) throws {
    let terminal = Terminal.standardError
    terminal.write(summary + "\n")
    guard isPossible else { throw ValidationError(advice) }
    guard isAgreed("Go on?") else {
      terminal.write(refusal + "\n")
      throw ExitCode.failure
    }
  }
}
