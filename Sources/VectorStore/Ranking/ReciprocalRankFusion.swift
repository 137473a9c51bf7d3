// Fuses ranked lists whose scores cannot be compared. Called by Ranker.

/// Reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009): an id scores the sum over the
/// lists it stands in of 1 / (60 + rank), ranks from 1.
enum ReciprocalRankFusion {
  /// The constant of the paper.
  static let constant = 60.0

  /// The best `limit` ids of the fused lists, best first; ties by rising id.
  ///
  /// - Complexity: O(n log n) for n ids in all lists.
  static func fuse(_ lists: [[Int64]], limit: Int) -> [(id: Int64, score: Double)] {
    var scores: [Int64: Double] = [:]
    for list in lists {
      for (index, id) in list.enumerated() {
        scores[id, default: 0] += 1 / (constant + Double(index + 1))
      }
    }
    let ranked = scores.sorted { ($0.value, $1.key) > ($1.value, $0.key) }
    return ranked.prefix(limit).map { ($0.key, $0.value) }
  }
}
