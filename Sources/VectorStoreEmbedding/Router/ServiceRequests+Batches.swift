// Batches of the service's Batch API: what they reserve, and what they came to.

import Synchronization

extension ServiceRequests {
  /// Enters a batch at half the price, before anything of it is sent.
  ///
  /// - Parameter name: what it is called in the ledger, by which any process settles it.
  /// - Returns: the reservation; `tooDear` and `stopped` where there is none.
  package func reserveBatch(
    named name: String, texts: Int, tokens: Int
  ) async throws -> (reservation: Reservation?, refusal: Outcome?) {
    var attempt = newAttempt(texts: texts, tokens: tokens)
    attempt.requestID = name
    attempt.isBatch = true
    attempt.cost = service.terms.price.halved.cost(ofTokens: tokens)
    let deadline = ContinuousClock.now + .seconds(min(options.patience, 1e9))
    switch try await admit(attempt, deadline: deadline) {
    case .granted(let reservation): return (reservation, nil)
    case .outcome(let outcome): return (nil, outcome)
    }
  }

  /// Counts a batch that the service has, at what it costs at most.
  package func count(batch: Reservation) {
    change { state, _ in state.count(batch: batch.attempt) }
  }

  /// Gives back what was reserved for a batch that the service does not have.
  package func giveBack(batch: Reservation) async {
    release(batch.attempt.cost)
    // Though the run is cancelled. What cannot be entered counts as possibly billed.
    await Task { [ledger] in
      try? await ledger.settle(batch, as: .cancelled(wasSent: false))
    }.value
  }

  /// Does what costs nothing, again if that helps.
  ///
  /// - Parameter isSafe: whether it may be done again after an error.
  /// - Throws: what `body` throws the last time.
  package func retrying<Result: Sendable>(
    if isSafe: @Sendable (ServiceError) -> Bool = { _ in true },
    _ body: @Sendable () async throws -> Result
  ) async throws -> Result {
    var number = 1
    while true {
      do {
        return try await body()
      } catch let error as ServiceError {
        guard isSafe(error), case .retry(let seconds) = action(after: error, number, 1) else {
          throw error
        }
        try await pause(seconds, "\(error)")
        number += 1
      }
    }
  }

  /// Stops the run: the service refuses batches.
  package func stop(after error: ServiceError) -> StopReason { stop(.refused(error)) }
}
