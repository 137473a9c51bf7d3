// The best k of a stream of scored rows, and the heap that keeps the best of anything.

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

extension ScoredRow: Comparable {
  /// The row that ranks before the other is the greater one.
  package static func < (one: ScoredRow, other: ScoredRow) -> Bool { other.ranks(before: one) }
}

/// The best `limit` rows of those inserted so far.
///
///     var best = TopK(limit: 10)
///     for row in rows { best.insert(row) }
///     let results = best.sorted()
///
/// It does not look for ids that come twice.
package struct TopK: Sendable {
  private var rows: Greatest<ScoredRow>

  /// Creates an empty selection.
  ///
  /// - Precondition: `limit` is not negative.
  package init(limit: Int) { rows = Greatest(limit: limit) }

  /// The most rows it keeps, 0 or more.
  ///
  /// Memory is taken as rows come, not for the limit.
  package var limit: Int { rows.limit }

  /// The number of rows kept, at most `limit`.
  package var count: Int { rows.elements.count }

  /// The worst of the kept rows once there are `limit` of them, else nil; always nil for limit 0.
  ///
  /// From then on a row gets in only if it ranks before this one.
  package var worst: ScoredRow? { rows.least }

  /// Takes a row if it is among the best `limit` so far, and drops the worst one for it.
  ///
  /// - Returns: Whether the row was taken.
  /// - Complexity: O(1) for a row that is not taken, O(log `limit`) for one that is.
  @discardableResult
  package mutating func insert(_ row: ScoredRow) -> Bool { rows.insert(row) }

  /// The kept rows, best first.
  ///
  /// - Complexity: O(count · log count).
  package func sorted() -> [ScoredRow] { rows.elements.sorted(by: >) }
}

/// The `limit` greatest of the elements inserted so far.
///
/// It is a binary heap with the least kept element at its root, so that an element that does not get in
/// costs one comparison.
struct Greatest<Element: Comparable & Sendable>: Sendable {
  /// The most elements it keeps.
  let limit: Int
  /// The kept elements, in no order.
  private(set) var elements: [Element] = []

  /// - Precondition: `limit` is not negative.
  init(limit: Int) {
    precondition(limit >= 0, "limit \(limit)")
    self.limit = limit
  }

  /// The least of the kept elements once there are `limit` of them, else nil.
  var least: Element? { elements.count == limit ? elements.first : nil }

  /// Takes an element if it is among the greatest so far. Returns whether it was taken.
  @discardableResult
  mutating func insert(_ element: Element) -> Bool {
    guard elements.count == limit else {
      elements.append(element)
      siftUp()
      return true
    }
    guard let least = elements.first, least < element else { return false }
    elements[0] = element
    siftDown()
    return true
  }

  private mutating func siftUp() {
    var child = elements.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard elements[child] < elements[parent] else { return }
      elements.swapAt(parent, child)
      child = parent
    }
  }

  private mutating func siftDown() {
    var parent = 0
    while true {
      var least = parent
      for child in 2 * parent + 1...2 * parent + 2
      where child < elements.count && elements[child] < elements[least] { least = child }
      guard least != parent else { return }
      elements.swapAt(parent, least)
      parent = least
    }
  }
}
