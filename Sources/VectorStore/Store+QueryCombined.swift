// `query(combining:)`: several texts and documents with weights in, ranked hits out.

import Foundation
import VectorStoreSearch

/// A part of a question: a text, or a document of the collection, and how much it counts.
///
///     let answer = try await store.query(combining: [
///       .text("night trains"), .source("notes/sleeper.md"), .text("prices", weight: -0.5),
///     ])
public struct QueryPart: Sendable, Hashable {
  /// What a part is.
  public enum Content: Sendable, Hashable {
    /// A text.
    case text(String)
    /// The source of a document of the collection: what is like it is near.
    case source(String)
  }

  /// What it is.
  public var content: Content
  /// How much it counts among the parts; below 0, what is near it is far from the question.
  public var weight: Double

  var isSource: Bool { if case .source = content { true } else { false } }

  /// A text.
  public static func text(_ text: String, weight: Double = 1) -> QueryPart {
    QueryPart(content: .text(text), weight: weight)
  }

  /// A document, by its source.
  public static func source(_ source: String, weight: Double = 1) -> QueryPart {
    QueryPart(content: .source(source), weight: weight)
  }
}

extension Store {
  /// The chunks of a collection that answer several texts together and are like some of its documents, best first.
  ///
  /// The vector that is searched for is the sum of the parts' vectors times their weights. A document's is the mean
  /// of its chunks', and its own chunks are no hits. In a ranking by words too, the words of texts with a weight
  /// above 0 count, each as much; without such a text the ranking is by vectors alone.
  ///
  /// Otherwise as ``query(_:in:options:)-(String,_,_)``.
  ///
  /// - Throws: ``StoreError`` also with `documentNotFound`, and with `badVector` if the parts cancel out.
  public func query(
    combining parts: [QueryPart], in collection: String = "default",
    options: QueryOptions = QueryOptions()
  ) async throws -> QueryResult {
    try options.check()
    try Self.check(parts)
    let positive = parts.compactMap { part in
      if case .text(let text) = part.content, part.weight > 0 { text } else { nil }
    }
    let words = positive.isEmpty ? nil : positive.joined(separator: "\n")
    if options.ranking == .lexical {
      guard let words, !parts.contains(where: \.isSource) else {
        throw StoreError(
          .invalidArgument,
          "a document has no words to rank by; ask with a text of a weight above 0, or rank by vectors"
        )
      }
      return try await query(words, in: collection, options: options)
    }
    let texts = parts.compactMap { part in
      if case .text(let text) = part.content { LexicalQuery(text).text } else { nil }
    }
    var (plan, vectors) =
      texts.isEmpty
      ? (try await plan(in: collection), []) : try await plan(for: texts, in: collection)
    let documents = try await documents(parts, in: collection, space: plan.querySpace)
    var query = RankedQuery(text: words, leftOut: documents.chunks)
    if let space = plan.querySpace {
      query.vector = try Self.sum(parts, texts: vectors ?? [], documents.means, in: space)
    }
    if options.ranking == .fused, words != nil { plan = plan.withWords }
    return try await answer([query], collection, options) { [plan] _, _ in plan }[0]
  }

  private static func check(_ parts: [QueryPart]) throws(StoreError) {
    guard !parts.isEmpty else {
      throw StoreError(.empty, "the query has no parts; give a text or a source")
    }
    for part in parts {
      guard part.weight.isFinite, part.weight != 0 else {
        throw StoreError(
          .invalidArgument,
          "a part of the query has the weight \(part.weight); a number other than 0 is expected")
      }
      if case .text(let text) = part.content, text.allSatisfy(\.isWhitespace) {
        throw StoreError(.empty, "a text of the query is empty; ask something")
      }
    }
  }

  /// How documents are ranked by vectors that are stored: without a text, no service is asked.
  private func plan(in collection: String) async throws -> RankingPlan {
    try await file.read { db in
      let record = try CollectionsTable.require(collection, db)
      let target = try VectorsTable.exist(space: record.target.id, collection: record.id, db)
      return RankingPlan(
        lists: [.cosine(target ? record.target.space : try SpacesTable.standIn(of: record.id, db))],
        degradedReason: target || record.target.space.kind == .mock
          ? nil : "these results match words, not meaning: no passage has a vector of its model yet"
      )
    }
  }

  /// The mean vector of each part that is a document, in the parts' order, and the ids of the documents' chunks.
  private func documents(
    _ parts: [QueryPart], in collection: String, space: EmbeddingSpace?
  ) async throws -> (means: [[Double]], chunks: Set<Int64>) {
    let sources = parts.compactMap { part in
      if case .source(let source) = part.content { source } else { nil }
    }
    guard !sources.isEmpty else { return ([], []) }
    return try await file.read { [identity] db in
      let record = try CollectionsTable.require(collection, db)
      let lookup = SourceLookup(identity: identity, collection: record.id)
      let spaceRecord = try space.flatMap { try SpacesTable.find($0, db) }
      var means: [[Double]] = []
      var chunks: Set<Int64> = []
      for source in sources {
        guard let id = try lookup.documentOrPlace(source, db) else {
          let similar = try lookup.similar(to: source, db)
          throw StoreError(
            .documentNotFound,
            "the collection \"\(collection)\" has no document \"\(source)\""
              + (similar.isEmpty
                ? "; name one that it has"
                : " (did you mean \(similar.formatted(.list(type: .or)))?)"))
        }
        var sum: [Double] = []
        let data = spaceRecord.map { VectorsTable.data(in: $0.space, db) } ?? "v.data"
        try db.forEachRow(
          bulk: """
            SELECT c.id, \(data), v.norm, v.checksum FROM chunks c
            LEFT JOIN vectors v ON v.chunk_id = c.id AND v.space_id = ? WHERE c.document_id = ?
            """, .integer(spaceRecord?.id ?? 0), .integer(id)
        ) { row in
          chunks.insert(try row.integer(0))
          guard let spaceRecord, !row.isNull(1) else { return }
          let vector = StoredVector.components(
            try row.vector(1, norm: 2, checksum: 3, dimensions: spaceRecord.space.dimensions))
          Self.add(vector.map(Double.init), weight: 1, to: &sum)
        }
        guard space == nil || !sum.isEmpty else {
          throw StoreError(
            .badVector,
            "\"\(source)\" has no vector of \(space?.name ?? "its model") yet; embed the collection first"
          )
        }
        means.append(sum)
      }
      return (means, chunks)
    }
  }

  private static func add(_ vector: [Double], weight: Double, to sum: inout [Double]) {
    if sum.isEmpty { sum = Array(repeating: 0, count: vector.count) }
    let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
    guard length > 0 else { return }
    for index in vector.indices { sum[index] += weight * vector[index] / length }
  }

  private static func sum(
    _ parts: [QueryPart], texts: [[Float]], _ documents: [[Double]], in space: EmbeddingSpace
  ) throws -> [Float] {
    var (texts, documents) = (texts[...], documents[...])
    var sum: [Double] = []
    for part in parts {
      switch part.content {
      case .text: add((texts.popFirst() ?? []).map(Double.init), weight: part.weight, to: &sum)
      case .source: add(documents.popFirst() ?? [], weight: part.weight, to: &sum)
      }
    }
    do {
      return try UnitVector(sum.map(Float.init), dimensions: space.dimensions).components
    } catch {
      throw StoreError(
        .badVector, "the parts of the query cancel each other out (\(error)); use other weights",
        underlying: error)
    }
  }
}
