// Flags and environment become one configuration value, once. Called by every subcommand; the
// library below reads no environment.

import Foundation
import Logging
import VectorStore

/// What a command runs with.
struct Settings {
  /// The path of the store.
  let storePath: String
  /// What the store is opened with.
  var configuration = StoreConfiguration()

  /// Resolves flags over environment variables over defaults.
  ///
  /// - Throws: ``SettingsError`` for a variable whose value is not one it can have.
  init(
    _ options: StoreOptions, mode: ModeArgument? = nil, access: StoreConfiguration.Access,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws {
    storePath = options.storePath ?? environment["STORE_PATH"].flatMap(\.nonEmpty) ?? "store.db"
    configuration.access = access
    // A command asks one thing at a time.
    configuration.maximumReaders = 1
    configuration.mode = try mode?.mode ?? Self.mode(environment) ?? .hybrid
    if options.verbose {
      configuration.logger = Logger(label: "store") { StreamLogHandler.standardError(label: $0) }
      configuration.logger.logLevel = .debug
    }
  }

  /// Opens the store.
  func open() async throws -> Store {
    try await Store(path: storePath, configuration: configuration)
  }

  /// Opens the store for a command that writes, and closes it behind, so that its log goes with it.
  func withStore<T: Sendable>(_ body: (Store) async throws -> T) async throws -> T {
    let store = try await open()
    let result: T
    do {
      result = try await body(store)
    } catch {
      try? await store.close()
      throw error
    }
    try await store.close()
    return result
  }

  /// Throws unless the store is there: a verb that only takes away makes none.
  func requireStore() throws {
    guard FileManager.default.fileExists(atPath: storePath) else {
      throw StoreError(
        .storeNotFound,
        "there is no store at \(storePath); make one with `store add`, or name another")
    }
  }

  // STUB
  var effective: [EffectiveSetting] { [] }
  var space: EmbeddingSpace { .openAISmall }
  mutating func use(space: EmbeddingSpace) throws {}
  init(_ options: OutputOptions, mode: ModeArgument? = nil) throws { try self.init(StoreOptions(), mode: mode, access: .readOnly) }

  private static func mode(_ environment: [String: String]) throws -> ServiceMode? {
    guard let value = environment["SERVICE_MODE"].flatMap(\.nonEmpty) else { return nil }
    guard let mode = ModeArgument(argument: value)?.mode else {
      throw SettingsError(
        message: "SERVICE_MODE is \"\(value)\" in the environment; expected REAL, MOCK or HYBRID")
    }
    return mode
  }
}

/// A setting that cannot be used.
struct SettingsError: Error, CustomStringConvertible {
  let message: String

  var description: String { message }
}

extension String {
  var nonEmpty: String? { isEmpty ? nil : self }
}

struct EffectiveSetting: Encodable { var name: String; var value: String; var origin: String }
