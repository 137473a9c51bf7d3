// Reads documents from JSONL in batches, parsed on several threads, one batch ahead of an asynchronous caller.

import Foundation

/// The documents of some lines in a row, and what was wrong with the others.
package struct JSONLBatch: Sendable {
  /// The documents, in the file's order.
  package let documents: [ImportedDocument]
  /// One error for each line that is no document, in the file's order, with its line.
  package let failures: [InterchangeError]
}

/// The documents of a JSONL file in batches of some megabytes.
///
///     let reader = try JSONLBatchReader(path: "documents.jsonl", workers: 2)
///     while let batch = try reader.next() { … }
///
/// As ``JSONLReader`` otherwise. Order is kept, whatever the number of workers. It blocks its thread,
/// so it is not for Swift's pool: there use ``JSONLBatches``, which also reads one batch ahead.
package final class JSONLBatchReader {
  private var blocks: LineBlocks
  private let workers: Int
  private var capacity = 0

  /// Opens the file at `path`.
  ///
  /// - Parameters:
  ///   - workers: the threads that parse.
  ///   - batchBytes: the bytes of a batch; a longer line makes a batch of its own.
  ///   - maximumLineBytes: the longest line that is read.
  /// - Throws: ``InterchangeError/Code/cannotOpen``.
  package convenience init(
    path: String, workers: Int = 1, batchBytes: Int = 8 << 20,
    maximumLineBytes: Int = JSONLReader.defaultMaximumLineBytes
  ) throws(InterchangeError) {
    self.init(
      file: try InputFile(path: path), workers: workers, batchBytes: batchBytes,
      maximumLineBytes: maximumLineBytes)
  }

  /// Reads from a descriptor that is open, such as standard input's 0, and leaves it open.
  package convenience init(
    descriptor: Int32, name: String = "standard input", workers: Int = 1,
    batchBytes: Int = 8 << 20, maximumLineBytes: Int = JSONLReader.defaultMaximumLineBytes
  ) {
    self.init(
      file: InputFile(descriptor: descriptor, name: name), workers: workers,
      batchBytes: batchBytes, maximumLineBytes: maximumLineBytes)
  }

  private init(file: InputFile, workers: Int, batchBytes: Int, maximumLineBytes: Int) {
    self.workers = max(1, workers)
    blocks = LineBlocks(file: file, blockBytes: batchBytes, maximumLineBytes: maximumLineBytes)
  }

  /// The next batch, with a document or a failure at least, or nil behind the last.
  ///
  /// - Throws: ``InterchangeError/Code/cannotRead``.
  package func next() throws(InterchangeError) -> JSONLBatch? {
    guard try blocks.advance() else { return nil }
    let results = blocks.withBytes { bytes in parse(bytes) }
    var documents: [ImportedDocument] = []
    documents.reserveCapacity(results.count)
    var failures: [InterchangeError] = []
    for result in results {
      switch result {
      case .success(let document): documents.append(document)
      case .failure(let error): failures.append(error)
      }
    }
    capacity = documents.last?.vector?.count ?? capacity
    return JSONLBatch(documents: documents, failures: failures)
  }

  private func parse(
    _ bytes: UnsafeBufferPointer<UInt8>
  ) -> [Result<ImportedDocument, InterchangeError>] {
    // The bytes are only read, and stay, until all workers are done, within this call.
    nonisolated(unsafe) let bytes = bytes
    let blocks = blocks
    let capacity = capacity
    let parts = Parts(count: blocks.lines.count, size: 16)
    let work: @Sendable (Int) -> Void = { _ in
      while let part = parts.take() {
        parts.put(
          blocks.lines[part].map { blocks.document($0, in: bytes, capacity: capacity) }, at: part)
      }
    }
    if workers == 1 {
      work(0)
    } else {
      DispatchQueue.concurrentPerform(iterations: workers, execute: work)
    }
    return parts.results
  }
}

/// Lines handed out in parts to whoever is free, and the parts' results put back in order.
///
/// Unchecked, because the lock guards all that changes.
private final class Parts: @unchecked Sendable {
  typealias Outcome = Result<ImportedDocument, InterchangeError>
  private let count: Int
  private let size: Int
  private let lock = NSLock()
  private var taken = 0
  private var outcomes: [[Outcome]]

  init(count: Int, size: Int) {
    self.count = count
    self.size = size
    outcomes = Array(repeating: [], count: (count + size - 1) / size)
  }

  func take() -> Range<Int>? {
    lock.withLock {
      guard taken < count else { return nil }
      let part = taken..<min(taken + size, count)
      taken = part.upperBound
      return part
    }
  }

  func put(_ results: [Outcome], at part: Range<Int>) {
    lock.withLock { outcomes[part.lowerBound / size] = results }
  }

  var results: [Outcome] {
    lock.withLock { Array(outcomes.joined()) }
  }
}

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
