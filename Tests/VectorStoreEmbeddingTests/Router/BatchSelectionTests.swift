// What is chosen for one request, against the best of all choices.

import TestSupport
import Testing

@testable import VectorStoreEmbedding

@Suite struct BatchSelectionTests {
  private func selection(
    _ sizes: [Int], overdue: Int = 0, places: Int, capacity: Int
  ) -> [Int] {
    BatchSelection(sizes: sizes, overdue: overdue, places: places, capacity: capacity).indices
      .sorted()
  }

  @Test func takesTheLongAsLongAsShortOnesFillTheOtherPlaces() {
    #expect(selection([100, 100, 700, 700, 100, 100], places: 4, capacity: 1000) == [0, 1, 2, 4])
  }

  @Test func fillsTheTokensWherePlacesAreLeft() {
    #expect(selection([400, 90, 700, 300], places: 4, capacity: 1000) == [2, 3])
    #expect(selection([400, 400, 400], places: 4, capacity: 1000) == [0, 1])
  }

  @Test func overdueTextsGoFirst() {
    #expect(selection([10, 400, 900, 90], overdue: 2, places: 3, capacity: 1000) == [0, 1, 3])
    #expect(selection([5, 900, 90], overdue: 1, places: 2, capacity: 1000) == [0, 1])
  }

  @Test func textThatFitsNowhereIsChosenAlone() {
    #expect(selection([2000], places: 3, capacity: 1000) == [0])
    #expect(selection([3000, 2000], overdue: 2, places: 3, capacity: 1000) == [0])
    #expect(selection([2000, 10], places: 3, capacity: 1000) == [1])
  }

  @Test func placesOrTokensAreAlmostUsedUp() {
    for seed in 0..<50 {
      var generator = SeededGenerator(seed: UInt64(seed))
      let places = Int.random(in: 4...64, using: &generator)
      let sizes = (0..<(4 * places)).map { _ in Int.random(in: 1...800, using: &generator) }
      let capacity = Int.random(in: 2000...40_000, using: &generator)
      let chosen = selection(sizes, places: places, capacity: capacity)
      let tokens = chosen.reduce(0) { $0 + sizes[$1] }
      #expect(Set(chosen).count == chosen.count, "seed \(seed)")
      #expect(chosen.count <= places && tokens <= capacity, "seed \(seed)")
      #expect(
        chosen.count == places || Double(tokens) >= 0.95 * Double(capacity),
        "seed \(seed), \(chosen.count) of \(places), \(tokens) of \(capacity)")
    }
  }
}
