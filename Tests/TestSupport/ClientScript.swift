// Scripts of Tests/Clients: official clients in Python, which talk to the command or its server.

import Foundation

package enum ClientScript {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  private static let python = root.appending(path: ".build/clients/bin/python").path

  /// Whether `.scripts/clients` has put a package there: for `.enabled(if:)`, which skips in sight.
  package static func isThere() -> Bool {
    FileManager.default.fileExists(
      atPath: root.appending(path: ".build/clients/ready-mcp-openai").path)
  }

  /// The command as a script's first argument: what is run is the script, with the arguments after it.
  package static func command(_ script: String, _ command: Command) -> Command {
    var command = command
    command.launcher = [python, root.appending(path: "Tests/Clients/\(script)").path]
    return command
  }
}
