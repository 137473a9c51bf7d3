// Which of the texts at hand make the next request. Part of BatchPacker.

/// A choice of texts that uses up both the places and the tokens of a request, as far as can be.
struct BatchSelection {
  /// The chosen texts, at least one.
  private(set) var indices: [Int] = []
  private var places: Int
  private var capacity: Int

  /// Chooses.
  ///
  /// - Parameters:
  ///   - sizes: the tokens of each text, at least one text.
  ///   - overdue: so many of the first texts go before all others.
  ///   - places: the most texts to choose.
  ///   - capacity: the most tokens to choose, unless a single text has more.
  /// - Complexity: O(n log n) for n sizes.
  init(sizes: [Int], overdue: Int, places: Int, capacity: Int) {
    self.places = places
    self.capacity = capacity
    for index in 0..<overdue { take(index, sizes[index]) }
    let others = (overdue..<sizes.count).sorted { (sizes[$1], $0) < (sizes[$0], $1) }
    let isLeft = takeLongest(others, sizes)
    // What is still free is filled with whatever fits.
    for (place, index) in others.enumerated() where isLeft[place] { take(index, sizes[index]) }
    // No text fits into a request: one goes by itself.
    if indices.isEmpty { indices = [0] }
  }

  /// Takes the longest texts as long as the shortest ones fit into the places that remain; so the
  /// average of what stays is kept. Returns what was not taken.
  private mutating func takeLongest(_ descending: [Int], _ sizes: [Int]) -> [Bool] {
    var isLeft = [Bool](repeating: true, count: descending.count)
    // The sum of the k shortest.
    var shortest = [0]
    for index in descending.reversed() {
      shortest.append(shortest[shortest.count - 1] + sizes[index])
    }
    let total = shortest[shortest.count - 1]
    guard total > 0 else { return isLeft }
    // As many places as average texts fill.
    var open = min(places, max(1, descending.count * capacity / total))
    for (place, index) in descending.enumerated() where open > 0 {
      let others = min(open - 1, descending.count - 1 - place)
      if sizes[index] + shortest[others] <= capacity, take(index, sizes[index]) {
        isLeft[place] = false
        open -= 1
      }
    }
    return isLeft
  }

  /// Takes a text if there is room.
  @discardableResult
  private mutating func take(_ index: Int, _ size: Int) -> Bool {
    guard places > 0, size <= capacity else { return false }
    indices.append(index)
    places -= 1
    capacity -= size
    return true
  }
}
