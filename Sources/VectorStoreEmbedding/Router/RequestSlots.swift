// What all runs of a router share about a service: its slots for requests, of which questions get the next,
// and what was learned of sizes.

import Synchronization

/// A counting semaphore for tasks: at most so many requests of a service in flight.
///
/// Questions come first: one that waits gets the next slot, before any batch of documents. After a
/// question one slot is left free for the next for ``reserveTime``, if there are two or more, so that a
/// conversation does not wait for the batches in flight. An add during which nobody asks has all slots: only
/// the first question of a conversation waits for a batch, as every question does that has a single slot.
/// It waits until its deadline at most.
actor RequestSlots {
  private struct Waiter {
    var number: Int
    var continuation: CheckedContinuation<Bool, any Error>
  }

  /// How long one slot is kept for questions after the last of them.
  static let reserveTime = Duration.seconds(10)

  private let count: Int
  private var inFlight = 0
  private var waiting: [EmbeddingPurpose: [Waiter]] = [:]
  private var lastNumber = 0
  private var lastQuestion: ContinuousClock.Instant?

  /// How many wait for a slot.
  var queueLength: Int { waiting.values.reduce(0) { $0 + $1.count } }

  /// How many slots are taken.
  var taken: Int { inFlight }

  /// Creates so many slots.
  init(_ count: Int) { self.count = max(1, count) }

  /// Takes a slot, when there is one; those who came first get theirs first.
  ///
  /// - Parameter deadline: until when to wait; nil waits without end.
  /// - Returns: whether a slot was taken; not if none was free before the deadline.
  /// - Throws: `CancellationError` if the task is cancelled while it waits. It then has no slot.
  @discardableResult
  func take(
    for purpose: EmbeddingPurpose, until deadline: ContinuousClock.Instant? = nil
  ) async throws -> Bool {
    if purpose == .query { lastQuestion = .now }
    guard !hasSlot(for: purpose) || waiting[purpose]?.isEmpty == false else {
      inFlight += 1
      return true
    }
    lastNumber += 1
    let number = lastNumber
    let alarm = deadline.map { deadline in
      Task {
        try await Task.sleep(until: deadline, clock: .continuous)
        self.dismiss(number, purpose, .success(false))
      }
    }
    defer { alarm?.cancel() }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        // One that is cancelled from here on is dismissed once this actor is free: then it waits already.
        guard !Task.isCancelled else { return continuation.resume(throwing: CancellationError()) }
        waiting[purpose, default: []].append(Waiter(number: number, continuation: continuation))
      }
    } onCancel: {
      Task { await self.dismiss(number, purpose, .failure(CancellationError())) }
    }
  }

  /// Gives a slot back.
  func give() {
    inFlight -= 1
    for purpose in [EmbeddingPurpose.query, .document] {
      while hasSlot(for: purpose), waiting[purpose]?.isEmpty == false {
        inFlight += 1
        waiting[purpose]?.removeFirst().continuation.resume(returning: true)
      }
    }
  }

  /// Ends the wait of one that has no slot yet.
  private func dismiss(
    _ number: Int, _ purpose: EmbeddingPurpose, _ result: Result<Bool, any Error>
  ) {
    guard let index = waiting[purpose]?.firstIndex(where: { $0.number == number }) else { return }
    waiting[purpose]?.remove(at: index).continuation.resume(with: result)
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
