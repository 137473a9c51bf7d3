// Asks before money is spent. Called by ReembedCommand and StatsCommand.

import ArgumentParser
import Foundation

enum Confirmation {
  /// Shows what is to be done and asks whether to do it; where nobody can answer, `advice` is the error.
  static func ask(_ summary: String, advice: String, refusal: String) throws {
    let terminal = Terminal.standardError
    terminal.write(summary + "\n")
    guard isatty(0) == 1 else { throw ValidationError(advice) }
    terminal.write("Go on? [y/N] ")
    guard let answer = readLine(), ["y", "yes"].contains(answer.lowercased()) else {
      terminal.write(refusal + "\n")
      throw ExitCode.failure
    }
  }
}
