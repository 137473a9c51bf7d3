// All settings of a command, parsed and checked, each with its origin. Made once from
// SettingSources; Settings turns them into the library's configuration, `store health` shows them.

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
