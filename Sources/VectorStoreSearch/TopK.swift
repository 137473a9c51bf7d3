// The best k of a stream of scored rows. Filled by Exact/QuerySelection; calls nothing.

/// A row and its score.
package struct ScoredRow: Sendable, Hashable {
  /// The row's id, as the caller named it.
  package let id: Int64
  /// The row's score, higher is better, never NaN.
  package let score: Double

  /// Creates a scored row.
  ///
  /// - Precondition: `score` is not NaN, which has no place in an order.
  package init(id: Int64, score: Double) {
    precondition(!score.isNaN, "the score of row \(id) is not a number")
    self.id = id
    self.score = score
  }

  /// Whether this row stands before another one in a list of results: the higher score first, equal
  /// scores by rising id.
  package func ranks(before other: ScoredRow) -> Bool {
    score != other.score ? score > other.score : id < other.id
  }
}

/// The best `limit` rows of those inserted so far.
///
///     var best = TopK(limit: 10)
///     for row in rows { best.insert(row) }
///     let results = best.sorted()
///
/// It is a binary heap with the worst kept row at its root, so that a row that does not make it
/// costs one comparison. It does not look for ids that come twice.
package struct TopK: Sendable {
  /// The most rows it keeps, 0 or more.
  ///
  /// Memory is taken as rows come, not for the limit.
  package let limit: Int
  private var heap: [ScoredRow] = []

  /// Creates an empty selection.
  ///
  /// - Precondition: `limit` is not negative.
  package init(limit: Int) {
    precondition(limit >= 0, "limit \(limit)")
    self.limit = limit
  }

  /// The number of rows kept, at most `limit`.
  package var count: Int { heap.count }

  /// The worst of the kept rows once there are `limit` of them, else nil; always nil for limit 0.
  ///
  /// From then on a row gets in only if it ranks before this one.
  package var worst: ScoredRow? { heap.count == limit ? heap.first : nil }

  /// Takes a row if it is among the best `limit` so far, and drops the worst one for it.
  ///
  /// - Returns: Whether the row was taken.
  /// - Complexity: O(1) for a row that is not taken, O(log `limit`) for one that is.
  @discardableResult
  package mutating func insert(_ row: ScoredRow) -> Bool {
    guard heap.count == limit else {
      heap.append(row)
      siftUp(from: heap.count - 1)
      return true
    }
    guard let worst = heap.first, row.ranks(before: worst) else { return false }
    heap[0] = row
    siftDown()
    return true
  }

  /// The kept rows, best first.
  ///
  /// - Complexity: O(count · log count).
  package func sorted() -> [ScoredRow] {
    heap.sorted { $0.ranks(before: $1) }
  }

  private mutating func siftUp(from start: Int) {
    var child = start
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[parent].ranks(before: heap[child]) else { return }
      heap.swapAt(parent, child)
      child = parent
    }
  }

  private mutating func siftDown() {
    var parent = 0
    while true {
      var worst = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
        if heap[worst].ranks(before: heap[child]) { worst = child }
      }
      if worst == parent { return }
      heap.swapAt(parent, worst)
      parent = worst
    }
  }
}
