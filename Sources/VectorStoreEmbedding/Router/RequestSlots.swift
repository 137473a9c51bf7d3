// How many requests are in flight at once. Used by ServiceRequests; shared by all runs of a router.

/// A counting semaphore for tasks: at most so many requests of a service in flight.
actor RequestSlots {
  private var free: Int
  private var waiting: [CheckedContinuation<Void, Never>] = []

  /// Creates so many slots.
  init(_ count: Int) { free = max(1, count) }

  /// Takes a slot, when there is one; those who came first get theirs first.
  func take() async {
    guard free == 0 else {
      free -= 1
      return
    }
    await withCheckedContinuation { waiting.append($0) }
  }

  /// Gives a slot back.
  func give() {
    if waiting.isEmpty {
      free += 1
    } else {
      waiting.removeFirst().resume()
    }
  }
}
