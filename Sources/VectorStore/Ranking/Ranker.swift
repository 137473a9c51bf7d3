// Carries out a ranking plan inside one read snapshot: scans, fuses, and fetches the hits.

import Foundation
import GRDB
import VectorStoreSearch
import VectorStoreText

/// One query as it is ranked: its words, and its vector in the plan's space.
struct RankedQuery: Sendable {
  var text: String?
  var vector: [Float]?
}

/// Ranks the chunks of one collection.
struct Ranker {
  /// How deep each list goes before two are fused.
  private static let fusionDepth = 100

  let db: Database
  let collection: CollectionRecord
  let plan: RankingPlan
  let options: QueryOptions
  /// The segments that the store keeps in memory.
  let index: IndexCache
  /// What files are called.
  let identity: SourceIdentity
  /// How many standard deviations the bounds of codes are wide.
  let deviations: Double
  /// What the filter selects; nil without one.
  var selection: FilterSelection?

  /// A chunk in a ranking.
  private struct Ranked {
    var id: Int64
    var score: Double
    var cosine: Double?
  }

  /// The answer to each query.
  ///
  /// - Complexity: one scan of the space for all queries, one look into the word index a query.
  func answers(to queries: [RankedQuery]) throws -> [QueryResult] {
    let depth = plan.lists.count > 1 ? max(Self.fusionDepth, options.limit) : options.limit
    let words =
      try plan.lists.contains(.words) ? queries.map { try byWords($0, limit: depth) } : nil
    var ranked = words ?? []
    var effort = SearchEffort()
    if let space = plan.querySpace {
      (ranked, effort) = try byCosine(queries, in: space, limit: depth)
      if let words { ranked = zip(ranked, words).map { fuse([$0, $1]) } }
    }
    return try ranked.map {
      QueryResult(
        hits: try best(of: $0), degradedReason: plan.degradedReason, effort: effort)
    }
  }

  /// The hits of a ranking.
  private func best(of ranked: [Ranked]) throws -> [Hit] {
    try fetch(Array(ranked.filter(isGoodEnough).prefix(options.limit)))
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
  ) throws -> (ranked: [[Ranked]], effort: SearchEffort) {
    guard let record = try SpacesTable.find(space, db) else {
      return (queries.map { _ in [] }, SearchEffort())
    }
    let scan = VectorScan(
      db: db, cache: index, space: record, collection: collection.id, filter: selection,
      deviations: deviations)
    let vectors = queries.compactMap(\.vector)
    do {
      let found =
        try options.exact
        ? scan.exactly(vectors, limit: limit) : scan.nearest(vectors, limit: limit)
      let ranked = found.results.map { rows in
        rows.map { Ranked(id: $0.id, score: $0.score, cosine: $0.score) }
      }
      return (ranked, found.effort)
    } catch let error as SearchError {
      throw StoreError(
        .damaged, "\(error) (in the space \(space)); \(StoreError.restoringTheStore)",
        underlying: error)
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
    let values =
      [.text(match)] + condition.arguments.map(BulkValue.init) + [.integer(Int64(limit))]
    var found: [Ranked] = []
    try db.forEachRow(bulk: sql, values, keeps: selection == nil) {
      found.append(Ranked(id: try $0.integer(0), score: try $0.real(1), cosine: nil))
    }
    return found
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
    let isByVector = plan.lists.count == 1 && plan.querySpace != nil
    let space = plan.querySpace ?? collection.target.space
    let spaces = try isByVector ? [:] : SpacesTable.byID(db)
    // The vector that answered is one of the plan's space; a hit by words may have another.
    let bestSpace = """
      (SELECT s.id FROM vectors v JOIN spaces s ON s.id = v.space_id WHERE v.chunk_id = c.id
        ORDER BY s.name = ?2 DESC, v.id LIMIT 1)
      """
    let sql = """
      SELECT c.ordinal, c.text, c.start_scalar, c.end_scalar, c.line, d.source, d.metadata,
        \(isByVector ? "NULL" : bestSpace), d.origin = 'file', d.modified_at, d.file_bytes
      FROM chunks c CROSS JOIN documents d ON d.id = c.document_id WHERE c.id = ?1
      """
    var hits: [Hit] = []
    for (index, ranked) in ranked.enumerated() {
      let values = [.integer(ranked.id)] + (isByVector ? [] : [BulkValue.text(space.name)])
      try db.forEachRow(bulk: sql, values) { row in
        let source = try row.text(5)
        let path = try row.bool(8) ? identity.path(of: source) : nil
        let stamp = FileStamp(
          modified: try row.text(orNil: 9), bytes: try row.isNull(10) ? nil : row.integer(10))
        hits.append(
          Hit(
            rank: index + 1, score: ranked.score, cosine: ranked.cosine, id: ranked.id,
            source: source, path: path, fileState: path.flatMap { stamp.state(of: $0) },
            collection: collection.name, ordinal: try row.count(0),
            text: try row.text(orNil: 1), metadata: try MetadataJSON.decode(try row.text(6)),
            start: try row.count(orNil: 2), end: try row.count(orNil: 3),
            line: try row.count(orNil: 4),
            space: try isByVector
              ? space : row.isNull(7) ? nil : spaces[row.integer(7)],
            degraded: plan.degradedReason != nil))
      }
    }
    return hits
  }
}

/// Reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009): an id scores the sum over the
/// lists it stands in of 1 / (60 + rank), ranks from 1.
enum ReciprocalRankFusion {
  /// The constant of the paper.
  static let constant = 60.0

  /// The best `limit` ids of the fused lists, best first; ties by rising id.
  ///
  /// - Complexity: O(n log n) for n ids in all lists.
  static func fuse(_ lists: [[Int64]], limit: Int) -> [(id: Int64, score: Double)] {
    var scores: [Int64: Double] = [:]
    for list in lists {
      for (index, id) in list.enumerated() {
        scores[id, default: 0] += 1 / (constant + Double(index + 1))
      }
    }
    let ranked = scores.sorted { ($0.value, $1.key) > ($1.value, $0.key) }
    return ranked.prefix(limit).map { ($0.key, $0.value) }
  }
}
