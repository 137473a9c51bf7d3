// `import`: documents with vectors of their own, from JSONL or .npy; texts without are embedded.

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
  ///   - collection: the collection's name.
  ///   - spending: what embedding may cost.
  ///   - progress: called now and then with how far it is.
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
      let check = ImportCheck(of: run)
      var waiting: [ImportedDocument] = []
      var seen = 0
      func addWaiting() async throws {
        let documents = waiting
        waiting.removeAll(keepingCapacity: true)
        try await run.add(imported: try await file.work { check(documents) })
        progress?(StoreProgress(done: seen, unit: "rows"))
      }
      for try await batch in batches {
        for failure in batch.failures {
          let error = StoreError(failure)
          run.tally.fail(nil, error.code, error.message)
        }
        waiting += batch.documents
        seen += batch.failures.count + batch.documents.count
        if waiting.count >= Self.rowsAtOnce { try await addWaiting() }
      }
      try await addWaiting()
      progress?(StoreProgress(done: seen, total: seen, unit: "rows"))
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
      let check = ImportCheck(of: run)
      @Sendable func next() async throws -> [Result<CutDocument, ImportCheck.Refusal>]? {
        try await file.work { try rows.next(Self.rowsAtOnce).map { check($0) } }
      }
      var block = try await next()
      var seen = 0
      while let current = block {
        async let following = next()
        try await run.add(imported: current)
        seen += current.count
        progress?(StoreProgress(done: seen, total: rows.count, unit: "rows"))
        block = try await following
      }
    }
  }

  /// Begins a run that imports vectors of a space, and ends it.
  private func importing(
    _ space: EmbeddingSpace?, into collection: String, _ options: AddOptions,
    _ body: (inout AddRun) async throws -> Void
  ) async throws -> AddReport {
    try await adding("import", to: collection, options: options, newTarget: space) { run in
      if let space, run.target.space != space {
        throw StoreError(
          .spaceMismatch,
          "the collection \"\(collection)\" of \(path) holds vectors of \(run.target.space), not of "
            + "\(space); vectors of two spaces are never mixed: import into another collection")
      }
      try await body(&run)
    }
  }

  /// Refuses vectors of other dimensions than the collection's before anything is made.
  private func checkDimensions(
    _ dimensions: Int, of path: String, _ space: EmbeddingSpace?, _ collection: String
  ) async throws {
    let target = try await targetSpace(of: collection, chosen: nil)
    let expected = space ?? target
    guard dimensions == expected.dimensions else {
      throw StoreError(
        .badVector,
        "\(path) has \(dimensions) dimensions, but the space \(expected) of the collection "
          + "\"\(collection)\" has \(expected.dimensions); import them into a new "
          + "collection, and name the space they were made in: PROVIDER/MODEL/\(dimensions)")
    }
  }
}

extension AddRun {
  /// Adds imported documents in the order of their lines, and notes those that were refused.
  fileprivate mutating func add(
    imported: [Result<CutDocument, ImportCheck.Refusal>]
  ) async throws {
    var documents: [CutDocument] = []
    documents.reserveCapacity(imported.count)
    for result in imported {
      switch result {
      case .success(let document): documents.append(document)
      case .failure(let refusal):
        tally.failChunk(
          refusal.source, refusal.code, refusal.message, reason: refusal.vectorReason)
      }
    }
    try Task.checkCancellation()
    try await add(documents)
  }
}
