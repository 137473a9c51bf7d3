// What a collection remembers of its service takes the place of settings that are not set.

import VectorStore

extension Settings {
  /// Takes from the store what its collection remembers of its service, as far as nothing else is set, and
  /// asks the server for the dimensions of a new collection's vectors if nobody knows them.
  ///
  /// - Parameters:
  ///   - target: the space that the collection is to be brought to.
  ///   - sends: whether texts may be sent to the service.
  ///   - makes: whether the collection is made if it is not there.
  mutating func recall(
    _ collection: String, target: EmbeddingSpace? = nil, sends: Bool, makes: Bool
  ) async throws {
    guard configuration.mode != .mock else { return }
    let known: RememberedCollection?
    do {
      known = try await existingStore()?.remembered(collection, orAny: !makes)
    } catch is StoreError {
      // Whoever opens the store next says what is wrong with it.
      return
    }
    if let known, !known.takesTarget {
      if target.map({ $0.provider == known.space.provider }) ?? true {
        recall(known, of: collection)
      }
    } else if makes {
      try await findDimensions(asks: sends)
    }
  }

  /// Asks the server how many dimensions its vectors have, if nothing is set and its model is not known.
  mutating func findDimensions(asks: Bool) async throws {
    guard !openAI.knowsDimensions, hasService, configuration.mode != .mock else { return }
    if asks { try TextAddressRule.check(self) }
    openAI.dimensions = try await configuration.dimensions(of: try withKey(openAI), asks: asks)
  }

  private mutating func recall(_ known: RememberedCollection, of collection: String) {
    let (space, place) = (
      known.space, SettingOrigin.collection(collection, store: StorePlace(storePath).shown)
    )
    guard space.kind == .real else { return }
    func take(_ name: SettingName, _ body: () -> Void) {
      guard origin(of: name) == .default else { return }
      body()
      origins[name] = place
    }
    if let service = known.service, let found = try? ServiceAddress(service.address) {
      take(.apiURL) { address = found }
      if address == found {
        remembered = service
        if found.provider != space.provider { take(.provider) { openAI.provider = space.provider } }
        if let header = service.keyHeader { take(.keyHeader) { openAI.keyHeader = header } }
        if let price = service.price { take(.price) { openAI.price = price } }
      }
    }
    guard (openAI.provider ?? address.provider) == space.provider else { return }
    take(.model) { openAI.model = space.model }
    if openAI.model == space.model { take(.dimensions) { openAI.dimensions = space.dimensions } }
    openAI.roles = chosenRoles.roles(of: openAI.model)
  }
}
