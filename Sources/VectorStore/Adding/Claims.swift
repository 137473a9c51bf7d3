// What keeps a text from being sent twice: before a run sends it, it claims it in the store's file.

import Foundation

/// A run's claims on texts of one space.
///
/// A claim lasts while its text is on its way to the service. It goes in the transaction that keeps
/// the vector, when the request has failed, before a long wait, and when the run ends. The claim of a
/// run that is over, in this process or another, is ignored, and so is one older than ten minutes.
final class Claims: Sendable {
  /// How long a claim is heeded, in seconds: as long as a request may be in flight. A process that
  /// was suspended keeps nobody waiting for longer.
  private static let lifetime = Double(AttemptsTable.longestFlight)

  /// How texts stand when their turn comes.
  struct Standing: Sendable {
    /// They have vectors by now.
    var known: [Data] = []
    /// Another run has them on their way.
    var elsewhere: Set<Data> = []
    /// A batch of the service has them.
    var inBatch: Set<Data> = []
    /// Nobody has them on their way, or this run has.
    var free: Set<Data> = []
  }

  private let file: any StoreStorage
  private let target: SpaceRecord
  private let run: Int64
  private let presence: any RunPresence

  /// Shows that a run is at work, and forgets claims of runs that are over.
  init(of run: RunRecord, in target: SpaceRecord, file: any StoreStorage) async throws {
    let id = run.id
    self.file = file
    self.target = target
    self.run = id
    let presence = try await file.presence(of: id)
    self.presence = presence
    try await file.writeNote { db in
      try ClaimsTable.release(whereOver: { !presence.isAtWork($0) }, db)
    }
  }

  /// Claims those texts that have no vector and that no other run has on their way.
  func claim(_ hashes: [Data]) async throws -> Standing {
    try await file.writeNote { [self] db in
      let standing = try standing(of: hashes, db)
      try claim(standing.free, db)
      return standing
    }
  }

  /// The same without claiming any.
  func look(at hashes: [Data]) async throws -> Standing {
    try await file.read { [self] in try standing(of: hashes, $0) }
  }

  /// The texts that other runs have on their way.
  ///
  /// - Complexity: O(texts on their way).
  func elsewhere() async throws -> Set<Data> {
    try await file.read { [self] db in
      let oldest = Self.oldestHeeded
      return Set(
        try ClaimsTable.all(space: target.id, db).filter { isHeeded($0.value, oldest) }.keys)
    }
  }

  /// Keeps vectors until their documents are placed, and releases texts, all in one transaction.
  func keep(_ vectors: [Data: StoredVector], releasing hashes: [Data]) async throws {
    try await file.write { [self] db in
      let now = Timestamp.now()
      for (hash, vector) in vectors {
        try VectorsTable.stage(vector, textHash: hash, space: target.id, now: now, db)
      }
      try release(hashes, db)
    }
  }

  /// Lets others have texts that were not embedded. A claim that cannot be deleted goes with the run.
  func release(_ hashes: [Data]) async {
    // Not in the task of the request: that may have been cancelled.
    await Task { [self] in try? await file.writeNote { try self.release(hashes, $0) } }.value
  }

  /// A batch of texts that this run has claimed.
  func hold(_ hashes: [Data]) -> some BatchHold { Hold(claims: self, hashes: hashes) }

  private struct Hold: BatchHold {
    let claims: Claims
    let hashes: [Data]

    func take() async throws -> Bool {
      try await claims.file.writeNote { [self] db in
        let standing = try claims.standing(of: hashes, db)
        guard standing.known.isEmpty, standing.elsewhere.isEmpty, standing.inBatch.isEmpty else {
          return false
        }
        try claims.claim(standing.free, db)
        return true
      }
    }

    func release() async { await claims.release(hashes) }
  }

  // MARK: - Batches of the service

  /// Enters a batch of those texts that have no vector and that nobody has on their way; nil if there are
  /// none.
  ///
  /// - Parameters:
  ///   - collection: the collection whose texts they are.
  ///   - price: what their tokens cost in a batch.
  func claim(
    _ items: [EmbeddingQueue.Item], forBatchOf collection: CollectionRecord, at server: String,
    price: TokenPrice
  ) async throws -> (standing: Standing, batch: BatchRecord?) {
    try await file.write { [self] db in
      let standing = try standing(of: items.map(\.text.hash), db)
      let free = items.filter { standing.free.contains($0.text.hash) }
      guard !free.isEmpty else { return (standing, nil) }
      let tokens = free.reduce(0) { $0 + $1.tokens }
      func record(_ id: Int64) -> BatchRecord {
        BatchRecord(
          id: id, space: target, collection: collection.id, target: collection.target.id, run: run,
          server: server, name: name, texts: free.count, tokens: tokens,
          cost: price.cost(ofTokens: tokens), since: now)
      }
      let (name, now) = ("batch-\(RunRecord.newCorrelationID())", Timestamp.now())
      let id = try BatchesTable.insert(record(0), hashes: standing.free, db)
      return (standing, record(id))
    }
  }

  /// Keeps what the server calls the file of a batch, on the disk.
  func keep(file name: String, of batch: BatchRecord) async throws {
    try await file.write { try BatchesTable.set(file: name, of: batch.id, $0) }
  }

  /// Keeps what the server calls a batch.
  func keep(batch name: String, of batch: BatchRecord) async throws {
    try await withReprieve {
      try await self.file.write { try BatchesTable.set(batch: name, of: batch.id, $0) }
    }
  }

  /// Lets go of a batch that the service does not have. One that cannot be deleted is found by whoever
  /// fetches.
  func forget(_ batch: BatchRecord) async {
    await Task { [self] in try? await file.write { try BatchesTable.delete(batch.id, $0) } }.value
  }

  // MARK: - In a transaction

  private func standing(of hashes: [Data], _ db: any SQLTransaction) throws -> Standing {
    var standing = Standing()
    let oldest = Self.oldestHeeded
    for hash in hashes {
      if try VectorsTable.knows(textHash: hash, space: target.id, db) {
        standing.known.append(hash)
      } else if try BatchesTable.holds(textHash: hash, space: target.id, db) {
        standing.inBatch.insert(hash)
      } else if let claim = try ClaimsTable.find(textHash: hash, space: target.id, db),
        isHeeded(claim, oldest)
      {
        standing.elsewhere.insert(hash)
      } else {
        standing.free.insert(hash)
      }
    }
    return standing
  }

  private func isHeeded(_ claim: ClaimsTable.Claim, _ oldest: String) -> Bool {
    claim.run != run && claim.since > oldest && presence.isAtWork(claim.run)
  }

  private static var oldestHeeded: String { Timestamp.of(Date() - lifetime) }

  private func claim(_ hashes: Set<Data>, _ db: any SQLTransaction) throws {
    let now = Timestamp.now()
    for hash in hashes {
      try ClaimsTable.claim(textHash: hash, space: target.id, run: run, now: now, db)
    }
  }

  private func release(_ hashes: [Data], _ db: any SQLTransaction) throws {
    for hash in hashes {
      try ClaimsTable.release(textHash: hash, space: target.id, run: run, db)
    }
  }
}
