// Texts on their way to a service's batches: handed over at half the price, and not waited for.

import Foundation
import VectorStoreText

/// Where a run's texts go to get their vectors.
protocol TextQueue: Sendable {
  /// Takes texts.
  func add(_ items: [EmbeddingQueue.Item]) async
  /// What has become of texts since the last call; waits for something to become of them. Nil when no
  /// text is left.
  func next() async throws -> [EmbeddingQueue.Event]?
  /// The same without waiting.
  func takeEvents() async -> [EmbeddingQueue.Event]
  /// Whether it has as much to do as it can take.
  var isFed: Bool { get async }
  /// Sends nothing more.
  func giveUp() async
}

/// Hands texts over to a service in batches.
///
/// The store knows of a batch and its texts before the ledger does, the ledger before the service. So a
/// process that is killed anywhere leaves what another one needs: `Store.fetchBatches` goes on from
/// there, and nothing is handed over twice.
actor BatchQueue: TextQueue {
  /// The most bytes of a batch's texts. As JSON no text is more than six times as long, and a file may
  /// have 200 MB.
  private static let bytesAtMost = 32 << 20

  private let service: any BatchService
  private let requests: ServiceRequests
  private let claims: Claims
  private let collection: CollectionRecord
  private let role: EmbeddingRole
  private var waiting: [EmbeddingQueue.Item] = []
  /// How many texts the budget allows for the next batch, if it allows fewer than a batch may have.
  private var affordable: Int?
  private var events: [EmbeddingQueue.Event] = []

  /// - Parameters:
  ///   - claims: of the run, in the space that the texts are to be in.
  ///   - collection: the collection whose texts they are.
  init(
    _ service: any BatchService, _ requests: ServiceRequests, _ claims: Claims,
    _ collection: CollectionRecord, role: EmbeddingRole
  ) {
    self.service = service
    self.requests = requests
    self.claims = claims
    self.collection = collection
    self.role = role
  }

  func add(_ items: [EmbeddingQueue.Item]) { waiting += items }

  var isFed: Bool { waiting.count >= service.textsPerBatch }

  func takeEvents() -> [EmbeddingQueue.Event] {
    defer { events = [] }
    return events
  }

  func next() async throws -> [EmbeddingQueue.Event]? {
    if events.isEmpty, !waiting.isEmpty { try await handOver(takeBatch()) }
    return events.isEmpty && waiting.isEmpty ? nil : takeEvents()
  }

  func giveUp() { waiting = [] }

  private func takeBatch() -> [EmbeddingQueue.Item] {
    var bytes = 0
    let fitting = waiting.prefix(affordable ?? service.textsPerBatch).prefix { item in
      bytes += item.text.text.utf8.count
      return bytes <= Self.bytesAtMost
    }
    affordable = nil
    let batch = Array(waiting.prefix(max(1, fitting.count)))
    waiting.removeFirst(batch.count)
    return batch
  }

  private func handOver(_ items: [EmbeddingQueue.Item]) async throws {
    let price = requests.service.terms.price.halved
    let (standing, batch) = try await claims.claim(
      items, forBatchOf: collection, at: service.batchServer, price: price)
    if !standing.known.isEmpty { events.append(.found(standing.known)) }
    let others = standing.elsewhere.union(standing.inBatch)
    if !others.isEmpty { events.append(.later(Array(others))) }
    guard let batch else { return }
    let free = items.filter { standing.free.contains($0.text.hash) }
    let admission: (reservation: Reservation?, refusal: ServiceRequests.Outcome?)
    do {
      admission = try await requests.reserveBatch(
        named: batch.name, texts: batch.texts, tokens: batch.tokens)
    } catch {
      await claims.forget(batch)
      throw error
    }
    guard let reservation = admission.reservation else {
      await claims.forget(batch)
      return leave(free, admission.refusal)
    }
    try await handOver(free, batch, reservation)
  }

  private func handOver(
    _ items: [EmbeddingQueue.Item], _ batch: BatchRecord, _ reservation: Reservation
  ) async throws {
    let (service, role) = (service, role)
    var file: String?
    do {
      let texts = items.map { (Self.name(of: $0.text.hash), $0.text.text) }
      let uploaded = try await requests.retrying {
        try await service.uploadBatch(texts, as: role)
      }
      file = uploaded
      try await claims.keep(file: uploaded, of: batch)
      let made = try await requests.retrying(if: { $0.isCertain }) {
        try await service.createBatch(ofFile: uploaded, name: batch.name)
      }
      try await claims.keep(batch: made.id, of: batch)
    } catch {
      let isCertain = (error as? ServiceError)?.isCertain ?? false
      guard file == nil || isCertain else {
        // There may be a batch all the same: whoever fetches looks for it.
        requests.count(batch: reservation)
        guard error is ServiceError else { throw error }
        return events.append(.later(items.map(\.text.hash)))
      }
      await requests.giveBack(batch: reservation)
      await claims.forget(batch)
      if let file { try? await service.deleteFile(file) }
      guard let error = error as? ServiceError else { throw error }
      if error.code == "no_batch_api" { throw StoreError(.invalidArgument, error.message) }
      let reason = Unavailable(requests.stop(after: error))
      return events.append(.unavailable(items.map(\.text.hash), reason))
    }
    requests.count(batch: reservation)
    events.append(.later(items.map(\.text.hash)))
  }

  /// Leaves texts that the budget does not allow, but for as many as it does.
  private func leave(
    _ items: [EmbeddingQueue.Item], _ refusal: ServiceRequests.Outcome?
  ) {
    let hashes = items.map(\.text.hash)
    switch refusal {
    case .tooDear(let tokensThatFit):
      affordable = max(
        1, BatchPacker<Int>.prefix(of: items.map(\.tokens), fitting: tokensThatFit))
      waiting = items + waiting
    case .stopped(let reason): events.append(.unavailable(hashes, Unavailable(reason)))
    case .putOff(let error), .refused(let error):
      events.append(.unavailable(hashes, Unavailable(error)))
    case .answered, .split, .tooLarge, .lostHold, nil: events.append(.later(hashes))
    }
  }

  /// What a text is called in a batch.
  static func name(of hash: Data) -> String { hash.hexadecimal }
}

extension SpendingOptions {
  /// Where the texts of a run go.
  func queue(
    _ requests: ServiceRequests, _ claims: Claims, _ collection: CollectionRecord,
    _ roles: EmbeddingRoles
  ) -> any TextQueue {
    guard usesBatches, let service = requests.service as? any BatchService else {
      return EmbeddingQueue(requests, claims)
    }
    return BatchQueue(service, requests, claims, collection, role: roles.document)
  }
}

/// Sends nothing: of the texts that come, some were refused in a batch, and the others wait.
actor AnsweredQueue: TextQueue {
  private let refused: [Data: ServiceError]
  private var events: [EmbeddingQueue.Event] = []

  /// - Parameter refused: why texts of a batch were refused for good, by hash.
  init(refused: [Data: ServiceError]) { self.refused = refused }

  func add(_ items: [EmbeddingQueue.Item]) {
    for item in items {
      if let error = refused[item.text.hash] {
        events.append(.refused(item.text, error))
      } else {
        events.append(.later([item.text.hash]))
      }
    }
  }

  var isFed: Bool { true }

  func takeEvents() -> [EmbeddingQueue.Event] {
    defer { events = [] }
    return events
  }

  func next() -> [EmbeddingQueue.Event]? { events.isEmpty ? nil : takeEvents() }

  func giveUp() {}
}
