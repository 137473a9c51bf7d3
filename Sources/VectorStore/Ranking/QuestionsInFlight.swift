// Questions that are being embedded: who asks the same meanwhile waits for the same answer.

import Foundation
import Synchronization

/// Makes the vectors of a question once for all tasks that ask it at the same time.
///
/// The work belongs to no task: it goes on while anyone waits for it, and is cancelled with the last.
final class QuestionsInFlight: Sendable {
  /// The hashes of the texts of a call, in their order, and the space they are embedded in.
  struct Key: Hashable {
    let texts: [Data]
    let space: EmbeddingSpace
    /// Whether the question gives up early: then it must not share the fate of one that waits.
    let isHurried: Bool
  }

  typealias Vectors = [Data: [Float]]

  private struct Entry {
    let number: Int
    let task: Task<Void, Never>
    var waiting: [Int: CheckedContinuation<Vectors, any Error>] = [:]
  }

  private struct State {
    var entries: [Key: Entry] = [:]
    var lastNumber = 0

    mutating func nextNumber() -> Int {
      lastNumber += 1
      return lastNumber
    }
  }

  private let state = Mutex(State())

  /// The vectors of a question: those that another task is waiting for, or what `make` makes.
  ///
  /// - Throws: what `make` throws, and `CancellationError` as soon as this task is cancelled.
  func vectors(
    _ key: Key, make: @escaping @Sendable () async throws -> Vectors
  ) async throws -> Vectors {
    let waiter = state.withLock { $0.nextNumber() }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let isCancelled = state.withLock { state in
          // Cancelled before now, the handler has run and found nothing to take out.
          guard !Task.isCancelled else { return true }
          if state.entries[key] == nil {
            let number = state.nextNumber()
            state.entries[key] = Entry(
              number: number,
              task: Task {
                let result: Result<Vectors, any Error>
                do { result = .success(try await make()) } catch { result = .failure(error) }
                self.end(key, number: number, with: result)
              })
          }
          state.entries[key]?.waiting[waiter] = continuation
          return false
        }
        if isCancelled { continuation.resume(throwing: CancellationError()) }
      }
    } onCancel: {
      leave(key, waiter: waiter)
    }
  }

  private func end(_ key: Key, number: Int, with result: Result<Vectors, any Error>) {
    let waiting = state.withLock { state in
      guard let entry = state.entries[key], entry.number == number else {
        return [CheckedContinuation<Vectors, any Error>]()
      }
      state.entries[key] = nil
      return Array(entry.waiting.values)
    }
    for continuation in waiting { continuation.resume(with: result) }
  }

  private func leave(_ key: Key, waiter: Int) {
    let (continuation, task) = state.withLock { state in
      let continuation = state.entries[key]?.waiting.removeValue(forKey: waiter)
      guard continuation != nil, let entry = state.entries[key], entry.waiting.isEmpty else {
        return (continuation, Task<Void, Never>?.none)
      }
      state.entries[key] = nil
      return (continuation, entry.task)
    }
    task?.cancel()
    continuation?.resume(throwing: CancellationError())
  }
}
