// What a shell completes out of the store: names of collections, sources of documents, fields of filters.

import ArgumentParser
import Foundation
import VectorStore
import VectorStoreText

enum Completions {
  /// The most candidates; a longer list helps nobody.
  private static let most = 1000

  /// The names of collections.
  static let collections = CompletionKind.custom { arguments, _, _ in
    await candidates(arguments) { store in try await store.collections().map(\.name) }
  }

  /// The sources of documents as a person in the working folder writes them, in the collection that the line names.
  static let sources = CompletionKind.custom { arguments, _, prefix in
    await candidates(arguments) { store in
      let collection = value(of: ["--collection", "-c"], in: arguments)
      return try await store.list(in: collection).lazy
        .map { document in
          document.path == nil ? document.source : store.identity.shown(source: document.source)
        }
        .filter { $0.hasPrefix(prefix) }.prefix(most).map(\.self)
    }
  }

  /// The fields that a filter may begin with.
  static let fields = CompletionKind.custom { arguments, _, _ in
    let own = ["source", "added", "modified", "date", "title", "kind"]
    let found = await candidates(arguments) { store in
      try await store.list(limit: most).flatMap(\.metadata.keys)
    }
    return own + Set(found).subtracting(own).sorted()
  }

  /// What a store gives, or nothing: nobody wants an error while typing.
  private static func candidates(
    _ arguments: [String], _ find: (Store) async throws -> [String]
  ) async -> [String] {
    var place = StorePathOptions()
    place.storePath = value(of: ["--store"], in: arguments)
    guard let settings = try? Settings(StoreOptions(place, quiet: true), access: .readOnly) else {
      return []
    }
    var configuration = StoreConfiguration(mode: .mock)
    configuration.access = .readOnly
    guard let store = try? await Store(path: settings.storePath, configuration: configuration)
    else { return [] }
    let found = (try? await find(store)) ?? []
    try? await store.close()
    return found
  }

  /// The value of an option on an unfinished line.
  private static func value(of names: [String], in arguments: [String]) -> String? {
    for (index, argument) in arguments.enumerated() {
      if names.contains(argument), index + 1 < arguments.count, !arguments[index + 1].isEmpty {
        return arguments[index + 1]
      }
      if let name = names.first(where: { $0.hasPrefix("--") && argument.hasPrefix($0 + "=") }) {
        return String(argument.dropFirst(name.count + 1))
      }
    }
    return nil
  }
}
