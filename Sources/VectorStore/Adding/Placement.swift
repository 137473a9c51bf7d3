// Places a version of a document: new chunks with their vectors in, old ones out, in the caller's
// transaction. Called by AddRun; calls the tables.

import Foundation
import GRDB

/// Places documents of one collection.
struct Placement: Sendable {
  /// What placing a document came to.
  struct Counts: Sendable, Equatable {
    var isNew = false
    var embedded = 0
    var reused = 0
    var standIn = 0
    var failed = 0
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

  /// Places a document, or changes nothing and returns nil where a chunk of it has no vector, since
  /// another process removed the one that was to be reused: then it is to be embedded.
  ///
  /// - Parameter counted: texts whose embedding has been counted already.
  func place(
    _ document: PreparedDocument, counted: inout Set<Data>, now: String, _ db: Database
  ) throws -> Counts? {
    var counts: Counts? = Counts()
    var seen = counted
    try db.inSavepoint {
      let known = try DocumentsTable.id(collection: collection.id, source: document.source, db)
      let id =
        try known
        ?? DocumentsTable.insert(document, collection: collection.id, now: now, db)
      counts?.isNew = known == nil
      try ChunksTable.shelve(document: id, db)
      for (ordinal, chunk) in document.chunks.enumerated() {
        let failure = chunk.textHash.flatMap { failures[$0] }
        let chunkID = try ChunksTable.insert(
          chunk, ordinal: ordinal, document: id, failure: failure, db)
        guard try giveVector(to: chunk, id: chunkID, failure, &counts, &seen, db) else {
          counts = nil
          return .rollback
        }
      }
      _ = try ChunksTable.deleteAll(document: id, onlyShelved: true, db)
      try DocumentsTable.setPlaced(id, document, now: now, db)
      return .commit
    }
    if counts != nil { counted = seen }
    return counts
  }

  /// Gives a chunk its vector: of the target space if there is one, else a stand-in where allowed.
  private func giveVector(
    to chunk: PreparedChunk, id: Int64, _ failure: ChunkFailure?, _ counts: inout Counts?,
    _ seen: inout Set<Data>, _ db: Database
  ) throws -> Bool {
    guard let hash = chunk.textHash, failure == nil else {
      counts?.failed += 1
      return failure != nil
    }
    if try giveVector(hash, of: target, to: id, db) {
      if embeddedNow.contains(hash), seen.insert(hash).inserted {
        counts?.embedded += 1
      } else {
        counts?.reused += 1
      }
      return true
    }
    if let standIn, try giveVector(hash, of: standIn, to: id, db) {
      counts?.standIn += 1
      return true
    }
    return false
  }

  private func giveVector(
    _ hash: Data, of space: SpaceRecord, to chunk: Int64, _ db: Database
  ) throws -> Bool {
    if vectorSpace == space, let vector = vectors[hash] {
      try VectorsTable.insert(vector, chunk: chunk, space: space.id, db)
      return true
    }
    return try VectorsTable.copy(textHash: hash, space: space.id, toChunk: chunk, db)
  }
}
