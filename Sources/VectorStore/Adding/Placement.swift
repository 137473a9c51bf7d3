// Places a version of a document: new chunks with their vectors in, old ones out, in the caller's
// transaction. Called by AddRun; calls the tables.

import Foundation
import GRDB

/// Places documents of one collection.
struct Placement: Sendable {
  /// Where a chunk's vector comes from.
  enum VectorSource {
    /// From memory, or from where its text has one, in the target space.
    case target
    /// The same, in the mock space.
    case standIn
    /// There is none and will be none.
    case failed(ChunkFailure)

    /// The one rule for where a text's vector comes from, in a run and in its plan; nil if there is
    /// none yet.
    init?(failure: ChunkFailure?, hasTarget: Bool, hasStandIn: @autoclosure () throws -> Bool)
      rethrows
    {
      if let failure {
        self = .failed(failure)
      } else if hasTarget {
        self = .target
      } else if try hasStandIn() {
        self = .standIn
      } else {
        return nil
      }
    }
  }

  /// What placing a document came to.
  struct Counts: Sendable {
    var isNew = false
    var embedded = 0
    var reused = 0
    var standIn = 0
    /// Chunks refused for good, by ordinal.
    var failures: [(ordinal: Int, failure: ChunkFailure)] = []

    /// Counts a chunk.
    ///
    /// - Parameter isEmbedded: whether this run had its text embedded, and it is not counted yet.
    mutating func count(
      _ source: VectorSource, ordinal: Int, isEmbedded: @autoclosure () -> Bool
    ) {
      switch source {
      case .failed(let failure): failures.append((ordinal, failure))
      case .standIn: standIn += 1
      case .target: if isEmbedded() { embedded += 1 } else { reused += 1 }
      }
    }
  }

  /// What became of a document.
  enum Outcome: Sendable {
    case placed(Counts)
    /// Left as it is: another process has placed this very version meanwhile, with the vectors of so many
    /// texts that this run had embedded.
    case unchanged(DocumentRecord, embedded: Int)
    /// Kept until its chunks can be embedded.
    case pending
    /// Left out: its id came before in the same import with other content.
    case duplicate
    /// Left as it was: a vector that was to be reused is gone, and its text is to be embedded.
    case incomplete
  }

  let collection: CollectionRecord
  let target: SpaceRecord
  /// The mock space, where chunks without a vector in the target space may answer by stand-ins.
  let standIn: SpaceRecord?
  /// Vectors made in this run that are handed over in memory, by text hash.
  let vectors: [Data: StoredVector]
  /// The space of ``vectors``.
  let vectorSpace: SpaceRecord?
  /// Texts embedded in the target space in this run; each counts as embedded once.
  let embeddedNow: Set<Data>
  /// Texts refused for good, by hash.
  let failures: [Data: ChunkFailure]
  /// The time that documents get.
  let placedAt: String
  /// The run that places them.
  let run: Int64
  /// Whether a document that this run placed before is another one with the same id.
  let refusesDuplicates: Bool

  /// Places the documents of a batch.
  ///
  /// - Parameter pendingReason: why documents with chunks that have no vector are kept pending; nil
  ///   where they need not be.
  func place(
    _ documents: [PreparedDocument], pendingReason: String?, _ words: inout SearchTable.Changes,
    _ db: Database
  ) throws -> [Outcome] {
    var counted: Set<Data> = []
    let now = placedAt
    let outcomes = try documents.map { document -> Outcome in
      if refusesDuplicates, try isDuplicate(document, db) { return .duplicate }
      if let stored = try placedMeanwhile(document, db) {
        let hashes = document.chunks.compactMap(\.textHash)
        let embedded = hashes.count { embeddedNow.contains($0) && counted.insert($0).inserted }
        return .unchanged(stored, embedded: embedded)
      }
      if let counts = try place(document, counted: &counted, now: now, &words, db) {
        return .placed(counts)
      }
      guard let pendingReason else { return .incomplete }
      try keepPending(document, reason: pendingReason, now: now, db)
      return .pending
    }
    for hash in Set(documents.lazy.flatMap { $0.chunks.compactMap(\.textHash) }) {
      try VectorsTable.unstagePlaced(textHash: hash, db)
    }
    return outcomes
  }

  /// Places a document, or changes nothing and returns nil where a chunk of it has no vector, since
  /// another process removed the one that was to be reused: then it is to be embedded.
  ///
  /// All vectors are found before anything is written, so that nothing has to be taken back.
  ///
  /// - Parameter counted: texts of this batch whose embedding has been counted already.
  private func place(
    _ document: PreparedDocument, counted: inout Set<Data>, now: String,
    _ words: inout SearchTable.Changes, _ db: Database
  ) throws -> Counts? {
    var sources: [VectorSource] = []
    for chunk in document.chunks {
      guard let source = try source(of: chunk, db) else { return nil }
      sources.append(source)
    }
    let inserted = try DocumentsTable.insert(
      document, collection: collection.id, answers: true, run: run, now: now, db)
    let known =
      try inserted == nil
      ? DocumentsTable.id(collection: collection.id, source: document.source, db) : nil
    guard let id = inserted ?? known else { return nil }
    var counts = Counts(isNew: inserted != nil)
    if known != nil { try ChunksTable.shelve(document: id, db) }
    for (ordinal, (chunk, source)) in zip(document.chunks, sources).enumerated() {
      try place(
        chunk, ordinal: ordinal, document: id, source: source, &counts, &counted, &words, db)
    }
    if known != nil {
      // Until the end of the run: another document may have the text of an old chunk next.
      try VectorsTable.stageReplaced(document: id, space: target.id, run: run, now: now, db)
      try ChunksTable.deleteAll(document: id, onlyShelved: true, &words, db)
      try DocumentsTable.update(id, document, run: run, now: now, db)
    }
    return counts
  }

  /// What the store has, where that is this version, whole.
  private func placedMeanwhile(
    _ document: PreparedDocument, _ db: Database
  ) throws -> DocumentRecord? {
    let placed = try DocumentsTable.placed(
      collection: collection.id, source: document.source, db)
    guard placed?.contentHash == document.contentHash else { return nil }
    let stored = try DocumentsTable.find(
      collection: collection.id, source: document.source, target: target.id, db)
    guard let stored, document.isSame(as: stored), !stored.isPending, !stored.hasGaps else {
      return nil
    }
    return stored
  }

  private func isDuplicate(_ document: PreparedDocument, _ db: Database) throws -> Bool {
    let known = try DocumentsTable.placed(
      collection: collection.id, source: document.source, db)
    return known.map { $0.run == run && $0.contentHash != document.contentHash } ?? false
  }

  private func keepPending(
    _ document: PreparedDocument, reason: String, now: String, _ db: Database
  ) throws {
    let inserted = try DocumentsTable.insert(
      document, collection: collection.id, answers: false, run: run, now: now, db)
    let known = try DocumentsTable.id(collection: collection.id, source: document.source, db)
    guard let id = inserted ?? known else { return }
    try DocumentsTable.setPending(id, document, reason: reason, now: now, db)
  }

  private func source(of chunk: PreparedChunk, _ db: Database) throws -> VectorSource? {
    guard let hash = chunk.textHash else { return nil }
    return try VectorSource(
      failure: failures[hash], hasTarget: has(hash, in: target, db),
      hasStandIn: standIn.map { try has(hash, in: $0, db) } ?? false)
  }

  private func has(_ hash: Data, in space: SpaceRecord, _ db: Database) throws -> Bool {
    if vectorSpace == space, vectors[hash] != nil { return true }
    return try VectorsTable.knows(textHash: hash, space: space.id, db)
  }

  private func place(
    _ chunk: PreparedChunk, ordinal: Int, document: Int64, source: VectorSource,
    _ counts: inout Counts, _ counted: inout Set<Data>, _ words: inout SearchTable.Changes,
    _ db: Database
  ) throws {
    var failure: ChunkFailure?
    if case .failed(let reason) = source { failure = reason }
    let id = try ChunksTable.insert(
      chunk, ordinal: ordinal, document: document, failure: failure, &words, db)
    guard let hash = chunk.textHash else { return }
    switch source {
    case .failed: break
    case .standIn: if let standIn { try giveVector(hash, of: standIn, to: id, db) }
    case .target: try giveVector(hash, of: target, to: id, db)
    }
    counts.count(
      source, ordinal: ordinal,
      isEmbedded: embeddedNow.contains(hash) && counted.insert(hash).inserted)
  }

  private func giveVector(
    _ hash: Data, of space: SpaceRecord, to chunk: Int64, _ db: Database
  ) throws {
    let handed = vectorSpace == space ? vectors[hash] : nil
    let vector = try handed ?? VectorsTable.find(textHash: hash, space: space, db)
    if let vector { try VectorsTable.insert(vector, chunk: chunk, space: space.id, db) }
  }
}
