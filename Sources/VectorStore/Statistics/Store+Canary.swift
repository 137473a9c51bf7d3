// The verb `canary`: whether a model is still the one that made the vectors.

import Foundation
import VectorStoreSearch

extension Store {
  /// Texts that are embedded again.
  private static let canaryTexts = 16
  /// Out of so many taken at random, the shortest, since they cost the least.
  private static let canaryCandidates = 64

  /// Whether the model is still the one that made a collection's vectors: sixteen of its texts are embedded
  /// again, and the new vectors compared with those in the store, which stay as they are.
  ///
  /// - Parameters:
  ///   - collection: the collection's name.
  ///   - isDryRun: whether only to report what that costs.
  /// - Throws: ``StoreError`` with `collectionNotFound`, `empty` where no chunk has a text and a vector of
  ///   the target space, `serviceUnavailable`, `budgetExceeded` and what else the service fails with.
  /// - Complexity: lists the ids of the collection's vectors. Can cost money: sixteen short texts.
  public func canary(
    of collection: String = "default", isDryRun: Bool = false
  ) async throws -> CanaryReport {
    let record = try await file.read { try CollectionsTable.require(collection, $0) }
    let target = record.target
    let set = try await canarySet(of: record)
    var report = CanaryReport(
      collection: collection, space: target.space, texts: set.count, isDryRun: isDryRun)
    let vectors: [[Float]]
    switch try route(to: target.space, of: collection) {
    case .mock(let mock):
      guard !isDryRun else { return report }
      vectors = try await mock.embed(set.map(\.text)).vectors
    case .requests(let service):
      let roles = try await roles(of: service, in: target)
      let counter = await service.tokenCounter().counting(prefix: roles.document.prefix)
      report.tokens = set.reduce(0) { $0 + counter.count($1.text) }
      report.costUSD = service.terms.price.cost(ofTokens: report.tokens).usd
      guard !isDryRun else { return report }
      let embedder = QueryEmbedder(
        store: self, service: service, roles: roles, purpose: .document, isHurried: false)
      do {
        vectors = try await embedder.vectors(of: set.map(\.text))
      } catch let error as Unavailable {
        throw StoreError(
          error.code, error.message, underlying: error.underlying)
      }
      report.tokens = embedder.totals.tokens
      report.costUSD = embedder.totals.cost.usd
      report.possibleCostUSD = embedder.totals.possibleCost.usd
    case .standIn(let reason), .wait(let reason):
      throw StoreError(
        .serviceUnavailable,
        "the model of \(target.space) cannot be asked: \(reason)")
    }
    report.enter(
      zip(set, vectors).map { saved, vector in
        CanaryReport.Row(chunk: saved.chunk, cosine: Self.cosine(saved.vector, vector))
      })
    return report
  }

  /// A chunk with its text whole and its vector.
  private struct CanaryChunk {
    let chunk: StatisticsReport.Chunk
    let text: String
    let vector: [Float]
  }

  /// The same texts each time, as long as the collection stays as it is.
  private func canarySet(of collection: CollectionRecord) async throws -> [CanaryChunk] {
    let space = collection.target
    let chosen = try await file.read { db in
      let ids = try StatisticsTable.chunks(space: space.id, collection: collection.id, db)
      let candidates = SampleRows.selection(of: ids, count: Self.canaryCandidates, seed: 1)
      let chunks = try StatisticsTable.references(candidates, db)
      let known = try candidates.compactMap { id -> CanaryChunk? in
        guard let chunk = chunks[id],
          let text = try String.fetchOne(
            db, sql: "SELECT text FROM chunks WHERE id = ?", arguments: [id]),
          let data = try StatisticsTable.vector(of: id, space: space, db)
        else { return nil }
        return CanaryChunk(
          chunk: chunk, text: text, vector: StoredVector(data: data, norm: 1).components)
      }
      return known.sorted {
        ($0.text.utf8.count, $0.chunk.id) < ($1.text.utf8.count, $1.chunk.id)
      }.prefix(Self.canaryTexts)
    }
    guard !chosen.isEmpty else {
      throw StoreError(
        .empty,
        "no chunk of the collection \"\(collection.name)\" has a text and a vector of \(space.space); add "
          + "texts first, or name another collection")
    }
    return Array(chosen)
  }

  private static func cosine(_ one: [Float], _ other: [Float]) -> Double {
    func dot(_ first: [Float], _ second: [Float]) -> Double {
      zip(first, second).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    let lengths = (dot(one, one) * dot(other, other)).squareRoot()
    return lengths > 0 ? min(1, max(-1, dot(one, other) / lengths)) : 0
  }
}

/// What came of embedding a few of a collection's own texts again.
public struct CanaryReport: Sendable, Codable, Hashable {
  /// One text.
  public struct Row: Sendable, Codable, Hashable {
    /// The chunk.
    public var chunk: StatisticsReport.Chunk
    /// The cosine between its vector in the store and the new one.
    public var cosine: Double

    /// Creates a value from its parts.
    public init(chunk: StatisticsReport.Chunk, cosine: Double) {
      self.chunk = chunk
      self.cosine = cosine
    }
  }

  /// The collection.
  public var collection: String
  /// The space whose model is asked.
  public var space: EmbeddingSpace
  /// How many texts.
  public var texts: Int
  /// Their tokens; in a dry run at most so many.
  public var tokens = 0
  /// What they cost, or in a dry run may cost, in US dollars.
  public var costUSD = 0.0
  /// What may have been billed besides: requests that were never answered.
  public var possibleCostUSD = 0.0
  /// Whether nothing was sent.
  public var isDryRun: Bool
  /// The least cosine.
  public var minimumCosine: Double?
  /// The mean cosine.
  public var meanCosine: Double?
  /// Good from a least cosine of 0.999 on: services round differently from call to call. Bad below 0.99;
  /// nil in a dry run.
  public var level: StatisticsReport.Verdict.Level?
  /// The texts, those that moved the most first.
  public var rows: [Row] = []

  /// Creates a value from its parts.
  public init(
    collection: String, space: EmbeddingSpace, texts: Int, tokens: Int = 0, costUSD: Double = 0.0,
    possibleCostUSD: Double = 0.0, isDryRun: Bool, minimumCosine: Double? = nil,
    meanCosine: Double? = nil, level: StatisticsReport.Verdict.Level? = nil, rows: [Row] = []
  ) {
    self.collection = collection
    self.space = space
    self.texts = texts
    self.tokens = tokens
    self.costUSD = costUSD
    self.possibleCostUSD = possibleCostUSD
    self.isDryRun = isDryRun
    self.minimumCosine = minimumCosine
    self.meanCosine = meanCosine
    self.level = level
    self.rows = rows
  }

  enum CodingKeys: String, CodingKey {
    case collection, space, texts, tokens, costUSD, possibleCostUSD
    case minimumCosine, meanCosine, level, rows
    case isDryRun = "dryRun"
  }

  /// What that means, in a sentence.
  public var message: String {
    switch level {
    case nil: "Nothing was sent."
    case .good:
      "The model is the one that made the vectors: texts embedded again come out the same."
    case .watch: "Texts embedded again come out slightly off: the model or its rounding changed."
    case .bad:
      "The model changed under the same name, or the vectors came from elsewhere: embed all texts again "
        + "in a new collection."
    }
  }

  /// Enters the cosines of what was embedded again.
  mutating func enter(_ rows: [Row]) {
    self.rows = rows.sorted {
      $0.cosine != $1.cosine ? $0.cosine < $1.cosine : $0.chunk.id < $1.chunk.id
    }
    guard let least = self.rows.first?.cosine else { return }
    minimumCosine = least
    meanCosine = rows.reduce(0) { $0 + $1.cosine } / Double(rows.count)
    level = least >= 0.999 ? .good : least >= 0.99 ? .watch : .bad
  }
}
