// JSON on standard output: one object a line, keys in a fixed order. Called by the subcommands for
// --json.

import Foundation

enum JSONOutput {
  /// Writes a value as one line.
  static func print(_ value: some Encodable) throws {
    Terminal.standardOutput.write(try line(value))
  }

  /// A value as one line.
  static func line(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
  }
}
