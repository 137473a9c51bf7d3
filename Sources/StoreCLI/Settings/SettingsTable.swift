// The table of settings: what each is called, which texts it takes, where its value goes, its default.

import Foundation
import VectorStore

/// A setting: a variable of the environment or of a `.env` file.
///
/// A new one is a case here, a line in ``entry``, and a line of the README's table.
enum SettingName: String, Sendable, CaseIterable {
  case apiKey = "OPENAI_API_KEY"
  case apiURL = "OPENAI_API_URL"
  case provider = "OPENAI_PROVIDER"
  case organization = "OPENAI_ORGANIZATION"
  case project = "OPENAI_PROJECT"
  case model = "OPENAI_MODEL"
  case dimensions = "OPENAI_DIMENSIONS"
  case maximumTokensPerText = "OPENAI_MAX_TOKENS_PER_TEXT"
  case keyHeader = "OPENAI_AUTH_HEADER"
  case extraHeaders = "OPENAI_EXTRA_HEADERS"
  case extraBody = "OPENAI_EXTRA_BODY"
  case roles = "OPENAI_ROLES"
  case queryPrefix = "OPENAI_QUERY_PREFIX"
  case documentPrefix = "OPENAI_DOCUMENT_PREFIX"
  case queryFields = "OPENAI_QUERY_FIELDS"
  case documentFields = "OPENAI_DOCUMENT_FIELDS"
  case requestsPerMinute = "OPENAI_REQUESTS_PER_MINUTE"
  case tokensPerMinute = "OPENAI_TOKENS_PER_MINUTE"
  case maximumConcurrentRequests = "OPENAI_MAX_CONCURRENT_REQUESTS"
  case timeout = "OPENAI_TIMEOUT_SECONDS"
  case maximumRetries = "OPENAI_MAX_RETRIES"
  case maximumBatchSize = "OPENAI_MAX_BATCH_SIZE"
  case price = "OPENAI_PRICE_PER_MILLION_TOKENS"
  case rerankURL = "RERANK_API_URL"
  case rerankModel = "RERANK_MODEL"
  case rerankKey = "RERANK_API_KEY"
  case rerankPrice = "RERANK_PRICE_PER_MILLION_TOKENS"
  case rerankSearchPrice = "RERANK_PRICE_PER_SEARCH"
  case rerankTokens = "RERANK_MAX_TOKENS"
  case rerankTimeout = "RERANK_TIMEOUT_SECONDS"
  case parseKey = "LLAMAPARSE_API_KEY"
  case parseURL = "LLAMAPARSE_API_URL"
  case parseTier = "LLAMAPARSE_TIER"
  case parseTypes = "LLAMAPARSE_TYPES"
  case parsePages = "LLAMAPARSE_MAX_PAGES"
  case parsePrice = "LLAMAPARSE_PRICE_PER_PAGE"
  case parseTimeout = "LLAMAPARSE_TIMEOUT_SECONDS"
  case parseDailyCostLimit = "DAILY_COST_LIMIT_LLAMAPARSE"
  case parseHourlyRateLimit = "HOURLY_RATE_LIMIT_LLAMAPARSE"
  case mode = "SERVICE_MODE"
  case costTracking = "COST_TRACKING_ENABLED"
  case dailyCostLimit = "DAILY_COST_LIMIT_OPENAI"
  case hourlyRateLimit = "HOURLY_RATE_LIMIT_OPENAI"
  case store = "STORE_PATH"
  case token = "STORE_TOKEN"
  case ledger = "STORE_LEDGER"
  case vocabularyFolder = "TIKTOKEN_CACHE_DIR"
  case modelAddress = "HF_ENDPOINT"

  /// The table. Ranges are the library's, and so is every default that ``Settings`` does not name.
  var entry: SettingEntry {
    switch self {
    case .apiKey: SettingEntry(.key, \.storedKey) { _ in "absent" }
    case .apiURL: SettingEntry(.address, \.address)
    case .provider: SettingEntry(.provider, \.openAI.provider) { $0.address.provider }
    case .organization: SettingEntry(.identifier, \.openAI.organization) { _ in "not set" }
    case .project: SettingEntry(.identifier, \.openAI.project) { _ in "not set" }
    case .model: SettingEntry(.model, \.openAI.model)
    case .dimensions:
      SettingEntry(
        .wholeNumber(EmbeddingSpace.supportedDimensions), \.openAI.dimensions, hasDefault: true
      ) { (try? $0.openAI.space.dimensions.settingText) ?? "not known" }
    case .maximumTokensPerText:
      SettingEntry(
        .wholeNumber(SettingRange.tokens), \.openAI.maximumTokensPerText, hasDefault: true
      ) { (try? $0.openAI.terms.tokensPerText.settingText) ?? "not known" }
    case .keyHeader:
      SettingEntry(.header, \.openAI.keyHeader) { settings in
        (try? settings.openAI.resolvedKeyHeader).map {
          $0.prefix.isEmpty ? $0.name : "\($0.name): \($0.prefix)"
        }?.trimmingCharacters(in: .whitespaces) ?? "not known"
      }
    case .extraHeaders: SettingEntry(.headers, \.extraHeaders) { _ in "not set" }
    case .roles:
      SettingEntry(.roles, \.chosenRoles.family) {
        (try? $0.openAI.resolvedRoles.description) ?? "not known"
      }
    case .queryPrefix:
      SettingEntry(.prefix, \.chosenRoles.queryPrefix) { _ in "that of the roles" }
    case .documentPrefix:
      SettingEntry(.prefix, \.chosenRoles.documentPrefix) { _ in "that of the roles" }
    case .queryFields:
      SettingEntry(.fields, \.chosenRoles.queryFields) { _ in "those of the roles" }
    case .documentFields:
      SettingEntry(.fields, \.chosenRoles.documentFields) { _ in "those of the roles" }
    case .extraBody: SettingEntry(.jsonObject, \.openAI.extraBody) { _ in "not set" }
    case .requestsPerMinute:
      SettingEntry(.wholeNumber(SettingRange.requestsPerMinute), \.openAI.requestsPerMinute)
    case .tokensPerMinute:
      SettingEntry(.wholeNumber(SettingRange.tokensPerMinute), \.openAI.tokensPerMinute)
    case .maximumConcurrentRequests:
      SettingEntry(
        .wholeNumber(SettingRange.concurrentRequests), \.openAI.maximumConcurrentRequests,
        hasDefault: true
      ) { (try? $0.openAI.terms.concurrentRequests.settingText) ?? "not known" }
    case .timeout:
      SettingEntry(
        .seconds(upTo: SettingRange.longestTimeout), \.openAI.timeout, hasDefault: true
      ) { (try? $0.openAI.terms.secondsPerRequest.settingText) ?? "not known" }
    case .maximumRetries:
      SettingEntry(.wholeNumber(SettingRange.retries), \.openAI.maximumRetries)
    case .maximumBatchSize:
      SettingEntry(
        .wholeNumber(SettingRange.openAITextsPerRequest), \.openAI.maximumBatchSize,
        hasDefault: true
      ) { (try? $0.openAI.terms.textsPerRequest.settingText) ?? "not known" }
    case .price:
      SettingEntry(.price, \.openAI.price) {
        (try? $0.openAI.resolvedPrice)?.settingText ?? "not known"
      }
    case .rerankURL: SettingEntry(.rerankAddress, \.rerankAddress) { _ in "not set" }
    case .rerankModel: SettingEntry(.model, \.rerankModel) { _ in "not set" }
    case .rerankKey: SettingEntry(.key, \.rerankKey) { _ in "absent" }
    case .rerankPrice: SettingEntry(.price, \.rerank.price) { _ in "not set" }
    case .rerankSearchPrice: SettingEntry(.dollars, \.rerank.pricePerSearch) { _ in "not set" }
    case .rerankTokens:
      SettingEntry(.wholeNumber(SettingRange.tokens), \.rerank.maximumTokens)
    case .rerankTimeout:
      SettingEntry(.seconds(upTo: SettingRange.longestTimeout), \.rerank.timeout) { settings in
        settings.rerankAddress?.isLoopback == true ? "600" : "30"
      }
    case .parseKey: SettingEntry(.key, \.parseKey) { _ in "absent" }
    case .parseURL: SettingEntry(.parseAddress, \.parseAddress)
    case .parseTier: SettingEntry(.tier, \.parse.tier)
    case .parseTypes: SettingEntry(.fileTypes, \.parse.types)
    case .parsePages:
      SettingEntry(.wholeNumber(LlamaParseConfiguration.Range.pages), \.parse.maximumPages)
    case .parsePrice:
      SettingEntry(.dollars, \.parse.pricePerPage) { $0.parse.price.settingText }
    case .parseTimeout:
      SettingEntry(
        .seconds(upTo: LlamaParseConfiguration.Range.longestTimeout), \.parse.timeout)
    case .parseDailyCostLimit:
      SettingEntry(SettingForm.dollars.asLimit, \.parse.dailyCostLimit)
    case .parseHourlyRateLimit:
      SettingEntry(
        SettingForm.wholeNumber(SettingRange.hourlyRequests).asLimit, \.parse.hourlyRequestLimit)
    case .mode: SettingEntry(.mode, \.configuration.mode)
    case .costTracking: SettingEntry(.truth, \.configuration.budget.isEnforced)
    case .dailyCostLimit:
      SettingEntry(SettingForm.dollars.asLimit, \.configuration.budget.dailyCostLimit)
    case .hourlyRateLimit:
      SettingEntry(
        SettingForm.wholeNumber(SettingRange.hourlyRequests).asLimit,
        \.configuration.budget.hourlyRequestLimit)
    case .store: SettingEntry(place: \.storePath)
    case .token: SettingEntry(.token, \.token) { _ in "absent" }
    case .ledger: SettingEntry(place: \.configuration.budget.ledgerPath)
    case .vocabularyFolder: SettingEntry(.path, \.vocabularyFolder)
    case .modelAddress: SettingEntry(.modelServer, \.modelAddress)
    }
  }
}

/// A line of the table: which texts a setting takes, and where its value goes.
struct SettingEntry: Sendable {
  /// What is expected, for messages.
  let expected: String
  /// Whether a wrong text may be shown.
  let shows: @Sendable (String) -> Bool
  /// Whether the text is meant to be a key; any other one that holds a key is wrong.
  let isKey: Bool
  /// Whether the same value applies whenever nothing is set, so that messages can name it.
  let hasDefault: Bool
  /// Puts the value of a text where it goes; false if the text is not of this form.
  let read: @Sendable (String, inout Settings) -> Bool
  /// The value that applies, as it is written in a setting.
  let shown: @Sendable (Settings) -> String

  /// A setting with a default, which is the value of ``Settings`` before anything is read.
  init<Value: SettingValue>(
    _ form: SettingForm<Value>, _ path: any WritableKeyPath<Settings, Value> & Sendable
  ) {
    self.init(
      form, hasDefault: true, put: { $1[keyPath: path] = $0 },
      shown: { $0[keyPath: path].settingText })
  }

  /// A setting that may be left out.
  ///
  /// - Parameter unset: what is shown then.
  init<Value: SettingValue>(
    _ form: SettingForm<Value>, _ path: any WritableKeyPath<Settings, Value?> & Sendable,
    hasDefault: Bool = false, unset: @escaping @Sendable (Settings) -> String
  ) {
    self.init(
      form, hasDefault: hasDefault, put: { $1[keyPath: path] = $0 },
      shown: { $0[keyPath: path]?.settingText ?? unset($0) })
  }

  /// The path of a file, or an address, which is shown without its password.
  init(place path: any WritableKeyPath<Settings, String> & Sendable) {
    self.init(
      .path, hasDefault: true, put: { $1[keyPath: path] = $0 },
      shown: { StorePlace($0[keyPath: path]).shown })
  }

  private init<Value>(
    _ form: SettingForm<Value>, hasDefault: Bool,
    put: @escaping @Sendable (Value, inout Settings) -> Void,
    shown: @escaping @Sendable (Settings) -> String
  ) {
    expected = form.expected
    shows = form.shows
    isKey = form.isKey
    self.hasDefault = hasDefault
    read = { text, settings in
      guard let value = form.parse(text) else { return false }
      put(value, &settings)
      return true
    }
    self.shown = shown
  }
}

extension SettingName {
  /// What other programs call settings of ours.
  static let foreignNames: [String: SettingName] = [
    "OPENAI_API_BASE": .apiURL, "OPENAI_API_HOST": .apiURL,
    "OPENAI_ORG_ID": .organization, "OPENAI_ORGANIZATION_ID": .organization,
    "OPENAI_PROJECT_ID": .project, "OPENAI_EMBEDDING_MODEL": .model, "OPENAI_KEY": .apiKey,
    "OPENAI_API_TYPE": .provider, "OPENAI_TIMEOUT": .timeout,
    "LLAMA_CLOUD_API_KEY": .parseKey, "LLAMA_CLOUD_BASE_URL": .parseURL,
  ]

  /// The variables that set it. The second, that of the official SDKs, is read if the first is not set.
  var names: [String] { self == .apiURL ? [rawValue, "OPENAI_BASE_URL"] : [rawValue] }

  /// Whether a name claims to be a setting of the service: a wrong one is worth a warning.
  static func looksLikeOne(_ name: String) -> Bool {
    let name = name.uppercased()
    return ["OPENAI_", "RERANK_", "LLAMAPARSE_", "LLAMA_CLOUD_"].contains { name.hasPrefix($0) }
      || name.hasSuffix("_OPENAI") || name.hasSuffix("_LLAMAPARSE")
  }

  /// The setting whose name is nearest to a wrong one, or nil if none is near.
  ///
  /// - Complexity: O(settings × length²).
  static func nearest(to name: String) -> SettingName? {
    let name = Array(name.uppercased().utf8.prefix(100))
    let near = allCases.map { ($0, editDistance(name, Array($0.rawValue.utf8))) }
      .min { $0.1 < $1.1 }
    guard let near, near.1 <= max(2, name.count / 3) else { return nil }
    return near.0
  }

  /// The Levenshtein distance: how many characters are put in, taken out or changed.
  private static func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var row = Array(0...right.count)
    for (i, character) in left.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, other) in right.enumerated() {
        let changed = diagonal + (character == other ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(changed, row[j] + 1, row[j + 1] + 1)
      }
    }
    return row[right.count]
  }
}
