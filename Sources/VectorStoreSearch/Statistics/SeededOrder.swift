// A random order that is the same on every run and machine: which rows are sampled. Used by
// RowAnalysis and PrincipalAxes; calls nothing.

/// SplitMix64 (Steele, Lea and Flood, Fast splittable pseudorandom number generators, OOPSLA 2014).
struct SeededOrder: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A random selection of ids, in random order: all of them where there are no more than `count`.
  ///
  /// It depends on the set of ids and the seed alone, and the first of a longer selection are those of
  /// a shorter one.
  ///
  /// - Complexity: O(ids · log ids).
  static func selection(of ids: [Int64], count: Int, seed: UInt64) -> [Int64] {
    var generator = SeededOrder(seed: seed)
    var rest = ids.sorted()
    for place in 0..<min(count, rest.count) {
      rest.swapAt(place, Int.random(in: place..<rest.count, using: &generator))
    }
    return Array(rest.prefix(count))
  }
}
