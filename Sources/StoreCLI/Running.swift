// Runs the command line: whether it can run at all, Ctrl-C, and the last words.

import ArgumentParser
import Foundation
import Synchronization
import VectorStore

/// Ends the process with an error unless it can run at all. To be called before anything is awaited.
public func checkStoreCommandCanRun() {
  do {
    try FileHeadroom.check()
  } catch {
    Ending.end(with: error)
  }
}

/// Runs the command line of this process to its end. Ctrl-C ends every subcommand.
public func runStoreCommand() async {
  do {
    try await Interruption.handled {
      var command = try await StoreCommand.asyncParseAsRoot()
      let result: Result<Void, any Error>
      if command is any PagedCommand { Pager.begin() }
      do {
        if var command = command as? any AsyncParsableCommand {
          try await command.run()
        } else {
          try command.run()
        }
        result = .success(())
      } catch {
        result = .failure(error)
      }
      await OpenedStores.close()
      Pager.end()
      try result.get()
    }
  } catch {
    Ending.end(with: error)
  }
}

enum Ending {
  /// Says what went wrong, or what was asked for as help, and ends the process.
  static func end(with error: any Error) -> Never {
    let status = StoreCommand.exitCode(for: error)
    switch status {
    case .success:
      Terminal.standardOutput.write(StoreCommand.fullMessage(for: error) + "\n")
    case .validationFailure:
      let arguments = Array(CommandLine.arguments.dropFirst())
      var message = StoreCommand.fullMessage(for: error)
      if let hint = UsageHint.hint(arguments) {
        let rest = message.split(separator: "\n", omittingEmptySubsequences: false)
          .drop { !$0.hasPrefix("Usage:") }
        message = (["Error: \(hint)"] + rest.map(String.init)).joined(separator: "\n")
      }
      Terminal.standardError.write(withoutBreaks(message, in: arguments) + "\n")
    default:
      let message = Advice.message(error) ?? StoreCommand.message(for: error)
      if !message.isEmpty {
        Terminal.standardError.write("Error: \(Terminal.oneLine(message))\n")
      }
    }
    exit(status.rawValue)
  }

  /// A message of several lines in which no argument makes a line of its own.
  private static func withoutBreaks(_ message: String, in arguments: [String])
    -> String
  {
    arguments.flatMap { [$0] + $0.split(separator: "=", maxSplits: 1).dropFirst().map(String.init) }
      .filter { $0.contains(where: \.isNewline) }
      .reduce(message) { $0.replacingOccurrences(of: $1, with: Terminal.oneLine($1)) }
  }
}

/// The stores that a command opened. They are closed when it ends, so that no empty log stays beside them.
enum OpenedStores {
  private static let stores = Mutex<[Store]>([])

  static func add(_ store: Store) { stores.withLock { $0.append(store) } }

  static func close() async {
    for store in stores.withLock({ $0 }) { try? await store.close() }
  }
}

/// The files that may be open at once. Without some room the runtime traps as soon as a task begins.
enum FileHeadroom {
  /// What the runtime, a store with its log, the ledger and a connection take.
  private static let needed = 24

  /// Throws unless there is room for the files that a command opens.
  static func check() throws {
    var opened: [Int32] = []
    defer { opened.forEach { close($0) } }
    while opened.count < needed {
      let descriptor = open("/", O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { break }
      opened.append(descriptor)
    }
    guard opened.count < needed, errno == EMFILE || errno == ENFILE else { return }
    throw TooFew(room: opened.count, needed: needed)
  }

  private struct TooFew: Error, CustomStringConvertible {
    let room: Int
    let needed: Int

    var description: String {
      "only \(room) more files may be opened, and \(needed) are needed; allow more with `ulimit -n 256`"
    }
  }
}
