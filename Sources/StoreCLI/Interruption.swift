// Ctrl-C: the first one stops a writing command cleanly between two transactions, the second at
// once. Called by the writing subcommands.

import ArgumentParser
import Dispatch
import Foundation

enum Interruption {
  /// Runs `body` in a task that Ctrl-C (or a request to terminate) cancels.
  ///
  /// - Throws: exit status 130 when it was cancelled, else what `body` throws.
  static func handled<T: Sendable>(
    _ body: @escaping @Sendable () async throws -> T
  ) async throws -> T {
    let task = Task { try await body() }
    let sources = [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        if task.isCancelled { exit(130) }
        task.cancel()
        Terminal.standardError.write("\nstopping; press Ctrl-C again to stop at once\n")
      }
      source.resume()
      return source
    }
    defer { sources.forEach { $0.cancel() } }
    do {
      return try await task.value
    } catch is CancellationError {
      Terminal.standardError.write(
        "interrupted: what was done before is safe; run the same command again to go on\n")
      throw ExitStatus.interrupted
    }
  }
}
