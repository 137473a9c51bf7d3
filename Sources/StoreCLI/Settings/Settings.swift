// What a command runs with: flags, environment and `.env` files become the library's configuration.

import Foundation
import Logging
import VectorStore

/// What a command runs with. ``SettingName/entry`` says which setting goes where.
///
/// A malformed value is an error, whatever the command: nothing falls back to a default in silence.
struct Settings: Sendable {
  /// One setting as `store health` shows it.
  struct Row: Sendable, Equatable, Encodable {
    let name: String
    let value: String
    let origin: String
  }

  /// The path of the store.
  var storePath = "store.db"
  /// What requests to `store serve` have to carry.
  var token: HiddenText?
  /// What the store is opened with.
  var configuration = StoreConfiguration()
  /// The service, as the library takes it, but for the key.
  var openAI = OpenAIConfiguration()
  /// The prefixes and fields of questions and documents that are set.
  var chosenRoles = ChosenRoles()
  /// Headers beside the usual ones.
  var extraHeaders: [String: String]? {
    didSet { openAI.extraHeaders = extraHeaders ?? [:] }
  }
  /// The service's address.
  var address = ServiceAddress.openAI {
    didSet { openAI.baseURL = address.description }
  }
  /// What the collection remembers of the service, if that is the one that is set.
  var remembered: ServiceReference?
  /// The key, if there is one. To be sent as ``key()`` only.
  var storedKey: HiddenText?
  /// The reranker of a server, but for its address, model and key.
  var rerank = RerankConfiguration(baseURL: "", model: "")
  /// Its address.
  var rerankAddress: ServiceAddress?
  /// Its model, or without an address the name of one that runs here.
  var rerankModel: String?
  /// Its key, if there is one.
  var rerankKey: HiddenText?
  /// LlamaParse, but for its address and key.
  var parse = LlamaParseConfiguration()
  /// Its address.
  var parseAddress = ServiceAddress.llamaParse
  /// Its key, if there is one.
  var parseKey: HiddenText?
  /// Where `store model pull` fetches models.
  var modelAddress = "https://huggingface.co"
  /// The user's models that run on this machine.
  let library: ModelLibrary
  /// The same before there are settings.
  static var userLibrary: ModelLibrary {
    ModelLibrary(folder: UserFolders(ProcessInfo.processInfo.environment).models)
  }
  /// The folder of tokenizer vocabularies that is asked first, before ``cacheFolder``.
  var vocabularyFolder: String
  /// The user's cache folder of this program: vectors of queries, vocabularies.
  let cacheFolder: String
  /// The addresses that only a file names and the user has allowed.
  let allowedAddresses: AllowedAddresses
  /// The commands that the user has given or allowed, which a store may remember.
  let allowedCommands: AllowedCommands
  /// Where the settings that are not defaults come from.
  var origins: [SettingName: SettingOrigin] = [:]
  /// Lines for standard error, for the commands that use the service.
  private(set) var warnings: [String] = []
  /// All settings in the order of ``SettingName``. Of the key only whether it is there.
  private(set) var rows: [Row] = []
  private var keyRefusal: SettingsError?
  /// The store, if it was opened to see what it remembers.
  private var seen: Store?

  /// Resolves flags over environment variables over `.env` files over defaults.
  ///
  /// - Parameters:
  ///   - flags: the settings that the command line gives, with the flag's name.
  ///   - folder: the working folder, whose `.env` files are read.
  /// - Throws: ``SettingsError``, for the first thing that is wrong.
  init(
    flags: [SettingName: (flag: String, text: String?)] = [:], environment: [String: String],
    folder: String
  ) throws {
    let sources = try SettingSources(flags: flags, environment: environment, folder: folder)
    let folders = UserFolders(environment)
    cacheFolder = folders.cache
    vocabularyFolder = folders.cache
    library = ModelLibrary(folder: folders.models)
    allowedAddresses = AllowedAddresses(stateFolder: folders.state)
    allowedCommands = AllowedCommands(stateFolder: folders.state)
    configuration.allowedConverters = allowedCommands.all()
    configuration.budget.ledgerPath = folders.ledger
    configuration.queryCachePath = folders.cache + "/queries.db"
    // A command asks one thing at a time.
    configuration.maximumReaders = 1
    for name in SettingName.allCases { try sources.read(name, into: &self) }
    if origin(of: .store) == .default, let found = StoreSearch(from: folder).found {
      storePath = found
      if found.contains("/") { origins[.store] = .folderAbove }
    }
    openAI.roles = chosenRoles.roles(of: openAI.model)
    let shown = sources.printable(address.description)
    try ProviderRule.check(self, shown: shown)
    keyRefusal = KeyAddressRule.refusal(self, of: embeddingServer, shown: shown)
    warnings = sources.warnings + SettingWarnings.service(self, printable: sources.printable)
    rows = SettingName.allCases.map { name in
      Row(
        name: name.rawValue, value: sources.printable(name.entry.shown(self)),
        origin: origin(of: name).description)
    }
  }

  /// Resolves the settings of a command that opens a store and uses no service.
  ///
  /// - Throws: ``SettingsError`` for a setting that is wrong, and if a key would be sent to an address
  ///   that it must not be sent to.
  init(_ options: StoreOptions, access: StoreConfiguration.Access) throws {
    try self.init(options, nil, access, quiet: true)
  }

  /// Resolves the settings of a command that uses the service of one collection: what the collection
  /// remembers of it takes the place of what is not set.
  ///
  /// - Parameters:
  ///   - collection: its name; nil if the service is not used.
  ///   - target: the space that the collection is to be brought to.
  ///   - sends: whether texts may be sent; the first time, this asks about an address that only a `.env`
  ///     file or the store names.
  ///   - makes: whether the collection is made if it is not there.
  ///   - readers: how many may read the store at once.
  /// - Throws: ``SettingsError`` for a setting that is wrong, and if a key would be sent to an address
  ///   that it must not be sent to.
  init(
    _ options: StoreOptions, mode: ModeArgument? = nil, access: StoreConfiguration.Access,
    embeds collection: String?, target: EmbeddingSpace? = nil, sends: Bool = true,
    makes: Bool = false, readers: Int = 1
  ) async throws {
    try self.init(options, mode, access, quiet: collection == nil)
    configuration.maximumReaders = readers
    guard let collection else { return }
    try await recall(collection, target: target, sends: sends, makes: makes)
    try addService(sends: sends)
    // The store remembers the address from now on.
    if sends, access == .readWrite { try TextAddressRule.remember(self) }
  }

  /// Adds the services of more collections, each by what it remembers of its own.
  ///
  /// - Parameter collections: their names; nil takes all of the store.
  /// - Throws: as ``init(_:mode:access:embeds:target:sends:makes:readers:)``.
  mutating func addServices(
    of collections: [String]?, _ options: StoreOptions, _ mode: ModeArgument?, sends: Bool = true
  ) async throws {
    guard configuration.mode != .mock else { return }
    var names = collections ?? []
    // Whoever opens the store next says what is wrong with it.
    if collections == nil { names = (try? await existingStore()?.collectionNames()) ?? [] }
    for name in names {
      var other = try Settings(options, mode, configuration.access, quiet: true)
      other.seen = seen
      try await other.recall(name, sends: sends, makes: false)
      try other.addService(sends: sends)
      if sends, configuration.access == .readWrite { try TextAddressRule.remember(other) }
      guard let service = other.configuration.service else { continue }
      let has = ([configuration.service].compactMap(\.self) + configuration.otherServices)
        .contains { $0.space == service.space }
      if !has { configuration.otherServices.append(service) }
    }
  }

  private init(
    _ options: StoreOptions, _ mode: ModeArgument?, _ access: StoreConfiguration.Access, quiet: Bool
  ) throws {
    try self.init(
      flags: [
        .store: ("--store", options.place.storePath), .mode: ("--mode", mode?.mode.rawValue),
      ],
      verbose: options.verbose, quiet: quiet)
    // In the library that is a store which nobody keeps; here it is a file's name like any other.
    if storePath == ":memory:" { storePath = "./:memory:" }
    configuration.access = access
  }

  /// Resolves the settings of a command that opens no store.
  ///
  /// - Throws: as above.
  init(_ options: OutputOptions, mode: ModeArgument? = nil, sends: Bool) async throws {
    try self.init(
      flags: [.mode: ("--mode", mode?.mode.rawValue)], verbose: options.verbose, quiet: false)
    // A server that does not tell is not well, which is for the report to say.
    let isFree = (try? openAI.resolvedPrice) == .free
    if sends, configuration.mode != .mock, hasService { try TextAddressRule.check(self) }
    try? await findDimensions(asks: sends && isFree)
    try addService(sends: sends)
  }

  private init(
    flags: [SettingName: (flag: String, text: String?)], verbose: Bool, quiet: Bool
  ) throws {
    try self.init(
      flags: flags, environment: ProcessInfo.processInfo.environment,
      folder: FileManager.default.currentDirectoryPath)
    if verbose {
      configuration.logger = Logger(label: "store") { TerminalLogHandler(label: $0) }
      configuration.logger.logLevel = .debug
    }
    guard !quiet else { return }
    for warning in warnings {
      Terminal.standardError.write("warning: \(Terminal.oneLine(warning))\n")
    }
  }

  /// Where a setting comes from.
  func origin(of name: SettingName) -> SettingOrigin { origins[name] ?? .default }

  /// The folders in which a tokenizer's vocabulary is looked for, in this order.
  var vocabularyFolders: [String] {
    vocabularyFolder == cacheFolder ? [cacheFolder] : [vocabularyFolder, cacheFolder]
  }

  // MARK: - The service

  /// The space that new collections get if there is a service.
  var space: EmbeddingSpace {
    get throws { try openAI.space }
  }

  /// Whether there is a service to ask: OpenAI's needs a key, and so does one that only the collection names
  /// and that had a key before, unless it is on this machine. Another server may do without.
  var hasService: Bool {
    if storedKey != nil || address.isLoopback { return true }
    let hadKey = origin(of: .apiURL).isCollection && remembered?.wantsKey == true
    return !address.isOpenAI && !hadKey
  }

  /// The key, or nil if there is none to be sent: a server on this machine that only the store names gets
  /// one that it had before.
  ///
  /// - Throws: ``SettingsError`` if ``KeyAddressRule`` forbids to send it to ``address``.
  func key() throws -> HiddenText? {
    if let keyRefusal { throw keyRefusal }
    guard let storedKey, origin(of: .apiURL).isCollection, address.isLoopback else {
      return storedKey
    }
    return allowedAddresses.contains(address, key: storedKey) ? storedKey : nil
  }

  /// Adds the service that the settings describe, and the models that run here. Without a key, the chosen one
  /// of these is what new collections get.
  private mutating func addService(sends: Bool) throws {
    configuration.realSpace = try space
    guard configuration.mode != .mock else { return }
    var local = library.models()
    if hasService {
      configuration.service = try makeService(openAI)
      if sends { try TextAddressRule.check(self) }
    } else if let chosen = library.chosen {
      configuration.service = try library.service(chosen.name)
      local.removeAll { $0 == chosen }
    }
    configuration.otherServices = try local.map { try library.service($0.name) }
  }

  /// Adds a service for another space, which the configured server is to have.
  ///
  /// - Throws: ``SettingsError`` if the space is another provider's.
  mutating func use(space: EmbeddingSpace) throws {
    guard !space.name.hasPrefix("local/") else { return _ = try library.entry(space.model) }
    guard space.kind == .real, try space != self.space, hasService else { return }
    guard try space.provider == self.space.provider else {
      throw SettingsError(
        message: "the space \(space) is served by \(space.provider), but the settings name "
          + "\(try self.space.provider); set OPENAI_API_URL, or OPENAI_PROVIDER, to that server's")
    }
    var other = openAI
    other.model = space.model
    other.dimensions = space.dimensions
    // The price that is set is the other model's.
    if TokenPrice.known(model: space.model) != nil { other.price = nil }
    configuration.otherServices.append(try makeService(other))
  }

  /// The service's settings with the key, if it may be sent, and the certificates to trust.
  func withKey(_ openAI: OpenAIConfiguration) throws -> OpenAIConfiguration {
    var openAI = openAI
    openAI.apiKey = try key().map { APIKey($0.revealed) }
    openAI.certificateFile = certificateFile
    return openAI
  }

  /// The certificates to trust, as OpenSSL's own programs take them. A `.env` file has no say in whom to trust.
  var certificateFile: String? {
    ProcessInfo.processInfo.environment["SSL_CERT_FILE"].flatMap { $0.isEmpty ? nil : $0 }
  }

  private func makeService(_ openAI: OpenAIConfiguration) throws -> OpenAIService {
    let openAI = try withKey(openAI)
    let certificateFile = openAI.certificateFile
    // Other models have other tokenizers. A server on this machine is a reason to stay on it.
    let (folders, logger) = (vocabularyFolders, configuration.logger)
    let isKnown = TokenPrice.known(model: openAI.model) != nil
    let downloads = !address.isLoopback
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

  // MARK: - The store

  /// The store with no service, to see what it remembers; nil if there is none. ``open()`` does not open it again.
  mutating func existingStore() async throws -> Store? {
    if seen == nil, let store = try await Store.existing(at: storePath, configuration) {
      OpenedStores.add(store)
      seen = store
    }
    return seen
  }

  /// Opens the store. One that is only read must be there.
  func open() async throws -> Store {
    if let seen { return try await seen.with(configuration) }
    if configuration.access == .readOnly { try requireStore() }
    let store = try await Store(path: storePath, configuration: configuration)
    OpenedStores.add(store)
    return store
  }

  /// Opens the store for a command that writes, and closes it afterwards, which removes its log.
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

  /// Whether something is at the store's path. Of a link to nothing, opening it says what is wrong.
  var hasStore: Bool {
    // Whether a server has one, it says when it is opened.
    if StorePlace(storePath).isPostgres { return true }
    var status = stat()
    return lstat(storePath, &status) == 0 || (errno != ENOENT && errno != ENOTDIR)
  }

  /// Whether the store is there already, also on a server.
  mutating func isStoreThere() async throws -> Bool {
    guard StorePlace(storePath).isPostgres else { return hasStore }
    return try await existingStore() != nil
  }

  /// Throws unless the store is there: a command that only reads or removes makes none.
  func requireStore() throws {
    guard !hasStore else { return }
    guard origin(of: .store) == .default else {
      throw StoreError(
        .storeNotFound,
        "there is no store at \(StorePlace(storePath).shown) (named by \(origin(of: .store))); add documents to make one, or "
          + "name another")
    }
    let folders = StoreSearch(from: FileManager.default.currentDirectoryPath).folders
    throw StoreError(
      .storeNotFound,
      "there is no \(StoreSearch.name) in \(folders.formatted(.list(type: .or))); make one here with `store add "
        + "FOLDER`, or name one with --store")
  }

  /// If there is no store, names an empty one that is thrown away: a dry run makes none.
  mutating func useDraftIfAbsent() async throws -> DraftStore? {
    let isThere =
      StorePlace(storePath).isPostgres
      ? try await existingStore() != nil : FileManager.default.fileExists(atPath: storePath)
    guard !isThere else { return nil }
    let draft = try DraftStore()
    storePath = draft.path
    configuration.access = .readWrite
    return draft
  }
}

/// The settings of roles, each of which stands for itself.
struct ChosenRoles: Sendable {
  var family: EmbeddingRoles?
  var queryPrefix: String?
  var documentPrefix: String?
  var queryFields: [String: String]?
  var documentFields: [String: String]?

  /// The roles, if one of these is set: what is not set is the family's, or what the model wants.
  func roles(of model: String) -> EmbeddingRoles? {
    let isSet =
      family != nil || queryPrefix != nil || documentPrefix != nil || queryFields != nil
      || documentFields != nil
    guard isSet else { return nil }
    var roles = family ?? .ofModel(model)
    if let queryPrefix { roles.query.prefix = queryPrefix }
    if let documentPrefix { roles.document.prefix = documentPrefix }
    if let queryFields { roles.query.fields = queryFields }
    if let documentFields { roles.document.fields = documentFields }
    return roles
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
