// The second ranking of a query: a reranker reads the question with each of the best passages.

import VectorStoreText

extension Store {
  /// The answers of a first ranking, ranked again if the options ask for it.
  ///
  /// If the reranker cannot be had, the first ranking stays, and says so in ``QueryResult/rerankFailure``; in
  /// mode REAL that is an error.
  ///
  /// - Parameter rank: ranks with the options it is given.
  func reranked(
    _ texts: [String], _ options: QueryOptions,
    _ rank: @Sendable (QueryOptions) async throws -> [QueryResult]
  ) async throws -> [QueryResult] {
    guard let depth = options.rerankDepth else { return try await rank(options) }
    var first = options
    first.rerankDepth = nil
    guard mode != .mock else {
      return try await rank(first).map { result in
        var result = result
        result.rerankFailure = "these results are not reranked: the mode is MOCK"
        return result
      }
    }
    guard let reranker = configuration.reranker else {
      throw StoreError(
        .invalidArgument, "there is no reranker to rank passages again; configure one")
    }
    first.limit = max(options.limit, depth)
    // The reranker reads the passages themselves, and those shown get their neighbours.
    first.neighbours = 0
    var results = try await rank(first)
    for (index, text) in texts.enumerated() {
      do {
        let passages = Passages(of: LexicalQuery(text).text, by: reranker, in: self)
        results[index].hits = try await passages.ranked(results[index].hits)
      } catch let error as Unavailable where mode != .real {
        results[index].rerankFailure =
          "these results are not reranked by \(reranker.model): \(error.message)"
        for hit in results[index].hits.indices { results[index].hits[hit].isDegraded = true }
      } catch let error as Unavailable {
        throw StoreError(
          error.code,
          "the results cannot be reranked by \(reranker.model): \(error.message); ask without a reranking, or "
            + "use mode HYBRID", underlying: error.underlying)
      }
      results[index].hits = try await shown(results[index].hits, options)
    }
    return results
  }

  /// The hits that are asked for, numbered, with their neighbours.
  private func shown(_ hits: [Hit], _ options: QueryOptions) async throws -> [Hit] {
    var hits = Array(hits.prefix(options.limit))
    for index in hits.indices { hits[index].rank = index + 1 }
    guard options.neighbours > 0 else { return hits }
    return try await file.read { [hits] db in
      try hits.map { try Ranker.widened($0, by: options.neighbours, db) }
    }
  }
}

/// The passages of one question on their way to a reranker.
private actor Passages {
  /// How long a query waits for the reranker if it can be answered without it, in seconds.
  private static let hurry = 60.0
  /// And if it cannot.
  private static let patience = 300.0
  /// What is too long is cut again, down to so many bytes.
  private static let shortest = 16

  private let question: String
  private let reranker: any Reranker
  private let requests: ServiceRequests
  /// The most bytes of a passage, once the server has found one too long.
  private var mostBytes = Int.max

  init(of question: String, by reranker: any Reranker, in store: Store) {
    self.question = question
    self.reranker = reranker
    var options = ServiceRequests.Options(runID: RunRecord.newCorrelationID())
    options.purpose = .query
    // A model that runs here takes as long as it takes.
    options.patience =
      !reranker.terms.isMetered ? .infinity : store.mode == .real ? Self.patience : Self.hurry
    requests = store.router.requests(to: RerankedQuestion(reranker, question), options: options)
  }

  /// Hits by their scores, best first; those of one score stay in their order, and those without a text come
  /// last.
  ///
  /// - Throws: ``Unavailable``, or `CancellationError`.
  func ranked(_ hits: [Hit]) async throws -> [Hit] {
    var texts: [(index: Int, text: String)] = []
    let cut = await cutter()
    for (index, hit) in hits.enumerated() {
      if let text = hit.text { texts.append((index, cut(text))) }
    }
    guard !texts.isEmpty else { return hits }
    let counter = await reranker.tokenCounter()
    let own = counter.count(question)
    let size = requests.size
    var packer = BatchPacker<(index: Int, text: String, tokens: Int)>(
      textsPerRequest: size.texts, tokensPerRequest: size.tokens)
    var batches = texts.flatMap { index, text in
      let tokens = own + counter.count(text)
      return packer.add((index, text, tokens), tokens: tokens)
    }
    batches += packer.flush()
    var scores: [Int: Float] = [:]
    for batch in batches {
      for (item, score) in zip(batch.items, try await send(batch.items)) {
        scores[item.index] = score
      }
    }
    let order = hits.indices.sorted {
      (scores[$1] ?? -.infinity, $0) < (scores[$0] ?? -.infinity, $1)
    }
    return order.map { index in
      var hit = hits[index]
      if let score = scores[index] { hit.score = Double(score) }
      return hit
    }
  }

  /// Cuts texts to what the model reads beside the question.
  private func cutter() async -> (String) -> String {
    let counter = await reranker.tokenCounter().cutting
    let room = max(1, reranker.terms.tokensPerText - counter.count(question))
    return { text in
      guard text.utf8.count > room, counter.count(text) > room else { return text }
      let scalars = Array(text.unicodeScalars)
      var (low, high) = (0, scalars.count)
      while low < high {
        let middle = (low + high + 1) / 2
        let part = String(String.UnicodeScalarView(scalars[..<middle]))
        if counter.count(part) <= room { low = middle } else { high = middle - 1 }
      }
      return String(String.UnicodeScalarView(scalars[..<low]))
    }
  }

  private func send(_ items: [(index: Int, text: String, tokens: Int)]) async throws -> [Float] {
    let tokens = min(items.reduce(0) { $0 + $1.tokens }, reranker.terms.tokensPerRequest)
    let texts = items.map { String(decoding: $0.text.utf8.prefix(mostBytes), as: UTF8.self) }
    func inTwo(_ count: Int) async throws -> [Float] {
      let first = try await send(Array(items[..<count]))
      return first + (try await send(Array(items[count...])))
    }
    switch try await requests.send(texts, tokens: tokens) {
    case .answered(let answer): return answer.vectors.compactMap(\.first)
    case .split, .tooLarge: return try await inTwo(items.count / 2)
    case .lostHold: return try await send(items)
    case .tooDear(let fitting):
      let sizes = items.map(\.tokens)
      let count = BatchPacker<Int>.prefix(of: sizes, fitting: fitting)
      guard count < items.count else { throw Unavailable(noService: "the budget is used up") }
      return try await inTwo(max(1, count))
    case .refused(let error):
      let length = texts[0].utf8.count
      guard error.isTooLong, length > Self.shortest else { throw Unavailable(error) }
      mostBytes = max(Self.shortest, length / 2)
      return try await send(items)
    case .putOff(let error): throw Unavailable(error)
    case .stopped(let reason): throw Unavailable(reason)
    }
  }
}
