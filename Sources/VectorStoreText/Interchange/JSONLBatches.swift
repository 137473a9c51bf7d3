// Batches of documents for asynchronous callers, one batch read ahead while the last one is
// written.

import Foundation

/// The batches of a ``JSONLBatchReader`` as an asynchronous sequence that is one batch ahead.
///
///     for try await batch in JSONLBatches(reader) { … }
///
/// Reading and parsing run on a queue of their own, never on Swift's pool, while the caller works on
/// the batch before: two batches are in memory at most. To be gone through once.
package struct JSONLBatches: AsyncSequence {
  private let source: Source

  /// Takes the reader over: nobody else may use it afterwards.
  package init(_ reader: sending JSONLBatchReader) {
    source = Source(reader)
  }

  package func makeAsyncIterator() -> Iterator {
    Iterator(source: source)
  }

  /// Hands out the batches and starts reading the next one at once.
  package struct Iterator: AsyncIteratorProtocol {
    private let source: Source
    private var ahead: Task<JSONLBatch?, any Error>?

    fileprivate init(source: Source) {
      self.source = source
    }

    /// The next batch, or nil behind the last.
    ///
    /// - Throws: ``InterchangeError/Code/cannotRead``; `CancellationError` where the task was
    ///   cancelled.
    package mutating func next() async throws -> JSONLBatch? {
      try Task.checkCancellation()
      let current = ahead ?? source.read()
      ahead = nil
      guard let batch = try await current.value else { return nil }
      ahead = source.read()
      return batch
    }
  }
}

/// A reader that is used on one serial queue only, which is why it may be called from anywhere.
private final class Source: @unchecked Sendable {
  private let queue = DispatchQueue(label: "vector-store.jsonl-batches")
  private let reader: JSONLBatchReader

  init(_ reader: JSONLBatchReader) {
    self.reader = reader
  }

  func read() -> Task<JSONLBatch?, any Error> {
    Task {
      try await withCheckedThrowingContinuation { continuation in
        queue.async { continuation.resume(with: Result { try self.reader.next() }) }
      }
    }
  }
}
