// Batches of an embedding service: what is in them, and what came of them.

import Foundation

extension Store {
  /// The batches that were handed over and not fetched yet, as far as the store knows, without asking the
  /// service.
  public func batches() async throws -> [BatchSummary] {
    try await file.read { try BatchesTable.all($0).map { try BatchSummary($0) } }
  }

  /// Asks the service about the batches that were handed over (``SpendingOptions/usesBatches``), and takes
  /// in what is answered: passages get their vectors, and documents that waited for nothing else are placed.
  ///
  /// It costs nothing. What a batch was billed is entered in the ledger; what it had reserved beyond that is
  /// free again. Texts that were not embedded, since their batch failed or its day was over, are free to be
  /// sent again. A process that was killed while it handed a batch over, or fetched it, has lost nothing:
  /// this goes on from there.
  ///
  /// - Returns: what became of each batch. One that cannot be asked for stays, with its reason.
  /// - Throws: ``StoreError`` if the store or the ledger cannot be written.
  /// - Complexity: one request a batch, and O(texts answered).
  @discardableResult
  public func fetchBatches(progress: ProgressHandler? = nil) async throws -> BatchesReport {
    var report = BatchesReport()
    let batches = try await file.read { try BatchesTable.all($0) }
    guard !batches.isEmpty else { return report }
    let run = try await beginRun("batches")
    let presence = try await file.presence(of: run.id)
    var refused: [Int64: [Data: ServiceError]] = [:]
    var ended: [BatchRecord] = []
    for (index, batch) in batches.enumerated() {
      progress?(StoreProgress(done: index, total: batches.count, unit: "batches"))
      try Task.checkCancellation()
      var fetch = try BatchFetch(store: self, run: run, presence: presence, batch: batch)
      do {
        try await fetch.run()
      } catch let error as ServiceError {
        fetch.summary.reason = "\(error)"
        report.errors.append(
          AddReport.Problem(code: Unavailable.code(of: error), message: "\(error)"))
      }
      report.batches.append(fetch.summary)
      guard fetch.summary.hasEnded else { continue }
      ended.append(batch)
      refused[batch.space.id, default: [:]].merge(fetch.refused) { first, _ in first }
    }
    for (collection, space) in try await collections(of: ended) {
      let answers = AnsweredQueue(refused: refused[space.id] ?? [:])
      do {
        let placed = try await reembed(
          collection, to: space.space, isTargetChosen: collection.target != space, isDryRun: false,
          SpendingOptions(), answers: answers, nil)
        // What is embedded has been found: it came before the run.
        report.embedded += placed.chunks.embedded + placed.chunks.reused
        report.documentsPlaced += placed.pendingPlaced
        report.errors += placed.errors
      } catch let error as StoreError where error.code != .closed {
        report.errors.append(AddReport.Problem(code: error.code, message: error.message))
      }
    }
    try await endRun(run, report)
    return report
  }

  /// Asks the service to give up a batch. What is answered by then is kept, and billed; ``fetchBatches(progress:)``
  /// takes it in.
  ///
  /// - Parameter name: what the service calls it, ``BatchSummary/name``.
  /// - Throws: ``StoreError`` with `invalidArgument` if the store has no such batch, `serviceUnavailable` if its
  ///   service is not at hand or refuses.
  public func cancelBatch(_ name: String) async throws {
    let batches = try await file.read { try BatchesTable.all($0) }
    guard let batch = batches.first(where: { $0.batch == name }) else {
      let known = batches.compactMap(\.batch).joined(separator: ", ")
      throw StoreError(
        .invalidArgument,
        "the store has no batch \(name); " + (known.isEmpty ? "it has none" : "it has \(known)"))
    }
    guard let service = service(of: batch) else {
      throw StoreError(
        .serviceUnavailable,
        "the batch \(name) is at \(batch.server), whose service is not set up now; set it up")
    }
    do {
      try await service.cancelBatch(name)
    } catch let error as ServiceError {
      throw StoreError(Unavailable.code(of: error), "\(error)", underlying: error)
    }
  }

  /// The service that has a batch, if it is at hand.
  func service(of batch: BatchRecord) -> (any BatchService)? {
    guard case .requests(let service)? = try? router.route(to: batch.space.space),
      let service = service as? any BatchService, service.batchServer == batch.server
    else { return nil }
    return service
  }

  /// The collections that can get vectors of batches: those of their spaces, and those that were to be
  /// brought to one and have the target that they had then.
  private func collections(
    of batches: [BatchRecord]
  ) async throws -> [(CollectionRecord, SpaceRecord)] {
    try await file.read { db in
      var found: [(CollectionRecord, SpaceRecord)] = []
      for collection in try CollectionsTable.all(db) {
        for space in Set(batches.map(\.space.id)).sorted() {
          let mine = batches.filter { $0.space.id == space }
          let isMeant =
            collection.target.id == space
            || mine.contains {
              $0.collection == collection.id && $0.target == collection.target.id
            }
          if isMeant, let batch = mine.first { found.append((collection, batch.space)) }
        }
      }
      return found
    }
  }

  /// Throws unless texts of a collection can be handed over in batches.
  func requireBatches(for collection: String, chosen: EmbeddingSpace?) async throws {
    let target = try await targetSpace(of: collection, chosen: chosen)
    switch try route(to: target, of: collection) {
    case .requests(let service): try Self.requireBatches(of: service)
    case .mock: throw Self.noBatches("\(target) is made on this machine and has no Batch API")
    case .standIn(let reason), .wait(let reason): throw Self.noBatches(reason)
    }
  }

  static func requireBatches(of service: any EmbeddingService) throws {
    guard let service = service as? any BatchService else {
      throw noBatches("the service for \(service.space) has no Batch API")
    }
    if let obstacle = service.batchObstacle { throw noBatches(obstacle) }
  }

  private static func noBatches(_ reason: String) -> StoreError {
    StoreError(
      .invalidArgument,
      "texts cannot be handed over in a batch: \(reason); embed without batches, or use a service of "
        + "OpenAI's form that has them")
  }
}
