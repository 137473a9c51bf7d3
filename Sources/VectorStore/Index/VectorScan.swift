// The nearest rows of a collection in a space, in one read snapshot: by codes, or exactly.

import Foundation
import GRDB
import VectorStoreSearch

/// Finds the chunks of a collection whose vectors are nearest to queries.
struct VectorScan {
  /// Rows scored at once: few enough to be in the processor's cache still when BLAS reads them.
  private static let blockRows = 256
  /// If a query asks for more than this part of all rows, scoring all of them is faster.
  private static let largestPart = 8

  let db: Database
  let cache: IndexCache
  let part: VectorPart

  private var space: SpaceRecord { part.space }
  private var filter: FilterSelection? { part.filter }

  /// The best rows of each query, best first, and what it took to find them.
  typealias Found = (results: [[ScoredRow]], effort: SearchEffort)

  /// Finds the best rows of each query by codes: those that ``exactly(_:limit:)`` finds.
  ///
  /// - Complexity: scans 1 bit a dimension of each row once for all queries, reads some 20 rows a query.
  func nearest(_ queries: [[Float]], limit: Int) throws -> Found {
    let part = try Part(collection: self.part.collection, filter: filter, db)
    while true {
      let index = try cache.index(of: space, db)
      let segments = index.segments.map { part.masked($0) }
      let rows = segments.reduce(0) { $0 + $1.count }
      if limit > rows / Self.largestPart, rows > 0, filter == nil {
        return try exactly(queries, limit: limit)
      }
      do {
        var seeds: [[ScoredRow]] = []
        var effort = SearchEffort()
        if !index.loose.isEmpty {
          (seeds, effort) = try exactly(queries, limit: limit) { take in
            for range in index.loose { try part.forEach(space, range, db, body: take) }
          }
          try cache.noteScored(index.looseCount, of: index, space, db)
        }
        let search = try CodeSearch(
          queries: queries, rotation: index.rotation, limit: limit, deviations: self.part.deviations
        )
        let found = try search.run(
          segments, seeds: seeds, source: try SnapshotReader(db, space: space.space)
        )
        effort.add(found.effort)
        return (found.results, effort)
      } catch let damage as CodeSegment.Damage {
        // Its rows are loose from now on.
        cache.noteDamage(damage.segment, of: space.id)
      }
    }
  }

  /// Finds the best rows of each query by the float32 vectors of all rows.
  ///
  /// - Complexity: reads 4 bytes × dimensions × rows.
  func exactly(_ queries: [[Float]], limit: Int) throws -> Found {
    try exactly(queries, limit: limit) { take in
      try VectorsTable.forEach(
        space: space, collection: part.collection, selection: filter, db, body: take)
    }
  }

  private typealias RowTaker = (_ chunk: Int64, _ bytes: UnsafeRawBufferPointer) throws -> Void

  private func exactly(
    _ queries: [[Float]], limit: Int, forEachRow: (RowTaker) throws -> Void
  ) throws -> Found {
    var search = try ExactSearch(
      queries: queries, dimensions: space.space.dimensions, limit: limit)
    let block = VectorBlock(dimensions: space.space.dimensions, capacity: Self.blockRows)
    try forEachRow { chunk, bytes in
      try block.append(bytes: bytes, id: chunk)
      guard block.isFull else { return }
      try search.score(block)
      block.removeAll()
    }
    try search.score(block)
    var effort = SearchEffort()
    effort.scored = search.scoredCount
    return (search.finish(), effort)
  }
}

/// The rows of a space that take part in a query: those of a collection, and of them those that a filter
/// selects.
private struct Part {
  private enum Selected {
    case documents(IDSet)
    case chunks(IDSet)
  }

  private let collection: Int64
  private let isAlone: Bool
  private let selected: Selected?

  /// - Complexity: reads the ids of what a filter selects.
  init(collection: Int64, filter: FilterSelection?, _ db: Database) throws {
    self.collection = collection
    isAlone = try CollectionsTable.isAlone(collection, db)
    selected = try filter.map { filter in
      var ids: [Int64] = []
      try db.forEachRow(bulk: filter.sql, filter.arguments, keeps: false) {
        ids.append(try $0.integer(0))
      }
      return filter.selects == .documents ? .documents(IDSet(ids)) : .chunks(IDSet(ids))
    }
  }

  /// A segment with the rows that take part: dead and unselected rows are out before anything is pruned.
  func masked(_ masked: MaskedSegment) -> MaskedSegment {
    guard !isAlone || selected != nil else { return masked }
    let segment = masked.segment
    var mask = masked.mask ?? RowMask(rows: segment.layout.rows)
    if !isAlone { mask.keep(segment.collectionIDs, equalTo: UInt32(clamping: collection)) }
    switch selected {
    case .documents(let set): mask.keep(segment.documentIDs, in: set)
    case .chunks(let set): mask.keep(segment.chunkIDs, in: set)
    case nil: break
    }
    return MaskedSegment(segment, mask: mask)
  }

  /// The vectors of a range that take part.
  func forEach(
    _ space: SpaceRecord, _ range: SpaceIndex.Range, _ db: Database,
    body: (_ chunk: Int64, _ bytes: UnsafeRawBufferPointer) throws -> Void
  ) throws {
    guard !isAlone || selected != nil else {
      return try VectorsTable.forEach(
        space: space, after: range.after, through: range.through, db, body: body)
    }
    try VectorsTable.forEachNamed(space: space, after: range.after, through: range.through, db) {
      vector in
      guard vector.collection == collection else { return }
      switch selected {
      case .documents(let set) where !set.contains(vector.document): return
      case .chunks(let set) where !set.contains(vector.chunk): return
      default: try body(vector.chunk, vector.bytes)
      }
    }
  }
}
