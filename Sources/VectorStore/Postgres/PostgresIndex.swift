// Searches the vectors of a store on PostgreSQL by pgvector, and makes their indexes.

#if Postgres
  import Foundation
  import Logging
  import Synchronization
  import VectorStorePostgres
  import VectorStoreSearch

  /// Finds the nearest vectors by HNSW (Malkov and Yashunin, TPAMI 2020), as pgvector has it, over float16, and
  /// ranks what it finds by the float32 vectors.
  ///
  /// The answer is approximate where there is an index; without one, and with `exact`, it is not.
  final class PostgresIndex: SearchIndex {
    /// How many neighbours the index keeps in view at least: recall 0.99 on 100,000 vectors of a model.
    private static let leastInView = 200
    private static let mostInView = 1000
    /// Of so few rows that pass a filter, all are compared.
    private static let fewRows = 5000

    private struct SampleKey: Hashable {
      let space: Int64
      let collection: Int64
    }

    private let samples = Mutex<[SampleKey: ChanceSample]>([:])

    func nearest(
      _ queries: [[Float]], limit: Int, in part: VectorPart, _ db: any SQLTransaction
    ) throws -> VectorScan.Found {
      guard try PostgresIndexes.isThere(part.space, db), try !isOfFew(part, db) else {
        return try exactly(queries, limit: limit, in: part, db)
      }
      let wanted = min(max(2 * limit, limit + 40), Self.mostInView)
      try set("hnsw.ef_search", "\(max(Self.leastInView, wanted))", db)
      // Rows of other collections, and those that do not pass, are passed over until there are enough.
      try set("hnsw.iterative_scan", "relaxed_order", db)
      try set("hnsw.max_scan_tuples", "200000", db)
      let type = "halfvec(\(part.space.space.dimensions))"
      var found: VectorScan.Found = ([], SearchEffort())
      for query in queries {
        let rows = try self.rows(
          query, part, limit: wanted, order: "v.embedding::\(type) <=> ?::vector::\(type)", db)
        // A filter lets so few pass that the index gave up before it had enough.
        guard rows.count >= limit else {
          let whole = try exactly([query], limit: limit, in: part, db)
          found.results += whole.results
          found.effort.add(whole.effort)
          continue
        }
        found.effort.scored += rows.count
        found.results.append(Array(rows.prefix(limit)))
      }
      found.effort.isApproximate = true
      return found
    }

    func exactly(
      _ queries: [[Float]], limit: Int, in part: VectorPart, _ db: any SQLTransaction
    ) throws -> VectorScan.Found {
      var found: VectorScan.Found = ([], SearchEffort())
      for query in queries {
        // Some more than are asked for: the server's sums are rounded otherwise.
        let rows = try self.rows(
          query, part, limit: limit + 16, order: "v.embedding <=> ?::vector, v.chunk_id", db)
        found.effort.scored += rows.count
        found.results.append(Array(rows.prefix(limit)))
      }
      return found
    }

    /// The rows that come first in an order, ranked by their cosines.
    private func rows(
      _ query: [Float], _ part: VectorPart, limit: Int, order: String, _ db: any SQLTransaction
    ) throws -> [ScoredRow] {
      let dimensions = part.space.space.dimensions
      let unit = try UnitVector(query, dimensions: dimensions).components
      let condition = part.filter.map { " AND v.chunk_id IN (SELECT id FROM (\($0.chunks)) f)" }
      let values =
        [.integer(part.collection)] + (part.filter?.arguments ?? [])
        + [.vector(unit.withUnsafeBytes { Data($0) }), .integer(Int64(limit))]
      var search = try ExactSearch(queries: [query], dimensions: dimensions, limit: limit)
      let block = VectorBlock(dimensions: dimensions, capacity: 256)
      try db.forEachRow(
        bulk: """
          SELECT v.chunk_id, v.data FROM vectors_\(part.space.id) v
          WHERE v.collection_id = ?\(condition ?? "") ORDER BY \(order) LIMIT ?
          """, values, keeps: condition == nil
      ) { row in
        try block.append(bytes: row.blob(1), id: row.integer(0))
        guard block.isFull else { return }
        try search.score(block)
        block.removeAll()
      }
      try search.score(block)
      return search.finish().first ?? []
    }

    private func set(_ name: String, _ value: String, _ db: any SQLTransaction) throws {
      try db.run(bulk: "SELECT set_config('\(name)', ?, true)", .text(value))
    }

    /// Whether a filter lets so few rows pass that all of them are compared.
    private func isOfFew(_ part: VectorPart, _ db: any SQLTransaction) throws -> Bool {
      guard let filter = part.filter else { return false }
      let count = try Int.fetchOne(
        db,
        sql: "SELECT COUNT(*) FROM (SELECT 1 FROM (\(filter.chunks)) f LIMIT \(Self.fewRows)) u",
        arguments: SQLArguments(filter.arguments))
      return count ?? 0 < Self.fewRows
    }

    func sample(
      of space: SpaceRecord, collection: Int64, _ db: any SQLTransaction
    ) throws -> ChanceSample {
      let rows =
        try db.firstRow(
          bulk: "SELECT GREATEST(reltuples, 0)::bigint FROM pg_class WHERE oid = ?::regclass",
          .text("vectors_\(space.id)")
        ) { Int(try $0.integer(0)) } ?? 0
      // The server's estimate is 0 until it has looked.
      let total =
        rows > 0
        ? rows
        : try Int.fetchOne(
          db, sql: "SELECT COUNT(*) FROM vectors WHERE space_id = ?", arguments: [space.id]) ?? 0
      let key = SampleKey(space: space.id, collection: collection)
      if let known = samples.withLock({ $0[key] }), known.describes(total) { return known }
      let sample = try ChanceSample(of: space, collection: collection, total: total, db)
      samples.withLock { $0[key] = sample }
      return sample
    }
  }

  extension PostgresIndex {
    func words(
      of question: LexicalQuery, in collection: Int64, _ selection: FilterSelection?, depth: Int,
      _ db: any SQLTransaction
    ) throws -> any WordPostings {
      try PostgresWordIndex(question, in: collection, selection, depth: depth, db)
    }

    func excluded(
      _ question: LexicalQuery, in collection: Int64, _ db: any SQLTransaction
    ) throws -> Set<Int64> {
      try PostgresWordIndex.excluded(question, in: collection, db)
    }
  }

  /// Makes the indexes of vectors.
  struct PostgresIndexes {
    /// Fewer rows are compared one by one as fast.
    private static let leastRows = 2000
    /// pgvector's limit for float16.
    private static let mostDimensions = 4000

    let connection: PostgresConnection
    let lockSpace: Int64

    /// Makes those that are missing and worth it. One process at a time; another goes on without.
    func make(_ dialect: PostgresDialect, _ logger: Logger) throws {
      let db = PostgresTransaction(connection, dialect, logger)
      for space in try SpacesTable.all(db) where try Self.isMissing(space, db) {
        var isMine = false
        try connection.query(
          "SELECT pg_try_advisory_lock($1::int, $2::int)",
          [.integer(lockSpace), .integer(Int64(PostgresSchema.Lock.indexing.rawValue))]
        ) {
          isMine = try $0.integer(0) != 0
          return true
        }
        guard isMine else { return }
        logger.info("making the index of the vectors of \(space.space)")
        connection.timeouts.answer = nil
        // What an interrupted one left behind is of no use.
        try connection.run(
          "DROP INDEX CONCURRENTLY IF EXISTS \(PostgresSchema.indexName(of: space))")
        _ = try? connection.batch("SET maintenance_work_mem = '1GB'")
        try connection.batch(PostgresSchema.index(of: space))
        try connection.batch("ANALYZE vectors_\(space.id)")
      }
    }

    /// Whether the vectors of a space have an index that is complete.
    static func isThere(_ space: SpaceRecord, _ db: any SQLTransaction) throws -> Bool {
      try db.firstRow(
        bulk: """
          SELECT i.indisvalid FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid
          WHERE c.relname = ? AND c.relnamespace = (SELECT oid FROM pg_namespace
            WHERE nspname = current_schema())
          """, .text(PostgresSchema.indexName(of: space))
      ) { try $0.bool(0) } ?? false
    }

    /// Whether a space has so many vectors that an index is worth it, and has none.
    static func isMissing(_ space: SpaceRecord, _ db: any SQLTransaction) throws -> Bool {
      guard space.space.dimensions <= mostDimensions else { return false }
      guard try !isThere(space, db) else { return false }
      let rows = try Int.fetchOne(
        db,
        sql: "SELECT COUNT(*) FROM (SELECT 1 FROM vectors WHERE space_id = ? LIMIT ?) u",
        arguments: [space.id, leastRows])
      return rows ?? 0 >= leastRows
    }
  }
#endif
