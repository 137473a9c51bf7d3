// What an add would do and cost, with nothing written or spent. Called by Store+Add; calls Intake.

import Foundation

/// Counts documents, chunks, tokens and requests as an ``AddRun`` would.
struct AddPlan: DocumentTaker {
  var tally: AddTally

  private let intake: Intake
  private let collection: CollectionRecord?
  private let route: EmbeddingRouter.Route
  private let terms: ServiceTerms
  /// The rows of the spaces in which a text may have its vector already.
  private let spaces: Set<Int64>
  private var plan: RequestPlan

  /// Begins a plan: looks for the collection and its target space, and makes neither.
  static func begin(
    store: Store, collection name: String
  ) async throws -> AddPlan {
    let space = store.newTarget
    let (collection, target, mock) = try await store.file.read { db in
      let collection = try CollectionsTable.find(name, db)
      let takesTarget = try collection.map { try CollectionsTable.takesTarget($0.id, db) } ?? true
      let target =
        takesTarget
        ? try SpacesTable.find(space, db) : collection?.target
      return (collection, target, try SpacesTable.find(MockService().space, db))
    }
    let targetSpace = target?.space ?? space
    let route = try store.route(to: targetSpace, of: name)
    var counter: TokenCounter?
    var terms = ServiceTerms()
    if case .requests(let service) = route {
      counter = await service.tokenCounter()
      terms = service.terms
    }
    var spaces = Set([target?.id].compactMap(\.self))
    if case .standIn = route, let mock { spaces.insert(mock.id) }
    let intake = Intake(
      file: store.file, collection: collection?.id, target: target?.id, counter: counter,
      tokensPerText: terms.tokensPerText)
    return AddPlan(
      intake: intake, collection: collection, route: route, terms: terms, spaces: spaces,
      tally: AddTally(mode: store.mode, space: targetSpace))
  }

  private init(
    intake: Intake, collection: CollectionRecord?, route: EmbeddingRouter.Route,
    terms: ServiceTerms, spaces: Set<Int64>, tally: AddTally
  ) {
    self.intake = intake
    self.collection = collection
    self.route = route
    self.terms = terms
    self.spaces = spaces
    self.tally = tally
    plan = RequestPlan(terms)
  }

  var collectionID: Int64? { collection?.id }

  mutating func add(_ batch: [IncomingDocument]) async throws {
    try Task.checkCancellation()
    var canImprove = false
    if case .requests = route { canImprove = true }
    let examined = try await intake.examine(batch, canImprove: canImprove)
    examined.unchanged.forEach { tally.count(unchanged: $0) }
    let missing = plan.fresh(try await intake.missingTexts(examined.changed, in: spaces))
    let fresh = Set(missing.map(\.hash))
    plan.add(try await intake.counted(missing))
    var counted: Set<Data> = []
    for document in examined.changed {
      let new = document.prepared.chunks.count { chunk in
        chunk.textHash.map { fresh.contains($0) && counted.insert($0).inserted } ?? false
      }
      count(document, new: new)
    }
  }

  mutating func settle() async throws {
    plan.end()
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
      totals.requests = plan.requests
      totals.tokens = plan.tokens
      totals.cost = terms.price.cost(ofTokens: plan.tokens)
      for use in try await store.router.excess(of: totals, service: service) {
        tally.warn("the run would stop in part: \(use.rest)")
      }
      if case .atMost(let maximum) = maximumCost, totals.cost > maximum {
        tally.warn("the run would stop in part: it may cost \(maximum) (--max-cost)")
      }
    }
    tally.enter(totals, tokensEstimated: intake.counter?.isExact == false)
    return tally.planned
  }

  private mutating func count(_ document: ChangedDocument, new: Int) {
    switch route {
    case .wait: tally.count(.pending, of: document.prepared)
    case .local, .requests, .standIn:
      var counts = Placement.Counts(isNew: !document.isKnown)
      if case .standIn = route {
        counts.standIn = document.prepared.chunks.count
      } else {
        counts.embedded = new
        counts.reused = document.prepared.chunks.count - new
      }
      tally.count(.placed(counts), of: document.prepared)
    }
  }
}
