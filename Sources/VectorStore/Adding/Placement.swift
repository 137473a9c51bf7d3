// Places a version of a document: new chunks with their vectors in, old ones out, in the caller's
// transaction.

import Foundation

/// Places documents of one collection.
struct Placement: Sendable {
  /// What placing a document came to.
  struct Counts: Sendable {
    var isNew = false
    var embedded = 0
    var reused = 0
    var standIn = 0
    /// Chunks refused for good, by ordinal.
    var failures: [(ordinal: Int, failure: ChunkFailure)] = []

    /// Counts the chunks of a document.
    ///
    /// - Parameter isEmbedded: whether this run had a text embedded, and it is not counted yet.
    init(
      isNew: Bool, _ document: CutDocument, _ sources: [VectorSource],
      isEmbedded: (Data) -> Bool
    ) {
      self.isNew = isNew
      for (ordinal, (chunk, source)) in zip(document.chunks, sources).enumerated() {
        switch source {
        case .failed(let failure): failures.append((ordinal, failure))
        case .standIn: standIn += 1
        case .own: reused += 1
        case .target: if isEmbedded(chunk.textHash ?? Data()) { embedded += 1 } else { reused += 1 }
        }
      }
    }
  }

  /// What became of a document.
  enum Outcome: Sendable {
    case placed(Counts)
    /// Left as it is: the store has this very version, as far as it is known in so much detail. This run
    /// had `embedded` of its texts embedded, which another process placed meanwhile.
    case unchanged(DocumentRecord?, embedded: Int)
    /// Kept until its chunks can be embedded.
    case pending
    /// Left out: its id came before in the same import with other content.
    case duplicate
    /// Left as it was: a vector that was to be reused is gone, and its text is to be embedded.
    case incomplete
  }

  let collection: CollectionRecord
  let vectors: VectorsAtHand
  /// Texts embedded in the target space in this run; each counts as embedded once.
  let embeddedNow: Set<Data>
  /// Why documents with chunks that have no vector are kept pending; nil if they need not be.
  let pendingReason: String?
  /// The time that documents get.
  let placedAt: String
  /// The run that places them.
  let run: Int64
  /// Whether a document that this run placed before is another one with the same id.
  let refusesDuplicates: Bool
  /// Called now and then while a large document is placed.
  let progress: ProgressHandler?

  /// A document is large if it has more than so many chunks.
  private static let largeChunks = 1000

  /// Places the documents of a batch, one after the other.
  func place(
    _ documents: [CutDocument], _ words: inout SearchTable.Changes, _ db: any SQLTransaction
  ) throws -> [Outcome] {
    var uncounted = embeddedNow
    let outcomes = try documents.map { try place($0, &uncounted, &words, db) }
    for hash in Set(documents.lazy.flatMap(\.chunks).compactMap(\.hashedText?.hash)) {
      try VectorsTable.unstagePlaced(textHash: hash, db)
    }
    return outcomes
  }

  /// Places a document, or changes nothing if a chunk of it has no vector.
  ///
  /// The sources of all vectors are found before anything is written, so that nothing has to be taken
  /// back.
  private func place(
    _ document: CutDocument, _ uncounted: inout Set<Data>, _ words: inout SearchTable.Changes,
    _ db: any SQLTransaction
  ) throws -> Outcome {
    let sources = try vectors.sources(of: document) {
      try VectorsTable.knows(textHash: $0, space: $1.id, db)
    }
    let kept = collection.keepsText ? document : document.withoutText
    let inserted =
      try sources == nil
      ? nil
      : DocumentsTable.insert(
        kept, collection: collection.id, answers: true, run: run, now: placedAt, db)
    let known =
      try inserted == nil
      ? DocumentsTable.placed(collection: collection.id, document.key, db) : nil
    if let known {
      if known.contentHash == document.contentHash, known.metadata == document.metadata {
        if document.bringsAllVectors { return .unchanged(nil, embedded: 0) }
        if let stored = try placedMeanwhile(document, db) {
          let hashes = document.chunks.compactMap(\.hashedText?.hash)
          return .unchanged(stored, embedded: hashes.count { uncounted.remove($0) != nil })
        }
      } else if refusesDuplicates, known.run == run {
        return .duplicate
      }
    }
    guard let sources, let id = inserted ?? known?.id else {
      guard let pendingReason else { return .incomplete }
      if collection.keepsText { try keepPending(document, reason: pendingReason, db) }
      return .pending
    }
    if known != nil {
      if document.bringsAllVectors {
        try ChunksTable.deleteAll(document: id, onlyShelved: false, &words, db)
      } else {
        try ChunksTable.shelve(document: id, db)
      }
    }
    for (ordinal, (chunk, source)) in zip(document.chunks, sources).enumerated() {
      try place(chunk, ordinal: ordinal, document: id, source, &words, db)
      let count = document.chunks.count
      if count > Self.largeChunks, ordinal % 100 == 0 {
        progress?(
          StoreProgress(done: ordinal, total: count, unit: "passages", current: document.source))
      }
    }
    if known != nil {
      if !document.bringsAllVectors {
        // Until the end of the run: another document may have the text of an old chunk next.
        try VectorsTable.stageReplaced(
          document: id, space: vectors.target.id, run: run, now: placedAt, db)
        try ChunksTable.deleteAll(document: id, onlyShelved: true, &words, db)
      }
      try DocumentsTable.update(id, kept, run: run, now: placedAt, db)
    }
    let counts = Counts(isNew: known == nil, document, sources) { uncounted.remove($0) != nil }
    return .placed(counts)
  }

  private func place(
    _ chunk: CutChunk, ordinal: Int, document: Int64, _ source: VectorSource,
    _ words: inout SearchTable.Changes, _ db: any SQLTransaction
  ) throws {
    var failure: ChunkFailure?
    if case .failed(let reason) = source { failure = reason }
    let id = try ChunksTable.insert(
      collection.keepsText ? chunk : chunk.withoutText, ordinal: ordinal, document: document,
      failure: failure, &words, db)
    if case .standIn = source, let standIn = vectors.standIn {
      try VectorsTable.insertMade(
        of: chunk.text ?? "", isStored: !collection.keepsText, chunk: id, space: standIn, db)
    } else if let vector = try vectors.vector(of: chunk, from: source, db) {
      try VectorsTable.insert(vector, chunk: id, space: vectors.target.id, db)
    }
  }

  /// What the store has, if another process has placed this version meanwhile, whole.
  private func placedMeanwhile(_ document: CutDocument, _ db: any SQLTransaction) throws
    -> DocumentRecord?
  {
    let stored = try DocumentsTable.find(
      collection: collection.id, document.key, target: vectors.target.id, db)
    guard let stored, document.isSame(as: stored), !stored.isPending, !stored.hasGaps else {
      return nil
    }
    return stored
  }

  private func keepPending(_ document: CutDocument, reason: String, _ db: any SQLTransaction) throws
  {
    let inserted = try DocumentsTable.insert(
      document, collection: collection.id, answers: false, run: run, now: placedAt, db)
    let known = try DocumentsTable.id(collection: collection.id, document.key, db)
    guard let id = inserted ?? known else { return }
    try DocumentsTable.setPending(
      id, document, space: vectors.target.space, reason: reason, now: placedAt, db)
  }
}
