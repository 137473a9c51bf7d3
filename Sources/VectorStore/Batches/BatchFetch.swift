// One batch of an embedding service: what became of it, kept, settled and forgotten.

import Foundation
import Logging

/// Takes in what became of a batch.
///
/// It stores the vectors, then settles the ledger, then deletes the batch from the store. If the process is
/// killed between two of these steps, the next fetch does the steps that are left, and the result is the same.
struct BatchFetch {
  /// Answers kept in one transaction.
  private static let answersAtOnce = 512

  let store: Store
  let run: RunRecord
  let presence: any RunPresence
  var batch: BatchRecord
  /// What became of it.
  var summary: BatchSummary
  /// Texts that the service refuses for good, by hash.
  private(set) var refused: [Data: ServiceError] = [:]

  init(store: Store, run: RunRecord, presence: any RunPresence, batch: BatchRecord) throws {
    self.store = store
    self.run = run
    self.presence = presence
    self.batch = batch
    summary = try BatchSummary(batch)
  }

  /// Asks about the batch, and takes in its answers if it has ended.
  ///
  /// - Throws: ``ServiceError`` if it cannot be asked for; then it stays.
  mutating func run() async throws {
    guard let service = store.service(of: batch) else {
      summary.reason = "the service for \(batch.space.space) at \(batch.server) is not set up now"
      return
    }
    var options = SpendingOptions().requestOptions(runID: run.correlationID)
    options.patience = 60
    let requests = store.router.requests(to: service, options: options)
    guard let id = try await handedOver(by: service, requests) else { return }
    guard let found = try await requests.retrying({ try await service.batch(id) }) else {
      return try await end(
        .failed, .cancelled(wasSent: true), service,
        reason: "\(batch.server) does not know the batch any more; it may have been billed")
    }
    summary.answered = found.completed
    guard found.hasEnded else { return }
    try await takeAnswers(of: found, service, requests)
  }

  /// What the server calls the batch, after what a killed process left undone is done; nil if it is another
  /// process's to do, or there is no batch.
  private mutating func handedOver(
    by service: any BatchService, _ requests: ServiceRequests
  ) async throws -> String? {
    if let id = batch.batch { return id }
    let (row, old, new) = (batch.id, batch.run, run.id)
    // Only one process at a time may create a batch of a file.
    let isMine =
      presence.isAtWork(old) && old != new
      ? false : try await store.file.write { try BatchesTable.hand(row, from: old, to: new, $0) }
    guard isMine else {
      summary.state = .sending
      return nil
    }
    guard let file = batch.file else {
      try await end(
        .failed, .cancelled(wasSent: false), service,
        reason: "its file was never uploaded whole; nothing was sent to be embedded")
      return nil
    }
    var found = try await requests.retrying { try await service.findBatch(ofFile: file) }
    if found == nil {
      let name = batch.name
      do {
        found = try await requests.retrying(if: { $0.isCertain }) {
          try await service.createBatch(ofFile: file, name: name)
        }
      } catch let error as ServiceError where error.isCertain && error.kind != .rate {
        try await end(.failed, .cancelled(wasSent: false), service, reason: "\(error)")
        return nil
      }
    }
    guard let id = found?.id else { return nil }
    try await store.file.write { try BatchesTable.set(batch: id, of: row, $0) }
    batch.batch = id
    summary.name = id
    return id
  }

  // MARK: - Answers

  private mutating func takeAnswers(
    of found: ServiceBatch, _ service: any BatchService, _ requests: ServiceRequests
  ) async throws {
    let (row, texts) = (batch.id, batch.texts)
    let waiting = try await store.file.read { try BatchesTable.texts(of: row, $0) }
    let names = Dictionary(waiting.map { (BatchQueue.name(of: $0), $0) }) { first, _ in first }
    var tokens = 0
    var answered = 0
    var isLost = false
    for file in [found.outputFile, found.errorFile].compactMap(\.self) {
      guard
        let answers = try await requests.retrying({
          try await service.answers(inFile: file, texts: texts)
        })
      else {
        isLost = true
        continue
      }
      var vectors: [Data: StoredVector] = [:]
      for (name, answer) in answers {
        switch answer {
        case .vector(let vector, let told):
          (tokens, answered) = (tokens + told, answered + 1)
          guard let hash = names[name] else { continue }
          vectors[hash] = try? StoredVector(
            checking: vector, dimensions: batch.space.space.dimensions)
        case .unusable: answered += 1
        case .refused(let error):
          guard let hash = names[name], error.kind == .input else { continue }
          refused[hash] = error
        }
        if vectors.count >= Self.answersAtOnce {
          try await keep(vectors)
          vectors = [:]
        }
      }
      try await keep(vectors)
    }
    // Another process may have taken it in meanwhile, and deleted the files.
    if isLost {
      isLost = try await store.file.read { try BatchesTable.all($0).contains { $0.id == row } }
    }
    summary.answered = answered
    summary.refused = refused.count
    let state: BatchSummary.State =
      switch found.status {
      case "completed": .answered
      case "expired": .expired
      case "cancelled": .cancelled
      default: .failed
      }
    let reason: String? =
      isLost
      ? "\(batch.server) has deleted the answers; they were billed"
      : state == .failed ? found.problem ?? "\(batch.server) refused the batch" : nil
    try await end(
      isLost ? .failed : state,
      outcome(answered: answered, tokens: tokens, isLost: isLost, service),
      service, reason: reason)
    // Nobody needs the texts there any more.
    for file in [batch.file, found.outputFile, found.errorFile].compactMap(\.self) {
      try? await service.deleteFile(file)
    }
  }

  /// What the batch cost.
  private func outcome(
    answered: Int, tokens told: Int, isLost: Bool, _ service: any BatchService
  ) -> AttemptOutcome {
    if isLost { return .cancelled(wasSent: true) }
    guard answered > 0 else { return .cancelled(wasSent: false) }
    // A service that tells no usage, or what cannot be, is entered with what was counted here.
    let isPossible = told > 0 && told <= 16 * batch.tokens + 4096
    let tokens = isPossible ? told : batch.tokens
    return .answered(
      tokens: tokens, cost: service.terms.price.halved.cost(ofTokens: tokens), rateLimits: nil)
  }

  /// Keeps vectors until their documents are placed, and lets go of their texts.
  private func keep(_ vectors: [Data: StoredVector]) async throws {
    let space = batch.space.id
    try await store.file.write { db in
      let now = Timestamp.now()
      for (hash, vector) in vectors {
        try VectorsTable.stage(vector, textHash: hash, space: space, now: now, db)
        try BatchesTable.release(textHash: hash, space: space, db)
      }
    }
  }

  /// Tells the ledger what the batch cost, and forgets it with the texts that nothing came of.
  private mutating func end(
    _ state: BatchSummary.State, _ outcome: AttemptOutcome, _ service: any BatchService,
    reason: String?
  ) async throws {
    try await store.router.settle(batch: batch.name, of: service, as: outcome)
    let row = batch.id
    try await store.file.write { try BatchesTable.delete(row, $0) }
    (summary.state, summary.reason) = (state, reason)
    switch outcome {
    case .answered(let tokens, let cost, _): (summary.tokens, summary.costUSD) = (tokens, cost.usd)
    case .cancelled(wasSent: false): (summary.tokens, summary.costUSD) = (0, 0)
    case .failed, .cancelled: break
    }
    store.configuration.logger.debug(
      "batch ended",
      metadata: ["batch": "\(batch.name)", "state": "\(state)", "texts": "\(batch.texts)"])
  }
}
