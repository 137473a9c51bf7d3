// One run of `reembed`: the chunks of a collection that have no vector in a space get one, page by
// page; at the end the space becomes the collection's target.

import Foundation
import VectorStoreText

/// Brings the chunks of one collection to a space. Stopped anywhere, the next run goes on.
///
/// The vectors of a new space are placed beside the old ones, which answer until no chunk lacks its
/// new one; then one transaction changes the target, and the old vectors go.
struct ReembedRun {
  /// Chunks looked at together.
  private static let page = 1024
  /// Texts on their way at once.
  private static let textsWaiting = 8192
  /// Vectors deleted a transaction.
  private static let deletedAtOnce = 4096
  /// Errors listed in a report.
  private static let errorsListed = 100

  let file: any StoreStorage
  let collection: CollectionRecord
  /// The space that the chunks are brought to.
  let target: SpaceRecord
  /// Whether the space was named by whoever asked for it.
  let isTargetChosen: Bool
  let service: any EmbeddingService
  /// Whether texts go in batches of the service.
  let usesBatches: Bool
  let counter: TokenCounter
  let progress: ProgressHandler?
  private(set) var report: ReembedReport
  private var waiting: Set<Data> = []
  /// Texts that the service of a new space refuses; noted in the file when it becomes the target.
  private var failures: [Data: ChunkFailure] = [:]
  /// Texts that are longer than the service takes: their documents are cut again.
  private(set) var tooLong: [Data: ChunkFailure] = [:]
  /// Texts that batches have, or that were left for another time.
  private var textsLater = 0

  /// Whether the collection gets another target.
  private var changesTarget: Bool { collection.target != target }

  init(
    file: any StoreStorage, collection: CollectionRecord, target: SpaceRecord, isTargetChosen: Bool,
    service: any EmbeddingService, usesBatches: Bool, counter: TokenCounter,
    progress: ProgressHandler?
  ) {
    self.file = file
    self.collection = collection
    self.target = target
    self.isTargetChosen = isTargetChosen
    self.service = service
    self.usesBatches = usesBatches
    self.counter = counter
    self.progress = progress
    report = ReembedReport(
      collection: collection.name, from: collection.target.space, to: target.space)
  }

  /// Counts what is to be done and what it costs, and changes nothing.
  func plan() async throws -> ReembedReport {
    var plan = RequestPlan(service, inBatches: usesBatches)
    var seen: Set<Data> = []
    var report = report
    // As the run counts: all chunks of a text that it has embedded.
    var (embedded, inBatch) = (Set<Data>(), Set<Data>())
    let space = target.id
    func take(_ texts: [HashedText]) async throws {
      let new = texts.filter { seen.insert($0.hash).inserted }
      let held = try await file.read { try BatchesTable.held(new.map(\.hash), space: space, $0) }
      inBatch.formUnion(held)
      let items = try await counted(new.filter { !held.contains($0.hash) })
      embedded.formUnion(items.map(\.text.hash))
      _ = plan.add(items)
    }
    var last: Int64 = 0
    while let page = try await nextPage(after: &last) {
      try await take(page.unknown)
      for chunk in page.chunks {
        let hash = chunk.text.hash
        if embedded.contains(hash) {
          report.chunks.embedded += 1
        } else if inBatch.contains(hash) {
          report.chunks.remaining += 1
        } else {
          report.chunks.reused += 1
        }
      }
    }
    _ = plan.flush()
    last = 0
    while let pending = try await nextPending(after: &last) {
      report.pendingRemaining += pending.documents
      let known = embedded.count
      try await take(pending.unknown)
      report.chunks.embedded += embedded.count - known
      report.chunks.reused += pending.chunks - (embedded.count - known)
    }
    _ = plan.flush()
    report.tokens = plan.tokens
    report.requests = plan.requests
    report.tokensEstimated = !counter.isExact
    report.costUSD = plan.cost.usd
    var totals = RunTotals()
    if usesBatches {
      (totals.batches, totals.batchedTexts) = (plan.requests, plan.texts)
      (totals.batchedTokens, totals.batchedCost) = (plan.tokens, plan.cost)
    }
    report.batched = BatchedTexts(totals, later: totals.batchedTexts + inBatch.count)
    report.isDryRun = true
    return report
  }

  /// Embeds and places what is missing.
  mutating func embed(by queue: any TextQueue) async throws {
    let (space, id) = (target.id, collection.id)
    let total = try await file.read {
      try ReembeddingTable.countMissing(in: space, collection: id, $0).chunks
    }
    do {
      var last: Int64 = 0
      while report.stopped == nil, let page = try await nextPage(after: &last) {
        let unknown = Set(page.unknown.map(\.hash))
        try await placeKnown(Set(page.chunks.map(\.text.hash)).subtracting(unknown))
        let new = page.unknown.filter { waiting.insert($0.hash).inserted }
        await queue.add(fitting(try await counted(new)))
        try await note(await queue.takeEvents(), of: total)
        while waiting.count > Self.textsWaiting, let events = try await queue.next() {
          try await note(events, of: total)
        }
      }
      while let events = try await queue.next() { try await note(events, of: total) }
    } catch {
      await queue.giveUp()
      throw error
    }
  }

  /// Enters what was sent.
  mutating func enter(_ totals: RunTotals) {
    report.tokens = totals.tokens
    report.tokensEstimated = !counter.isExact
    report.requests = totals.requests
    report.costUSD = totals.cost.usd
    report.possibleCostUSD = totals.possibleCost.usd
    report.warnings += totals.warnings.map(\.warning)
    report.batched = BatchedTexts(totals, later: textsLater)
  }

  /// The report of a run that took so long.
  mutating func ended(after duration: Duration) -> ReembedReport {
    report.duration = duration
    return report
  }

  /// Makes the space the collection's target, unless a chunk lacks its vector; then deletes the
  /// vectors of other spaces.
  mutating func finish() async throws {
    let (target, collection, failures) = (target, collection, failures)
    let isTargetChosen = isTargetChosen
    do {
      try await file.write { db in
        try collection.requireUnchanged(db)
        for (hash, failure) in failures {
          try ReembeddingTable.fail(failure, textHash: hash, collection: collection.id, db)
        }
        let missing = try ReembeddingTable.countMissing(
          in: target.id, collection: collection.id, db
        ).chunks
        // All or nothing: an error takes the failures back.
        guard missing == 0 else { throw Incomplete(missing: missing) }
        try ReembeddingTable.setTarget(
          target.id, collection: collection.id, isChosen: isTargetChosen, db)
      }
    } catch let error as Incomplete {
      report.chunks.remaining = error.missing
      return
    }
    report.isComplete = true
    // The vectors of another space may be those of a change that is half done.
    let obsolete = changesTarget ? nil : EmbeddingSpace.Kind.mock
    var deleted = Self.deletedAtOnce
    while deleted == Self.deletedAtOnce {
      try Task.checkCancellation()
      deleted = try await file.write { db in
        try ReembeddingTable.deleteOthers(
          than: target.id, kind: obsolete, collection: collection.id, limit: Self.deletedAtOnce, db)
      }
    }
  }

  /// Enters what became of documents that had been waiting for the service.
  mutating func enter(pending: AddReport) {
    report.pendingPlaced = pending.documents.added + pending.documents.updated
    report.pendingRemaining = pending.documents.pending
    enter(embedded: pending)
    report.isComplete = report.pendingRemaining == 0 && report.chunks.remaining == 0
  }

  /// Enters what became of documents that were cut again.
  ///
  /// - Parameter chunks: how many of their chunks were too long.
  mutating func enter(cutAgain chunks: Int, _ cut: AddReport) {
    report.cutAgain += max(0, chunks - cut.chunks.failed)
    // They are counted already, but for the pieces.
    report.chunks.embedded += cut.chunks.embedded
    report.chunks.failed += cut.chunks.failed
    report.chunks.remaining += cut.chunks.pending + cut.chunks.standIn
    enter(spent: cut)
    report.isComplete = report.isComplete && report.chunks.remaining == 0
    guard report.cutAgain > 0 else { return }
    let count = report.cutAgain
    report.warnings.append(
      "\(count == 1 ? "1 passage was" : "\(count) passages were") longer than the service takes; cut "
        + "again, they were embedded in pieces")
  }

  private mutating func enter(embedded pending: AddReport) {
    report.chunks.embedded += pending.chunks.embedded
    report.chunks.reused += pending.chunks.reused
    report.chunks.failed += pending.chunks.failed
    report.chunks.remaining += pending.chunks.pending + pending.chunks.standIn
    report.cutAgain += pending.cutAgain
    enter(spent: pending)
  }

  private mutating func enter(spent pending: AddReport) {
    report.warnings += pending.warnings
    report.tokens += pending.tokens
    report.requests += pending.requests
    report.costUSD += pending.costUSD
    report.possibleCostUSD += pending.possibleCostUSD
    report.stopped = report.stopped ?? pending.stopped
    report.errors += pending.errors
    if let more = pending.batched { report.batched = report.batched.map { $0 + more } ?? more }
  }

  /// Chunks came that have no vector in the new space.
  private struct Incomplete: Error {
    let missing: Int
  }

  // MARK: - Pages

  /// Chunks without a vector in the space, and those of their texts that have none anywhere.
  private struct Page: Sendable {
    var chunks: [ReembeddingTable.Chunk]
    var unknown: [HashedText]
  }

  /// Some pending documents: how many, their chunks, and their texts that have no vector.
  private func nextPending(
    after last: inout Int64
  ) async throws -> (documents: Int, chunks: Int, unknown: [HashedText])? {
    let (target, collection, after) = (target, collection.id, last)
    let pending = try await file.read { db in
      try ReembeddingTable.pendingDocuments(
        collection: collection, target: target.space, after: after, limit: Self.page / 4, db)
    }
    guard let end = pending.last?.id else { return nil }
    last = end
    let cut = try await file.work {
      Parallel.map(pending) { $0.document.cut(fitting: nil, tokens: .max) }
    }
    let texts = cut.flatMap(\.chunks).compactMap(\.hashedText)
    let unknown = try await file.read { db in
      try texts.filter { try !VectorsTable.knows(textHash: $0.hash, space: target.id, db) }
    }
    return (pending.count, texts.count, unknown)
  }

  private func nextPage(after last: inout Int64) async throws -> Page? {
    try Task.checkCancellation()
    let (target, collection, after) = (target.id, collection.id, last)
    let page = try await file.read { db in
      let chunks = try ReembeddingTable.missing(
        in: target, collection: collection, after: after, limit: Self.page, db)
      var seen: Set<Data> = []
      let unknown = try chunks.map(\.text).filter { text in
        guard seen.insert(text.hash).inserted else { return false }
        return try !VectorsTable.knows(textHash: text.hash, space: target, db)
      }
      return Page(chunks: chunks, unknown: unknown)
    }
    guard let end = page.chunks.last?.id else { return nil }
    last = end
    return page
  }

  private func counted(_ texts: [HashedText]) async throws -> [EmbeddingQueue.Item] {
    try await file.work { [counter] in
      Parallel.map(texts) { EmbeddingQueue.Item(text: $0, tokens: counter.count($0.text)) }
    }
  }

  // MARK: - Placing

  /// Texts within the tokens that the service takes. The documents of longer ones, which came when nobody
  /// could count them, are cut again.
  private mutating func fitting(_ items: [EmbeddingQueue.Item]) -> [EmbeddingQueue.Item] {
    let terms = service.terms
    return items.filter { item in
      guard counter.isExact, item.tokens > terms.tokensPerText, !terms.takesLongerTexts else {
        return true
      }
      waiting.remove(item.text.hash)
      take(
        tooLong: item.text.hash,
        ChunkFailure(
          code: .textTooLong,
          message: "the chunk has \(item.tokens) tokens, and \(target.space.model) takes "
            + "\(terms.tokensPerText)"))
      return false
    }
  }

  private mutating func take(tooLong hash: Data, _ failure: ChunkFailure) {
    tooLong[hash] = failure
    // Until its document is cut again, it has no vector in the new space.
    if changesTarget { failures[hash] = failure }
  }

  /// Marks a text that is too long and whose documents cannot be cut.
  mutating func fail(tooLong hash: Data) async throws {
    if let failure = tooLong[hash] { try await fail(failure, hash) }
  }

  private mutating func note(_ events: [EmbeddingQueue.Event], of total: Int) async throws {
    try await note(events)
    progress?(
      StoreProgress(
        done: report.chunks.embedded + report.chunks.reused + report.chunks.failed, total: total,
        unit: "chunks"))
  }

  private mutating func note(_ events: [EmbeddingQueue.Event]) async throws {
    for event in events {
      switch event {
      case .embedded(let hashes):
        waiting.subtract(hashes)
        report.chunks.embedded += try await place(hashes)
      case .found(let hashes):
        waiting.subtract(hashes)
        try await placeKnown(Set(hashes))
      case .failed(let failures):
        waiting.subtract(failures.keys)
        for (hash, failure) in failures { try await fail(failure, hash) }
      case .tooLong(let hash, _, let failure):
        waiting.remove(hash)
        take(tooLong: hash, failure)
      case .later(let hashes):
        waiting.subtract(hashes)
        textsLater += hashes.count
      case .unavailable(let hashes, let reason):
        waiting.subtract(hashes)
        guard report.stopped == nil || reason.isFinal else { continue }
        report.stopped = AddReport.Stop(
          code: reason.code, message: reason.message, until: reason.until)
      }
    }
  }

  private mutating func placeKnown(_ hashes: Set<Data>) async throws {
    report.chunks.reused += try await place(Array(hashes))
  }

  /// Gives texts' vectors, which are in the file, to all chunks that lack them. Their stand-ins go
  /// where the collection is in its space already.
  private func place(_ hashes: [Data]) async throws -> Int {
    guard !hashes.isEmpty else { return 0 }
    let (target, collection) = (target, collection)
    return try await file.write { db in
      let standIn =
        collection.target == target
        ? try SpacesTable.find(SpacesTable.standIn(of: collection.id, db), db)?.id : nil
      var placed = 0
      for hash in hashes {
        guard let vector = try VectorsTable.find(textHash: hash, space: target, db) else {
          continue
        }
        placed += try ReembeddingTable.place(
          vector, textHash: hash, space: target.id, standIn: standIn, collection: collection.id, db)
        try VectorsTable.unstagePlaced(textHash: hash, db)
      }
      return placed
    }
  }

  private mutating func fail(_ failure: ChunkFailure, _ hash: Data) async throws {
    let (collection, changesTarget) = (collection.id, changesTarget)
    if changesTarget { failures[hash] = failure }
    let chunks = try await file.write { db in
      // Until the target changes, the old vectors answer and nothing has failed.
      changesTarget
        ? try ReembeddingTable.chunks(of: hash, collection: collection, db)
        : try ReembeddingTable.fail(failure, textHash: hash, collection: collection, db)
    }
    report.chunks.failed += chunks.count
    list(failure, of: chunks)
  }

  private mutating func list(
    _ failure: ChunkFailure, of chunks: [(id: Int64, source: String, ordinal: Int)]
  ) {
    for chunk in chunks where report.errors.count < Self.errorsListed {
      report.errors.append(
        AddReport.Problem(
          source: chunk.source, chunk: chunk.ordinal, code: failure.code,
          message: failure.message))
    }
  }
}
