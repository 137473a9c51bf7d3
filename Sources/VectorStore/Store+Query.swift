// `query`: texts or vectors in, ranked hits out.

import Foundation
import VectorStoreSearch

extension Store {
  /// The chunks of a collection that answer a question, best first.
  ///
  /// In mode ``ServiceMode/hybrid``, if there is no service or it takes no such question, the answer is
  /// ranked without it and says why in ``QueryResult/degradedReason``.
  ///
  /// - Throws: ``StoreError`` with `collectionNotFound`, `empty`, `invalidArgument`, `invalidFilter`, and in mode
  ///   ``ServiceMode/real`` with `textTooLong`, `inputRefused` and what makes the service unavailable, as
  ///   `serviceUnavailable`, `authenticationFailed` or `budgetExceeded`.
  /// - Complexity: scans 1 bit a dimension of each vector, and reads about 20 vectors. Can cost money: one
  ///   request of the service.
  public func query(
    _ text: String, in collection: String = "default", options: QueryOptions = QueryOptions()
  ) async throws -> QueryResult {
    try await query([text], in: collection, options: options)[0]
  }

  /// The answers to many questions, in their order, for one scan of the vectors.
  ///
  /// Otherwise as ``query(_:in:options:)-(String,_,_)``.
  public func query(
    _ texts: [String], in collection: String = "default", options: QueryOptions = QueryOptions()
  ) async throws -> [QueryResult] {
    try await query(texts, in: [collection], options: options)
  }

  /// The answers to questions without a reranking.
  func ranked(
    _ texts: [String], in collection: String, _ options: QueryOptions
  ) async throws -> [QueryResult] {
    if options.ranking == .lexical {
      let plan = RankingPlan(lists: [.words])
      return try await answer(texts.map { RankedQuery(text: $0) }, collection, options) { _, _ in
        plan
      }
    }
    // What a question leaves out is not embedded: a vector would come near to it.
    let asked = texts.map { LexicalQuery($0).text }
    let (found, vectors) = try await plan(for: asked, in: collection)
    let plan = options.ranking == .fused ? found.withWords : found
    let queries = texts.enumerated().map { RankedQuery(text: $1, vector: vectors?[$0]) }
    return try await answer(queries, collection, options) { _, _ in plan }
  }

  /// The chunks of a collection nearest to vectors, for one scan of the vectors.
  ///
  /// - Parameters:
  ///   - vectors: each of the space's dimensions and any length above 0.
  ///   - space: the vectors' space; nil is the collection's target space.
  ///   - collection: the collection's name.
  ///   - options: how many hits, of which documents. Vectors are ranked by cosine only.
  /// - Throws: ``StoreError`` with `badVector`, `spaceMismatch`, `collectionNotFound`, `invalidFilter`.
  /// - Complexity: scans 1 bit a dimension of each vector, and reads about 20 vectors a question. Costs
  ///   nothing.
  public func query(
    vectors: [[Float]], space: EmbeddingSpace? = nil, in collection: String = "default",
    options: QueryOptions = QueryOptions()
  ) async throws -> [QueryResult] {
    try options.check()
    guard options.ranking == .vector, options.rerankDepth == nil else {
      throw StoreError(
        .invalidArgument,
        "a vector has no words to rank by; ask with a text, or without lexical and without a reranking"
      )
    }
    return try await answer(vectors.map { RankedQuery(vector: $0) }, collection, options) {
      collection, db in
      let space = try VectorsTable.checked(space, of: collection, db)
      try Self.check(vectors, in: space, of: collection.name)
      return RankingPlan(lists: [.cosine(space)])
    }
  }

  /// The chunks of a collection nearest to a vector.
  ///
  /// Otherwise as ``query(vectors:space:in:options:)-(_,_,String,_)``.
  public func query(
    vector: [Float], space: EmbeddingSpace? = nil, in collection: String = "default",
    options: QueryOptions = QueryOptions()
  ) async throws -> QueryResult {
    try await query(vectors: [vector], space: space, in: collection, options: options)[0]
  }

  private static func check(
    _ vectors: [[Float]], in space: EmbeddingSpace, of collection: String
  ) throws {
    for (index, vector) in vectors.enumerated() {
      do {
        _ = try UnitVector(vector, dimensions: space.dimensions)
      } catch {
        throw StoreError(
          .badVector,
          "query vector \(index): \(error); the collection \"\(collection)\" is searched in \(space)"
        )
      }
    }
  }

  /// How texts are ranked now, and their vectors in the plan's space.
  func plan(
    for texts: [String], in collection: String
  ) async throws -> (RankingPlan, [[Float]]?) {
    let (vectors, record, standIn) = try await file.read { db in
      let record = try CollectionsTable.require(collection, db)
      let standIn = try SpacesTable.standIn(of: record.id, db)
      let (target, standIns) = (record.target, try SpacesTable.find(standIn, db))
      func any(_ space: SpaceRecord?) throws -> Bool {
        guard let space else { return false }
        return try VectorsTable.exist(space: space.id, collection: record.id, db)
      }
      let vectors = RankingPlan.Vectors(
        target: target.space, hasTarget: try any(target),
        hasStandIns: try any(standIns))
      return (vectors, record, standIn)
    }
    let mode = mode
    func plan(_ unavailable: Unavailable?) throws -> RankingPlan {
      try RankingPlan.make(
        mode: mode, vectors: vectors, unavailable: unavailable, standInSpace: standIn)
    }
    let unavailable: Unavailable
    switch try await route(to: vectors.target, of: record) {
    case .mock(let mock):
      return (try plan(nil), try await mock.embed(questions: texts).vectors)
    case .standIn(let reason), .wait(let reason): unavailable = Unavailable(noService: reason)
    case .requests(let service):
      try await checkWeights(of: service, keeps: false)
      let embedder = QueryEmbedder(
        store: self, service: service, roles: try await roles(of: service, in: record.target),
        isHurried: mode == .hybrid)
      do {
        return (try plan(nil), try await embedder.vectors(of: texts))
      } catch let error as Unavailable {
        unavailable = error
      } catch let error as StoreError
        where mode == .hybrid && [.textTooLong, .inputRefused].contains(error.code)
      {
        unavailable = Unavailable(unusable: error)
      }
    }
    let plan = try plan(unavailable)
    let mock = plan.querySpace.flatMap(MockService.init(space:))
    return (plan, try await mock?.embed(questions: texts).vectors)
  }

  /// Answers queries in one snapshot, by the plan that is made in it.
  func answer(
    _ queries: [RankedQuery], _ collection: String, _ options: QueryOptions,
    plan: @escaping @Sendable (CollectionRecord, any SQLTransaction) throws -> RankingPlan
  ) async throws -> [QueryResult] {
    let deviations = ErrorBound.deviations(
      failureProbability: configuration.searchFailureProbability)
    let filter = options.filter?.resolvingSources(by: identity)
    let answers = try await file.read(isWordSearch: options.ranking != .vector) {
      [file, identity] db in
      let collection = try CollectionsTable.require(collection, db)
      let selection = try FilterSelection.answering(filter, collection: collection, db)
      var plan = try plan(collection, db)
      if !collection.keepsText { plan = try plan.withoutWords(of: collection.name) }
      let ranker = Ranker(
        db: db, collection: collection, plan: plan, options: options,
        index: file.index, identity: identity, deviations: deviations, selection: selection)
      let answers = try ranker.answers(to: queries)
      let pending = try DocumentsTable.pending(collection: collection.id, db)
      let noHits =
        try answers.contains { $0.hits.isEmpty }
        ? Self.noHitsReason(in: collection, options, selection, pending, db) : nil
      return answers.map { answer in
        var answer = answer
        answer.pending = pending
        if answer.hits.isEmpty { answer.noHitsReason = noHits }
        return answer
      }
    }
    return try await withTexts(answers, neighbours: options.neighbours)
  }

  /// Why queries of a collection have no hit.
  private static func noHitsReason(
    in collection: CollectionRecord, _ options: QueryOptions, _ selection: FilterSelection?,
    _ pending: PendingDocuments?, _ db: any SQLTransaction
  ) throws -> String {
    if let pending, pending.count == pending.documents { return pending.message }
    let name = "the collection \"\(collection.name)\""
    if try CollectionsTable.isEmpty(collection.id, db) {
      return "\(name) has no documents; add some"
    }
    if let selection, try selection.documentIDs(db).isEmpty {
      return options.filter == nil
        ? "the files of all documents of \(name) are ignored now or cannot be read; list them for the reasons"
        : "no document of \(name) passes the filter; check its keys and values"
    }
    let among = options.filter == nil ? "of \(name)" : "that passes the filter"
    if let score = options.minimumScore {
      return "no passage \(among) scores \(score) or more; ask for a lower score"
    }
    return options.ranking == .lexical
      ? "no passage \(among) has a word of the question; ask with other words"
      : "no passage \(among) has a vector that could answer"
  }
}
