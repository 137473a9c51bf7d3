// What an adding run does with what it has decided: a run writes to the store, a dry run counts.

import Foundation
import VectorStoreText

/// Where an ``AddRun`` puts its documents and texts. The run decides, the sink carries out, so that a
/// dry run comes to the same counts as a run.
protocol AddSink: Sendable {
  /// What the store has of documents by now.
  func records(of keys: [DocumentKey]) async throws -> [DocumentRecord?]
  /// The texts of documents, each once, that have a vector in none of some spaces.
  func missingTexts(
    of documents: [CutDocument], in spaces: [SpaceRecord]
  ) async throws -> [HashedText]

  /// Takes texts for the service.
  mutating func send(_ texts: [EmbeddingQueue.Item]) async throws
  /// Whether the service has as much to do as it can take.
  var isFed: Bool { get async }
  /// What has become of the texts sent, without waiting.
  mutating func events() async -> [EmbeddingQueue.Event]
  /// The same, waiting for something to become of them; nil if no text is left.
  mutating func nextEvents() async throws -> [EmbeddingQueue.Event]?
  /// Embeds texts by the mock service. Returns the vectors unless they are kept elsewhere.
  mutating func embed(
    _ texts: [HashedText], by mock: MockService, in space: SpaceRecord
  ) async throws -> VectorsAtHand.Made?

  /// Places documents, each whole or not at all.
  mutating func place(
    _ documents: [CutDocument], vectors: VectorsAtHand, embeddedNow: Set<Data>,
    pendingReason: String?, progress: ProgressHandler?
  ) async throws -> [Placement.Outcome]
  /// Gives documents that the store has, and whose own files are gone, the sources of files with their
  /// content. Returns which.
  mutating func move(_ documents: [CutDocument]) async throws -> [AddReport.Move]
  /// Keeps where documents come from that are as they were, by row id.
  mutating func keep(_ stamps: [Int64: FileStamp]) async throws
  /// Keeps documents whose files are not taken any more from answering, by row id.
  mutating func leaveOut(_ reasons: [Int64: AddReport.Gone.Reason]) async throws
  /// Removes documents by row id. Returns how many there were.
  mutating func remove(_ ids: [Int64]) async throws -> Int
  /// Changes what is remembered of roots.
  mutating func changeRoots(_ body: @escaping @Sendable (any SQLTransaction) throws -> Void)
    async throws

  /// Completes the report and keeps it.
  mutating func end(_ tally: inout AddTally) async throws
  /// The same after an error: what has been asked for and comes soon is still kept.
  mutating func abandon(_ tally: inout AddTally) async
}

/// Writes documents to the store and sends texts to the service.
struct StoreSink: AddSink {
  /// Texts up to this many at a time get mock vectors in memory; the vectors of more are staged in
  /// the file, so that memory stays bounded however large a document is.
  private static let textsInMemory = 4096

  let file: any StoreStorage
  let run: RunRecord
  let collection: CollectionRecord
  /// Finds the documents of files that were moved.
  let movedFiles: MovedFiles
  /// When this run's documents are placed.
  let placedAt: String
  /// The service's requests and the texts on their way to it; nil if none is asked.
  let service: (requests: ServiceRequests, counter: TokenCounter, queue: any TextQueue)?

  func records(of keys: [DocumentKey]) async throws -> [DocumentRecord?] {
    let (collection, target) = (collection.id, collection.target.id)
    return try await file.read { db in
      try keys.map {
        try DocumentsTable.find(collection: collection, $0, target: target, db)
      }
    }
  }

  func missingTexts(
    of documents: [CutDocument], in spaces: [SpaceRecord]
  ) async throws -> [HashedText] {
    try await file.read { db in
      try VectorsAtHand.missingTexts(of: documents, in: spaces) {
        try VectorsTable.knows(textHash: $0, space: $1.id, db)
      }
    }
  }

  func send(_ texts: [EmbeddingQueue.Item]) async { await service?.queue.add(texts) }

  var isFed: Bool {
    get async { await service?.queue.isFed ?? true }
  }

  func events() async -> [EmbeddingQueue.Event] { await service?.queue.takeEvents() ?? [] }

  func nextEvents() async throws -> [EmbeddingQueue.Event]? { try await service?.queue.next() }

  func embed(
    _ texts: [HashedText], by mock: MockService, in space: SpaceRecord
  ) async throws -> VectorsAtHand.Made? {
    for start in stride(from: 0, to: texts.count, by: Self.textsInMemory) {
      try Task.checkCancellation()
      let slice = Array(texts[start..<min(start + Self.textsInMemory, texts.count)])
      let answer = try CheckedAnswer(
        try await mock.embed(slice.map(\.text)), to: slice, space: space.space)
      if texts.count <= Self.textsInMemory {
        return VectorsAtHand.Made(space: space, vectors: answer.vectors)
      }
      try await file.write { db in
        let now = Timestamp.now()
        for (hash, vector) in answer.vectors {
          try VectorsTable.stage(vector, textHash: hash, space: space.id, now: now, db)
        }
      }
    }
    return nil
  }

  func place(
    _ documents: [CutDocument], vectors: VectorsAtHand, embeddedNow: Set<Data>,
    pendingReason: String?, progress: ProgressHandler?
  ) async throws -> [Placement.Outcome] {
    let placement = Placement(
      collection: collection, vectors: vectors, embeddedNow: embeddedNow,
      pendingReason: pendingReason, placedAt: placedAt, run: run.id,
      refusesDuplicates: run.command == "import", progress: progress)
    return try await file.write { db in
      try placement.collection.requireUnchanged(db)
      return try SearchTable.following(db) { try placement.place(documents, &$0, db) }
    }
  }

  func move(_ documents: [CutDocument]) async throws -> [AddReport.Move] {
    guard !documents.isEmpty else { return [] }
    let (files, collection) = (movedFiles, collection.id)
    let found = try await file.read { db in
      try documents.contains { try files.find($0, in: collection, besides: [], db) != nil }
    }
    guard found else { return [] }
    return try await file.write { db in
      var moves: [AddReport.Move] = []
      for document in documents {
        guard let old = try files.find(document, in: collection, besides: [], db) else { continue }
        try DocumentsTable.rename(old.id, to: document.source, db)
        moves.append(AddReport.Move(from: old.source, to: document.source))
      }
      return moves
    }
  }

  func keep(_ stamps: [Int64: FileStamp]) async throws {
    try await file.write { db in
      for (id, stamp) in stamps { try DocumentsTable.keep(stamp, of: id, db) }
    }
  }

  func leaveOut(_ reasons: [Int64: AddReport.Gone.Reason]) async throws {
    try await file.write { db in
      for (id, reason) in reasons { try DocumentsTable.leaveOut(id, because: reason, db) }
    }
  }

  func remove(_ ids: [Int64]) async throws -> Int {
    try await file.write { db in
      try SearchTable.following(db) { words in
        try ids.compactMap { try DocumentsTable.delete($0, &words, db) }.count
      }
    }
  }

  func changeRoots(_ body: @escaping @Sendable (any SQLTransaction) throws -> Void) async throws {
    try await file.write(body)
  }

  func end(_ tally: inout AddTally) async throws {
    await service?.requests.remember()
    enterTotals(&tally)
    let (report, run) = (tally.report, run)
    try await file.write { db in
      try VectorsTable.unstageReplaced(of: run.id, db)
      try RunsTable.end(
        correlationID: run.correlationID, report: try RunRecord.counts(of: report), db)
    }
    try await file.checkpoint()
  }

  func abandon(_ tally: inout AddTally) async {
    await service?.queue.giveUp()
    enterTotals(&tally)
    let (report, id, file) = (tally.report, run.correlationID, file)
    try? await withReprieve {
      try await file.write { db in
        try RunsTable.end(correlationID: id, report: try RunRecord.counts(of: report), db)
      }
    }
  }

  private func enterTotals(_ tally: inout AddTally) {
    tally.enter(duration: run.duration)
    guard let service else { return }
    tally.enter(service.requests.totals, tokensEstimated: !service.counter.isExact)
  }
}
