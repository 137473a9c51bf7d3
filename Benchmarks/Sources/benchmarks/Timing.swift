// Clocks and medians. Used by every benchmark.

import Foundation

/// Times of one thing done several times.
struct Timing {
  /// In seconds, sorted.
  let seconds: [Double]

  /// Runs `body` so many times.
  static func of(_ repetitions: Int, _ body: () async throws -> Void) async rethrows -> Timing {
    var seconds: [Double] = []
    for _ in 0..<repetitions {
      let started = ContinuousClock.now
      try await body()
      seconds.append((ContinuousClock.now - started).seconds)
    }
    return Timing(seconds: seconds.sorted())
  }

  var median: Double { quantile(0.5) }

  /// The nearest-rank quantile.
  func quantile(_ share: Double) -> Double {
    seconds[min(seconds.count - 1, Int((share * Double(seconds.count)).rounded(.down)))]
  }
}

extension Duration {
  var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) / 1e18
  }
}

/// Prints one figure with its unit.
func report(_ name: String, _ value: Double, _ unit: String, _ note: String = "") {
  let number = String(format: value < 10 ? "%.2f" : "%.0f", value)
  let padded = name.padding(toLength: 44, withPad: " ", startingAt: 0)
  print("\(padded) \(number) \(unit)\(note.isEmpty ? "" : "   (\(note))")")
}

/// The processor time this process has spent in its own code, in seconds.
func processorSeconds() -> Double {
  let time = resourceUsage().ru_utime
  return Double(time.tv_sec) + Double(time.tv_usec) / 1e6
}

/// The largest resident memory of this process so far, in megabytes.
func peakMemory() -> Double {
  #if os(Linux)
    Double(resourceUsage().ru_maxrss) / 1e3
  #else
    Double(resourceUsage().ru_maxrss) / 1e6
  #endif
}

private func resourceUsage() -> rusage {
  var usage = rusage()
  #if os(Linux)
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  #else
    getrusage(RUSAGE_SELF, &usage)
  #endif
  return usage
}
