// The segments that an open store keeps in memory between queries.

import Foundation
import GRDB
import Logging
import Synchronization

/// What readers of one open store share: the index of each space, at the newest generation asked for.
///
/// What it hands out is a value that fits the caller's own snapshot, whatever others load meanwhile.
final class IndexCache: SearchIndex {
  /// One space's index, behind a lock that is held while it is loaded: those who come at the same time
  /// wait, on the store's threads, instead of loading it too.
  ///
  /// `@unchecked Sendable`: the lock guards the index.
  private final class Entry: @unchecked Sendable {
    let lock = NSLock()
    var index: SpaceIndex?
  }

  private struct SampleKey: Hashable {
    let space: Int64
    let collection: Int64
  }

  private let entries = Mutex<[Int64: Entry]>([:])
  private let damaged = Mutex<Set<Int64>>([])
  private let samples = Mutex<[SampleKey: ChanceSample]>([:])
  private let segmentRows: Int
  private let logger: Logger

  init(segmentRows: Int, logger: Logger) {
    self.segmentRows = segmentRows
    self.logger = logger
  }

  /// The index of a space in the caller's snapshot.
  ///
  /// - Complexity: O(1) where nothing was written since the last query, else see ``SpaceIndex``.
  func index(of space: SpaceRecord, _ db: Database) throws -> SpaceIndex {
    let generation = try StoreStateTable.generation(db)
    let entry = entry(of: space.id)
    entry.lock.lock()
    defer { entry.lock.unlock() }
    let known = damaged.withLock { $0 }
    if let index = entry.index, index.generation == generation, known.isSubset(of: index.damaged) {
      return index
    }
    let index = try SpaceIndex(
      space, after: entry.index, generation: generation, known: known, segmentRows: segmentRows,
      logger: logger, db)
    damaged.withLock { $0.formUnion(index.damaged) }
    if generation >= entry.index?.generation ?? 0 { entry.index = index }
    return index
  }

  /// Some rows of a space in a collection. They are kept until the space has grown or shrunk by a tenth.
  ///
  /// - Complexity: O(1) if they are kept, else reads some 256 vectors.
  func sample(
    of space: SpaceRecord, collection: Int64, _ db: any SQLTransaction
  ) throws -> ChanceSample {
    let index = try index(of: space, db.sqlite())
    let rows = index.segments.reduce(index.looseCount) { $0 + $1.count }
    let key = SampleKey(space: space.id, collection: collection)
    if let known = samples.withLock({ $0[key] }), known.describes(rows) { return known }
    let sample = try ChanceSample(of: space, collection: collection, total: rows, db)
    samples.withLock { $0[key] = sample }
    return sample
  }

  func nearest(
    _ queries: [[Float]], limit: Int, in part: VectorPart, _ db: any SQLTransaction
  ) throws -> VectorScan.Found {
    try VectorScan(db: db.sqlite(), cache: self, part: part).nearest(queries, limit: limit)
  }

  func exactly(
    _ queries: [[Float]], limit: Int, in part: VectorPart, _ db: any SQLTransaction
  ) throws -> VectorScan.Found {
    try VectorScan(db: db.sqlite(), cache: self, part: part).exactly(queries, limit: limit)
  }

  func words(
    of question: LexicalQuery, in collection: Int64, _ selection: FilterSelection?, depth: Int,
    _ db: any SQLTransaction
  ) throws -> any WordPostings { try WordIndex(db.sqlite()) }

  func excluded(
    _ question: LexicalQuery, in collection: Int64, _ db: any SQLTransaction
  ) throws -> Set<Int64> {
    var ranking = WordRanking(question, try WordIndex(db.sqlite()))
    return try ranking.excludedRows()
  }

  /// Notes that a query scored the loose rows of an index, and makes codes of them once that is worth it.
  func noteScored(_ count: Int, of index: SpaceIndex, _ space: SpaceRecord, _ db: Database) throws {
    let entry = entry(of: space.id)
    entry.lock.lock()
    defer { entry.lock.unlock() }
    guard var current = entry.index, current.generation == index.generation else { return }
    if current.noteScored(count) { current = try current.absorbing(space, db) }
    entry.index = current
  }

  /// Remembers a segment that turned out to be damaged, or not to fit the vectors. One that is only in memory
  /// (0) goes, with all that is known of its space: it is made out of the vectors again.
  func noteDamage(_ segment: Int64, of space: Int64) {
    guard segment == 0 else {
      damaged.withLock { _ = $0.insert(segment) }
      return
    }
    let entry = entry(of: space)
    entry.lock.lock()
    defer { entry.lock.unlock() }
    entry.index = nil
  }

  /// The damaged segments that were met, for the writer to rebuild; they are forgotten here.
  func takeDamaged() -> Set<Int64> {
    damaged.withLock { damaged in
      defer { damaged = [] }
      return damaged
    }
  }

  private func entry(of space: Int64) -> Entry {
    entries.withLock { entries in
      if let entry = entries[space] { return entry }
      let entry = Entry()
      entries[space] = entry
      return entry
    }
  }
}
