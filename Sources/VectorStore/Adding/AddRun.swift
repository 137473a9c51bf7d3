// One run that adds documents: they are examined and cut, their texts embedded, and they are placed.

import Foundation
import Logging
import VectorStoreText

/// Adds documents to one collection as a stream: while some are cut, the texts of others are on their
/// way to the service, and those that have all their vectors are placed.
///
/// Begun, ended and abandoned by `Store.adding`.
struct AddRun {
  /// The most bytes of documents that wait for the service in memory, and more for each request that
  /// may be in flight.
  private static let bytesWaiting = 32 << 20
  private static let bytesWaitingPerRequest = 1 << 20
  /// About how many chunks a placing transaction takes if answers come from a service: few, since the
  /// next answer is to be committed soon.
  private static let chunksAtOnce = 512

  let file: any StoreStorage
  let collection: CollectionRecord
  /// Called with how many passages are done, so that one large document is seen to move.
  var progress: ProgressHandler?
  var tally: AddTally
  /// How texts are counted for the service; nil if none is asked.
  let counter: TokenCounter?
  /// The service that is asked; nil if none is.
  let service: (any EmbeddingService)?
  /// The row of the run; nil for a dry run, which has none.
  let runID: Int64?
  /// The name of the run in the ledger, the log and the services' logs; nil for a dry run.
  let correlationID: String?

  private let terms: ServiceTerms?
  /// The most tokens that the service takes of a text, as far as it is known.
  private var tokensPerText: Int
  /// Texts that turned out to be too long, and the most tokens that the service named.
  private var tooLong: [Data: (tokens: Int?, failure: ChunkFailure)] = [:]
  private let mockSpace: SpaceRecord
  /// Where the vectors of texts that have none come from. It changes when the service stops.
  private var route: EmbeddingRouter.Route
  /// Why no text may be embedded in the target space: no service makes vectors of it.
  private let mismatch: StoreError?
  private var sink: any AddSink
  private var waiting = WaitingDocuments()
  /// How many texts went to the service, and of how many it is known what became of them.
  private var (sent, answered) = (0, 0)
  /// Texts embedded by this run whose document has not been placed yet.
  private var embeddedNow: Set<Data> = []
  /// Whether texts were left to a batch of the service, or for another time.
  private var leavesTexts = false
  /// Texts refused for good.
  private var failures: [Data: ChunkFailure] = [:]

  /// When this run's documents are placed; nil in a dry run.
  let placedAt: String?

  /// The space of the vectors that texts get.
  var target: SpaceRecord { collection.target }

  // MARK: - Beginning and end

  /// Creates a run that was begun by ``begin(_:store:collection:newTarget:options:answers:)``.
  init(
    file: any StoreStorage, collection: CollectionRecord, mode: ServiceMode, counter: TokenCounter?,
    runID: Int64?, correlationID: String?, service: (any EmbeddingService)?, told: Int?,
    mockSpace: SpaceRecord,
    placedAt: String?,
    route: Result<EmbeddingRouter.Route, any Error>, sink: any AddSink
  ) throws {
    self.file = file
    self.collection = collection
    self.counter = counter
    self.runID = runID
    self.correlationID = correlationID
    self.service = service
    terms = service?.terms
    tokensPerText = min(terms?.tokensPerText ?? .max, told.map(Self.within) ?? .max)
    self.mockSpace = mockSpace
    self.placedAt = placedAt
    self.sink = sink
    tally = AddTally(mode: mode, space: collection.target.space)
    switch route {
    case .success(let route):
      (self.route, mismatch) = (route, nil)
      tally.begin(route, collection: collection.name)
    case .failure(let error as StoreError):
      (self.route, mismatch) = (.wait(reason: error.message), error)
    case .failure(let error): throw error
    }
  }

  /// Ends the run: places what waits, and keeps the report.
  mutating func end() async throws -> AddReport {
    try await settle()
    try await sink.end(&tally)
    var report = tally.report
    report.keepsText = collection.keepsText
    return report
  }

  /// Gives the run up after an error: what has been asked for and comes soon is still kept.
  mutating func abandon() async { await sink.abandon(&tally) }

  // MARK: - In

  /// Adds a batch of documents in their order. Each is placed whole or not at all, now or by a later
  /// call.
  mutating func add(_ batch: [CutDocument]) async throws {
    var rest = (collection.keepsText ? batch : try batch.map { try $0.withoutOwnMetadata() })[...]
    while let first = rest.first {
      let bringVectors = first.bringsAllVectors
      let documents = Array(rest.prefix { $0.bringsAllVectors == bringVectors })
      rest = rest.dropFirst(documents.count)
      for part in bringVectors ? [documents] : documents.partsOfDistinctKeys {
        try Task.checkCancellation()
        // A document that comes twice is placed twice, in this order.
        if part.contains(where: { waiting.contains($0.key) }) { try await settle() }
        if bringVectors { try await place(part, again: 0) } else { try await embed(part) }
      }
    }
  }

  /// Counts files whose documents stay as they are.
  mutating func keep(_ unchanged: [(source: String, stamp: FileStamp)]) async throws {
    guard !unchanged.isEmpty else { return }
    let records = try await sink.records(
      of: unchanged.map { DocumentKey(source: $0.source, isFile: true) })
    var stamps: [Int64: FileStamp] = [:]
    for (file, record) in zip(unchanged, records) {
      // Another process may have removed it; the next run adds it again.
      guard let record else { continue }
      tally.count(unchanged: record)
      if record.file != file.stamp { stamps[record.id] = file.stamp }
    }
    if !stamps.isEmpty { try await sink.keep(stamps) }
  }

  /// Whether passages without a vector in the target space can get one.
  var canImprove: Bool {
    switch route {
    case .requests, .mock: true
    case .standIn, .wait: false
    }
  }

  /// Places all that waits: the same document may come again, by another way.
  mutating func settle() async throws {
    while !waiting.isEmpty {
      guard let events = try await sink.nextEvents() else {
        waiting.resolveAll()
        break
      }
      try await take(events)
      try await placeReady()
    }
    try await placeReady()
  }

  /// Keeps documents whose files are not taken any more from answering, by row id.
  mutating func leaveOut(_ reasons: [Int64: AddReport.Gone.Reason]) async throws {
    if !reasons.isEmpty { try await sink.leaveOut(reasons) }
  }

  /// Removes documents whose files are gone.
  mutating func remove(_ ids: [Int64]) async throws {
    tally.count(removed: try await sink.remove(ids))
  }

  /// Changes what is remembered of roots, unless this is a dry run.
  mutating func changeRoots(_ body: @escaping @Sendable (any SQLTransaction) throws -> Void)
    async throws
  {
    try await sink.changeRoots(body)
  }

  /// Sends the texts of new documents on their way, and places what is ready.
  private mutating func embed(_ documents: [CutDocument]) async throws {
    if let mismatch { throw mismatch }
    let new = try await cutNew(documents)
    guard !new.isEmpty else { return }
    guard case .requests = route else {
      new.forEach { waiting.add($0, missing: []) }
      return try await placeReady()
    }
    try await send(new)
    try await take(await sink.events())
    // While the service could take more, finding it more goes before placing.
    if await sink.isFed { try await placeReady() }
    let bytes =
      Self.bytesWaiting + Self.bytesWaitingPerRequest * (terms?.concurrentRequests ?? 0)
    while waiting.bytes > bytes {
      try await placeReady()
      guard waiting.bytes > bytes, let events = try await sink.nextEvents() else { break }
      try await take(events)
    }
  }

  /// Lets documents wait for their texts, and sends those that are not on their way.
  private mutating func send(_ documents: [CutDocument]) async throws {
    let missing = try await sink.missingTexts(of: documents, in: [target])
    let hashes = Set(missing.map(\.hash))
    let fresh = try await counted(unsent(missing))
    for document in documents {
      let needs = document.chunks.compactMap(\.hashedText?.hash)
        .filter { hashes.contains($0) && failures[$0] == nil }
      waiting.add(document, missing: Set(needs))
    }
    sent += fresh.count
    try await sink.send(fresh)
  }

  /// Those documents that the store does not have as they are, or whose chunks can be brought nearer to
  /// the target space, cut into chunks that the service takes. The others are counted.
  private mutating func cutNew(_ documents: [CutDocument]) async throws -> [CutDocument] {
    var new: [CutDocument] = []
    var stamps: [Int64: FileStamp] = [:]
    for document in try await met(documents) {
      if let stored = document.stored, !stored.isPending, !(canImprove && stored.hasGaps) {
        tally.count(unchanged: stored, isMoved: document.isMoved)
        if document.origin == .file, stored.file != document.file {
          stamps[stored.id] = document.file
        }
      } else {
        new.append(document)
      }
    }
    if !stamps.isEmpty { try await sink.keep(stamps) }
    let (uncut, counter, tokens) = (new, counter, tokensPerText)
    return try await file.work {
      Parallel.map(uncut) { $0.cut(fitting: counter, tokens: tokens) }
    }
  }

  /// Documents with what the store has of each: under its key, or else under the source that its file was moved
  /// from.
  private mutating func met(_ documents: [CutDocument]) async throws -> [CutDocument] {
    var documents = documents
    var records = try await sink.records(of: documents.map(\.key))
    let strangers = documents.indices.filter {
      records[$0] == nil && documents[$0].origin == .file && !documents[$0].isBlank
    }
    let moves = try await sink.move(strangers.map { documents[$0] })
    if !moves.isEmpty {
      tally.list(moved: moves)
      records = try await sink.records(of: documents.map(\.key))
    }
    let moved = Set(moves.map(\.to))
    for index in documents.indices {
      documents[index].isMoved = moved.contains(documents[index].source)
      try documents[index].meet(records[index])
    }
    return documents
  }

  private func unsent(_ texts: [HashedText]) -> [HashedText] {
    texts.filter { !waiting.isOnItsWay($0.hash) && failures[$0.hash] == nil }
  }

  /// Texts with their tokens.
  private func counted(_ texts: [HashedText]) async throws -> [EmbeddingQueue.Item] {
    guard let counter else { return [] }
    return try await file.work {
      Parallel.map(texts) { EmbeddingQueue.Item(text: $0, tokens: counter.count($0.text)) }
    }
  }

  /// Takes in what became of texts, and cuts those again that are too long.
  private mutating func take(_ events: [EmbeddingQueue.Event]) async throws {
    events.forEach { resolve($0) }
    if sent > 0 { progress?(StoreProgress(done: answered, total: sent, unit: "passages")) }
    guard !tooLong.isEmpty, let counter else { return }
    var cut: [CutDocument] = []
    for (hash, found) in tooLong {
      let documents = waiting.take(waitingFor: hash)
      for document in documents {
        guard let shorter = cutAgain(document, hash, told: found.tokens, by: counter.cutting) else {
          failures[hash] = found.failure
          cut.append(document)
          continue
        }
        tally.countCutAgain(toTokens: tokensPerText)
        cut.append(shorter)
      }
      if documents.isEmpty { failures[hash] = found.failure }
    }
    tooLong = [:]
    try await send(cut)
  }

  /// A document whose chunk of a text is cut shorter; nil if it cannot be. The run cuts no longer chunks
  /// from then on.
  private mutating func cutAgain(
    _ document: CutDocument, _ hash: Data, told: Int?, by counter: TokenCounter
  ) -> CutDocument? {
    guard let text = document.chunks.first(where: { $0.textHash == hash })?.text else { return nil }
    // What the server named, if that is shorter as texts are counted here.
    let shorter = min(told.map(Self.within) ?? .max, counter.count(text) * 2 / 3)
    tokensPerText = min(tokensPerText, max(1, shorter))
    return document.cutAgain(hash, to: tokensPerText, by: counter)
  }

  /// A little less than a server takes: texts are counted otherwise there.
  private static func within(_ tokens: Int) -> Int { max(1, tokens - tokens / 10) }

  /// Takes in what became of texts.
  private mutating func resolve(_ event: EmbeddingQueue.Event) {
    answered += event.texts
    switch event {
    case .embedded(let hashes):
      embeddedNow.formUnion(hashes)
      hashes.forEach { waiting.resolve($0) }
    case .found(let hashes):
      hashes.forEach { waiting.resolve($0) }
    case .failed(let refused):
      failures.merge(refused.mapValues(told)) { first, _ in first }
      refused.keys.forEach { waiting.resolve($0) }
    case .later(let hashes):
      leavesTexts = true
      tally.count(later: hashes.count)
      hashes.forEach { waiting.resolve($0) }
    case .tooLong(let hash, let tokens, let failure): tooLong[hash] = (tokens, told(failure))
    case .unavailable(let hashes, let reason):
      tally.stop(reason)
      // The rest of the run does without the service.
      if reason.isFinal { route = fallback(reason.message) }
      hashes.forEach { waiting.resolve($0) }
    }
  }

  /// A failure as it is kept: a service may quote the text in its answer.
  private func told(_ failure: ChunkFailure) -> ChunkFailure {
    collection.keepsText
      ? failure
      : ChunkFailure(
        code: failure.code, reason: failure.reason, message: "the service refused the passage")
  }

  /// What texts without a vector get if the service does not embed them: stand-ins in HYBRID; in REAL
  /// their documents wait.
  private func fallback(_ reason: String) -> EmbeddingRouter.Route {
    tally.report.mode == .hybrid
      ? .standIn(reason: reason) : .wait(reason: reason)
  }

  // MARK: - Out

  /// Places the documents that wait for nothing more.
  private mutating func placeReady() async throws {
    let atOnce = terms == nil ? Int.max : Self.chunksAtOnce
    while true {
      let ready = waiting.takeReady(chunksAtMost: atOnce)
      guard !ready.isEmpty else { return }
      try await place(ready, again: 3)
    }
  }

  /// Gives documents the vectors they lack, if there are any to be had here, and places them.
  ///
  /// - Parameter again: how often a document may come again, since a vector that was to be reused was
  ///   removed by another process before it was placed.
  private mutating func place(_ documents: [CutDocument], again: Int) async throws {
    let documents = try await leaveUnimproved(documents)
    guard !documents.isEmpty else { return }
    let (vectors, pendingReason) = try await vectorsAtHand(for: documents)
    let outcomes = try await sink.place(
      documents, vectors: vectors, embeddedNow: embeddedNow, pendingReason: pendingReason,
      progress: progress)
    var incomplete: [CutDocument] = []
    for (document, outcome) in zip(documents, outcomes) {
      if case .pending = outcome, !collection.keepsText {
        tally.fail(
          document.source, .serviceUnavailable,
          "\(document.source) has no vectors yet, and the collection keeps no text with which it could wait for "
            + "them: \(pendingReason ?? ""); add it again later")
      } else {
        tally.count(outcome, of: document)
      }
      // The service is missed only if a document needs it.
      if case .pending = outcome, case .wait(let reason) = route { tally.missService(reason) }
      if case .incomplete = outcome {
        incomplete.append(document)
      } else {
        for chunk in document.chunks {
          if let hash = chunk.textHash { embeddedNow.remove(hash) }
        }
      }
    }
    if !incomplete.isEmpty { try await placeAgain(incomplete, again) }
  }

  private mutating func placeAgain(_ documents: [CutDocument], _ again: Int) async throws {
    guard again > 0 else {
      for document in documents {
        tally.fail(
          document.source, .locked,
          "\(document.source) could not be placed: its vectors were removed by another process again "
            + "and again; try again")
      }
      return
    }
    if case .requests = route {
      let missing = unsent(try await sink.missingTexts(of: documents, in: [target]))
      try await sink.send(try await counted(missing))
      while let events = try await sink.nextEvents() { try await take(events) }
    }
    try await place(documents, again: again - 1)
  }

  /// Leaves out stored documents that gained no vectors in this run.
  private mutating func leaveUnimproved(
    _ documents: [CutDocument]
  ) async throws -> [CutDocument] {
    guard terms != nil, documents.contains(where: { $0.stored?.isPending == false }) else {
      return documents
    }
    let missing = Set(try await sink.missingTexts(of: documents, in: [target]).map(\.hash))
    return documents.filter { document in
      guard let stored = document.stored, !stored.isPending else { return true }
      let had = document.chunks.count { chunk in
        chunk.textHash.map { !missing.contains($0) || failures[$0] != nil } ?? true
      }
      guard had <= stored.chunksInTarget + stored.failedChunks else { return true }
      tally.count(unchanged: stored, isMoved: document.isMoved)
      return false
    }
  }

  /// The vectors that documents can get, those that the mock service makes of them now among them, and
  /// why a document without one stays pending; nil if it need not.
  private mutating func vectorsAtHand(
    for documents: [CutDocument]
  ) async throws -> (VectorsAtHand, pendingReason: String?) {
    var vectors = VectorsAtHand(target: target, failures: failures)
    var route = route
    if case .requests = route, let stopped = tally.report.stopped {
      // Texts of a batch were given up; the others go on.
      route = fallback(stopped.message)
    } else if case .requests = route, leavesTexts {
      route = fallback("a batch of the embedding service has its texts, or the next run sends them")
    }
    let mock: MockService
    switch route {
    case .requests: return (vectors, nil)
    case .wait(let reason): return (vectors, reason)
    case .standIn:
      // Made of their texts when they are read.
      vectors.standIn = mockSpace
      return (vectors, nil)
    case .mock(let service): mock = service
    }
    let missing = try await sink.missingTexts(of: documents, in: [target])
      .filter { failures[$0.hash] == nil }
    vectors.made = try await sink.embed(missing, by: mock, in: target)
    embeddedNow.formUnion(missing.map(\.hash))
    return (vectors, nil)
  }
}
