// The verb `retrievalQuality`: how well judged questions are answered.

import Foundation

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
  ///   - judgements: grades of documents by their sources, in any spelling.
  ///   - collection: the collection's name.
  /// - Throws: ``StoreError`` as ``query(_:in:options:)-(String,_,_)`` does, and `empty` where no question
  ///   has a relevant document, or the collection has none of them.
  /// - Complexity: three searches a question. Can cost money: one request for as many questions as it
  ///   takes.
  public func retrievalQuality(
    queries: [JudgedQuery], judgements: RetrievalJudgements, in collection: String = "default"
  ) async throws -> RetrievalQuality {
    let known = try await sources(in: collection)
    let judgements = judgements.named(as: known, by: identity)
    let asked = queries.filter { query in
      judgements.grades[query.id]?.contains { $0.value > 0 } ?? false
    }
    guard !asked.isEmpty else {
      throw StoreError(
        .empty,
        "none of \(queries.count) queries has a relevant document among the judgements; check that the "
          + "ids of both files are the same")
    }
    let wanted = asked.flatMap { query in
      (judgements.grades[query.id] ?? [:]).filter { $0.value > 0 }.keys.sorted()
    }
    let missing = wanted.count { !known.contains($0) }
    guard missing < wanted.count else {
      throw StoreError(
        .empty,
        "the collection \"\(collection)\" has none of the \(wanted.count) relevant documents; the judgements "
          + "name them as \"\(wanted.first ?? "")\""
          + (known.min().map { ", the collection as \"\($0)\"" } ?? ""))
    }
    // As questions are asked: what one leaves out is not embedded.
    let (plan, vectors) = try await plan(
      for: asked.map { LexicalQuery($0.text).text }, in: collection)
    var options = QueryOptions(limit: try await judgedChunks(in: collection))
    let keepsText = try await file.read { try CollectionsTable.require(collection, $0).keepsText }
    var metrics: [(RetrievalQuality.RankingName, [RetrievalMetrics])] = []
    for (name, lists) in Self.rankings(space: plan.querySpace, keepsText: keepsText) {
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
    let judged = queries.count { judgements.grades[$0.id] != nil }
    var quality = RetrievalQuality(
      collection: collection, queries: asked.count, queriesWithoutRelevant: judged - asked.count,
      relevant: wanted.count, relevantMissing: missing, depth: Self.judgedDepth)
    quality.space = plan.querySpace
    quality.degradedReason = plan.degradedReason
    quality.rankings = metrics.map { RetrievalQuality.Ranking($0, $1) }
    for (index, (name, ones)) in metrics.enumerated() {
      for (other, others) in metrics[..<index] {
        quality.comparisons.append(RetrievalQuality.Comparison(name, over: other, ones, others))
      }
    }
    return quality
  }

  /// The rankings that are measured: a collection that keeps no texts has no words.
  private static func rankings(
    space: EmbeddingSpace?, keepsText: Bool
  ) -> [(RetrievalQuality.RankingName, [RankingPlan.List])] {
    guard let space else { return [(.lexical, [.words])] }
    guard keepsText else { return [(.vector, [.cosine(space)])] }
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

  private func sources(in collection: String) async throws -> Set<String> {
    try await file.read { db in
      let record = try CollectionsTable.require(collection, db)
      return try String.fetchSet(
        db, sql: "SELECT source FROM documents WHERE collection_id = ?", arguments: [record.id])
    }
  }
}

extension RetrievalJudgements {
  /// The same, each document by the source that it has in the store, if it is there.
  fileprivate func named(as known: Set<String>, by identity: SourceIdentity) -> Self {
    RetrievalJudgements(
      grades: grades.mapValues { documents in
        let named = documents.map { name, grade in
          guard !known.contains(name) else { return (name, grade) }
          let source = identity.source(of: name)
          return (known.contains(source) ? source : name, grade)
        }
        return Dictionary(named) { max($0, $1) }
      })
  }
}

/// What every ranking of a collection is worth, measured on questions with known answers.
public struct RetrievalQuality: Sendable, Codable, Hashable {
  /// A way to rank documents.
  public enum RankingName: String, Sendable, Codable {
    /// By cosine.
    case vector
    /// By words (BM25).
    case lexical
    /// Both, fused by what each is sure of.
    case fused
  }

  /// A mean over questions.
  public struct Figure: Sendable, Codable, Hashable {
    /// The mean, 0 to 1.
    public var mean: Double
    /// Its standard error: the deviation between questions over the square root of their number; nil
    /// below two.
    public var standardError: Double?

    /// Creates a value from its parts.
    public init(mean: Double, standardError: Double? = nil) {
      self.mean = mean
      self.standardError = standardError
    }
  }

  /// What one ranking is worth.
  public struct Ranking: Sendable, Codable, Hashable {
    /// Which.
    public var ranking: RankingName
    /// Normalised discounted cumulative gain of the first ten documents, the gain being the grade itself
    /// (Järvelin and Kekäläinen, ACM TOIS 20, 2002), as trec_eval and BEIR count it.
    public var nDCG10: Figure
    /// Mean average precision of the first ``RetrievalQuality/depth`` documents.
    public var map: Figure
    /// The share of relevant documents among the first ten.
    public var recall10: Figure
    /// The share of relevant documents among the first hundred.
    public var recall100: Figure
    /// The mean of 1 / rank of the first relevant document, 0 where there is none.
    public var mrr: Figure

    /// Creates a value from its parts.
    public init(
      ranking: RankingName, nDCG10: Figure, map: Figure, recall10: Figure, recall100: Figure,
      mrr: Figure
    ) {
      self.ranking = ranking
      self.nDCG10 = nDCG10
      self.map = map
      self.recall10 = recall10
      self.recall100 = recall100
      self.mrr = mrr
    }
  }

  /// How much more one ranking is worth than another, question by question.
  public struct Comparison: Sendable, Codable, Hashable {
    /// The one.
    public var ranking: RankingName
    /// The other.
    public var baseline: RankingName
    /// The mean difference of nDCG@10.
    public var difference: Double
    /// The lower end of its 95 % interval, by the paired bootstrap: questions drawn again 10,000 times
    /// (Sakai, Evaluating evaluation metrics based on the bootstrap, SIGIR 2006).
    public var low: Double
    /// The upper end. Where both ends have one sign, chance alone does not explain the difference.
    public var high: Double

    /// Creates a value from its parts.
    public init(
      ranking: RankingName, baseline: RankingName, difference: Double, low: Double, high: Double
    ) {
      self.ranking = ranking
      self.baseline = baseline
      self.difference = difference
      self.low = low
      self.high = high
    }
  }

  /// The collection.
  public var collection: String
  /// The space by whose vectors was ranked; nil where there was no vector for the questions.
  public var space: EmbeddingSpace?
  /// Questions that were asked: those with a relevant document.
  public var queries: Int
  /// Questions that were left out, since no document is judged relevant to them.
  public var queriesWithoutRelevant: Int
  /// Pairs of a question and a relevant document, of the questions asked.
  public var relevant: Int
  /// How many of these documents the collection does not have: they count as not found.
  public var relevantMissing: Int
  /// How many documents of each ranking were looked at.
  public var depth: Int
  /// Each ranking there is.
  public var rankings: [Ranking] = []
  /// Rankings against each other.
  public var comparisons: [Comparison] = []
  /// Why there is no ranking by vectors, or none of the target space.
  public var degradedReason: String?

  /// Creates a value from its parts.
  public init(
    collection: String, space: EmbeddingSpace? = nil, queries: Int, queriesWithoutRelevant: Int,
    relevant: Int, relevantMissing: Int, depth: Int, rankings: [Ranking] = [],
    comparisons: [Comparison] = [], degradedReason: String? = nil
  ) {
    self.collection = collection
    self.space = space
    self.queries = queries
    self.queriesWithoutRelevant = queriesWithoutRelevant
    self.relevant = relevant
    self.relevantMissing = relevantMissing
    self.depth = depth
    self.rankings = rankings
    self.comparisons = comparisons
    self.degradedReason = degradedReason
  }
}
