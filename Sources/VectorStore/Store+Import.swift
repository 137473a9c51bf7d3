// `import`: documents with vectors of their own, from JSONL or .npy. Calls the readers of
// Interchange/, ImportRun for rows with vectors and AddRun for texts without.

import Foundation
import VectorStoreText

extension Store {
  /// How many rows a transaction takes.
  private static let rowsAtOnce = 4096

  /// Imports documents from a file: JSONL, a line a document
  /// (`{"id", "text", "vector", "metadata"}`), or `.npy`, a row a document. Vectors are kept bit for
  /// bit where they have unit length; a text without a vector is embedded as by `add`, in one piece.
  ///
  /// - Parameters:
  ///   - path: the file; a name that ends in `.npy` is read as such, `-` is JSONL from standard input.
  ///   - texts: for `.npy`, a JSONL file whose line i belongs to row i; without it row i is the
  ///     document `"i"` and has no text.
  ///   - space: the vectors' space; nil is the collection's target space. On a new or empty
  ///     collection it becomes the target.
  /// - Throws: ``StoreError`` with `pathNotFound`, `inputOutput`, `malformedInput`, `badVector`, `spaceMismatch`. What one line alone
  ///   is to blame for stands in the report instead.
  /// - Complexity: reads the file once, with memory for a few thousand rows. Costs nothing for rows
  ///   with vectors.
  @discardableResult
  public func `import`(
    from path: String, texts: String? = nil, space: EmbeddingSpace? = nil,
    into collection: String = "default", spending: SpendingOptions = SpendingOptions(),
    progress: ProgressHandler? = nil
  ) async throws -> AddReport {
    var options = AddOptions()
    options.spending = spending
    try options.check()
    do {
      if path.hasSuffix(".npy") {
        return try await importRows(path, texts, space, collection, options, progress)
      }
      guard texts == nil else {
        throw StoreError(
          .invalidArgument, "texts beside the vectors go with a .npy file; \(path) is JSONL")
      }
      return try await importLines(path, space, collection, options, progress)
    } catch let error as InterchangeError {
      throw StoreError(error)
    }
  }

  private func importLines(
    _ path: String, _ space: EmbeddingSpace?, _ collection: String, _ options: AddOptions,
    _ progress: ProgressHandler?
  ) async throws -> AddReport {
    let workers = ProcessInfo.processInfo.activeProcessorCount
    let batches = JSONLBatches(
      path == "-"
        ? JSONLBatchReader(descriptor: 0, workers: workers)
        : try JSONLBatchReader(path: path, workers: workers))
    return try await importing(space, into: collection, options) { run in
      var waiting: [ImportedDocument] = []
      for try await batch in batches {
        batch.failures.forEach { run.fail($0) }
        waiting += batch.documents
        guard waiting.count >= Self.rowsAtOnce else { continue }
        try await run.add(check(waiting, run))
        waiting.removeAll(keepingCapacity: true)
        progress?(StoreProgress(done: run.seen, unit: "rows"))
      }
      try await run.add(check(waiting, run))
      progress?(StoreProgress(done: run.seen, total: run.seen, unit: "rows"))
    }
  }

  private func check(
    _ documents: [ImportedDocument], _ run: ImportRun
  ) async throws -> [CheckedDocument] {
    let (dimensions, counter) = (run.dimensions, run.exactCounter)
    return try await file.work {
      ImportRun.check(documents, dimensions: dimensions, counter: counter)
    }
  }

  private func importing(
    _ space: EmbeddingSpace?, into collection: String, _ options: AddOptions,
    _ body: (inout ImportRun) async throws -> Void
  ) async throws -> AddReport {
    try await adding("import", to: collection, options: options, newTarget: space) { texts in
      var run = try ImportRun(texts, space: space)
      do {
        try await body(&run)
        texts = run.texts
      } catch {
        texts = run.texts
        throw error
      }
    }
  }

  private func importRows(
    _ path: String, _ texts: String?, _ space: EmbeddingSpace?, _ collection: String,
    _ options: AddOptions, _ progress: ProgressHandler?
  ) async throws -> AddReport {
    let rows = try await file.work { try NPYDocuments(path: path, texts: texts) }
    try await checkDimensions(rows.dimensions, of: path, space, collection)
    return try await importing(space, into: collection, options) { run in
      // One block is read and checked while the one before is written.
      let (dimensions, counter) = (run.dimensions, run.exactCounter)
      @Sendable func next() async throws -> [CheckedDocument]? {
        try await file.work {
          try rows.next(Self.rowsAtOnce)
            .map { ImportRun.check($0, dimensions: dimensions, counter: counter) }
        }
      }
      var block = try await next()
      while let current = block {
        async let following = next()
        try await run.add(current)
        progress?(StoreProgress(done: run.seen, total: rows.count, unit: "rows"))
        block = try await following
      }
    }
  }

  /// Refuses vectors of other dimensions than the collection's before anything is made.
  private func checkDimensions(
    _ dimensions: Int, of path: String, _ space: EmbeddingSpace?, _ collection: String
  ) async throws {
    let target = try await file.read { db in
      try CollectionsTable.find(collection, db)?.target.space
    }
    let expected = space ?? target ?? newTarget
    guard dimensions == expected.dimensions else {
      throw StoreError(
        .badVector,
        "\(path) has \(dimensions) dimensions, but the space \(expected) of the collection "
          + "\"\(collection)\" has \(expected.dimensions); import them into a new "
          + "collection, and name the space they were made in: PROVIDER/MODEL/\(dimensions)")
    }
  }
}
