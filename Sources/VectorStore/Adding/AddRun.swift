// One run of `add` or of an import's texts: batches of documents in, a report out. Called by
// Store+Add and ImportRun; calls Intake, EmbeddingQueue, Placement and the tables.

import Foundation
import Logging
import VectorStoreText

/// Adds documents to one collection as a stream: while some are cut, the texts of others are on their
/// way to the service, and those that have all their vectors are placed.
///
/// Begun, ended and given up by `Store.adding`.
struct AddRun: DocumentTaker {
  /// Texts up to this many at a time get mock vectors in memory; the vectors of more are staged in
  /// the file, so that memory stays bounded however large a document is.
  private static let textsInMemory = 4096
  /// The most bytes of documents that wait for the service in memory, and more for each request that
  /// may be in flight.
  private static let bytesWaiting = 32 << 20
  private static let bytesWaitingPerRequest = 1 << 20
  /// About how many chunks a placing transaction takes where answers come from a service: few, since
  /// the next answer is to be committed soon.
  private static let chunksAtOnce = 512

  let store: Store
  let run: Run
  let collection: CollectionRecord
  let target: SpaceRecord
  /// When this run's documents are placed.
  let placedAt: String
  var tally: AddTally
  /// How texts are counted for the service; nil where none is asked.
  let counter: TokenCounter?

  private let mockSpace: SpaceRecord
  private let intake: Intake
  private let requests: ServiceRequests?
  private let queue: EmbeddingQueue?
  private var supply: Supply
  private var waiting = WaitingDocuments()
  /// Texts embedded by this run whose document has not been placed yet.
  private var embeddedNow: Set<Data> = []
  /// Texts refused for good.
  private var failures: [Data: ChunkFailure] = [:]

  /// Where the vectors of texts that have none come from.
  private enum Supply {
    /// From a service, by requests.
    case requests
    /// From the mock service, in the target space or as stand-ins.
    case mock(MockService, SpaceRecord)
    /// From nowhere, for this reason.
    case none(reason: String)
    /// From nowhere, and a text without a vector is an error.
    case refused(StoreError)
  }

  /// Begins a run: finds or makes the collection and its target space.
  ///
  /// - Parameter newTarget: the target space if the collection is new or empty; nil takes the mode's.
  static func begin(
    _ command: String, store: Store, collection name: String, newTarget: EmbeddingSpace?,
    spending: SpendingOptions
  ) async throws -> AddRun {
    try check(collection: name)
    let started = Date()
    let (mode, space) = (store.mode, newTarget ?? store.newTarget)
    let (run, collection, mock) = try await store.file.write { db in
      let collection = try CollectionsTable.findOrCreate(
        name, target: space, db)
      let run = try Run.begin(command, mode: mode, started: started, db)
      return (run, collection, try SpacesTable.findOrCreate(MockService().space, db))
    }
    store.configuration.logger.debug(
      "run begins", metadata: ["run": "\(run.correlationID)", "command": "\(command)"])
    let target = collection.target
    let route = Result { try store.route(to: target.space, of: collection.name) }
    var (counter, sending): (TokenCounter?, EmbeddingQueue.Run?)
    if case .success(.requests(let service)) = route {
      counter = await service.tokenCounter()
      let requests = store.router.requests(
        to: service, options: spending.requestOptions(runID: run.correlationID))
      sending = try await store.staging(run, requests: requests, target: target)
    }
    return try AddRun(
      store: store, run: run, collection: collection, mock: mock, mode: mode, route: route,
      counter: counter, sending: sending)
  }

  /// Refuses a collection without a name.
  static func check(collection name: String) throws {
    guard !name.isEmpty else {
      throw StoreError(.empty, "the collection's name is empty; name one, or leave it out")
    }
  }

  private init(
    store: Store, run: Run, collection: CollectionRecord, mock: SpaceRecord, mode: ServiceMode,
    route: Result<EmbeddingRouter.Route, any Error>, counter: TokenCounter?,
    sending: EmbeddingQueue.Run?
  ) throws {
    self.store = store
    self.run = run
    placedAt = Timestamp.of(store.configuration.clock())
    self.collection = collection
    target = collection.target
    self.counter = counter
    mockSpace = mock
    tally = AddTally(mode: mode, space: target.space)
    switch route {
    case .failure(let error as StoreError): supply = .refused(error)
    case .failure(let error): throw error
    case .success(.local(let mock)): supply = .mock(mock, target)
    case .success(.standIn(let service, _)): supply = .mock(service, mock)
    case .success(.wait(let reason)): supply = .none(reason: reason)
    case .success(.requests): supply = .requests
    }
    requests = sending?.requests
    queue = sending.map { EmbeddingQueue($0) }
    intake = Intake(
      file: store.file, collection: collection.id, target: target.id, counter: counter,
      tokensPerText: requests?.service.terms.tokensPerText ?? .max)
    if case .success(let route) = route { tally.begin(route, collection: collection.name) }
  }

  /// Adds a batch of documents. Each is placed whole or not at all, now or by a later call.
  mutating func add(_ batch: [IncomingDocument]) async throws {
    for documents in batch.partsOfDistinctSources {
      try Task.checkCancellation()
      // A document that comes twice is placed twice, in this order.
      if documents.contains(where: { waiting.contains(source: $0.source) }) { try await settle() }
      try await take(documents)
    }
  }

  /// Places all that waits: the same document may come again, by another way.
  mutating func settle() async throws {
    while !waiting.isEmpty {
      guard let events = try await queue?.next() else { waiting.resolveAll(); break }
      events.forEach { note($0) }
      try await placeReady()
    }
    try await placeReady()
  }

  /// Removes documents whose files are gone.
  mutating func remove(sources: [String]) async throws {
    let collection = collection.id
    let removed = try await store.file.write { db in
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
    tally.count(removed: removed)
  }

  var collectionID: Int64? { collection.id }

  /// Whether a document of a source waits for the service.
  func isWaiting(source: String) -> Bool { waiting.contains(source: source) }

  /// Ends the run: places what waits, copies the log into the file and writes the report to `runs`.
  mutating func end() async throws -> AddReport {
    try await settle()
    enterTotals()
    let (report, run) = (tally.report, run)
    try await store.file.write { db in
      try VectorsTable.unstageReplaced(of: run.id, db)
      try RunsTable.end(correlationID: run.correlationID, report: try Run.counts(of: report), db)
    }
    try await store.file.checkpoint()
    return report
  }

  /// Gives the run up after an error: what has been asked for and comes soon is still committed.
  mutating func abandon() async {
    await queue?.giveUp()
    enterTotals()
    let (report, id, file) = (tally.report, run.correlationID, store.file)
    try? await withReprieve {
      try await file.write { db in
        try RunsTable.end(correlationID: id, report: try Run.counts(of: report), db)
      }
    }
  }

  private mutating func enterTotals() {
    tally.enter(seconds: run.seconds)
    guard let requests else { return }
    tally.enter(requests.totals, tokensEstimated: counter?.isExact == false)
  }

  // MARK: - In

  /// Examines documents and sends their texts on the way.
  private mutating func take(_ documents: [IncomingDocument]) async throws {
    if case .refused(let error) = supply { throw error }
    let examined = try await intake.examine(documents, canImprove: canImprove)
    examined.unchanged.forEach { tally.count(unchanged: $0) }
    guard !examined.changed.isEmpty else { return }
    guard case .requests = supply, let queue else {
      examined.changed.forEach { waiting.add($0, missing: []) }
      return try await placeReady()
    }
    let missing = try await intake.missingTexts(examined.changed, in: [target.id])
    let hashes = Set(missing.map(\.hash))
    let fresh = missing.filter { !waiting.isOnItsWay($0.hash) && failures[$0.hash] == nil }
    let items = try await intake.counted(fresh)
    for document in examined.changed {
      let needs = document.prepared.chunks.compactMap(\.textHash)
        .filter { hashes.contains($0) && failures[$0] == nil }
      waiting.add(document, missing: Set(needs))
    }
    await queue.add(items)
    await queue.takeEvents().forEach { note($0) }
    // While the service could take more, finding it more goes before placing.
    if await queue.isFed { try await placeReady() }
    while waiting.bytes > bytesWaiting {
      try await placeReady()
      guard waiting.bytes > bytesWaiting, let events = try await queue.next() else { break }
      events.forEach { note($0) }
    }
  }

  private var bytesWaiting: Int {
    Self.bytesWaiting
      + Self.bytesWaitingPerRequest * (requests?.service.terms.concurrentRequests ?? 0)
  }

  /// Whether a document that has not changed can be brought nearer to its target space.
  private var canImprove: Bool {
    switch supply {
    case .requests: true
    case .mock(_, let space): space == target
    case .none, .refused: false
    }
  }

  /// Notes what became of texts.
  private mutating func note(_ event: EmbeddingQueue.Event) {
    switch event {
    case .embedded(let hashes):
      embeddedNow.formUnion(hashes)
      hashes.forEach { waiting.resolve($0) }
    case .found(let hashes):
      hashes.forEach { waiting.resolve($0) }
    case .failed(let refused):
      failures.merge(refused) { first, _ in first }
      refused.keys.forEach { waiting.resolve($0) }
    case .unavailable(let hashes, let reason):
      note(reason)
      hashes.forEach { waiting.resolve($0) }
    }
  }

  /// The service does not embed texts: in HYBRID they get stand-ins, in REAL they stay pending. Where
  /// it is final, the rest of the run does without the service.
  private mutating func note(_ reason: Unavailability) {
    tally.stop(reason)
    guard reason.isFinal else { return }
    supply = fallback(reason.message)
  }

  /// What texts without a vector get when the service does not embed them.
  private func fallback(_ reason: String) -> Supply {
    tally.report.mode == .hybrid ? .mock(MockService(), mockSpace) : .none(reason: reason)
  }

  // MARK: - Out

  /// Places the documents that wait for nothing more.
  private mutating func placeReady() async throws {
    let atOnce = requests == nil ? Int.max : Self.chunksAtOnce
    while true {
      let ready = waiting.takeReady(chunksAtMost: atOnce)
      guard !ready.isEmpty else { return }
      try await place(ready, again: 3)
    }
  }

  /// Gives documents the vectors they lack, where there are any to be had here, and places them.
  ///
  /// - Parameter again: how often a document may come again, since a vector that was to be reused was
  ///   removed by another process before it was placed.
  private mutating func place(_ documents: [ChangedDocument], again: Int) async throws {
    let documents = try await leaveUnimproved(documents)
    guard !documents.isEmpty else { return }
    let supplied = try await supplyLocally(documents)
    let placement = Placement(
      collection: collection, target: target, standIn: supplied.standIn,
      vectors: supplied.vectors, vectorSpace: supplied.space, embeddedNow: embeddedNow,
      failures: failures, placedAt: placedAt, run: run.id,
      refusesDuplicates: run.command == "import")
    let outcomes = try await store.file.write { db in
      try placement.collection.requireUnchanged(db)
      return try SearchTable.following(db) { words in
        try placement.place(
          documents.map(\.prepared), pendingReason: supplied.pendingReason, &words, db)
      }
    }
    var returning: [ChangedDocument] = []
    for (document, outcome) in zip(documents, outcomes) {
      tally.count(outcome, of: document.prepared)
      // The service is missed only where a document needs it.
      if case .pending = outcome, case .none(let reason) = supply { tally.missService(reason) }
      if case .incomplete = outcome {
        returning.append(document)
      } else {
        for chunk in document.prepared.chunks {
          if let hash = chunk.textHash { embeddedNow.remove(hash) }
        }
      }
    }
    try await placeAgain(returning, again)
  }

  private mutating func placeAgain(_ documents: [ChangedDocument], _ again: Int) async throws {
    guard !documents.isEmpty else { return }
    guard again > 0 else {
      for document in documents {
        tally.fail(
          document.prepared.source, .locked,
          "\(document.prepared.source) could not be placed: its vectors were removed by another "
            + "process again and again; run the command again")
      }
      return
    }
    if case .requests = supply, let queue {
      let missing = try await intake.missingTexts(documents, in: [target.id])
        .filter { !waiting.isOnItsWay($0.hash) && failures[$0.hash] == nil }
      await queue.add(try await intake.counted(missing))
      while let events = try await queue.next() { events.forEach { note($0) } }
    }
    try await place(documents, again: again - 1)
  }

  /// Leaves those documents as they are that the store has already, and for which nothing has been
  /// had in this run.
  private mutating func leaveUnimproved(
    _ documents: [ChangedDocument]
  ) async throws -> [ChangedDocument] {
    guard requests != nil, documents.contains(where: { $0.stored?.isPending == false }) else {
      return documents
    }
    let missing = Set(try await intake.missingTexts(documents, in: [target.id]).map(\.hash))
    return documents.filter { document in
      guard let stored = document.stored, !stored.isPending else { return true }
      let had = document.prepared.chunks.count { chunk in
        chunk.textHash.map { !missing.contains($0) || failures[$0] != nil } ?? true
      }
      guard had <= stored.chunksInTarget + stored.failedChunks else { return true }
      tally.count(unchanged: stored)
      return false
    }
  }

  /// What documents on their way out get besides what the store has.
  private struct Supplied {
    var vectors: [Data: StoredVector] = [:]
    var space: SpaceRecord?
    /// The space of stand-ins, where they are allowed.
    var standIn: SpaceRecord?
    /// Why documents with chunks that have no vector stay pending; nil where they need not.
    var pendingReason: String?
  }

  /// Embeds what has no vector by the mock service, where the supply or the mode allows it.
  private mutating func supplyLocally(_ documents: [ChangedDocument]) async throws -> Supplied {
    var supplied = Supplied()
    var supply = supply
    if case .requests = supply, let stopped = tally.report.stopped {
      // Texts of a batch were given up; the others go on.
      supply = fallback(stopped.message)
    }
    switch supply {
    case .requests, .refused: break
    case .none(let reason): supplied.pendingReason = reason
    case .mock(let mock, let space):
      supplied.standIn = space == target ? nil : space
      supplied.space = space
      let missing = try await intake.missingTexts(documents, in: [target.id, space.id])
        .filter { failures[$0.hash] == nil }
      for start in stride(from: 0, to: missing.count, by: Self.textsInMemory) {
        try Task.checkCancellation()
        let slice = Array(missing[start..<min(start + Self.textsInMemory, missing.count)])
        let answer = try AnsweredTexts(
          try await mock.embed(slice.map(\.text)), to: slice, space: space.space)
        if space == target { embeddedNow.formUnion(answer.vectors.keys) }
        if missing.count <= Self.textsInMemory {
          supplied.vectors = answer.vectors
        } else {
          try await store.stage(answer.vectors, in: space)
        }
      }
    }
    return supplied
  }
}
