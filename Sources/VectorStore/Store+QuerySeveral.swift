// `query` over several collections: each answers, and their hits are merged.

extension Store {
  /// The answers of several collections to many questions, in their order, merged.
  ///
  /// Hits that were scored in the same way, as by cosines of one space, stand by their score. Cosines of
  /// two spaces cannot be compared: such hits take turns, by their rank in their own collection, the surer ones first.
  ///
  /// Otherwise as ``query(_:in:options:)-(String,_,_)``.
  public func query(
    _ texts: [String], in collections: [String], options: QueryOptions = QueryOptions()
  ) async throws -> [QueryResult] {
    try options.check()
    for (index, text) in texts.enumerated() where !text.contains(where: { !$0.isWhitespace }) {
      throw StoreError(.empty, "query \(index + 1) of \(texts.count) is empty; ask something")
    }
    guard !texts.isEmpty else { return [] }
    // Hits of all collections are reranked together, whose scores can then be compared.
    return try await reranked(texts, options) { options in
      try await merged(collections, limit: options.limit) {
        try await self.ranked(texts, in: $0, options)
      }
    }
  }

  /// The answers of several collections to vectors, merged.
  ///
  /// Otherwise as ``query(vectors:space:in:options:)-([[Float]],_,String,_)``.
  public func query(
    vectors: [[Float]], space: EmbeddingSpace? = nil, in collections: [String],
    options: QueryOptions = QueryOptions()
  ) async throws -> [QueryResult] {
    try await merged(collections, limit: options.limit) {
      try await self.query(vectors: vectors, space: space, in: $0, options: options)
    }
  }

  private func merged(
    _ collections: [String], limit: Int,
    _ answers: @escaping @Sendable (String) async throws -> [QueryResult]
  ) async throws -> [QueryResult] {
    var seen: Set<String> = []
    let names = collections.filter { seen.insert($0).inserted }
    // At once, so that collections of one space share the vector of a question.
    let lists = try await withThrowingTaskGroup(of: (Int, [QueryResult]).self) { group in
      for (index, name) in names.enumerated() {
        group.addTask { (index, try await answers(name)) }
      }
      var lists: [[QueryResult]] = names.map { _ in [] }
      for try await (index, results) in group { lists[index] = results }
      return lists
    }
    guard let first = lists.first else {
      throw StoreError(.empty, "no collection is given; name those to ask")
    }
    guard lists.count > 1 else { return first }
    return first.indices.map { index in
      QueryResult(merging: lists.map { $0[index] }, limit: limit)
    }
  }
}

extension QueryResult {
  /// The answers of several collections to one question.
  fileprivate init(merging results: [QueryResult], limit: Int) {
    self.init(hits: [])
    let hits = results.flatMap(\.hits)
    // A ranking by cosine alone has the cosine as its score; all others score alike.
    let spaces = Set(hits.map { $0.cosine == $0.score ? $0.space : nil })
    // Scores of a fused ranking are shares of the best in their own collection.
    let isFused = hits.contains { hit in hit.cosine.map { $0 != hit.score } ?? false }
    let isComparable = spaces.count <= 1 && !isFused
    self.hits = Array(
      hits.enumerated().sorted { one, other in
        let (left, right) = (one.element, other.element)
        if isComparable, left.score != right.score { return left.score > right.score }
        // How sure a hit is means the same in every collection.
        let (theirs, own) = (right.strength ?? .weak, left.strength ?? .weak)
        return (theirs, left.rank, -(left.cosine ?? -1), one.offset)
          < (own, right.rank, -(right.cosine ?? -1), other.offset)
      }.map(\.element).prefix(limit))
    for index in self.hits.indices { self.hits[index].rank = index + 1 }
    degradedReason = results.lazy.compactMap(\.degradedReason).first
    let pending = results.compactMap(\.pending)
    if let last = pending.last {
      self.pending = PendingDocuments(
        count: pending.reduce(0) { $0 + $1.count },
        documents: pending.reduce(0) { $0 + $1.documents }, reason: last.reason)
    }
    if self.hits.isEmpty {
      noHitsReason = Set(results.compactMap(\.noHitsReason)).sorted().joined(separator: "; ")
    }
    for result in results { effort.add(result.effort) }
  }
}
