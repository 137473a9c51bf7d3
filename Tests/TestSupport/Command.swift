// Runs the built command as a process of its own. Waiting for it never blocks a thread of Swift's
// pool.

import Foundation

/// The built `store`, with a working folder and an environment of its own.
package struct Command: Sendable {
  /// What a finished command left.
  package struct Outcome: Sendable {
    package let status: Int32
    package let output: String
    package let errors: String
    /// How long it ran, in seconds.
    package let seconds: Double
  }

  package let folder: TemporaryFolder
  package var environment: [String: String]
  /// Where it runs; nil is ``folder``.
  package var workingFolder: String?
  /// A program and its arguments that starts the command, such as one that changes the user.
  package var launcher: [String] = []

  package init(folder: TemporaryFolder, environment: [String: String] = [:]) {
    self.folder = folder
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    self.environment = environment.merging(["PATH": path, "HOME": folder.url.path]) { own, _ in own
    }
  }

  /// The path of the built command, beside the test bundle.
  package static let path: String = {
    let bundle = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
    for folder in [bundle, bundle.deletingLastPathComponent().deletingLastPathComponent()] {
      let candidate = folder.appending(path: "store").path
      if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
    }
    return URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: ".build/debug/store").path
  }()

  /// Runs the command to its end.
  package func run(_ arguments: String..., input: String? = nil) async throws -> Outcome {
    try await run(arguments, input: input)
  }

  /// Runs the command to its end.
  package func run(_ arguments: [String], input: String? = nil) async throws -> Outcome {
    try await start(arguments, input: input).outcome()
  }

  /// Runs the command on a terminal, on which something is typed; what the terminal shows is the
  /// outcome's `errors`.
  package func run(typing text: String, _ arguments: String...) async throws -> Outcome {
    try await RunningCommand(self, arguments, input: nil, typing: text).outcome()
  }

  /// Starts the command.
  package func start(_ arguments: [String], input: String? = nil) throws -> RunningCommand {
    try RunningCommand(self, arguments, input: input)
  }
}

/// A command that has been started.
///
/// `@unchecked Sendable`: `Process` may be signalled from any thread, and all else is constant.
package final class RunningCommand: @unchecked Sendable {
  private let process = Process()
  private let files: (output: URL, errors: URL)
  private let terminal: Pseudoterminal?
  private let started = Date()
  private let ended = AsyncStream<Void>.makeStream()

  fileprivate init(
    _ command: Command, _ arguments: [String], input: String?, typing text: String? = nil
  ) throws {
    terminal = try text.map { try Pseudoterminal(typing: $0) }
    let name = UUID().uuidString
    files = (
      command.folder.url.appending(path: ".\(name).out"),
      command.folder.url.appending(path: ".\(name).err")
    )
    let line = command.launcher + [Command.path] + arguments
    process.executableURL = URL(filePath: line[0])
    process.arguments = Array(line.dropFirst())
    process.environment = command.environment
    process.currentDirectoryURL =
      command.workingFolder.map { URL(filePath: $0) } ?? command.folder.url
    for file in [files.output, files.errors] { try Data().write(to: file) }
    process.standardOutput = try FileHandle(forWritingTo: files.output)
    process.standardError = try FileHandle(forWritingTo: files.errors)
    if let input {
      let file = command.folder.url.appending(path: ".\(name).in")
      try Data(input.utf8).write(to: file)
      process.standardInput = try FileHandle(forReadingFrom: file)
    } else {
      process.standardInput = FileHandle.nullDevice
    }
    if let terminal {
      process.standardInput = terminal.slave
      process.standardError = terminal.slave
    }
    process.terminationHandler = { [ended] _ in ended.continuation.finish() }
    try process.run()
  }

  /// What it has written to standard output so far.
  package var output: String {
    (try? Data(contentsOf: files.output)).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  /// Sends a signal.
  package func signal(_ number: Int32) {
    kill(process.processIdentifier, number)
  }

  /// Sends a signal a moment after a file has come to be. From a thread of its own: Swift's pool may be
  /// busy with other tests until the command has ended.
  package func signal(_ number: Int32, whenExists path: String) {
    Thread { [self] in
      while process.isRunning, !FileManager.default.fileExists(atPath: path) { usleep(2000) }
      usleep(50_000)
      signal(number)
    }.start()
  }

  /// Waits until the command handles a signal, or has ended; before that a signal would just kill it.
  package func untilHandled(_ number: Int32) async throws {
    let status = "/proc/\(process.processIdentifier)/status"
    guard FileManager.default.fileExists(atPath: status) else {
      return try await Task.sleep(for: .seconds(2))
    }
    while process.isRunning {
      let lines = try? String(contentsOfFile: status, encoding: .utf8).split(separator: "\n")
      let caught = lines?.first { $0.hasPrefix("SigCgt:") }?.dropFirst(7)
      let mask = caught.flatMap {
        UInt64($0.trimmingCharacters(in: .whitespaces), radix: 16)
      }
      if let mask, mask >> UInt64(number - 1) & 1 == 1 { return }
      try await Task.sleep(for: .milliseconds(5))
    }
  }

  /// Waits for the command's end.
  package func outcome() async throws -> Command.Outcome {
    for await _ in ended.stream {}
    return Command.Outcome(
      status: process.terminationStatus,
      output: String(decoding: try Data(contentsOf: files.output), as: UTF8.self),
      errors: try terminal?.shown()
        ?? String(decoding: Data(contentsOf: files.errors), as: UTF8.self),
      seconds: Date().timeIntervalSince(started))
  }
}

/// A terminal that nobody looks at, for a command's standard input and error.
private struct Pseudoterminal {
  /// What a command is given.
  let slave: FileHandle
  private let master: FileHandle

  /// Opens a terminal on which something has been typed already; a Ctrl-D is typed after it.
  init(typing text: String) throws {
    var (own, other) = (Int32(-1), Int32(-1))
    guard openpty(&own, &other, nil, nil, nil) == 0 else { throw CocoaError(.fileReadUnknown) }
    // Another command started meanwhile is not to hold it open.
    _ = fcntl(own, F_SETFD, FD_CLOEXEC)
    master = FileHandle(fileDescriptor: own, closeOnDealloc: true)
    slave = FileHandle(fileDescriptor: other, closeOnDealloc: true)
    try master.write(contentsOf: Data((text + "\u{04}").utf8))
  }

  /// What the terminal shows once its command has ended, with lines that end as in a file.
  func shown() throws -> String {
    _ = fcntl(master.fileDescriptor, F_SETFL, O_NONBLOCK)
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 4096)
    while case let count = read(master.fileDescriptor, &part, part.count), count > 0 {
      bytes += part[..<count]
    }
    return String(decoding: bytes, as: UTF8.self).replacingOccurrences(of: "\r\n", with: "\n")
  }
}
