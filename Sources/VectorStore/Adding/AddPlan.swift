// What an add would do and cost, with nothing written or spent. Called by Store+Add; calls Intake.

import Foundation
import VectorStoreText

/// Counts documents, chunks, tokens and requests as an ``AddRun`` would.
///
/// It looks at documents, chooses where vectors come from and counts as the run does, by ``Intake``,
/// ``Placement/VectorSource`` and ``AddTally``. What the run would have written, it remembers.
struct AddPlan: DocumentTaker {
  var tally: AddTally

  private let intake: Intake
  private let collection: CollectionRecord?
  private let target: SpaceRecord?
  private let route: EmbeddingRouter.Route
  private var requests: RequestPlan
  private let terms: ServiceTerms
  /// What the store would have by now of the documents that came.
  private var planned: [String: DocumentRecord] = [:]
  /// Texts that the run would embed and that no document has been counted for.
  private var embeddedNow: Set<Data> = []

  /// Begins a plan: looks for the collection and its target space, and makes neither.
  static func begin(
    store: Store, collection name: String
  ) async throws -> AddPlan {
    try AddRun.check(collection: name)
    let space = store.newTarget
    let (collection, target) = try await store.file.read { db in
      let collection = try CollectionsTable.find(name, db)
      let takesTarget = try collection.map { try CollectionsTable.takesTarget($0.id, db) } ?? true
      return (collection, takesTarget ? try SpacesTable.find(space, db) : collection?.target)
    }
    let targetSpace = target?.space ?? space
    let route = try store.route(to: targetSpace, of: name)
    var counter: TokenCounter?
    var terms = ServiceTerms()
    if case .requests(let service) = route {
      counter = await service.tokenCounter()
      terms = service.terms
    }
    let intake = Intake(
      file: store.file, collection: collection?.id, target: target?.id, counter: counter,
      tokensPerText: terms.tokensPerText)
    var tally = AddTally(mode: store.mode, space: targetSpace)
    tally.begin(route, collection: name)
    return AddPlan(
      tally: tally, intake: intake, collection: collection, target: target, route: route,
      requests: RequestPlan(terms), terms: terms)
  }

  var collectionID: Int64? { collection?.id }

  mutating func add(_ batch: [IncomingDocument]) async throws {
    for documents in batch.partsOfDistinctSources {
      try Task.checkCancellation()
      if documents.contains(where: { planned[$0.source] != nil }) { try await settle() }
      let examined = try await intake.examine(
        documents, canImprove: embedsInTarget, planned: planned)
      examined.unchanged.forEach { tally.count(unchanged: $0) }
      let spaces = Set([target?.id].compactMap(\.self))
      let missing = try await intake.missingTexts(examined.changed, in: spaces)
      if embedsInTarget {
        let fresh = requests.fresh(missing)
        embeddedNow.formUnion(fresh.map(\.hash))
        requests.add(try await intake.counted(fresh))
      }
      let hashes = Set(missing.map(\.hash))
      for document in examined.changed { count(document, missing: hashes) }
    }
  }

  mutating func settle() async throws {
    requests.end()
  }

  mutating func remove(sources: [String]) async throws {
    tally.count(removed: sources.count)
  }

  /// The report, with a warning for each limit that the run would reach.
  mutating func end(store: Store, maximumCost: SpendingLimit<NanoDollars>) async throws -> AddReport
  {
    try await settle()
    var totals = ServiceRequests.Totals()
    if case .requests(let service) = route {
      totals.requests = requests.requests
      totals.tokens = requests.tokens
      totals.cost = terms.price.cost(ofTokens: requests.tokens)
      for use in try await store.router.excess(of: totals, service: service) {
        tally.warn("the run would stop in part: \(use.rest)")
      }
      if case .atMost(let maximum) = maximumCost, totals.cost > maximum {
        tally.warn("the run would stop in part: it may cost at most \(maximum)")
      }
    }
    tally.enter(totals, tokensEstimated: intake.counter?.isExact == false)
    return tally.planned
  }

  /// Whether texts get the vectors of the target space that they lack.
  private var embedsInTarget: Bool {
    switch route {
    case .local, .requests: true
    case .standIn, .wait: false
    }
  }

  /// Counts what the run would do with a document, and remembers what the store would then have.
  private mutating func count(_ document: ChangedDocument, missing: Set<Data>) {
    let prepared = document.prepared
    var (hasStandIns, isPending) = (false, false)
    if case .standIn = route { hasStandIns = true }
    var counts = Placement.Counts(isNew: document.known == nil)
    for (ordinal, chunk) in prepared.chunks.enumerated() {
      let hash = chunk.textHash ?? Data()
      guard
        let source = Placement.VectorSource(
          failure: nil, hasTarget: embedsInTarget || !missing.contains(hash),
          hasStandIn: hasStandIns)
      else {
        isPending = true
        break
      }
      counts.count(source, ordinal: ordinal, isEmbedded: embeddedNow.remove(hash) != nil)
    }
    let outcome = isPending ? Placement.Outcome.pending : .placed(counts)
    tally.count(outcome, of: prepared)
    if isPending, case .wait(let reason) = route { tally.missService(reason) }
    planned[prepared.source] =
      isPending
      ? DocumentRecord(pendingOver: document.known, prepared)
      : DocumentRecord(placed: prepared, chunksInTarget: prepared.chunks.count - counts.standIn)
  }
}

extension DocumentRecord {
  /// What the store has of a document once it is placed.
  fileprivate init(placed document: PreparedDocument, chunksInTarget: Int) {
    self.init(
      id: 0, contentHash: document.contentHash, metadata: document.metadata,
      format: document.format.rawValue, chunkTokens: document.chunking?.maximumTokens,
      overlapTokens: document.chunking?.overlapTokens, isPending: false,
      chunks: document.chunks.count, failedChunks: 0, chunksInTarget: chunksInTarget)
  }

  /// What the store has of a document of which a version waits: the one before answers, if any.
  fileprivate init(pendingOver known: DocumentRecord?, _ document: PreparedDocument) {
    self.init(
      id: 0, contentHash: known?.contentHash, metadata: known?.metadata ?? document.metadata,
      format: known?.format ?? document.format.rawValue, chunkTokens: known?.chunkTokens,
      overlapTokens: known?.overlapTokens, isPending: true, chunks: known?.chunks ?? 0,
      failedChunks: known?.failedChunks ?? 0, chunksInTarget: known?.chunksInTarget ?? 0)
  }
}
