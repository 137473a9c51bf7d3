// Scripts of Tests/Clients: official clients in Python, which talk to the command or its server.

import Foundation

package enum ClientScript {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  private static let python = root.appending(path: ".build/clients/bin/python").path

  /// Whether `.scripts/clients` has put a package there: for `.enabled(if:)`, which skips in sight.
  package static func isThere() -> Bool {
    FileManager.default.fileExists(
      atPath: root.appending(path: ".build/clients/ready-mcp-openai-postgres").path)
  }

  /// Runs a script that needs no command. Returns its exit status and what it printed.
  package static func run(
    _ script: String, _ arguments: [String]
  ) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(filePath: python)
    process.arguments =
      ["-W", "ignore", root.appending(path: "Tests/Clients/\(script)").path] + arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
  }

  /// The command as a script's first argument: what is run is the script, with the arguments after it.
  package static func command(_ script: String, _ command: Command) -> Command {
    var command = command
    command.launcher = [python, root.appending(path: "Tests/Clients/\(script)").path]
    return command
  }
}
