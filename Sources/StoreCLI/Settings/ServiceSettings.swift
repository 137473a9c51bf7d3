// All settings of a command, parsed and checked, each with its origin.

import Foundation
import VectorStore

/// What the flags, the environment and the `.env` files say.
///
/// ```swift
/// let settings = try ServiceSettings(
///   flags: [.store: ("--store", "notes.db")], environment: environment, folder: ".")
/// let key = try settings.openAI.key()
/// ```
///
/// A malformed value is an error, whatever the command: nothing falls back to a default in silence.
struct ServiceSettings: Sendable {
  /// One setting as `store health` shows it.
  struct Effective: Sendable, Equatable, Encodable {
    let name: String
    let value: String
    let origin: String
  }

  static let defaultDailyCostLimit = NanoDollars(nano: 5_000_000_000)
  static let defaultHourlyRequestLimit = 100

  let mode: Setting<ServiceMode>
  let storePath: Setting<String>
  /// The ledger's file.
  let ledgerPath: Setting<String>
  /// The folder of tokenizer vocabularies that is asked first, before ``cacheFolder``.
  let vocabularyFolder: Setting<String>
  /// The addresses that only a file names and the user has allowed.
  let allowedAddresses: AllowedAddresses
  /// The user's cache folder of this program: vectors of queries, vocabularies.
  let cacheFolder: String
  let openAI: OpenAISettings
  /// Whether the limits hold.
  let isCostTracked: Setting<Bool>
  /// US dollars a UTC day.
  let dailyCostLimit: Setting<NanoDollars>
  /// Requests a rolling hour.
  let hourlyRequestLimit: Setting<Int>
  /// Lines for standard error, for the commands that use the service.
  private(set) var warnings: [String]
  /// All settings in the order of ``SettingName``. Of the key only whether it is there.
  private(set) var effective: [Effective] = []

  /// Finds and parses all settings.
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
    mode = try sources.value(.mode, as: .mode, default: .hybrid)
    storePath = try sources.value(.store, as: .path, default: "store.db")
    ledgerPath = try sources.value(.ledger, as: .path, default: folders.ledger)
    vocabularyFolder = try sources.value(.vocabularyFolder, as: .path, default: folders.cache)
    allowedAddresses = AllowedAddresses(stateFolder: folders.state)
    cacheFolder = folders.cache
    openAI = try OpenAISettings(sources)
    isCostTracked = try sources.value(.costTracking, as: .truth, default: true)
    dailyCostLimit = try sources.value(
      .dailyCostLimit, as: .dollars, default: Self.defaultDailyCostLimit)
    hourlyRequestLimit = try sources.value(
      .hourlyRateLimit, as: .wholeNumber(SettingRange.hourlyRequests),
      default: Self.defaultHourlyRequestLimit
    )
    warnings = sources.warnings
    warnings += SettingWarnings.service(self, printable: sources.printable)
    effective = rows(printable: sources.printable)
  }

  /// The folders in which a tokenizer's vocabulary is looked for, in this order.
  var vocabularyFolders: [String] {
    vocabularyFolder.value == cacheFolder ? [cacheFolder] : [vocabularyFolder.value, cacheFolder]
  }

  private func rows(printable: (String) -> String) -> [Effective] {
    func row<Value>(
      _ name: SettingName, _ setting: Setting<Value>?, absent: String = "not set"
    ) -> Effective where Value: SettingValue {
      Effective(
        name: name.rawValue, value: setting.map { printable($0.value.settingText) } ?? absent,
        origin: (setting?.origin ?? .default).description)
    }
    let key = openAI.keyOrigin.map { Setting(value: "present", origin: $0) }
    return [
      row(.apiKey, key, absent: "absent"), row(.apiURL, openAI.address),
      row(.provider, openAI.provider), row(.organization, openAI.organization),
      row(.project, openAI.project), row(.model, openAI.model),
      row(.dimensions, openAI.dimensions), row(.requestsPerMinute, openAI.requestsPerMinute),
      row(.tokensPerMinute, openAI.tokensPerMinute),
      row(.maximumConcurrentRequests, openAI.maximumConcurrentRequests),
      row(.timeout, openAI.timeout), row(.maximumRetries, openAI.maximumRetries),
      row(.maximumBatchSize, openAI.maximumBatchSize),
      row(.price, openAI.price, absent: "not known"), row(.mode, mode),
      row(.costTracking, isCostTracked), row(.dailyCostLimit, dailyCostLimit),
      row(.hourlyRateLimit, hourlyRequestLimit), row(.store, storePath), row(.ledger, ledgerPath),
      row(.vocabularyFolder, vocabularyFolder),
    ]
  }
}

/// Where the service is, which model it is asked for, and how much of it is asked at once.
struct OpenAISettings: Sendable {
  /// Where the key comes from, or nil where there is none.
  var keyOrigin: SettingOrigin? { storedKey?.origin }
  let address: Setting<ServiceAddress>
  /// The first part of the space's name, which is also the ledger's account. By default `openai` for
  /// OpenAI's own address, else the address's host and port.
  let provider: Setting<String>
  let organization: Setting<String>?
  let project: Setting<String>?
  let model: Setting<String>
  let dimensions: Setting<Int>
  let requestsPerMinute: Setting<Int>
  let tokensPerMinute: Setting<Int>
  let maximumConcurrentRequests: Setting<Int>
  /// In seconds.
  let timeout: Setting<Double>
  /// How often a request is sent again.
  let maximumRetries: Setting<Int>
  /// The most texts of a request.
  let maximumBatchSize: Setting<Int>
  /// What a million tokens cost; nil where it is not set and the model's price is not known.
  let price: Setting<NanoDollars>?

  private let storedKey: Setting<HiddenText>?
  private let refusal: SettingsError?

  /// Reads the settings.
  ///
  /// - Throws: ``SettingsError`` for one that is malformed, and for a `.env` file that gives another
  ///   server's vectors out as OpenAI's.
  init(_ sources: SettingSources) throws {
    let address = try sources.value(.apiURL, as: .address, default: .openAI)
    let model = try sources.value(.model, as: .model, default: "text-embedding-3-small")
    storedKey = try sources.value(.apiKey, as: .key)
    self.address = address
    self.model = model
    provider = try Self.provider(sources, at: address)
    organization = try sources.value(.organization, as: .identifier)
    project = try sources.value(.project, as: .identifier)
    dimensions = try sources.value(
      .dimensions, as: .wholeNumber(EmbeddingSpace.supportedDimensions), default: 1536)
    requestsPerMinute = try sources.value(
      .requestsPerMinute, as: .wholeNumber(SettingRange.requestsPerMinute), default: 3500)
    tokensPerMinute = try sources.value(
      .tokensPerMinute, as: .wholeNumber(SettingRange.tokensPerMinute), default: 1_000_000)
    maximumConcurrentRequests = try sources.value(
      .maximumConcurrentRequests, as: .wholeNumber(SettingRange.concurrentRequests), default: 4)
    timeout = try sources.value(
      .timeout, as: .seconds(upTo: SettingRange.longestTimeout), default: 30)
    maximumRetries = try sources.value(
      .maximumRetries, as: .wholeNumber(SettingRange.retries), default: 3)
    maximumBatchSize = try sources.value(
      .maximumBatchSize, as: .wholeNumber(SettingRange.openAITextsPerRequest), default: 256)
    price =
      try sources.value(.price, as: .dollars)
      ?? Self.knownPrice(model.value, at: address.value).map {
        Setting(value: $0.perMillionTokens, origin: .default)
      }
    refusal = storedKey.flatMap {
      KeyAddressRule.refusal(
        key: $0.origin, address: address, shown: sources.printable(address.value.description))
    }
  }

  /// Whether there is a service to ask: OpenAI's needs a key, another server may do without.
  var isConfigured: Bool { storedKey != nil || !address.value.isOpenAI }

  /// The key, or nil where there is none. The only way to it.
  ///
  /// - Throws: ``SettingsError`` where ``KeyAddressRule`` forbids to send it to ``address``.
  func key() throws -> HiddenText? {
    if let refusal { throw refusal }
    return storedKey?.value
  }

  /// What tokens cost.
  ///
  /// - Throws: ``SettingsError`` where the price is neither set nor known.
  func tokenPrice() throws -> TokenPrice {
    if let price { return TokenPrice(perMillionTokens: price.value) }
    throw SettingsError(
      message: "the price of the model that OPENAI_MODEL names is not known (\(model.origin)); set "
        + "OPENAI_PRICE_PER_MILLION_TOKENS to its price in US dollars, 0 where it is free")
  }

  /// What tokens of another model cost at the same server.
  ///
  /// - Throws: ``SettingsError`` where the price is neither known nor set.
  func tokenPrice(of model: String) throws -> TokenPrice {
    if let known = Self.knownPrice(model, at: address.value) { return known }
    if let price, price.origin != .default {
      return TokenPrice(perMillionTokens: price.value)
    }
    throw SettingsError(
      message:
        "the price of the model \(model) is not known; set OPENAI_PRICE_PER_MILLION_TOKENS to "
        + "its price in US dollars, 0 where it is free")
  }

  /// The price of a model that need not be set: one of OpenAI's, or any on this machine.
  private static func knownPrice(_ model: String, at address: ServiceAddress) -> TokenPrice? {
    TokenPrice.known(model: model) ?? (address.isLoopback ? .free : nil)
  }

  private static func provider(
    _ sources: SettingSources, at address: Setting<ServiceAddress>
  ) throws -> Setting<String> {
    guard let named = try sources.value(.provider, as: .provider) else {
      return Setting(value: address.value.provider, origin: .default)
    }
    guard named.value == "openai", named.origin.file != nil, !address.value.isOpenAI else {
      return named
    }
    throw SettingsError(
      message: "OPENAI_PROVIDER is \"openai\" in \(named.origin), but OPENAI_API_URL is "
        + "\(sources.printable(address.value.description)) (\(address.origin)); a .env file cannot "
        + "give another server's vectors out as OpenAI's; remove the line, or set OPENAI_PROVIDER "
        + "in the environment if the server passes requests on to OpenAI")
  }
}
