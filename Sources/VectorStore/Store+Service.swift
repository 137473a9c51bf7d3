// What a store keeps of the services of its collections: how they are reached, and how they tell
// questions and documents apart.

/// What a store knows of a collection before a service for it is made.
package struct RememberedCollection: Sendable, Equatable {
  /// Its target space.
  package let space: EmbeddingSpace
  /// Whether whoever adds documents next may give it another space: it has none and none was chosen.
  package let takesTarget: Bool
  /// How its service was reached.
  package let service: ServiceReference?
}

extension Store {
  /// Opens the store at a path or address, and makes none; nil if there is none.
  package static func existing(
    at path: String, _ configuration: StoreConfiguration
  ) async throws -> Store? {
    do {
      guard StorePlace(path).isPostgres || StoreFile.size(of: path) > 0 else { return nil }
      var configuration = configuration
      configuration.makesStore = false
      return try await Store(path: path, configuration: configuration)
    } catch let error as StoreError where error.code == .storeNotFound {
      return nil
    }
  }

  /// What the store knows of a collection; nil if it has none of that name.
  ///
  /// - Parameter orAny: whether another collection that remembers its service will do.
  package func remembered(
    _ collection: String, orAny: Bool = false
  ) async throws -> RememberedCollection? {
    try await file.read { db in
      let named = try CollectionsTable.find(collection, db)
      let others = try orAny && named == nil ? CollectionsTable.all(db) : []
      guard
        let record = try named
          ?? others.first(where: { try CollectionsTable.service(of: $0.id, db) != nil })
      else { return nil }
      return RememberedCollection(
        space: record.target.space, takesTarget: try CollectionsTable.takesTarget(record.id, db),
        service: try CollectionsTable.service(of: record.id, db))
    }
  }

  /// The names of its collections.
  package func collectionNames() async throws -> [String] {
    try await file.read { try CollectionsTable.all($0).map(\.name) }
  }

  /// How a service tells questions and documents apart in a space of this store.
  ///
  /// The first service that embeds in a space decides. A later one whose roles nobody chose goes by them.
  /// - Parameter keeps: whether texts will be embedded: the roles are then kept.
  /// - Throws: ``StoreError/Code/spaceMismatch`` for one that has others: its vectors would not fit to
  ///   those that are there.
  func roles(
    of service: any EmbeddingService, in space: SpaceRecord, keeps: Bool = false
  ) async throws -> EmbeddingRoles {
    let (kept, hasVectors) = try await file.read { db in
      (try SpacesTable.roles(of: space.id, db), try SpacesTable.hasVectors(space.id, db))
    }
    guard let kept, hasVectors, kept != service.roles else {
      let roles = service.roles
      if keeps, kept != roles {
        try await file.write { try SpacesTable.set(roles: roles, of: space.id, $0) }
      }
      return service.roles
    }
    if (service as? any AdaptiveService)?.choosesRoles == false { return kept }
    throw StoreError(
      .spaceMismatch,
      "the vectors of \(space.space) in \(path) were made with other roles than the service has; "
        + "found: \(service.roles); expected: \(kept). Give the service those roles, or give its "
        + "provider another name and embed the collection in that space")
  }

  /// The route to a target space. Where there is no service, its reason says which one the collection had.
  func route(
    to target: EmbeddingSpace, of collection: CollectionRecord
  ) async throws -> EmbeddingRouter.Route {
    let route = try route(to: target, of: collection.name)
    guard mode != .mock, target == collection.target.space else { return route }
    func reason(_ found: String) async throws -> String {
      guard
        let service = try await file.read({ try CollectionsTable.service(of: collection.id, $0) })
      else { return found }
      return "there is no embedding service; the collection \"\(collection.name)\" was embedded by "
        + "\(target.model) at \(service.address)\(service.wantsKey ? ", with a key" : ""); configure it"
    }
    return switch route {
    case .mock, .requests: route
    case .standIn(let found): .standIn(reason: try await reason(found))
    case .wait(let found): .wait(reason: try await reason(found))
    }
  }

  /// Remembers how the service of a collection is reached.
  func remember(_ service: any EmbeddingService, of collection: Int64) async throws {
    guard let reference = (service as? any AdaptiveService)?.reference,
      try await file.read({ try CollectionsTable.service(of: collection, $0) }) != reference
    else { return }
    try await file.write { try CollectionsTable.set(service: reference, of: collection, $0) }
  }
}
