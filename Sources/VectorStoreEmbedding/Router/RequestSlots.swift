// How many requests are in flight at once. Shared by all runs of a router, so that questions do not wait
// behind a bulk add.

/// A counting semaphore for tasks: at most so many requests of a service in flight.
///
/// Questions come first: one that waits gets the next slot, before any batch of documents. After a
/// question one slot is left free for the next for ``reserveTime``, if there are two or more, so that a
/// conversation does not wait for the batches in flight. An add during which nobody asks has all slots.
actor RequestSlots {
  /// How long one slot is kept for questions after the last of them.
  static let reserveTime = Duration.seconds(10)

  private let count: Int
  private var inFlight = 0
  private var waiting: [EmbeddingPurpose: [CheckedContinuation<Void, Never>]] = [:]
  private var lastQuestion: ContinuousClock.Instant?

  /// Creates so many slots.
  init(_ count: Int) { self.count = max(1, count) }

  /// Takes a slot, when there is one; those who came first get theirs first.
  func take(for purpose: EmbeddingPurpose) async {
    if purpose == .query { lastQuestion = .now }
    guard hasSlot(for: purpose), waiting[purpose]?.isEmpty ?? true else {
      await withCheckedContinuation { waiting[purpose, default: []].append($0) }
      return
    }
    inFlight += 1
  }

  /// Gives a slot back.
  func give() {
    inFlight -= 1
    for purpose in [EmbeddingPurpose.query, .document] {
      while hasSlot(for: purpose), waiting[purpose]?.isEmpty == false {
        inFlight += 1
        waiting[purpose]?.removeFirst().resume()
      }
    }
  }

  private func hasSlot(for purpose: EmbeddingPurpose) -> Bool {
    guard purpose == .document, count > 1, let lastQuestion else { return inFlight < count }
    return inFlight < (ContinuousClock.now - lastQuestion < Self.reserveTime ? count - 1 : count)
  }
}
