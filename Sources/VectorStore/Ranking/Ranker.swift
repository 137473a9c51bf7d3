// Carries out a ranking plan inside one read snapshot: scans, fuses, and fetches the hits.

import Foundation
import VectorStoreSearch
import VectorStoreText

/// One query as it is ranked: its words, and its vector in the plan's space.
struct RankedQuery: Sendable {
  var text: String?
  var vector: [Float]?
  /// Chunks that are no hits: those of the documents that the question is made of.
  var leftOut: Set<Int64> = []
}

/// Ranks the chunks of one collection.
struct Ranker {
  /// How deep each list goes before two are fused.
  private static let fusionDepth = 100
  /// How many passages of its document speak for a passage, and what they count.
  private static let (supporters, supportWeight) = (10, 0.02)
  /// How many more rows are looked for at most in place of those that a question leaves out.
  private static let maximumSpare = 1000
  /// How deep is looked at most if copies leave places free.
  private static let maximumDepth = 10_000

  let db: any SQLTransaction
  let collection: CollectionRecord
  let plan: RankingPlan
  let options: QueryOptions
  /// Finds chunks.
  let index: any SearchIndex
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
    /// The sources of its copies.
    var copies: [String] = []
  }

  /// How many hits are looked for: more than are asked for, if they are chosen by how they differ.
  private var wanted: Int {
    options.diversity > 0 ? options.limit * MarginalRelevance.candidates : options.limit
  }

  /// The answer to each query.
  ///
  /// - Complexity: one scan of the space for all queries, one look into the word index a query; again for
  ///   those whose hits are many copies.
  func answers(to queries: [RankedQuery]) throws -> [QueryResult] {
    var depth = plan.lists.count > 1 ? max(Self.fusionDepth, wanted) : wanted
    var answers = try answers(to: queries, depth: depth)
    // Where copies or one document took the places of others, deeper ones move up.
    while depth < Self.maximumDepth,
      case let lacking = answers.indices.filter({ answers[$0].mayLack }),
      !lacking.isEmpty
    {
      depth = min(depth * 10, Self.maximumDepth)
      let deeper = try self.answers(to: lacking.map { queries[$0] }, depth: depth)
      for (index, answer) in zip(lacking, deeper) { answers[index] = answer }
    }
    return answers.map(\.result)
  }

  private func answers(
    to queries: [RankedQuery], depth: Int
  ) throws -> [(result: QueryResult, mayLack: Bool)] {
    let (nearest, effort) = try byCosine(queries, depth: depth)
    let members =
      try plan.lists.contains(.words)
      ? Members(collection: collection.id, selection: selection, db) : nil
    let space = try plan.querySpace.flatMap { try SpacesTable.find($0, db) }
    let sample = try space.map { try index.sample(of: $0, collection: collection.id, db) }
    return try queries.enumerated().map { number, query in
      var ranked = nearest?[number] ?? []
      var words: WordRanking?
      if let members {
        let question = LexicalQuery(query.text ?? "")
        var ranking = WordRanking(
          question,
          try index.words(of: question, in: collection.id, selection, depth: depth, db))
        let rows = try ranking.best(depth) {
          try !query.leftOut.contains($0) && members.contains($0)
        }
        // Without a word of the question there is one list, and its cosines are the scores.
        if let space = plan.querySpace, !rows.isEmpty {
          ranked = try supported(fuse(ranked, rows, space))
        } else if plan.querySpace == nil {
          ranked = rows.map { Ranked(id: $0.id, score: $0.score) }
        }
        words = ranking
      }
      var best = try best(of: ranked, depth: depth)
      setStrengths(of: &best.hits, query.vector.flatMap { sample?.chance(of: $0) }, words)
      return (
        QueryResult(hits: best.hits, degradedReason: plan.degradedReason, effort: effort),
        best.mayLack
      )
    }
  }

  /// The rows nearest to each query, without those that it leaves out; nil if the plan looks at no vectors.
  private func byCosine(
    _ queries: [RankedQuery], depth: Int
  ) throws -> (ranked: [[Ranked]]?, effort: SearchEffort) {
    guard let space = plan.querySpace else { return (nil, SearchEffort()) }
    let excluded = try queries.map(excludedRows)
    let spare =
      zip(queries, excluded).lazy
      .map { $0.leftOut.count + min(Self.maximumSpare, $1.count - $0.leftOut.count) }.max() ?? 0
    let (ranked, effort) = try byCosine(queries, in: space, limit: depth + spare)
    let kept = zip(ranked, excluded).map { rows, excluded in
      Array(rows.filter { !excluded.contains($0.id) }.prefix(depth))
    }
    return (kept, effort)
  }

  /// The hits of a ranking, and whether there may be more below the rows that were looked for.
  private func best(of ranked: [Ranked], depth: Int) throws -> (hits: [Hit], mayLack: Bool) {
    let good = ranked.filter(isGoodEnough)
    guard options.foldsCopies || options.maximumPerDocument != nil else {
      return (try fetch(differing(Array(good.prefix(wanted)))), false)
    }
    var folding = CopyFolding(options)
    var chosen: [Ranked] = []
    // In a file a text is read when its turn comes.
    let atOnce = db.isPostgres ? wanted + 1 : 1
    for start in stride(from: 0, to: good.count, by: atOnce) {
      let next = good[start..<min(start + atOnce, good.count)]
      let found = try folded(next.map(\.id))
      for var row in next {
        guard chosen.count < wanted || options.foldsCopies else { break }
        guard let found = found[row.id] else { continue }
        switch folding.place(of: found.text, document: found.document) {
        case .copy(let original):
          let isKnown = chosen[original].copies.contains(found.source)
          if !isKnown { chosen[original].copies.append(found.source) }
        case .tooMany: continue
        case .new where chosen.count < wanted:
          row.copies = []
          chosen.append(row)
        case .new: return (try fetch(differing(chosen)), false)
        }
      }
      guard chosen.count < wanted || options.foldsCopies else { break }
    }
    return (try fetch(differing(chosen)), chosen.count < wanted && ranked.count >= depth)
  }

  /// What ``CopyFolding`` looks at, of chunks.
  private func folded(
    _ chunks: [Int64]
  ) throws -> [Int64: (document: Int64, text: String, source: String)] {
    var found: [Int64: (document: Int64, text: String, source: String)] = [:]
    try db.forEachRow(
      bulk: """
        SELECT c.id, c.document_id, COALESCE(c.text, hex(c.text_hash)), d.source FROM chunks c
        CROSS JOIN documents d ON d.id = c.document_id WHERE c.id
        """, ofIDs: chunks
    ) { row in
      found[try row.integer(0)] = (
        try row.integer(1), try row.text(orNil: 2) ?? "", try row.text(3)
      )
    }
    return found
  }

  /// The hits that are asked for, out of those that were looked for.
  private func differing(_ rows: [Ranked]) throws -> [Ranked] {
    guard options.diversity > 0, let best = rows.first?.score else { return rows }
    let vectors = try vectors(of: rows.map(\.id))
    // Scores of words, and shares of the best, are brought to the scale of cosines: the best counts as its cosine.
    let isByCosine = rows.allSatisfy { $0.cosine == $0.score }
    let scale =
      isByCosine || best <= 0 ? 1 : max(0.1, rows.lazy.compactMap(\.cosine).first ?? 0.5) / best
    return MarginalRelevance.order(
      relevance: rows.map { $0.score * scale }, vectors: vectors, limit: options.limit,
      diversity: options.diversity
    ).map { rows[$0] }
  }

  /// The vectors of chunks, all in one space: that of the plan or else the collection's, if each has one; else such
  /// as are made of their words.
  private func vectors(of chunks: [Int64]) throws -> [[Float]] {
    if let space = try SpacesTable.find(plan.querySpace ?? collection.target.space, db) {
      let stored = try chunks.compactMap { chunk in
        try db.firstRow(
          bulk: """
            SELECT \(VectorsTable.data(in: space.space, db)), v.norm, v.checksum FROM vectors v
            WHERE v.chunk_id = ? AND v.space_id = ?
            """, .integer(chunk), .integer(space.id)
        ) {
          StoredVector.components(
            try $0.vector(0, norm: 1, checksum: 2, dimensions: space.space.dimensions))
        }
      }
      if stored.count == chunks.count { return stored }
    }
    let mock = MockService()
    return try chunks.map { chunk in
      let text = try db.firstRow(bulk: "SELECT text FROM chunks WHERE id = ?", .integer(chunk)) {
        try $0.text(orNil: 0)
      }
      return mock.vector(of: (text ?? nil) ?? "")
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
  ) throws -> (ranked: [[Ranked]], effort: SearchEffort) {
    guard let record = try SpacesTable.find(space, db) else {
      return (queries.map { _ in [] }, SearchEffort())
    }
    let part = VectorPart(
      space: record, collection: collection.id, filter: selection, deviations: deviations)
    let vectors = queries.compactMap(\.vector)
    do {
      let found =
        try options.isExact
        ? index.exactly(vectors, limit: limit, in: part, db)
        : index.nearest(vectors, limit: limit, in: part, db)
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

  /// The chunks that a question leaves out, by words or by their documents.
  private func excludedRows(_ query: RankedQuery) throws -> Set<Int64> {
    guard let text = query.text, case let question = LexicalQuery(text), !question.excluded.isEmpty
    else { return query.leftOut }
    return try index.excluded(question, in: collection.id, db).union(query.leftOut)
  }

  /// Says of each hit how sure it is.
  ///
  /// - Parameter chance: what the question's cosines are by chance; nil without vectors, and among few passages.
  private func setStrengths(of hits: inout [Hit], _ chance: CosineChance?, _ words: WordRanking?) {
    let isHashed = plan.querySpace?.kind == .mock
    for number in hits.indices {
      let (cosine, share) = (hits[number].cosine, words?.share(of: hits[number].id))
      let strength = Hit.Strength(
        excess: cosine.flatMap { cosine in chance.map { $0.excess(of: cosine) } }, share: share,
        isHashed: isHashed)
      // Among few passages nobody knows how near is near to a model, nor how rare the words are that a passage lacks.
      let mayAnswer = cosine != nil && !isHashed || words?.isAmongFew == true && (share ?? 0) > 0
      let isUnknown = strength == .weak && chance == nil && mayAnswer
      hits[number].strength = isUnknown ? nil : strength
    }
  }

  private func fuse(
    _ vectors: [Ranked], _ words: [ScoredRow], _ space: EmbeddingSpace
  ) -> [Ranked] {
    let cosines = Dictionary(
      vectors.map { ($0.id, $0.cosine) }, uniquingKeysWith: { first, _ in first })
    let trust = ConfidenceFusion.trust(in: space.kind)
    let rows = vectors.map { ScoredRow(id: $0.id, score: $0.score) }
    return ConfidenceFusion.fuse(
      [
        .init(rows: rows, trust: trust, hasEveryRow: true),
        .init(rows: words, trust: 1 - trust, hasEveryRow: false),
      ], limit: vectors.count + words.count
    )
    .map { Ranked(id: $0.id, score: $0.score, cosine: cosines[$0.id] ?? nil) }
  }

  /// The documents of chunks; nil for one that is gone.
  private func documents(of chunks: [Int64]) throws -> [Int64?] {
    var documents: [Int64: Int64] = [:]
    try db.forEachRow(bulk: "SELECT id, document_id FROM chunks WHERE id", ofIDs: chunks) {
      documents[try $0.integer(0)] = try $0.integer(1)
    }
    return chunks.map { documents[$0] }
  }

  /// A fused ranking in which the other passages of a document speak for each of its passages: a page about escaping
  /// closures answers a question about them better than one that names them once.
  ///
  /// To a score comes the sum of the best ten of its document among the first hundred, at a fiftieth of what they
  /// count. The best score stays what it was.
  private func supported(_ ranked: [Ranked]) throws -> [Ranked] {
    let first = ranked.prefix(Self.fusionDepth)
    guard let best = first.first?.score, best > 0 else { return ranked }
    let documents = try documents(of: first.map(\.id))
    var passages: [Int64?: (count: Int, score: Double)] = [:]
    for (row, document) in zip(first, documents) {
      let known = passages[document, default: (0, 0)]
      if known.count < Self.supporters {
        passages[document] = (known.count + 1, known.score + row.score)
      }
    }
    var result = ranked
    for (index, document) in documents.enumerated() {
      result[index].score += Self.supportWeight * (passages[document]?.score ?? 0)
    }
    let scale = best / (result.prefix(first.count).lazy.map(\.score).max() ?? best)
    for index in result.indices { result[index].score *= scale }
    result[..<first.count].sort { ($1.score, $0.id) < ($0.score, $1.id) }
    return result
  }

  /// What the hits show, in their order.
  private func fetch(_ ranked: [Ranked]) throws -> [Hit] {
    let isByVector = plan.lists.count == 1 && plan.querySpace != nil
    let space = plan.querySpace ?? collection.target.space
    let spaces = try isByVector ? [:] : SpacesTable.byID(db)
    // The vector that answered is one of the plan's space; a hit by words may have another.
    let bestSpace = """
      (SELECT s.id FROM vectors v JOIN spaces s ON s.id = v.space_id WHERE v.chunk_id = c.id
        ORDER BY s.name = ? DESC, v.id LIMIT 1)
      """
    let sql = """
      SELECT c.ordinal, c.text, c.start_scalar, c.end_scalar, c.line, d.source, d.metadata,
        \(isByVector ? "NULL" : bestSpace), d.origin = 'file', d.modified_at, d.file_bytes,
        c.headings, d.format, c.id
      FROM chunks c CROSS JOIN documents d ON d.id = c.document_id WHERE c.id
      """
    let places = Dictionary(zip(ranked.map(\.id), ranked.indices)) { first, _ in first }
    var hits = [Hit?](repeating: nil, count: ranked.count)
    try db.forEachRow(
      bulk: sql, isByVector ? [] : [.text(space.name)], ofIDs: ranked.map(\.id)
    ) { row in
      let id = try row.integer(13)
      guard let index = places[id] else { return }
      let ranked = ranked[index]
      let source = try row.text(5)
      let path = try row.bool(8) ? identity.knownPath(of: source) : nil
      let stamp = FileStamp(
        modified: try row.text(orNil: 9), bytes: try row.isNull(10) ? nil : row.integer(10))
      hits[index] =
        Hit(
          rank: index + 1, score: ranked.score, cosine: ranked.cosine, id: id,
          source: source, path: path, fileState: path.flatMap { stamp.state(of: $0) },
          collection: collection.name, ordinal: try row.count(0),
          text: try row.text(orNil: 1), metadata: try MetadataJSON.decode(try row.text(6)),
          start: try row.count(orNil: 2), end: try row.count(orNil: 3),
          line: try row.count(orNil: 4),
          headings: (try row.text(orNil: 11) ?? "").split(separator: "\n").map(String.init),
          format: DocumentFormat(stored: try row.text(12)), copies: ranked.copies,
          space: try isByVector
            ? space : row.isNull(7) ? nil : spaces[row.integer(7)],
          isDegraded: plan.degradedReason != nil)
    }
    guard options.neighbours > 0 else { return hits.compactMap(\.self) }
    return try hits.compactMap(\.self).map { try Self.widened($0, by: options.neighbours, db) }
  }

  /// A hit with the text of so many chunks before and after it.
  static func widened(_ hit: Hit, by neighbours: Int, _ db: any SQLTransaction) throws -> Hit {
    let chunks = try db.rows(
      bulk: """
        SELECT id, ordinal, text, start_scalar, end_scalar, line, headings FROM chunks
        WHERE document_id = (SELECT document_id FROM chunks WHERE id = ?)
          AND ordinal BETWEEN ? AND ? ORDER BY ordinal
        """, .integer(hit.id), .integer(Int64(hit.ordinal - neighbours)),
      .integer(Int64(hit.ordinal + neighbours))
    ) { row in
      (
        chunk: StoredChunk(
          id: try row.integer(0), ordinal: try row.count(1), text: try row.text(orNil: 2),
          start: try row.count(orNil: 3), end: try row.count(orNil: 4),
          line: try row.count(orNil: 5), spaces: []),
        headings: try row.text(orNil: 6)
      )
    }
    guard let first = chunks.first, let text = DocumentListing.text(of: chunks.map(\.chunk)) else {
      return hit
    }
    var hit = hit
    hit.text = text
    hit.start = first.chunk.start
    hit.line = first.chunk.line
    hit.end = chunks.last?.chunk.end ?? hit.end
    hit.headings = (first.headings ?? "").split(separator: "\n").map(String.init)
    return hit
  }
}

/// Which chunks may be found by words: those of the collection that pass the filter.
private struct Members {
  private let db: any SQLTransaction
  private let collection: Int64?
  private let selected: IDSet?

  /// - Complexity: reads the ids that a filter selects.
  init(collection: Int64, selection: FilterSelection?, _ db: any SQLTransaction) throws {
    self.db = db
    // The words of a store on PostgreSQL are those of its collection.
    self.collection =
      try db.isPostgres || CollectionsTable.isAlone(collection, db) ? nil : collection
    selected = try selection.map { selection in
      var ids: [Int64] = []
      try db.forEachRow(
        bulk: selection.chunks, selection.arguments, keeps: false
      ) { ids.append(try $0.integer(0)) }
      return IDSet(ids)
    }
  }

  func contains(_ chunk: Int64) throws -> Bool {
    if let selected { return selected.contains(chunk) }
    guard let collection else { return true }
    let found = try db.firstRow(
      bulk: """
        SELECT d.collection_id FROM chunks c JOIN documents d ON d.id = c.document_id WHERE c.id = ?
        """, .integer(chunk)
    ) { try $0.integer(0) }
    return found == collection
  }
}

/// Fuses rankings by how sure each of them is.
///
/// Each list's scores are divided by its best one. A list weighs as much as its best stands out from its
/// tenth, (s₁ − s₁₀) / s₁, times what it is trusted beforehand; weights sum to 1. So a list that has found one
/// chunk far better than all others decides, and a list whose scores are all alike hardly counts. Reciprocal rank
/// fusion (Cormack, Clarke and Büttcher, SIGIR 2009), which knows ranks only, was worse than the better list on
/// most sets: see Decisions-Searching.
enum ConfidenceFusion {
  /// The rank whose score the best one is compared with.
  private static let depth = 10
  /// How much vectors are trusted against words beforehand, from 0 to 1: those of hashed words less than
  /// those of a model.
  static func trust(in kind: EmbeddingSpace.Kind) -> Double { kind == .mock ? 0.4 : 0.7 }

  /// A list of ids with their scores, best first, and how much it is trusted.
  struct List {
    var rows: [ScoredRow]
    var trust: Double
    /// Whether every row has a score, as with cosines: a short list then means few rows, and nothing of how
    /// far its best stands out. Of words, what the list lacks has none of them and scores 0.
    var hasEveryRow: Bool
  }

  /// The best `limit` ids of the fused lists with scores of at most 1, best first; ties by rising id. Nothing
  /// is left out: what only a list has whose best score is not above 0 comes last, with 0.
  ///
  /// - Complexity: O(n log n) for n ids in all lists.
  static func fuse(_ lists: [List], limit: Int) -> [ScoredRow] {
    let lists = lists.filter { !$0.rows.isEmpty }
    var weights = lists.map { confidence(of: $0) * $0.trust }
    if weights.allSatisfy({ $0 == 0 }) { weights = lists.map(\.trust) }
    let total = weights.reduce(0, +)
    var scores: [Int64: Double] = [:]
    for (list, weight) in zip(lists, weights) {
      guard let best = list.rows.first?.score, total > 0 else { continue }
      for row in list.rows {
        scores[row.id, default: 0] += best > 0 ? weight / total * row.score / best : 0
      }
    }
    var best = TopK(limit: limit)
    for (id, score) in scores { best.insert(ScoredRow(id: id, score: score)) }
    return best.sorted()
  }

  /// How far the best score stands out, from 0 to 1.
  private static func confidence(of list: List) -> Double {
    let rows = list.rows
    guard let best = rows.first?.score, best > 0 else { return 0 }
    let last = min(rows.count, depth)
    let compared = rows[last - 1].score * (list.hasEveryRow ? 1 : Double(last) / Double(depth))
    return min(1, max(0, (best - compared) / best))
  }
}
