// How a run begins: its collection, where its vectors come from, and its sink.

import Foundation
import Logging
import VectorStoreEmbedding
import VectorStoreText

extension AddRun {
  /// Begins a run: finds or makes the collection and its target space. A dry run makes neither.
  ///
  /// - Parameters:
  ///   - newTarget: the target space if the collection is new or empty.
  ///   - answers: where texts go instead of a service; nil sends them to one.
  static func begin(
    _ command: String, store: Store, collection name: String, newTarget: EmbeddingSpace,
    options: AddOptions, answers: AnsweredQueue? = nil
  ) async throws -> AddRun {
    guard !name.isEmpty else {
      throw StoreError(.empty, "the collection's name is empty; name one, or leave it out")
    }
    let (collection, mock, run) =
      options.isDryRun
      ? try await find(name, target: newTarget, store)
      : try await make(name, target: newTarget, options.keepsText, store, command)
    let route: Result<EmbeddingRouter.Route, any Error>
    do {
      route = .success(try await store.route(to: collection.target.space, of: collection))
    } catch {
      route = .failure(error)
    }
    var service: (any EmbeddingService)?
    if case .success(.requests(let found)) = route {
      try await store.checkWeights(of: found, keeps: run != nil)
      service = found
    }
    var roles = EmbeddingRoles.none
    if let service {
      roles = try await store.roles(of: service, in: collection.target, keeps: run != nil)
    }
    let counter = await service?.tokenCounter().counting(prefix: roles.document.prefix)
    let sink: any AddSink
    let placedAt = run == nil ? nil : Timestamp.of(store.configuration.clock())
    if let run, let placedAt {
      var sending: (ServiceRequests, TokenCounter, any TextQueue)?
      if let service, let counter {
        var sendOptions = options.spending.requestOptions(runID: run.correlationID)
        sendOptions.roles = roles
        let requests = store.router.requests(to: service, options: sendOptions)
        let queue: any TextQueue
        if let answers {
          queue = answers
        } else {
          let claims = try await Claims(of: run, in: collection.target, file: store.file)
          queue = options.spending.queue(requests, claims, collection, roles)
        }
        sending = (requests, counter, queue)
      }
      sink = StoreSink(
        file: store.file, run: run, collection: collection,
        movedFiles: MovedFiles(identity: store.identity),
        placedAt: placedAt, service: sending)
    } else {
      sink = CountingSink(
        store: store, collection: collection, service: service, counter: counter,
        spending: options.spending)
    }
    return try AddRun(
      file: store.file, collection: collection, mode: store.mode, counter: counter,
      runID: run?.id, correlationID: run?.correlationID, service: service,
      told: (service as? any AdaptiveService)?.profile?.tokensPerText, mockSpace: mock,
      placedAt: placedAt, route: route, sink: sink)
  }

  private static func make(
    _ name: String, target: EmbeddingSpace, _ keepsText: Bool?, _ store: Store,
    _ command: String
  ) async throws -> (CollectionRecord, mock: SpaceRecord, RunRecord?) {
    let (mode, started) = (store.mode, Date())
    let (collection, mock, run) = try await store.file.write { db in
      let collection = try CollectionsTable.findOrCreate(
        name, target: target, keepsText: keepsText, db)
      let run = try RunRecord.begin(command, mode: mode, started: started, db)
      let standIn = try SpacesTable.standIn(of: collection.id, db)
      return (collection, try SpacesTable.findOrCreate(standIn, db), run)
    }
    store.configuration.logger.debug(
      "run begins", metadata: ["run": "\(run.correlationID)", "command": "\(command)"])
    return (collection, mock, run)
  }

  /// The collection and its space, with row ids that nothing has if they are not there yet.
  private static func find(
    _ name: String, target: EmbeddingSpace, _ store: Store
  ) async throws -> (CollectionRecord, mock: SpaceRecord, RunRecord?) {
    try await store.file.read { db in
      func record(_ space: EmbeddingSpace) throws -> SpaceRecord {
        try SpacesTable.find(space, db) ?? SpaceRecord(id: -1, space: space)
      }
      let found = try CollectionsTable.find(name, db)
      let takesTarget = try found.map { try CollectionsTable.takesTarget($0.id, db) } ?? true
      let space = try takesTarget ? record(target) : found?.target ?? record(target)
      return (
        CollectionRecord(
          id: found?.id ?? -1, name: name, target: space, keepsText: found?.keepsText ?? true),
        try record(found.map { try SpacesTable.standIn(of: $0.id, db) } ?? .mock), nil
      )
    }
  }
}
