// The nearest rows of a collection in a space, in one read snapshot: by codes, or exactly. Called by Ranker;
// calls IndexCache, CodeSearch and ExactSearch.

import Foundation
import GRDB
import GRDBSQLite
import VectorStoreSearch

/// Finds the chunks of a collection whose vectors are nearest to queries.
struct VectorScan {
  /// Which rows take part, beyond those of the collection.
  enum Selection: Sendable {
    /// Those of some documents.
    case documents(IDSet)
    /// Those of some chunks.
    case chunks(IDSet)

    func contains(document: Int64, chunk: Int64) -> Bool {
      switch self {
      case .documents(let set): set.contains(document)
      case .chunks(let set): set.contains(chunk)
      }
    }
  }

  /// Rows scored at once: few enough to be in the processor's cache still when BLAS reads them.
  private static let blockRows = 256
  /// Where a query wants so large a part of all rows, to score all of them is quicker.
  private static let largestPart = 8

  let db: Database
  let cache: IndexCache
  let space: SpaceRecord
  let collection: Int64
  /// Nil where all rows of the collection take part.
  let selection: Selection?
  /// How many standard deviations the bounds of codes are wide.
  let deviations: Double

  /// The best rows of each query, best first, by codes: as ``exactly(_:limit:)`` gives them.
  ///
  /// - Complexity: scans 1 bit a dimension of each row once for all queries, reads some 20 rows a query.
  func nearest(
    _ queries: [[Float]], limit: Int
  ) throws -> (results: [[ScoredRow]], effort: SearchEffort) {
    while true {
      let index = try cache.index(of: space, db)
      let segments = try restricted(index.segments)
      let rows = segments.reduce(0) { $0 + $1.count } + index.looseCount
      if limit > rows / Self.largestPart, index.looseCount < rows, selection == nil {
        return try exactly(queries, limit: limit)
      }
      do {
        var seeds: [[ScoredRow]] = []
        var effort = SearchEffort()
        if !index.loose.isEmpty {
          (seeds, effort) = try exactly(queries, limit: limit, in: index.loose)
          try cache.noteScored(index.looseCount, of: index, space, db)
        }
        let search = try CodeSearch(
          queries: queries, rotation: index.rotation, limit: limit, deviations: deviations)
        let reader = try VectorRowReader(db)
        let found = try search.run(
          segments, seeds: seeds, source: try FineCodeReader(db), readRow: reader.read)
        effort.add(found.effort)
        return (found.results, effort)
      } catch let damage as CodeSegment.Damage {
        // Its rows are loose from now on.
        cache.noteDamage(damage.segment)
      }
    }
  }

  /// The best rows of each query, best first, by the float32 vectors of all rows.
  ///
  /// - Complexity: reads 4 bytes × dimensions × rows.
  func exactly(
    _ queries: [[Float]], limit: Int
  ) throws -> (results: [[ScoredRow]], effort: SearchEffort) {
    try exactly(queries, limit: limit, in: nil)
  }

  private func exactly(
    _ queries: [[Float]], limit: Int, in ranges: [SpaceIndex.Range]?
  ) throws -> (results: [[ScoredRow]], effort: SearchEffort) {
    var search = try ExactSearch(
      queries: queries, dimensions: space.space.dimensions, limit: limit)
    let block = VectorBlock(dimensions: space.space.dimensions, capacity: Self.blockRows)
    func take(_ chunk: Int64, _ bytes: UnsafeRawBufferPointer) throws {
      try block.append(bytes: bytes, id: chunk)
      guard block.isFull else { return }
      try search.score(block)
      block.removeAll()
    }
    let isAlone = try CollectionsTable.isAlone(collection, db)
    if let ranges {
      for range in ranges { try forEach(in: range, isAlone: isAlone, take) }
    } else if let selection {
      try VectorsTable.forEachNamed(space: space, collection: collection, db) { row in
        guard selection.contains(document: row.document, chunk: row.chunk) else { return }
        try take(row.chunk, row.bytes)
      }
    } else {
      try VectorsTable.forEach(space: space, collection: collection, db, body: take)
    }
    try search.score(block)
    var effort = SearchEffort()
    effort.scored = search.scoredCount
    return (search.finish(), effort)
  }

  /// The rows of a range of vectors that take part.
  private func forEach(
    in range: SpaceIndex.Range, isAlone: Bool,
    _ body: (Int64, UnsafeRawBufferPointer) throws -> Void
  ) throws {
    guard !isAlone || selection != nil else {
      return try VectorsTable.forEach(
        space: space.id, after: range.after, through: range.through, db, body: body)
    }
    try VectorsTable.forEachNamed(
      space: space.id, after: range.after, through: range.through, db
    ) { row in
      guard row.collection == collection,
        selection?.contains(document: row.document, chunk: row.chunk) ?? true
      else { return }
      try body(row.chunk, row.bytes)
    }
  }

  /// Segments with the rows that take part: dead and unselected rows are out before anything is pruned.
  private func restricted(_ segments: [MaskedSegment]) throws -> [MaskedSegment] {
    let isAlone = try CollectionsTable.isAlone(collection, db)
    guard !isAlone || selection != nil else { return segments }
    return segments.map { masked in
      let segment = masked.segment
      var mask = masked.mask ?? RowMask(rows: segment.layout.rows)
      if !isAlone { mask.keep(segment.collectionIDs, equalTo: UInt32(clamping: collection)) }
      switch selection {
      case .documents(let set): mask.keep(segment.documentIDs, in: set)
      case .chunks(let set): mask.keep(segment.chunkIDs, in: set)
      case nil: break
      }
      return MaskedSegment(segment, mask: mask)
    }
  }
}

/// Reads single vectors by their ids, for one query on its own thread.
private struct VectorRowReader {
  private let statement: SQLiteStatement

  init(_ db: Database) throws {
    statement = try db.cachedStatement(sql: "SELECT data FROM vectors WHERE id = ?").sqliteStatement
  }

  /// - Throws: ``CodeSegment/Damage`` where there is no such vector: the segment is not up to date.
  func read(
    _ vector: Int64, of segment: Int64, _ body: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    defer { sqlite3_reset(statement) }
    sqlite3_bind_int64(statement, 1, vector)
    guard sqlite3_step(statement) == SQLITE_ROW else {
      throw CodeSegment.Damage(segment: segment, part: "vector")
    }
    try body(BulkRow(statement: statement).blob(0))
  }
}
