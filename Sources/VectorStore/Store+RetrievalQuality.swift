// `stats --qrels`: how well judged questions are answered by each ranking. Calls the plan and the Ranker
// of `query`, and RetrievalMetrics.

import Foundation
import GRDB

extension Store {
  /// Documents looked at in each ranking.
  private static let judgedDepth = 100
  /// Questions asked at once, for one scan of the vectors.
  private static let queriesAtOnce = 64

  /// How well questions with known answers are answered by vectors, by words and by both fused.
  ///
  /// A document counts where its best chunk stands. Questions are embedded as those of
  /// ``query(_:in:options:)-(String,_,_)`` are, each text once for all rankings; without a vector for them, only words rank.
  ///
  /// - Parameters:
  ///   - queries: the questions; those without a relevant document are left out.
  ///   - judgements: grades of documents by their sources.
  /// - Throws: ``StoreError`` as ``query(_:in:options:)-(String,_,_)`` does, and `empty` where no question
  ///   has a relevant document.
  /// - Complexity: three searches a question. Can cost money: one request for as many questions as it
  ///   takes.
  public func retrievalQuality(
    queries: [JudgedQuery], judgements: RetrievalJudgements, in collection: String = "default"
  ) async throws -> RetrievalQuality {
    let asked = queries.filter { query in
      judgements.grades[query.id]?.contains { $0.value > 0 } ?? false
    }
    guard !asked.isEmpty else {
      throw StoreError(
        .empty,
        "none of \(queries.count) queries has a relevant document among the judgements; check that the "
          + "ids of both files are the same")
    }
    let (plan, vectors) = try await plan(for: asked.map(\.text), in: collection)
    var options = QueryOptions(limit: try await judgedChunks(in: collection))
    var metrics: [(RetrievalQuality.RankingName, [RetrievalMetrics])] = []
    for (name, lists) in Self.rankings(space: plan.querySpace) {
      options.ranking = name == .lexical ? .lexical : .vector
      let ranked = try await documents(
        for: asked, vectors, collection, RankingPlan(lists: lists), options)
      metrics.append(
        (
          name,
          zip(asked, ranked).map { query, ranking in
            RetrievalMetrics(ranking: ranking, grades: judgements.grades[query.id] ?? [:])
          }
        ))
    }
    var quality = try await counted(asked, of: queries, judgements, collection)
    quality.space = plan.querySpace?.name
    quality.degradedReason = plan.degradedReason
    quality.rankings = metrics.map { RetrievalQuality.Ranking($0, $1) }
    for (index, (name, ones)) in metrics.enumerated() {
      for (other, others) in metrics[..<index] {
        quality.comparisons.append(RetrievalQuality.Comparison(name, over: other, ones, others))
      }
    }
    return quality
  }

  private static func rankings(
    space: EmbeddingSpace?
  ) -> [(RetrievalQuality.RankingName, [RankingPlan.List])] {
    guard let space else { return [(.lexical, [.words])] }
    return [
      (.vector, [.cosine(space)]), (.lexical, [.words]), (.fused, [.cosine(space), .words]),
    ]
  }

  /// How many chunks hold the wanted number of documents, on average, within reason.
  private func judgedChunks(in collection: String) async throws -> Int {
    let counts = try await file.read { db in
      let record = try CollectionsTable.require(collection, db)
      return try db.firstRow(
        bulk: """
          SELECT COUNT(DISTINCT d.id), COUNT(*) FROM documents d
          CROSS JOIN chunks c ON c.document_id = d.id WHERE d.collection_id = ?
          """, .integer(record.id)
      ) { (documents: Int(try $0.integer(0)), chunks: Int(try $0.integer(1))) }
    }
    guard let counts, counts.documents > 0 else { return Self.judgedDepth }
    let perDocument = (counts.chunks + counts.documents - 1) / counts.documents
    return Self.judgedDepth * min(10, max(1, perDocument))
  }

  /// The documents of each question's ranking, by their best chunk.
  private func documents(
    for queries: [JudgedQuery], _ vectors: [[Float]]?, _ collection: String, _ plan: RankingPlan,
    _ options: QueryOptions
  ) async throws -> [[String]] {
    var rankings: [[String]] = []
    for start in stride(from: 0, to: queries.count, by: Self.queriesAtOnce) {
      let part = start..<min(start + Self.queriesAtOnce, queries.count)
      let ranked = part.map { RankedQuery(text: queries[$0].text, vector: vectors?[$0]) }
      let answers = try await answer(ranked, collection, options) { _, _ in plan }
      rankings += answers.map { answer in
        var seen = Set<String>()
        let documents = answer.hits.map(\.source).filter { seen.insert($0).inserted }
        return Array(documents.prefix(Self.judgedDepth))
      }
    }
    return rankings
  }

  /// The report without its rankings.
  private func counted(
    _ asked: [JudgedQuery], of queries: [JudgedQuery], _ judgements: RetrievalJudgements,
    _ collection: String
  ) async throws -> RetrievalQuality {
    let wanted = asked.flatMap { query in
      (judgements.grades[query.id] ?? [:]).filter { $0.value > 0 }.keys
    }
    let missing = try await file.read { db in
      let record = try CollectionsTable.require(collection, db)
      let known = try Set(
        String.fetchAll(
          db, sql: "SELECT source FROM documents WHERE collection_id = ?", arguments: [record.id]))
      return wanted.count { !known.contains($0) }
    }
    let judged = queries.count { judgements.grades[$0.id] != nil }
    return RetrievalQuality(
      collection: collection, queries: asked.count, queriesWithoutRelevant: judged - asked.count,
      relevant: wanted.count, relevantMissing: missing, depth: Self.judgedDepth)
  }
}
