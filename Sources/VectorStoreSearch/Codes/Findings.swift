// The rows that could be results of a query, as one worker knows them, and what their bounds discard.

import Synchronization

/// A row that could be a result, by its fine code.
struct Survivor: Sendable {
  /// The segment's place in the search.
  var segment: Int32
  /// The row of the segment.
  var row: UInt32
  /// The estimate of its score.
  var estimate: Float
  /// How far from it the score may be.
  var halfWidth: Float

  /// The most that its score may be.
  var upper: Float { estimate + halfWidth }
  /// The least.
  var lower: Float { estimate - halfWidth }
}

/// The score that a row has to reach to be a result of a query, as far as any worker knows.
final class SharedThreshold: Sendable {
  private let bits: Atomic<UInt32>

  init(_ value: Float) {
    bits = Atomic(value.bitPattern)
  }

  var value: Float { Float(bitPattern: bits.load(ordering: .relaxed)) }

  /// Raises the threshold, unless it is higher already.
  func raise(to value: Float) {
    var current = bits.load(ordering: .relaxed)
    while Float(bitPattern: current) < value {
      let (exchanged, original) = bits.weakCompareExchange(
        expected: current, desired: value.bitPattern, ordering: .relaxed)
      if exchanged { return }
      current = original
    }
  }
}

/// What one worker has found for one query.
struct Findings: Sendable {
  private(set) var survivors: [Survivor] = []
  /// How many rows' fine codes were looked at.
  private(set) var refined = 0
  private var best: TopScores
  private let shared: SharedThreshold

  /// - Parameter shared: what the workers know together.
  init(limit: Int, shared: SharedThreshold) {
    best = TopScores(limit: limit, floor: shared.value)
    self.shared = shared
  }

  /// A row has to reach this score to be a result.
  var threshold: Float { best.threshold }

  /// Tells the other workers what this one knows, and learns what they know.
  mutating func share() {
    shared.raise(to: best.threshold)
    best.floor = shared.value
  }

  /// Takes a row in if it could be a result.
  mutating func insert(_ survivor: Survivor) {
    refined += 1
    guard !(survivor.upper < threshold) else { return }
    best.insert(survivor.lower)
    survivors.append(survivor)
    // What rose above many of them since makes them useless.
    if survivors.count == survivors.capacity, survivors.count > 1024 { prune() }
  }

  private mutating func prune() {
    let threshold = threshold
    survivors.removeAll { $0.upper < threshold }
  }
}

/// The `limit`-th highest of a stream of scores.
struct TopScores: Sendable {
  private var scores: Greatest<Float>
  /// The least that the threshold is.
  var floor: Float

  /// - Precondition: `limit` is positive.
  init(limit: Int, floor: Float = -.infinity) {
    precondition(limit > 0, "limit \(limit)")
    scores = Greatest(limit: limit)
    self.floor = floor
  }

  /// The `limit`-th highest score so far, and at least the floor.
  var threshold: Float { scores.least.map { max(floor, $0) } ?? floor }

  mutating func insert(_ score: Float) { scores.insert(score) }
}
