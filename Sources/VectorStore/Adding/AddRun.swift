// One run of `add` or of an import's texts: batches of documents in, a report out. Called by
// Store+Add and Store+Import; calls Embedder, Placement and the tables.

import Foundation
import Logging

/// Adds documents to one collection, batch by batch, and keeps the report.
struct AddRun {
  /// Texts up to this many a batch are handed to the placing transaction in memory; the vectors of
  /// more are staged in the file, so that memory stays bounded however large a document is.
  private static let textsInMemory = 4096
  /// Errors listed in a report; more are counted.
  private static let errorsListed = 100
  /// Warnings listed in a report.
  private static let warningsListed = 20

  let store: Store
  let run: Run
  let collection: CollectionRecord
  let target: SpaceRecord
  /// When this run's documents are placed. In an import a document that has this time already is one
  /// whose id came before.
  let placedAt = Timestamp.now()
  private let mockSpace: SpaceRecord
  private var route: EmbeddingRouter.Route
  private(set) var report: AddReport

  /// Begins a run: finds or makes the collection and its target space.
  ///
  /// - Parameter newTarget: the target space if the collection is new or empty; nil takes the mode's.
  static func begin(
    _ command: String, store: Store, collection name: String, newTarget: EmbeddingSpace? = nil
  ) async throws -> AddRun {
    guard !name.isEmpty else {
      throw StoreError(.empty, "the collection's name is empty; name one, or leave it out")
    }
    let run = Run(command: command)
    let (mode, space) = (store.configuration.mode, newTarget ?? store.newTarget)
    let (collection, target, mock) = try await store.file.write { db in
      let collection = try CollectionsTable.findOrCreate(
        name, target: space, db)
      try RunsTable.begin(correlationID: run.correlationID, command: command, mode: mode, db)
      return (collection, collection.target, try SpacesTable.findOrCreate(MockService().space, db))
    }
    store.configuration.logger.debug(
      "run begins", metadata: ["run": "\(run.correlationID)", "command": "\(command)"])
    return try AddRun(store: store, run: run, collection: collection, target: target, mock: mock)
  }

  private init(
    store: Store, run: Run, collection: CollectionRecord, target: SpaceRecord, mock: SpaceRecord
  ) throws {
    self.store = store
    self.run = run
    self.collection = collection
    self.target = target
    mockSpace = mock
    route = try store.route(to: target.space, of: collection.name)
    report = AddReport(mode: store.configuration.mode)
    report.space = target.space.name
    if target.space.kind == .mock, store.configuration.mode != .mock {
      report.warnings.append(
        "the collection \"\(collection.name)\" holds mock vectors and stays in their space, "
          + "\(target.space); to have real ones, add the documents to a new collection")
    }
  }

  /// Adds a batch of documents. Each is placed whole or not at all.
  mutating func add(_ batch: [IncomingDocument]) async throws {
    var waiting = batch
    // A vector that was to be reused can be removed by another process before it is placed; its
    // document then comes back here and the text is embedded.
    for _ in 0..<3 where !waiting.isEmpty {
      try Task.checkCancellation()
      let changed = try await changedDocuments(waiting)
      let prepared = try await store.file.work {
        Parallel.map(changed) { $0.prepared() }
      }
      waiting = try await place(prepared, changed)
    }
    for document in waiting {
      fail(
        document.source, .locked,
        "\(document.source) could not be placed: its vectors were removed by another process "
          + "again and again; run the command again")
    }
  }

  /// Notes a document that could not be added.
  mutating func fail(_ document: String?, _ code: StoreError.Code, _ message: String) {
    report.documents.failed += 1
    note(document, chunk: nil, code: code.rawValue, message)
  }

  /// Notes an imported row that was refused: a document of one chunk.
  mutating func failChunk(_ document: String?, _ code: StoreError.Code, _ message: String) {
    report.chunks.failed += 1
    fail(document, code, message)
  }

  /// Notes an imported document whose id came before in the same file with other content.
  mutating func failDuplicate(_ document: String, line: Int?) {
    failChunk(
      document, .malformedInput,
      (line.map { "line \($0): " } ?? "")
        + "the id \"\(document)\" came before in this file with other content; ids must be unique")
  }

  /// Counts imported rows that came with their vectors: documents of one chunk.
  mutating func count(added: Int = 0, updated: Int = 0, unchanged: Int = 0) {
    report.documents.added += added
    report.documents.updated += updated
    report.documents.unchanged += unchanged
    report.chunks.reused += added + updated + unchanged
  }

  /// Counts files that hold no text.
  mutating func skip(_ files: Int) {
    report.skipped += files
  }

  /// Notes something the user should know.
  ///
  /// Of many warnings the last one says that there are more.
  mutating func warn(_ message: String) {
    switch report.warnings.count {
    case ..<Self.warningsListed: report.warnings.append(message)
    case Self.warningsListed: report.warnings.append("and more warnings like these")
    default: break
    }
  }

  /// Removes documents whose files are gone.
  mutating func remove(sources: [String]) async throws {
    let collection = collection.id
    report.documents.removed += try await store.file.write { db in
      try SearchTable.following(db) { words in
        var removed = 0
        for source in sources {
          guard let id = try DocumentsTable.id(collection: collection, source: source, db) else {
            continue
          }
          try DocumentsTable.delete(id, &words, db)
          removed += 1
        }
        return removed
      }
    }
  }

  /// Ends the run: the log is copied into the file and the report written to `runs`.
  mutating func end() async throws -> AddReport {
    report.seconds = run.seconds
    let (report, id) = (report, run.correlationID)
    try await store.file.write { db in
      try RunsTable.end(correlationID: id, report: try Run.counts(of: report), db)
    }
    try await store.file.checkpoint()
    return report
  }

  // MARK: - One batch

  /// Counts the documents that are as they were and returns the others.
  private mutating func changedDocuments(
    _ batch: [IncomingDocument]
  ) async throws -> [IncomingDocument] {
    let (collection, target) = (collection.id, target.id)
    let stored = try await store.file.read { db in
      try batch.map {
        try DocumentsTable.find(collection: collection, source: $0.source, target: target, db)
      }
    }
    var changed: [IncomingDocument] = []
    for (document, stored) in zip(batch, stored) {
      guard let stored, document.isSame(as: stored), !canImprove(stored) else {
        changed.append(document)
        continue
      }
      report.documents.unchanged += 1
      report.chunks.reused += stored.chunksInTarget
      report.chunks.failed += stored.failedChunks
      report.chunks.standIn += stored.chunks - stored.chunksInTarget - stored.failedChunks
    }
    return changed
  }

  /// Whether a document that has not changed can be brought nearer to its target space.
  private func canImprove(_ stored: DocumentRecord) -> Bool {
    guard !stored.isPending else { return true }
    guard case .embed = route else { return false }
    return stored.chunksInTarget + stored.failedChunks < stored.chunks
  }

  /// Embeds what has no vector yet and places the documents. Returns those that have to come again.
  private mutating func place(
    _ documents: [PreparedDocument], _ incoming: [IncomingDocument]
  ) async throws -> [IncomingDocument] {
    guard !documents.isEmpty else { return [] }
    let embedded = try await embedMissing(documents)
    let placement = Placement(
      collection: collection, target: target, standIn: allowsStandIns ? mockSpace : nil,
      vectors: embedded.vectors, vectorSpace: embedded.space, embeddedNow: embedded.embeddedNow,
      failures: embedded.failures, placedAt: placedAt, refusesDuplicates: run.command == "import")
    let pendingReason = embedded.pendingReason
    let outcomes = try await store.file.write { db in
      try placement.collection.requireUnchanged(db)
      return try SearchTable.following(db) { words in
        try placement.place(documents, pendingReason: pendingReason, &words, db)
      }
    }
    return zip(zip(documents, incoming), outcomes).compactMap { pair, outcome in
      count(outcome, of: pair.0) ? nil : pair.1
    }
  }

  /// Adds an outcome to the report; false where the document has to come again.
  private mutating func count(_ outcome: Placement.Outcome, of document: PreparedDocument) -> Bool {
    switch outcome {
    case .placed(let counts):
      if !counts.failures.isEmpty {
        report.documents.failed += 1
      } else if counts.isNew {
        report.documents.added += 1
      } else {
        report.documents.updated += 1
      }
      for (ordinal, failure) in counts.failures {
        note(document.source, chunk: ordinal, code: failure.code, failure.message)
      }
      report.chunks.embedded += counts.embedded
      report.chunks.reused += counts.reused
      report.chunks.standIn += counts.standIn
      report.chunks.failed += counts.failures.count
      if document.chunks.isEmpty {
        warn("\(document.source) is empty: it is kept as a document without chunks")
      }
      return true
    case .pending:
      report.documents.pending += 1
      report.chunks.pending += document.chunks.count
      return true
    case .duplicate:
      failDuplicate(document.source, line: nil)
      return true
    case .incomplete:
      return false
    }
  }

  // MARK: - Embedding

  private var allowsStandIns: Bool {
    if case .standIn = route { return true }
    return false
  }

  /// What embedding a batch gave.
  private struct Embedded {
    var vectors: [Data: StoredVector] = [:]
    var space: SpaceRecord?
    var embeddedNow: Set<Data> = []
    var failures: [Data: ChunkFailure] = [:]
    /// Why documents with chunks that have no vector stay pending; nil where they need not.
    var pendingReason: String?
  }

  /// Embeds the texts of a batch that have no vector, each once, by the route at hand.
  private mutating func embedMissing(_ documents: [PreparedDocument]) async throws -> Embedded {
    var embedded = Embedded()
    switch route {
    case .wait(let reason):
      embedded.pendingReason = reason
    case .embed(let service):
      do {
        try await embed(documents, with: service, into: target, &embedded)
      } catch let error where !Task.isCancelled && service.space.kind == .real {
        try await giveUp(on: error, documents, &embedded)
      }
    case .standIn(let mock, _):
      try await embed(documents, with: mock, into: mockSpace, &embedded)
    }
    return embedded
  }

  /// The service failed: in HYBRID the rest of the run works on stand-ins, in REAL it stays pending.
  private mutating func giveUp(
    on error: any Error, _ documents: [PreparedDocument], _ embedded: inout Embedded
  ) async throws {
    guard store.configuration.mode == .hybrid else {
      note(nil, chunk: nil, code: StoreError.Code.serviceUnavailable.rawValue, "\(error)")
      route = .wait(reason: "\(error)")
      embedded.pendingReason = "\(error)"
      return
    }
    warn("the embedding service failed; the rest of this run is on stand-ins: \(error)")
    let mock = MockService()
    route = .standIn(mock, reason: "\(error)")
    try await embed(documents, with: mock, into: mockSpace, &embedded)
  }

  private mutating func embed(
    _ documents: [PreparedDocument], with service: any EmbeddingService, into space: SpaceRecord,
    _ embedded: inout Embedded
  ) async throws {
    let missing = try await missingTexts(documents, in: space)
    let fits = missing.count <= Self.textsInMemory && space.space.kind == .mock
    let embedder = Embedder(service: service)
    // An answer that was paid for is committed before the next one is asked for.
    let atOnce = service.space.kind == .real ? Embedder.textsPerCall : Self.textsInMemory
    for start in stride(from: 0, to: missing.count, by: atOnce) {
      try Task.checkCancellation()
      let slice = Array(missing[start..<min(start + atOnce, missing.count)])
      let result = try await embedder.embed(slice)
      report.tokens += result.tokens
      report.requests += result.requests
      if space == target { embedded.embeddedNow.formUnion(result.vectors.keys) }
      embedded.failures.merge(result.failures) { first, _ in first }
      if fits {
        embedded.vectors = result.vectors
        embedded.space = space
      } else {
        try await stage(result.vectors, in: space)
      }
    }
  }

  /// The texts of documents, each once, that have neither a vector in the target space nor in
  /// `space`, placed or staged.
  private func missingTexts(
    _ documents: [PreparedDocument], in space: SpaceRecord
  ) async throws -> [HashedText] {
    var seen: Set<Data> = []
    var texts: [HashedText] = []
    for chunk in documents.lazy.flatMap(\.chunks) {
      guard let hash = chunk.textHash, let text = chunk.text, seen.insert(hash).inserted else {
        continue
      }
      texts.append(HashedText(hash: hash, text: text))
    }
    let (candidates, spaces) = (texts, Set([target.id, space.id]))
    return try await store.file.read { db in
      try candidates.filter { text in
        try !spaces.contains { try VectorsTable.knows(textHash: text.hash, space: $0, db) }
      }
    }
  }

  private func stage(_ vectors: [Data: StoredVector], in space: SpaceRecord) async throws {
    try await store.file.write { db in
      let now = Timestamp.now()
      for (hash, vector) in vectors {
        try VectorsTable.stage(vector, textHash: hash, space: space.id, now: now, db)
      }
    }
  }

  private mutating func note(_ document: String?, chunk: Int?, code: String, _ message: String) {
    guard report.errors.count < Self.errorsListed else {
      report.errorsOmitted += 1
      return
    }
    report.errors.append(
      AddReport.Problem(document: document, chunk: chunk, code: code, message: message))
  }
}
