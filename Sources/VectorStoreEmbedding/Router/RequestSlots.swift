// What all runs of a router share about a service: its slots for requests, of which questions get the next,
// and what was learned of sizes.

import Synchronization

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

  /// How many wait for a slot.
  var queueLength: Int { waiting.values.reduce(0) { $0 + $1.count } }

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

/// The way to one service, for all runs of a router.
final class ServiceLane: Sendable {
  /// Requests in flight.
  let slots: RequestSlots
  /// The one request at a time of which nothing is known yet.
  let gate = RequestSlots(1)
  let sizer: Mutex<RequestSizer>
  private let hasProfile = Mutex(false)

  init(_ terms: ServiceTerms) {
    slots = RequestSlots(terms.concurrentRequests)
    sizer = Mutex(RequestSizer(terms))
  }

  /// Starts with what earlier processes learned, once.
  func start(with service: any EmbeddingService) {
    guard let profile = (service as? any AdaptiveService)?.profile,
      hasProfile.withLock({ exchange(&$0, with: true) }) == false
    else { return }
    sizer.withLock { $0 = RequestSizer(service.terms, profile) }
  }
}
