// `reembed`: a collection is brought to its target space, or to another.

import Foundation

extension Store {
  /// Embeds what a collection lacks of its target space: stand-ins and pending documents become real.
  /// With `space` the collection is brought to another one, and the old vectors answer until all new
  /// ones are there.
  ///
  /// Stopped anywhere, the next call goes on and pays only for what had not been answered.
  ///
  /// - Parameters:
  ///   - collection: the collection's name.
  ///   - space: the new target; nil is the collection's own.
  ///   - isDryRun: whether only to count: the report then tells what the same call would do and cost.
  ///   - spending: what the call may cost.
  ///   - progress: called now and then with how far it is.
  /// - Throws: ``StoreError`` with `collectionNotFound`, `spaceMismatch` or `serviceUnavailable` where
  ///   no service makes vectors of the space, `empty` where chunks have no text to embed.
  /// - Complexity: O(chunks). Can cost money: each text that has no vector in the space is embedded
  ///   once.
  @discardableResult
  public func reembed(
    _ collection: String = "default", to space: EmbeddingSpace? = nil, isDryRun: Bool = false,
    spending: SpendingOptions = SpendingOptions(), progress: ProgressHandler? = nil
  ) async throws -> ReembedReport {
    let started = ContinuousClock.now
    try spending.check()
    let record = try await file.read { try CollectionsTable.require(collection, $0) }
    let service = try await reembeddingService(to: space ?? record.target.space, of: record)
    let target = try await spaceRecord(space ?? record.target.space, makesIt: !isDryRun)
    try await requireTexts(of: record, target)
    let roles = try await roles(of: service, in: target, keeps: !isDryRun)
    var run = ReembedRun(
      file: file, collection: record, target: target, isTargetChosen: space != nil,
      terms: service.terms,
      counter: await service.tokenCounter().counting(prefix: roles.document.prefix),
      progress: progress)
    try await checkWeights(of: service, keeps: !isDryRun)
    guard !isDryRun else { return try await run.plan() }
    let row = try await beginRun("reembed")
    var options = spending.requestOptions(runID: row.correlationID)
    options.roles = roles
    let requests = router.requests(to: service, options: options)
    do {
      let claims = try await Claims(of: row, in: target, file: file)
      try await run.embed(by: EmbeddingQueue(requests, claims))
      run.enter(requests.totals)
      try await run.finish()
      if run.report.isComplete { try await remember(service, of: record.id) }
      if run.report.isComplete {
        var rest = spending
        let spent = requests.totals.cost + requests.totals.possibleCost
        if case .atMost(let maximum) = spending.maximumCost {
          rest.maximumCost = .atMost(max(maximum - spent, .zero))
        }
        run.enter(pending: try await addPending(of: collection, target, rest))
      }
    } catch {
      run.enter(requests.totals)
      let report = run.ended(after: ContinuousClock.now - started)
      try? await withReprieve { try await self.endRun(row, report) }
      throw error
    }
    let report = run.ended(after: ContinuousClock.now - started)
    try await endRun(row, report)
    return report
  }

  /// The service that makes vectors of a space.
  private func reembeddingService(
    to space: EmbeddingSpace, of collection: CollectionRecord
  ) async throws -> any EmbeddingService {
    switch try await route(to: space, of: collection) {
    case .requests(let service): return service
    case .local(let mock): return mock
    case .standIn(_, let reason), .wait(let reason):
      throw StoreError(
        .serviceUnavailable,
        "the collection \"\(collection.name)\" cannot be embedded in \(space): \(reason)")
    }
  }

  /// The row of a space. In a dry run one that is not there has none, and no vector either.
  private func spaceRecord(_ space: EmbeddingSpace, makesIt: Bool) async throws -> SpaceRecord {
    if let known = try await file.read({ try SpacesTable.find(space, $0) }) { return known }
    guard makesIt else { return SpaceRecord(id: -1, space: space) }
    return try await file.write { try SpacesTable.findOrCreate(space, $0) }
  }

  /// Refuses a change of space that could never be completed, before anything is spent.
  private func requireTexts(of collection: CollectionRecord, _ target: SpaceRecord) async throws {
    let withoutText = try await file.read { db in
      try ReembeddingTable.countMissing(in: target.id, collection: collection.id, db).withoutText
    }
    guard withoutText == 0 else {
      throw StoreError(
        .empty,
        "\(withoutText) chunks of the collection \"\(collection.name)\" came as vectors without text "
          + "and cannot be embedded in \(target.space); import their vectors of that space, or remove "
          + "their documents")
    }
  }

  /// Places the documents of a collection that have been waiting for the service.
  private func addPending(
    of collection: String, _ target: SpaceRecord, _ spending: SpendingOptions
  ) async throws -> AddReport {
    var options = AddOptions()
    options.spending = spending
    return try await adding(
      "reembed", to: collection, options: options, newTarget: target.space
    ) { run in
      var last: Int64 = 0
      let id = run.collection.id
      while true {
        let after = last
        let pending = try await file.read { db in
          try ReembeddingTable.pendingDocuments(
            collection: id, target: target.space, after: after, limit: Self.documentsAtOnce, db)
        }
        guard let end = pending.last?.id else { return }
        last = end
        try await run.add(pending.map(\.document))
      }
    }
  }
}
