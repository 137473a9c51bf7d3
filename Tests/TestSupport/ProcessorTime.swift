// How long work takes, for tests: other tests keep every core busy, so seconds on a clock say little.

import Foundation

/// The processor time that `work` takes on the calling thread, in seconds. It must not hop threads.
package func processorSeconds(_ work: () throws -> Void) rethrows -> Double {
  let start = threadSeconds()
  try work()
  return threadSeconds() - start
}

/// The processor time of one piece of work over that of another: the least of five of each, in turns.
package func processorTimeRatio(
  _ work: () throws -> Void, over other: () throws -> Void
) rethrows -> Double {
  try other()
  let times = try (0..<5).map { _ in (try processorSeconds(work), try processorSeconds(other)) }
  return (times.map(\.0).min() ?? 0) / (times.map(\.1).min() ?? 0)
}

private func threadSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
