// The vectors of questions: from the cache if they were asked before, else from the service.

import Foundation
import VectorStoreText

/// Embeds the texts of queries, each once, and remembers their vectors.
struct QueryEmbedder: Sendable {
  /// How long a query waits for the service where there is another way to answer it, in seconds.
  private static let hurry = 10.0
  /// And where there is none.
  private static let patience = 120.0

  private let space: EmbeddingSpace
  private let terms: ServiceTerms
  private let requests: ServiceRequests
  private let cache: QueryCache?
  private let inFlight: QuestionsInFlight?
  private let isHurried: Bool
  private let role: EmbeddingRole
  private let tokenCounter: @Sendable () async -> TokenCounter

  /// - Parameters:
  ///   - roles: how the space of the service tells questions and documents apart.
  ///   - purpose: what the texts are. Vectors of questions are remembered, and embedded once for all
  ///     tasks that ask at the same time; documents go to the service each time.
  ///   - isHurried: whether the query can be answered without the service.
  init(
    store: Store, service: any EmbeddingService, roles: EmbeddingRoles,
    purpose: EmbeddingPurpose = .query, isHurried: Bool
  ) {
    space = service.space
    terms = service.terms
    var options = ServiceRequests.Options(runID: RunRecord.newCorrelationID())
    options.purpose = purpose
    options.roles = roles
    let role = roles[purpose]
    self.role = role
    options.patience = isHurried ? Self.hurry : Self.patience
    requests = store.router.requests(to: service, options: options)
    cache = purpose == .query && service.terms.isMetered ? store.queryCache : nil
    inFlight = purpose == .query ? store.questionsInFlight : nil
    self.isHurried = isHurried
    tokenCounter = { await service.tokenCounter().counting(prefix: role.prefix) }
  }

  /// What was sent so far.
  var totals: RunTotals { requests.totals }

  /// The vectors of texts, in their order.
  ///
  /// - Throws: ``Unavailable``, also where an answer cannot be used, and ``StoreError`` with `textTooLong` or
  ///   `inputRefused`.
  /// - Complexity: one request for as many texts as it takes, none for those that were asked before or
  ///   are being asked now.
  func vectors(of texts: [String]) async throws -> [[Float]] {
    let hashed = texts.map { HashedText($0) }
    var known = await cached(Set(hashed.map(\.hash)))
    var seen = Set(known.keys)
    let missing = hashed.filter { seen.insert($0.hash).inserted }
    if !missing.isEmpty {
      let new = try await shared(missing) { [self] in
        try await embed(try await counted(missing))
      }
      known.merge(new) { _, new in new }
    }
    return try hashed.map { text in
      guard let vector = known[text.hash] else {
        throw StoreError(.badVector, "a query got no vector; try again")
      }
      return vector
    }
  }

  /// The vectors that the cache has of texts. It is the user's, not the store's: another store may embed
  /// the same texts in the same space in other roles.
  private func cached(_ hashes: Set<Data>) async -> [Data: [Float]] {
    guard let cache else { return [:] }
    let keys = Dictionary(hashes.map { (key($0), $0) }) { first, _ in first }
    let found = await cache.vectors(for: Array(keys.keys), space: space)
    return Dictionary(found.compactMap { key, vector in keys[key].map { ($0, vector) } }) {
      first, _ in first
    }
  }

  private func keep(_ vectors: [Data: [Float]]) async {
    await cache?.store(
      Dictionary(vectors.map { (key($0), $1) }) { first, _ in first }, space: space)
  }

  /// What the cache knows a text by: its hash, and what it got for its part.
  private func key(_ hash: Data) -> Data {
    guard !role.isPlain else { return hash }
    var key = SHA256()
    key.add(Data(role.prefix.utf8))
    for (name, value) in role.fields.sorted(by: { $0.key < $1.key }) {
      key.add(Data("\0\(name)\0\(value)".utf8))
    }
    key.add(hash)
    return key.finish()
  }

  private func shared(
    _ texts: [HashedText], _ make: @escaping @Sendable () async throws -> [Data: [Float]]
  ) async throws -> [Data: [Float]] {
    guard let inFlight else { return try await make() }
    let key = QuestionsInFlight.Key(
      texts: texts.map(\.hash), space: space, isHurried: isHurried)
    return try await inFlight.vectors(key, make: make)
  }

  /// Texts with a bound of their tokens, none of them too long.
  private func counted(_ texts: [HashedText]) async throws -> [EmbeddingQueue.Item] {
    var counter = TokenCounter.upperBound.counting(prefix: role.prefix)
    if texts.contains(where: { counter.count($0.text) > terms.tokensPerText }) {
      counter = await tokenCounter()
    }
    return try texts.map { text in
      let tokens = counter.count(text.text)
      guard tokens <= terms.tokensPerText || !counter.isExact || terms.takesLongerTexts else {
        throw StoreError(
          .textTooLong,
          "the query has \(tokens) tokens, and \(space.model) takes \(terms.tokensPerText); ask with "
            + "a shorter text")
      }
      return EmbeddingQueue.Item(text: text, tokens: min(tokens, terms.tokensPerRequest))
    }
  }

  private func embed(_ items: [EmbeddingQueue.Item]) async throws -> [Data: [Float]] {
    let size = requests.size
    var packer = BatchPacker<EmbeddingQueue.Item>(
      textsPerRequest: size.texts, tokensPerRequest: size.tokens)
    var batches = items.flatMap { packer.add($0, tokens: $0.tokens) }
    batches += packer.flush()
    var vectors: [Data: [Float]] = [:]
    for batch in batches {
      vectors.merge(try await send(batch.items)) { first, _ in first }
    }
    return vectors
  }

  private func send(_ items: [EmbeddingQueue.Item]) async throws -> [Data: [Float]] {
    let tokens = items.reduce(0) { $0 + $1.tokens }
    func sendInTwo(_ count: Int) async throws -> [Data: [Float]] {
      let first = try await send(Array(items[..<count]))
      return first.merging(try await send(Array(items[count...]))) { first, _ in first }
    }
    switch try await requests.send(items.map(\.text.text), tokens: tokens) {
    case .answered(let answer):
      let checked: CheckedAnswer
      do {
        checked = try CheckedAnswer(answer, to: items.map(\.text), space: space)
      } catch {
        throw Unavailable(unusable: error)
      }
      if let failure = checked.failures.values.first {
        throw Unavailable(unusable: StoreError(.badVector, failure.message))
      }
      let vectors = checked.vectors.mapValues(\.components)
      await keep(vectors)
      return vectors
    case .split, .tooLarge: return try await sendInTwo(items.count / 2)
    case .lostHold: return try await send(items)
    case .tooDear(let fitting):
      return try await sendInTwo(
        max(1, BatchPacker<EmbeddingQueue.Item>.prefix(of: items.map(\.tokens), fitting: fitting)))
    case .refused(let error):
      throw StoreError(.inputRefused, "the query is refused: \(error.message)", underlying: error)
    case .putOff(let error): throw Unavailable(error)
    case .stopped(let reason): throw Unavailable(reason)
    }
  }
}
