// `import`: documents with vectors of their own, from JSONL or .npy; texts without are embedded.

import Foundation
import VectorStoreText

extension Store {
  /// How many rows a transaction takes.
  private static let rowsAtOnce = 4096

  /// Imports documents from a file: an export of a store, which comes back as it was and costs nothing;
  /// other JSONL, a line a document (`{"id", "text", "vector", "metadata"}`, BEIR's `_id` and `title`
  /// too); or `.npy`, a row a document. JSON may also be one array, packed with gzip, and UTF-16.
  ///
  /// Vectors are kept bit for bit if they have unit length. A text without a vector is cut and embedded
  /// as by `add`.
  ///
  /// - Parameters:
  ///   - path: the file; a name that ends in `.npy` is read as such, `-` is JSONL from standard input.
  ///   - texts: for `.npy`, a JSONL file whose line i belongs to row i; without it row i is the
  ///     document `"i"` and has no text.
  ///   - textField: for CSV, TSV and JSON lines as other programs write them: the field that is the text. A row is a
  ///     document; its other fields are its metadata, of which `id` or `_id` names it, else the file's name and the
  ///     row's number.
  ///   - space: the vectors' space; nil is the one that the file states, else the collection's target
  ///     space. On a new or empty collection it becomes the target.
  ///   - collection: the collection's name.
  ///   - keepsText: as ``AddOptions/keepsText``.
  ///   - spending: what embedding may cost.
  ///   - progress: called now and then with how far it is.
  /// - Throws: ``StoreError`` with `pathNotFound`, `inputOutput`, `malformedInput`, `badVector`, `spaceMismatch`. What one line alone
  ///   is to blame for stands in the report instead.
  /// - Complexity: reads the file once, with memory for a few thousand rows. Costs nothing for rows
  ///   with vectors.
  @discardableResult
  public func `import`(
    from path: String, texts: String? = nil, textField: String? = nil, space: EmbeddingSpace? = nil,
    into collection: String = "default", keepsText: Bool? = nil,
    spending: SpendingOptions = SpendingOptions(), progress: ProgressHandler? = nil
  ) async throws -> AddReport {
    var options = AddOptions()
    options.spending = spending
    options.keepsText = keepsText
    try options.check()
    do {
      if let textField {
        return try await importRows(path, textField, collection, options, progress)
      }
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
    var iterator = batches.makeAsyncIterator()
    var next = try await iterator.next()
    let stated = try Self.space(statedBy: next?.documents ?? [], path, chosen: space)
    return try await importing(stated, into: collection, options) { run in
      let check = ImportCheck(of: run, options)
      var waiting: [ImportedDocument] = []
      var seen = 0
      func addWaiting(isLast: Bool) async throws {
        let documents = waiting.takeDocuments(isLast: isLast)
        try await run.add(imported: try await file.work { check(documents) })
        progress?(StoreProgress(done: seen, unit: "rows"))
      }
      while let batch = next {
        for failure in batch.failures {
          let error = StoreError(failure)
          run.tally.fail(nil, error.code, error.message)
        }
        waiting += batch.documents
        seen += batch.failures.count + batch.documents.count
        if waiting.count >= Self.rowsAtOnce || waiting.contains(where: { $0.parts != nil }) {
          try await addWaiting(isLast: false)
        }
        next = try await iterator.next()
      }
      try await addWaiting(isLast: true)
      progress?(StoreProgress(done: seen, total: seen, unit: "rows"))
    }
  }

  /// Imports a table or JSON lines of which one field is the text.
  private func importRows(
    _ path: String, _ field: String, _ collection: String, _ options: AddOptions,
    _ progress: ProgressHandler?
  ) async throws -> AddReport {
    let documents = try await file.work { try Self.rows(of: path, field) }
    return try await importing(nil, into: collection, options) { run in
      let check = ImportCheck(of: run, options)
      for start in stride(from: 0, to: documents.count, by: Self.rowsAtOnce) {
        progress?(StoreProgress(done: start, total: documents.count, unit: "rows"))
        let part = Array(documents[start..<min(start + Self.rowsAtOnce, documents.count)])
        try await run.add(imported: try await file.work { check(part) })
      }
    }
  }

  /// The rows of a file as documents, without those that have no text.
  private static func rows(of path: String, _ field: String) throws -> [ImportedDocument] {
    let file = ParsedFile(bytes: Data(), name: path)
    guard TextRows.endings.contains(file.ending) else {
      throw StoreError(
        .invalidArgument,
        "a field that is the text goes with a table or JSON lines, whose name ends in "
          + "\(TextRows.endings.sorted().joined(separator: ", ")); found \(path)")
    }
    var whole = file
    do {
      whole.bytes = try WholeFile.read(path, limit: AddOptions.maximumTextBytes)
      let name = (path as NSString).lastPathComponent
      return try TextRows(whole, field: field).rows.compactMap { row in
        guard let text = row.text, text.contains(where: { !$0.isWhitespace }) else { return nil }
        var fields = row.fields
        let ids = ["id", "_id"].map { fields.removeValue(forKey: $0)?.asID }
        return ImportedDocument(
          line: row.number, id: ids[0] ?? ids[1] ?? "\(name):\(row.number)", text: text,
          vector: nil,
          metadata: fields, norm: nil)
      }
    } catch let reason as FileProblem.Reason {
      throw StoreError(.pathNotFound, "\(path) cannot be read: \(reason)", underlying: reason)
    } catch {
      throw StoreError(.malformedInput, "\(path) cannot be imported: \(error)", underlying: error)
    }
  }

  /// The space that the first lines of a file say their vectors are of, or the one chosen.
  private static func space(
    statedBy documents: [ImportedDocument], _ path: String, chosen: EmbeddingSpace?
  ) throws -> EmbeddingSpace? {
    guard let name = documents.lazy.compactMap(\.space).first else { return chosen }
    guard let stated = EmbeddingSpace(name) else {
      throw StoreError(
        .malformedInput,
        "\(path) says that its vectors are of \"\(name.prefix(200))\", expected the name of a space, as "
          + "provider/model/dimensions; correct the file")
    }
    guard chosen == nil || chosen == stated else {
      throw StoreError(
        .spaceMismatch,
        "\(path) says that its vectors are of \(stated), and \(chosen?.name ?? "") was asked for; leave "
          + "that out, or name the file's own")
    }
    return stated
  }

  private func importRows(
    _ path: String, _ texts: String?, _ space: EmbeddingSpace?, _ collection: String,
    _ options: AddOptions, _ progress: ProgressHandler?
  ) async throws -> AddReport {
    let rows = try await file.work { try NPYDocuments(path: path, texts: texts) }
    try await checkDimensions(rows.dimensions, of: path, space, collection)
    return try await importing(space, into: collection, options) { run in
      // One block is read and checked while the one before is written.
      let check = ImportCheck(of: run, options)
      @Sendable func next() async throws -> (rows: Int, [ImportCheck.Outcome])? {
        try await file.work {
          try rows.next(Self.rowsAtOnce).map { ($0.rows, check($0.documents)) }
        }
      }
      var block = try await next()
      var seen = 0
      while let (count, current) = block {
        async let following = next()
        try await run.add(imported: current)
        seen += count
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
  fileprivate mutating func add(imported: [ImportCheck.Outcome]) async throws {
    var documents: [CutDocument] = []
    var restored: [RestoredDocument] = []
    func addBoth(_ run: inout AddRun) async throws {
      try Task.checkCancellation()
      if !documents.isEmpty { try await run.add(documents) }
      if !restored.isEmpty { try await run.restore(restored) }
      (documents, restored) = ([], [])
    }
    for outcome in imported {
      switch outcome {
      case .document(let document):
        if !restored.isEmpty { try await addBoth(&self) }
        documents.append(document)
      case .restored(let document):
        if !documents.isEmpty { try await addBoth(&self) }
        restored.append(document)
      case .refused(let refusal):
        tally.failChunk(
          refusal.source, refusal.code, refusal.message, reason: refusal.vectorReason)
      }
    }
    try await addBoth(&self)
  }

  /// Puts documents of an export back as they were.
  private mutating func restore(_ documents: [RestoredDocument]) async throws {
    try await settle()
    let (collection, run) = (collection, runID)
    let outcomes = try await file.write { db in
      try collection.requireUnchanged(db)
      return try RestoredDocument.place(documents, in: collection, run: run, db)
    }
    for (document, outcome) in zip(documents, outcomes) {
      tally.count(outcome, of: document, target: collection.target.space)
    }
  }
}

extension [ImportedDocument] {
  /// Takes the documents out, the chunks of one in a row as one document; the last may go on in the lines
  /// that come next.
  mutating func takeDocuments(isLast: Bool) -> [ImportedDocument] {
    var documents: [ImportedDocument] = []
    for line in self {
      if let chunk = line.chunk, let first = documents.last, let place = first.chunk,
        first.id == line.id, chunk.ordinal > (first.following.last?.chunk ?? place).ordinal
      {
        documents[documents.count - 1].following.append(line)
      } else {
        documents.append(line)
      }
    }
    removeAll()
    if !isLast, let last = documents.last, last.chunk != nil {
      documents.removeLast()
      self = [last] + last.following
      self[0].following = []
    }
    return documents
  }
}

extension MetadataValue {
  /// A string that is not empty, or a number as it is written.
  fileprivate var asID: String? {
    switch self {
    case .string(let text): text.isEmpty ? nil : text
    case .integer, .number: json
    default: nil
    }
  }
}
