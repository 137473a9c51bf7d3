// Decides where the vectors of a collection come from: the embedding service, the mock service, or
// nowhere yet. Called by the store's adding and ranking; calls the services.

/// The services of a store and the mode that chooses between them.
package struct EmbeddingRouter: Sendable {
  /// What can be done for the chunks of a collection now.
  package enum Route: Sendable {
    /// Embed them in the collection's target space.
    case embed(any EmbeddingService)
    /// Give them stand-ins of the mock space.
    case standIn(MockService, reason: String)
    /// Leave their documents pending.
    case wait(reason: String)
  }

  /// The mode that chooses.
  package let mode: ServiceMode
  /// The service that makes real vectors, if there is one.
  package let service: (any EmbeddingService)?

  /// Creates a router.
  package init(mode: ServiceMode, service: (any EmbeddingService)?) {
    self.mode = mode
    self.service = service
  }

  /// Where the vectors of a collection with a target space come from.
  ///
  /// - Throws: ``EmbeddingRouterError`` where the service or the program's mock space is not the
  ///   target: vectors of two spaces are never mixed.
  package func route(to target: EmbeddingSpace) throws(EmbeddingRouterError) -> Route {
    if target.kind == .mock {
      let mock = MockService(dimensions: target.dimensions)
      guard mock.space == target else { throw .otherSpace(target: target, service: mock.space) }
      return .embed(mock)
    }
    switch mode {
    case .mock:
      return .standIn(MockService(), reason: "the mode is MOCK")
    case .real, .hybrid:
      guard let service else {
        let reason = "there is no embedding service"
        return mode == .real ? .wait(reason: reason) : .standIn(MockService(), reason: reason)
      }
      guard service.space == target else {
        throw .otherSpace(target: target, service: service.space)
      }
      return .embed(service)
    }
  }
}

/// Why a router cannot serve a collection.
package enum EmbeddingRouterError: Error, Equatable {
  /// The service at hand makes vectors of another space than the collection holds.
  case otherSpace(target: EmbeddingSpace, service: EmbeddingSpace)
}
