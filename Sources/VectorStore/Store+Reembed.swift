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
    try spending.check()
    let record = try await file.read { try CollectionsTable.require(collection, $0) }
    return try await reembed(
      record, to: space ?? record.target.space, isTargetChosen: space != nil, isDryRun: isDryRun,
      spending, answers: nil, progress)
  }

  /// - Parameter answers: where texts go instead of the service; nil sends them to it.
  func reembed(
    _ record: CollectionRecord, to space: EmbeddingSpace, isTargetChosen: Bool, isDryRun: Bool,
    _ spending: SpendingOptions, answers: AnsweredQueue?, _ progress: ProgressHandler?
  ) async throws -> ReembedReport {
    let started = ContinuousClock.now
    let service = try await reembeddingService(to: space, of: record)
    if spending.usesBatches { try Self.requireBatches(of: service) }
    let target = try await spaceRecord(space, makesIt: !isDryRun)
    try await requireTexts(of: record, target)
    let roles = try await roles(of: service, in: target, keeps: !isDryRun)
    var run = ReembedRun(
      file: file, collection: record, target: target, isTargetChosen: isTargetChosen,
      service: service, usesBatches: spending.usesBatches,
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
      try await run.embed(by: answers ?? spending.queue(requests, claims, record, roles))
      run.enter(requests.totals)
      var rest = Rest(spending, answers, target, spent: requests.totals)
      let isInSpace = record.target == target
      if isInSpace { try await cutAgain(&run, record, &rest) }
      try await run.finish()
      if run.report.isComplete {
        try await remember(service, of: record.id)
        if !isInSpace { try await cutAgain(&run, record, &rest) }
      }
      if run.report.isComplete || isInSpace && (spending.usesBatches || answers != nil) {
        run.enter(pending: try await addPending(of: record.name, rest))
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

  /// What the adding runs of a `reembed` go by.
  private struct Rest {
    let answers: AnsweredQueue?
    let target: SpaceRecord
    var spending: SpendingOptions

    /// - Parameter spent: what was sent before; it counts against what all of it may cost.
    init(
      _ spending: SpendingOptions, _ answers: AnsweredQueue?, _ target: SpaceRecord,
      spent: RunTotals
    ) {
      (self.answers, self.target, self.spending) = (answers, target, spending)
      spend(spent.cost + spent.possibleCost)
    }

    mutating func spend(_ spent: NanoDollars) {
      if case .atMost(let maximum) = spending.maximumCost {
        spending.maximumCost = .atMost(max(maximum - spent, .zero))
      }
    }
  }

  /// The service that makes vectors of a space.
  private func reembeddingService(
    to space: EmbeddingSpace, of collection: CollectionRecord
  ) async throws -> any EmbeddingService {
    switch try await route(to: space, of: collection) {
    case .requests(let service): return service
    case .mock(let mock): return mock
    case .standIn(let reason), .wait(let reason):
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
      guard collection.keepsText else {
        throw StoreError(
          .empty,
          "the collection \"\(collection.name)\" keeps no texts, and \(withoutText) of its passages have no vector of "
            + "\(target.space); update its folders, which reads them again, or to change the space add them to "
            + "another collection")
      }
      throw StoreError(
        .empty,
        "\(withoutText) chunks of the collection \"\(collection.name)\" came as vectors without text "
          + "and cannot be embedded in \(target.space); import their vectors of that space, or remove "
          + "their documents")
    }
  }

  /// Adds documents again whose chunks are longer than the service takes: as `add` would, in pieces. Of those
  /// that came in chunks of their own, or are not to be had from their chunks, the chunks fail.
  private func cutAgain(
    _ run: inout ReembedRun, _ collection: CollectionRecord, _ rest: inout Rest
  ) async throws {
    let hashes = Array(run.tooLong.keys)
    guard !hashes.isEmpty else { return }
    var (documents, chunks) = ([Int64: CutDocument](), 0)
    for hash in hashes {
      let found = try await file.read {
        try ReembeddingTable.documents(withText: hash, collection: collection.id, $0)
      }
      if found.contains(where: { $0.document == nil }) { try await run.fail(tooLong: hash) }
      for (id, document) in found where document != nil {
        documents[id] = document
        chunks += 1
      }
    }
    let (cuttable, all) = (Array(documents.keys), documents.sorted { $0.key < $1.key })
    guard !all.isEmpty else { return }
    // As the run left them, they have gaps.
    try await file.write { db in
      for hash in hashes {
        try ReembeddingTable.forgetFailure(of: hash, in: cuttable, db)
      }
    }
    let report = try await adding(to: collection.name, rest) { run in
      for start in stride(from: 0, to: all.count, by: Self.documentsAtOnce) {
        let end = min(start + Self.documentsAtOnce, all.count)
        try await run.add(all[start..<end].map(\.value))
      }
    }
    rest.spend(report.cost)
    run.enter(cutAgain: chunks, report)
  }

  private func adding(
    to collection: String, _ rest: Rest, _ body: (inout AddRun) async throws -> Void
  ) async throws -> AddReport {
    var options = AddOptions()
    options.spending = rest.spending
    return try await adding(
      "reembed", to: collection, options: options, newTarget: rest.target.space,
      answers: rest.answers, body)
  }

  /// Places the documents of a collection that have been waiting for the service.
  private func addPending(of collection: String, _ rest: Rest) async throws -> AddReport {
    let target = rest.target.space
    return try await adding(to: collection, rest) { run in
      var last: Int64 = 0
      let id = run.collection.id
      while true {
        let after = last
        let pending = try await file.read { db in
          try ReembeddingTable.pendingDocuments(
            collection: id, target: target, after: after, limit: Self.documentsAtOnce, db)
        }
        guard let end = pending.last?.id else { return }
        last = end
        try await run.add(pending.map(\.document))
      }
    }
  }
}

extension AddReport {
  /// What it may have cost.
  fileprivate var cost: NanoDollars {
    NanoDollars(nano: Int64(((costUSD + possibleCostUSD) * 1e9).rounded(.up)))
  }
}
