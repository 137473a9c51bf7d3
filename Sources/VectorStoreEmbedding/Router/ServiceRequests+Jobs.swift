// Jobs of a service: begun by one request, and paid for when they have ended, perhaps by another process.

import Foundation
import Synchronization

extension ServiceRequests {
  /// What became of the request that was to begin a job.
  package enum JobOutcome<Job: Sendable>: Sendable {
    /// The service has it. What it may cost stays reserved until ``settle(job:as:)``.
    case begun(Job, Reservation)
    /// It is refused for good.
    case refused(ServiceError)
    /// The tries are used up; another run may do.
    case putOff(ServiceError)
    /// Nothing more can be sent in this run.
    case stopped(StopReason)
  }

  /// Has the service begin a job, again if that helps. Each try is reserved before it is sent.
  ///
  /// - Parameters:
  ///   - units: what it may use, as pages.
  ///   - cost: what these cost.
  ///   - body: sends the request, which has a name in the ledger.
  ///   - recover: finds the job of a request of that name whose answer was lost; nil if there is none.
  /// - Throws: `CancellationError`; what was sent stays reserved.
  package func begin<Job: Sendable>(
    units: Int, cost: NanoDollars,
    _ body: @Sendable (_ requestID: String) async throws -> Job,
    recover: @Sendable (_ requestID: String) async throws -> Job?
  ) async throws -> JobOutcome<Job> {
    let deadline = ContinuousClock.now + .seconds(min(options.patience, 1e9))
    var number = 1
    while true {
      var next = newAttempt(texts: 1, tokens: units, number: number, kind: "job-")
      let requestID = next.requestID
      // Any process may settle it.
      next.isBatch = true
      next.cost = cost
      let reservation: Reservation
      switch try await admit(next, deadline: deadline) {
      case .granted(let granted): reservation = granted
      case .outcome(.putOff(let error)): return .putOff(error)
      case .outcome(.stopped(let reason)): return .stopped(reason)
      case .outcome: return .stopped(stop(.noService))
      }
      state.withLock { state in
        state.totals.requests += 1
        state.begin(job: reservation.attempt)
      }
      do {
        return .begun(try await body(requestID), reservation)
      } catch var error as ServiceError {
        error.requestID = requestID
        if error.billing == .possible,
          let job = try? await retrying({ try await recover(requestID) })
        {
          return .begun(job, reservation)
        }
        try Task.checkCancellation()
        await settle(job: reservation, as: .failed(error))
        switch action(after: error, number, 1) {
        case .retry(let seconds):
          try await pause(seconds, "\(error)")
          number += 1
        case .giveUp: return .putOff(error)
        case .stop: return .stopped(stop(.refused(error)))
        case .split, .refuse: return .refused(error)
        }
      } catch let error as CancellationError {
        throw error
      } catch {
        // It was not sent: what has to be written before could not be.
        await settle(job: reservation, as: .cancelled(wasSent: false))
        return .stopped(stop(.failed("\(error)", underlying: error)))
      }
    }
  }

  /// What this run or another reserved for a job, and this one is to settle; nil if that was done.
  ///
  /// - Throws: if the ledger cannot be read.
  package func reservation(ofJob requestID: String) async throws -> Reservation? {
    let found = try await ledger.reservation(named: requestID, of: service.space.provider)
    if let found { change { state, _ in state.hold(job: found.attempt) } }
    return found
  }

  /// Waits for a job no longer, unless it is settled: it goes on, and another run may settle it.
  package func leave(job requestID: String) {
    change { state, _ in state.leave(job: requestID) }
  }

  /// Enters what a job came to, in place of what was reserved for it.
  package func settle(job: Reservation, as outcome: AttemptOutcome) async {
    note(outcome, of: job.attempt)
    // Though the run is cancelled. What cannot be entered counts as possibly billed.
    await Task { [ledger] in try? await ledger.settle(job, as: outcome) }.value
  }
}
