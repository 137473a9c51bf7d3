// Chooses where a chunk ends.

/// Chooses the best boundary for a chunk's end.
///
/// The better a place is, the emptier a chunk may be for it: a heading ends a chunk that is a
/// quarter full, a sentence one that is nearly full. Among places of one rank the last one wins.
struct CutChooser {
  /// How full a chunk must be at least to be ended at a rank, in percent.
  private static let fills: [(rank: Boundary.Rank, percent: Int)] = [
    (.section, 25), (.paragraph, 50), (.sentence, 65), (.line, 75), (.clause, 80), (.word, 90),
  ]
  /// How full a chunk must be to be ended at a word or better, if nothing above fits.
  private static let leastFill = 25

  /// The most that a chunk may cost, in 1/64 of a token.
  let budget: Int

  /// The index of the boundary that the chunk ends at, or nil if none is near enough.
  ///
  /// - Parameters:
  ///   - boundaries: places in order, none behind the first of rank `end`.
  ///   - start: the cost before the chunk.
  ///   - new: the cost before that part of the chunk that no chunk before it holds.
  /// - Complexity: O(boundaries).
  func cut(_ boundaries: ArraySlice<Boundary>, start: Int, new: Int) -> Int? {
    guard let last = boundaries.last else { return nil }
    if last.rank == .end, last.cost - start <= budget { return boundaries.endIndex - 1 }
    let limit = limit(boundaries, start: start)
    var latest = [Int?](repeating: nil, count: Int(Boundary.Rank.end.rawValue) + 1)
    for index in boundaries.indices.reversed() where boundaries[index].cost <= limit {
      let rank = Int(boundaries[index].rank.rawValue)
      guard latest[rank] == nil else { continue }
      latest[rank] = index
    }
    // The latest place of a rank or of a better one.
    for rank in latest.indices.dropLast().reversed() {
      if let better = latest[rank + 1], better > (latest[rank] ?? -1) { latest[rank] = better }
    }
    let room = max(1, start + budget - new)
    func place(_ rank: Boundary.Rank, filledTo percent: Int) -> Int? {
      guard let index = latest[Int(rank.rawValue)] else { return nil }
      return (boundaries[index].cost - new) * 100 >= room * percent ? index : nil
    }
    for (rank, percent) in Self.fills {
      if let index = place(rank, filledTo: percent) { return index }
    }
    for (rank, _) in Self.fills {
      if let index = place(rank, filledTo: Self.leastFill) { return index }
    }
    return latest[Int(Boundary.Rank.cluster.rawValue)] ?? latest[0]
  }

  /// The cost that the chunk may reach.
  ///
  /// Where a section or the text ends a little behind the budget, a quarter of a chunk is left for
  /// the next one, so that it is not a scrap.
  private func limit(_ boundaries: ArraySlice<Boundary>, start: Int) -> Int {
    let most = start + budget
    guard
      let next = boundaries.first(where: { $0.rank >= .section && $0.cost > most }),
      next.cost <= most + budget / 4
    else { return most }
    return min(most, next.cost - budget / 4)
  }
}
