// Ctrl-C: the first one stops a writing command cleanly between two transactions, the second at
// once. Called by the writing subcommands.

import ArgumentParser
import Dispatch
import Foundation

enum Interruption {
  /// The pipe that the signal handler writes to: all that a handler may safely do. A dispatch source
  /// of the signal itself misses signals that come while it is being set up.
  private static let pipe: (reading: Int32, writing: Int32) = {
    var descriptors: [Int32] = [-1, -1]
    _ = Foundation.pipe(&descriptors)
    return (descriptors[0], descriptors[1])
  }()

  /// Lets this thread take the signals: a parent may have started the command with them blocked.
  private static func unblockSignals() {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGINT)
    sigaddset(&signals, SIGTERM)
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }

  /// Runs `body` in a task that Ctrl-C (or a request to terminate) cancels.
  ///
  /// - Throws: exit status 130 when it was cancelled, else what `body` throws.
  static func handled<T: Sendable>(
    _ body: @escaping @Sendable () async throws -> T
  ) async throws -> T {
    let (ready, start) = AsyncStream<Void>.makeStream()
    let task = Task {
      for await _ in ready {}
      return try await body()
    }
    let source = DispatchSource.makeReadSource(fileDescriptor: pipe.reading, queue: .global())
    source.setEventHandler {
      var bytes: [UInt8] = [0, 0, 0, 0]
      _ = read(pipe.reading, &bytes, bytes.count)
      if task.isCancelled { _exit(130) }
      task.cancel()
      Terminal.standardError.write("\nstopping; press Ctrl-C again to stop at once\n")
    }
    source.resume()
    for number in [SIGINT, SIGTERM] {
      signal(number) { _ in
        var byte: UInt8 = 1
        _ = write(Interruption.pipe.writing, &byte, 1)
      }
    }
    unblockSignals()
    start.finish()
    defer { source.cancel() }
    do {
      return try await task.value
    } catch is CancellationError {
      Terminal.standardError.write(
        "interrupted: what was done before is safe; run the same command again to go on\n")
      throw ExitStatus.interrupted
    }
  }
}
