// Carries out a ranking plan inside one read snapshot: scans vectors, asks the word index, fuses,
// and fetches what the hits show. Called by Store+Query; calls the tables and ExactSearch.

import Foundation
import GRDB
import VectorStoreSearch

/// One query as it is ranked: its words, and its vector in the plan's space.
struct RankedQuery: Sendable {
  var text: String?
  var vector: [Float]?
}

/// Ranks the chunks of one collection.
struct Ranker {
  /// How deep each list goes before two are fused.
  private static let fusionDepth = 100
  /// Rows scored at once: few enough to be in the processor's cache still when BLAS reads them.
  private static let blockRows = 256

  let db: Database
  let collection: CollectionRecord
  let plan: RankingPlan
  let options: QueryOptions
  /// What the filter selects; nil without one.
  var selection: FilterSelection?

  /// A chunk in a ranking.
  private struct Ranked {
    var id: Int64
    var score: Double
    var cosine: Double?
  }

  /// The hits of each query, best first.
  ///
  /// - Complexity: one scan of the space for all queries, one look into the word index a query.
  func hits(for queries: [RankedQuery]) throws -> [[Hit]] {
    let depth = plan.lists.count > 1 ? max(Self.fusionDepth, options.limit) : options.limit
    let lists = try plan.lists.map { list in
      switch list {
      case .cosine(let space): try byCosine(queries, in: space, limit: depth)
      case .words: try queries.map { try byWords($0, limit: depth) }
      }
    }
    return try queries.indices.map { index in
      let ranked =
        if lists.count == 1 { lists[0][index] } else { fuse(lists.map { $0[index] }) }
      return try fetch(Array(ranked.filter(isGoodEnough).prefix(options.limit)))
    }
  }

  /// Whether a chunk reaches the least score. In a fused ranking that is a cosine: rank scores say
  /// nothing about how near a chunk is.
  private func isGoodEnough(_ ranked: Ranked) -> Bool {
    guard let minimum = options.minimumScore else { return true }
    let score = plan.lists.count > 1 ? ranked.cosine : ranked.score
    return score.map { $0 >= minimum } ?? false
  }

  private func byCosine(
    _ queries: [RankedQuery], in space: EmbeddingSpace, limit: Int
  ) throws -> [[Ranked]] {
    guard let record = try SpacesTable.find(space, db) else { return queries.map { _ in [] } }
    do {
      return try scan(record, queries.compactMap(\.vector), limit: limit)
    } catch let error as SearchError {
      throw StoreError(
        .damaged, "\(error) (in the space \(space)); restore the store from a backup",
        underlying: error)
    }
  }

  /// Scores every vector of the collection in a space, exactly.
  private func scan(
    _ record: SpaceRecord, _ queries: [[Float]], limit: Int
  ) throws -> [[Ranked]] {
    let space = record.space
    var search = try ExactSearch(
      queries: queries, dimensions: space.dimensions, limit: limit)
    let block = VectorBlock(dimensions: space.dimensions, capacity: Self.blockRows)
    try VectorsTable.forEach(space: record, collection: collection.id, selection: selection, db) {
      chunk, bytes in
      try block.append(bytes: bytes, id: chunk)
      guard block.isFull else { return }
      try search.score(block)
      block.removeAll()
    }
    try search.score(block)
    return search.finish().map { rows in
      rows.map { Ranked(id: $0.id, score: $0.score, cosine: $0.score) }
    }
  }

  private func byWords(_ query: RankedQuery, limit: Int) throws -> [Ranked] {
    guard let text = query.text, let match = LexicalQuery(text).match, limit > 0 else { return [] }
    let condition = try wordCondition()
    let sql = """
      SELECT rowid, -\(IndexedText.rank) AS score FROM chunk_search WHERE chunk_search MATCH ?
      \(condition.sql) ORDER BY score DESC, rowid LIMIT ?
      """
    // Filters make statements without end, which are not to be kept.
    let statement = try selection == nil ? db.cachedStatement(sql: sql) : db.makeStatement(sql: sql)
    var arguments: StatementArguments = [match]
    arguments += StatementArguments(condition.arguments)
    arguments += [limit]
    return try Row.fetchAll(statement, arguments: arguments).map {
      Ranked(id: $0[0], score: $0[1], cosine: nil)
    }
  }

  /// What holds for the chunks that may be found by words: those of the collection that pass the filter.
  private func wordCondition() throws -> SQLPiece {
    // Not `rowid IN (…)`: SQLite hands that to FTS5, which then searches once for every chunk.
    if let selection {
      return SQLPiece(
        "AND " + selection.condition(chunk: "chunk_search.rowid"), selection.arguments)
    }
    if try CollectionsTable.isAlone(collection.id, db) { return SQLPiece("") }
    return SQLPiece(
      """
      AND EXISTS (SELECT 1 FROM chunks c JOIN documents d ON d.id = c.document_id
        WHERE c.id = chunk_search.rowid AND d.collection_id = ?)
      """, [collection.id.databaseValue])
  }

  private func fuse(_ lists: [[Ranked]]) -> [Ranked] {
    var cosines: [Int64: Double] = [:]
    for ranked in lists.joined() { cosines[ranked.id] = ranked.cosine ?? cosines[ranked.id] }
    return ReciprocalRankFusion.fuse(lists.map { $0.map(\.id) }, limit: options.limit)
      .map { Ranked(id: $0.id, score: $0.score, cosine: cosines[$0.id]) }
  }

  /// What the hits show, in their order.
  private func fetch(_ ranked: [Ranked]) throws -> [Hit] {
    let statement = try db.cachedStatement(
      sql: """
        SELECT c.ordinal, c.text, c.start_scalar, c.end_scalar, c.line, d.source, d.metadata,
          (SELECT s.name FROM vectors v JOIN spaces s ON s.id = v.space_id WHERE v.chunk_id = c.id
            ORDER BY s.name = ? DESC, v.id LIMIT 1) AS space
        FROM chunks c JOIN documents d ON d.id = c.document_id WHERE c.id = ?
        """)
    let space = (plan.querySpace ?? collection.target.space).name
    return try ranked.enumerated().compactMap { index, ranked in
      guard let row = try Row.fetchOne(statement, arguments: [space, ranked.id]) else { return nil }
      return Hit(
        rank: index + 1, score: ranked.score, cosine: ranked.cosine, id: ranked.id,
        document: row["source"], collection: collection.name, ordinal: row["ordinal"],
        text: row["text"], metadata: try MetadataJSON.decode(row["metadata"]),
        start: row["start_scalar"], end: row["end_scalar"], line: row["line"], space: row["space"],
        degraded: plan.degradedReason != nil)
    }
  }
}
