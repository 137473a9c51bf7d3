// What a dry run does with what it has decided: it counts what a run would write, send and pay.

import Foundation
import VectorStoreEmbedding
import VectorStoreText

/// Counts what a run would write, send and pay, and remembers it in the store's place.
struct CountingSink: AddSink {
  let store: Store
  let collection: CollectionRecord
  /// The service that a run would ask; nil if it would ask none.
  let service: (any EmbeddingService)?
  let counter: TokenCounter?
  let spending: SpendingOptions

  private var requests: RequestPlan
  /// Texts of requests that a run would have sent by now.
  private var answered: [Data] = []
  /// Texts that batches of the service have, or would have.
  private var later: [Data] = []
  /// The texts that a run would have vectors of by now, besides those that the file has.
  private var embedded: [EmbeddingSpace: Set<Data>] = [:]
  /// What the store would have by now of the documents that came.
  private var placed: [DocumentKey: DocumentRecord] = [:]
  /// Documents whose files were moved.
  private var moved: Set<Int64> = []

  init(
    store: Store, collection: CollectionRecord, service: (any EmbeddingService)?,
    counter: TokenCounter?, spending: SpendingOptions
  ) {
    self.store = store
    self.collection = collection
    self.service = service
    self.counter = counter
    self.spending = spending
    requests = RequestPlan(service, inBatches: spending.usesBatches)
  }

  func records(of keys: [DocumentKey]) async throws -> [DocumentRecord?] {
    let (collection, target, placed) = (collection.id, collection.target.id, placed)
    return try await store.file.read { db in
      try keys.map {
        try placed[$0] ?? DocumentsTable.find(collection: collection, $0, target: target, db)
      }
    }
  }

  func missingTexts(
    of documents: [CutDocument], in spaces: [SpaceRecord]
  ) async throws -> [HashedText] {
    let embedded = embedded
    return try await store.file.read { db in
      try VectorsAtHand.missingTexts(of: documents, in: spaces) { hash, space in
        try embedded[space.space]?.contains(hash) == true
          || VectorsTable.knows(textHash: hash, space: space.id, db)
      }
    }
  }

  mutating func send(_ texts: [EmbeddingQueue.Item]) async throws {
    let target = collection.target.id
    let held = try await store.file.read {
      try BatchesTable.held(texts.map(\.text.hash), space: target, $0)
    }
    later += held
    take(requests.add(texts.filter { !held.contains($0.text.hash) }))
  }

  /// Takes texts of requests that are full.
  private mutating func take(_ hashes: [Data]) {
    if spending.usesBatches { later += hashes } else { answered += hashes }
  }

  var isFed: Bool { true }

  mutating func events() -> [EmbeddingQueue.Event] {
    var events: [EmbeddingQueue.Event] = []
    if !later.isEmpty { events.append(.later(later)) }
    if !answered.isEmpty {
      embedded[collection.target.space, default: []].formUnion(answered)
      events.append(.embedded(answered))
    }
    (answered, later) = ([], [])
    return events
  }

  mutating func nextEvents() -> [EmbeddingQueue.Event]? {
    if answered.isEmpty, later.isEmpty { take(requests.flush()) }
    let events = events()
    return events.isEmpty ? nil : events
  }

  mutating func embed(
    _ texts: [HashedText], by mock: MockService, in space: SpaceRecord
  ) -> VectorsAtHand.Made? {
    embedded[space.space, default: []].formUnion(texts.map(\.hash))
    return nil
  }

  mutating func place(
    _ documents: [CutDocument], vectors: VectorsAtHand, embeddedNow: Set<Data>,
    pendingReason: String?, progress: ProgressHandler?
  ) async throws -> [Placement.Outcome] {
    let embedded = embedded
    let sources = try await store.file.read { db in
      try documents.map { document in
        try vectors.sources(of: document) { hash, space in
          try embedded[space.space]?.contains(hash) == true
            || VectorsTable.knows(textHash: hash, space: space.id, db)
        }
      }
    }
    let stored = try await records(of: documents.map(\.key))
    var uncounted = embeddedNow
    var outcomes: [Placement.Outcome] = []
    for (document, (sources, stored)) in zip(documents, zip(sources, stored)) {
      let known = placed[document.key] ?? stored
      if document.bringsAllVectors, known?.contentHash == document.contentHash,
        known?.metadata == document.metadata
      {
        outcomes.append(.unchanged(nil, embedded: 0))
      } else if let sources {
        let counts = Placement.Counts(isNew: known == nil, document, sources) {
          uncounted.remove($0) != nil
        }
        placed[document.key] = DocumentRecord(placed: document, counts)
        let brought = document.chunks.filter { $0.vector != nil }.compactMap(\.textHash)
        self.embedded[collection.target.space, default: []].formUnion(brought)
        outcomes.append(.placed(counts))
      } else {
        placed[document.key] = DocumentRecord(pending: document, over: known)
        outcomes.append(.pending)
      }
    }
    return outcomes
  }

  mutating func move(_ documents: [CutDocument]) async throws -> [AddReport.Move] {
    guard !documents.isEmpty else { return [] }
    let (files, collection) = (MovedFiles(identity: store.identity), collection)
    let before = moved
    let found = try await store.file.read { db in
      var taken = before
      return try documents.compactMap { document -> (key: DocumentKey, DocumentRecord, String)? in
        guard let old = try files.find(document, in: collection.id, besides: taken, db),
          let record = try DocumentsTable.find(
            collection: collection.id, DocumentKey(source: old.source, isFile: true),
            target: collection.target.id, db)
        else { return nil }
        taken.insert(old.id)
        return (document.key, record, old.source)
      }
    }
    for (key, record, _) in found {
      moved.insert(record.id)
      placed[key] = record
    }
    return found.map { AddReport.Move(from: $2, to: $0.source) }
  }

  func keep(_ stamps: [Int64: FileStamp]) {}

  func leaveOut(_ reasons: [Int64: AddReport.Gone.Reason]) {}

  func remove(_ ids: [Int64]) -> Int { ids.filter { !moved.contains($0) }.count }

  func changeRoots(_ body: @escaping @Sendable (any SQLTransaction) throws -> Void) {}

  /// Completes the report, with a warning for each limit that the run would reach.
  mutating func end(_ tally: inout AddTally) async throws {
    _ = requests.flush()
    tally.markDryRun()
    guard let service else { return }
    var totals = RunTotals()
    totals.requests = requests.requests
    totals.tokens = requests.tokens
    totals.cost = requests.cost
    if spending.usesBatches {
      (totals.batches, totals.batchedTexts) = (requests.requests, requests.texts)
      (totals.batchedTokens, totals.batchedCost) = (totals.tokens, totals.cost)
    }
    for use in try await store.router.excess(of: totals, service: service) {
      tally.warn("the run would stop in part: \(use.rest)")
    }
    if case .atMost(let maximum) = spending.maximumCost, totals.cost > maximum {
      tally.warn("the run would stop in part: it may cost at most \(maximum)")
    }
    tally.enter(totals, tokensEstimated: counter?.isExact == false)
  }

  func abandon(_ tally: inout AddTally) {}
}

extension DocumentRecord {
  /// What the store has of a document once it is placed.
  fileprivate init(placed document: CutDocument, _ counts: Placement.Counts) {
    let chunks = document.chunks.count
    self.init(
      id: 0, file: document.file, contentHash: document.contentHash, metadata: document.metadata,
      format: document.format.rawValue, chunkTokens: document.chunking?.maximumTokens,
      overlapTokens: document.chunking?.overlapTokens, isPending: false, chunks: chunks,
      failedChunks: counts.failures.count,
      chunksInTarget: chunks - counts.standIn - counts.failures.count,
      givenMetadata: try? document.given?.stored())
  }

  /// What the store has of a document of which a version waits: the one before answers, if any.
  fileprivate init(pending document: CutDocument, over known: DocumentRecord?) {
    self.init(
      id: 0, file: document.file, contentHash: known?.contentHash,
      metadata: known?.metadata ?? document.metadata,
      format: known?.format ?? document.format.rawValue, chunkTokens: known?.chunkTokens,
      overlapTokens: known?.overlapTokens, isPending: true, chunks: known?.chunks ?? 0,
      failedChunks: known?.failedChunks ?? 0, chunksInTarget: known?.chunksInTarget ?? 0,
      givenMetadata: (try? document.given?.stored()) ?? known?.givenMetadata)
  }
}
