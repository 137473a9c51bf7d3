// What a command runs with: flags, environment and `.env` files, become one configuration value, once.
// Called by every subcommand; the library below reads no environment.

import Foundation
import Logging
import VectorStore

/// What a command runs with.
struct Settings: Sendable {
  /// The path of the store.
  var storePath: String
  /// What the store is opened with.
  var configuration = StoreConfiguration()
  /// All settings with their origins.
  let all: ServiceSettings

  /// Resolves flags over environment variables over `.env` files over defaults.
  ///
  /// - Parameters:
  ///   - embeds: whether the command uses the service.
  ///   - sends: whether it may send texts to it; the first time, this asks about an address that only
  ///     a `.env` file names.
  /// - Throws: ``SettingsError`` for a setting whose value is not one it can have, and where a key would
  ///   be sent to an address that it must not be sent to.
  init(
    _ options: StoreOptions, mode: ModeArgument? = nil, access: StoreConfiguration.Access,
    embeds: Bool = false, sends: Bool = true
  ) throws {
    try self.init(
      flags: [.store: ("--store", options.storePath), .mode: ("--mode", mode?.mode.rawValue)],
      verbose: options.verbose, quiet: !embeds)
    configuration.access = access
    if embeds { try addService(sends: sends) }
  }

  /// Resolves the settings of a command that opens no store.
  ///
  /// - Throws: as above.
  init(_ options: OutputOptions, mode: ModeArgument? = nil, sends: Bool) throws {
    try self.init(
      flags: [.mode: ("--mode", mode?.mode.rawValue)], verbose: options.verbose, quiet: false)
    try addService(sends: sends)
  }

  private init(
    flags: [SettingName: (flag: String, text: String?)], verbose: Bool, quiet: Bool
  ) throws {
    all = try ServiceSettings(
      flags: flags, environment: ProcessInfo.processInfo.environment,
      folder: FileManager.default.currentDirectoryPath)
    storePath = all.storePath.value
    configuration.mode = all.mode.value
    configuration.budget.ledgerPath = all.ledgerPath.value
    configuration.queryCachePath = all.cacheFolder + "/queries.db"
    // A command asks one thing at a time.
    configuration.maximumReaders = 1
    if verbose {
      configuration.logger = Logger(label: "store") { TerminalLogHandler(label: $0) }
      configuration.logger.logLevel = .debug
    }
    guard !quiet else { return }
    for warning in all.warnings {
      Terminal.standardError.write("warning: \(Terminal.oneLine(warning))\n")
    }
  }

  /// The space that new collections get where there is a service.
  var space: EmbeddingSpace {
    get throws { try all.openAI.configuration(key: nil).space }
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

  /// Where there is no store, names an empty one that is thrown away: a dry run makes none.
  mutating func useDraftIfAbsent() throws -> DraftStore? {
    guard !FileManager.default.fileExists(atPath: storePath) else { return nil }
    let draft = try DraftStore()
    storePath = draft.path
    configuration.access = .readWrite
    return draft
  }

  // MARK: - The service

  /// Adds the service that the settings describe, its budget and the cache of queries.
  private mutating func addService(sends: Bool) throws {
    configuration.realSpace = try space
    configuration.budget.dailyCostLimit = .atMost(all.dailyCostLimit.value)
    configuration.budget.hourlyRequestLimit = .atMost(all.hourlyRequestLimit.value)
    configuration.budget.isEnforced = all.isCostTracked.value
    guard configuration.mode != .mock, all.openAI.isConfigured else { return }
    configuration.service = try makeService(for: nil)
    if sends { try TextAddressRule.check(all.openAI.address, allowed: all.allowedAddresses) }
  }

  /// Adds a service for another space, which the configured server is to have.
  ///
  /// - Throws: ``SettingsError`` where the space is another provider's.
  mutating func use(space: EmbeddingSpace) throws {
    guard space.kind == .real, try space != self.space, configuration.service != nil else { return }
    guard try space.provider == self.space.provider else {
      throw SettingsError(
        message: "the space \(space) is served by \(space.provider), but the settings name "
          + "\(try self.space.provider); set OPENAI_API_URL, or OPENAI_PROVIDER, to that server's")
    }
    configuration.otherServices = [try makeService(for: space)]
  }

  private func makeService(for space: EmbeddingSpace?) throws -> OpenAIService {
    var openAI = all.openAI.configuration(key: try all.openAI.key())
    if let space {
      openAI.model = space.model
      openAI.dimensions = space.dimensions
      openAI.price = try all.openAI.tokenPrice(of: space.model)
    } else {
      openAI.price = try all.openAI.tokenPrice()
    }
    // As OpenSSL's own programs take it. A `.env` file has no say in whom to trust.
    let certificateFile = ProcessInfo.processInfo.environment["SSL_CERT_FILE"]
      .flatMap { $0.isEmpty ? nil : $0 }
    openAI.certificateFile = certificateFile
    // Other models have other tokenizers. A server on this machine is a reason to stay on it.
    let (folders, logger) = (all.vocabularyFolders, configuration.logger)
    let isKnown = TokenPrice.known(model: openAI.model) != nil
    let downloads = !all.openAI.address.value.isLoopback
    return try OpenAIService(
      configuration: openAI,
      tokenCounter: {
        isKnown
          ? await .openAI(
            vocabularyFolders: folders, downloads: downloads, certificateFile: certificateFile,
            logger: logger)
          : .upperBound
      }, logger: logger)
  }
}

extension OpenAISettings {
  /// The library's configuration of the service.
  func configuration(key: HiddenText?) -> OpenAIConfiguration {
    var configuration = OpenAIConfiguration()
    configuration.apiKey = key.map { APIKey($0.revealed) }
    configuration.baseURL = address.value.description
    configuration.provider = provider.value
    configuration.organization = organization?.value
    configuration.project = project?.value
    configuration.model = model.value
    configuration.dimensions = dimensions.value
    configuration.requestsPerMinute = requestsPerMinute.value
    configuration.tokensPerMinute = tokensPerMinute.value
    configuration.maximumConcurrentRequests = maximumConcurrentRequests.value
    configuration.timeout = timeout.value
    configuration.maximumRetries = maximumRetries.value
    configuration.maximumBatchSize = maximumBatchSize.value
    return configuration
  }
}

/// An empty store for one dry run.
struct DraftStore {
  private let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory
      .appending(path: "vector-store-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
  }

  var path: String { folder.appending(path: "draft.db").path }

  func remove() {
    try? FileManager.default.removeItem(at: folder)
  }
}

/// A setting that cannot be used.
struct SettingsError: Error, CustomStringConvertible {
  let message: String

  var description: String { message }
}
