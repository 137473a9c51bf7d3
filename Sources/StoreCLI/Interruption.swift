// Ctrl-C: the first one cancels the command, whatever it does, and ends it within a second; the second at once.

import ArgumentParser
import Dispatch
import Foundation
import Synchronization

enum Interruption {
  /// How long a cancelled command has to end by itself: to commit what was paid for, and to close the store.
  private static let patience = Mutex(0.95)

  /// Gives this command another time to end by itself, in seconds.
  static func setPatience(seconds: Double) { patience.withLock { $0 = seconds } }

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
  /// What does not end in time, as a long product of matrices or a read of the terminal, ends with the
  /// process. Nothing is lost by that: what was committed stays, and the rest is rolled back.
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
    let queue = DispatchQueue(label: "store.interruption", qos: .userInteractive)
    let source = DispatchSource.makeReadSource(fileDescriptor: pipe.reading, queue: queue)
    source.setEventHandler {
      var bytes: [UInt8] = [0, 0, 0, 0]
      _ = read(pipe.reading, &bytes, bytes.count)
      if task.isCancelled { _exit(ExitStatus.interrupted.rawValue) }
      task.cancel()
      Terminal.standardError.write("\nstopping; press Ctrl-C again to stop at once\n")
      queue.asyncAfter(deadline: .now() + patience.withLock { $0 }) {
        tell()
        _exit(ExitStatus.interrupted.rawValue)
      }
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
    do {
      return try await task.value
    } catch is CancellationError {
      tell()
      throw ExitStatus.interrupted
    }
  }

  private static func tell() {
    Terminal.standardError.write(
      "interrupted: what was done before is safe; run the same command again to go on\n")
  }
}
