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
    case .store: SettingEntry(.path, \.storePath)
    case .token: SettingEntry(.token, \.token) { _ in "absent" }
    case .ledger: SettingEntry(.path, \.configuration.budget.ledgerPath)
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

/// What texts a setting takes, and what they mean.
struct SettingForm<Value: SettingValue>: Sendable {
  /// What is expected, for messages.
  let expected: String
  /// The value of a text, or nil if it is not of this form.
  let parse: @Sendable (String) -> Value?
  /// Whether a wrong text may be shown.
  var shows: @Sendable (String) -> Bool = { _ in true }
  /// Whether the text is meant to be a key; any other one that holds a key is wrong.
  var isKey = false
}

extension SettingForm where Value: Comparable & Hashable {
  /// The same texts, as the most that may be used.
  var asLimit: SettingForm<SpendingLimit<Value>> {
    let parse = parse
    return SettingForm<SpendingLimit<Value>>(
      expected: expected, parse: { parse($0).map(SpendingLimit.atMost) }, shows: shows)
  }
}

extension SettingForm<TokenPrice> {
  /// Dollars for a million tokens.
  static var price: Self {
    let dollars = SettingForm<NanoDollars>.dollars
    return Self(
      expected: dollars.expected,
      parse: { dollars.parse($0).map(TokenPrice.init(perMillionTokens:)) })
  }
}

extension SettingForm<Int> {
  /// A whole number in digits, within a range.
  static func wholeNumber(_ range: ClosedRange<Int>) -> Self {
    Self(expected: "a whole number from \(range.lowerBound) to \(range.upperBound)") { text in
      guard isDigits(text), let number = Int(text), range.contains(number) else { return nil }
      return number
    }
  }
}

extension SettingForm<Double> {
  /// Seconds in decimal digits, above 0.
  static func seconds(upTo maximum: Double) -> Self {
    let expected = "a number of seconds above 0 and at most \(maximum.settingText), as 30 or 2.5"
    return Self(expected: expected) { text in
      let parts = text.split(separator: ".", omittingEmptySubsequences: false)
      guard (1...2).contains(parts.count), parts.allSatisfy(isDigits), let seconds = Double(text),
        seconds > 0, seconds <= maximum
      else { return nil }
      return seconds
    }
  }
}

extension SettingForm<NanoDollars> {
  /// Dollars as a decimal number, exactly.
  static var dollars: Self {
    Self(
      expected:
        "US dollars as a decimal number without a sign and with at most 9 decimals, as 5.00",
      parse: { try? NanoDollars(usd: $0) })
  }
}

extension SettingForm<Bool> {
  /// Yes or no.
  static var truth: Self {
    Self(expected: "true or false (or 1, 0, yes, no)") { text in
      switch text.lowercased() {
      case "true", "1", "yes": true
      case "false", "0", "no": false
      default: nil
      }
    }
  }
}

extension SettingForm<ServiceMode> {
  static var mode: Self {
    Self(expected: "REAL, MOCK or HYBRID") { ServiceMode(rawValue: $0.uppercased()) }
  }
}

extension SettingForm<ServiceAddress> {
  /// An address of a server. A wrong one with a user, query or fragment may hold a password.
  static var address: Self {
    Self(
      expected:
        "an address such as https://api.openai.com or http://localhost:8080/v1, without a "
        + "user or a fragment, a query only after /embeddings, and with https for OpenAI's own",
      parse: { try? ServiceAddress($0) }, shows: { !$0.contains { "@?#".contains($0) } })
  }
}

extension SettingForm<ServiceAddress> {
  /// An address of a server of rerankers.
  static var rerankAddress: Self {
    let form = address
    return Self(
      expected:
        "an address such as https://api.jina.ai/v1/rerank or http://localhost:8080, without a "
        + "user, a query or a fragment", parse: form.parse, shows: form.shows)
  }
}

extension SettingForm<ServiceAddress> {
  /// An address of LlamaParse.
  static var parseAddress: Self {
    let form = address
    return Self(
      expected:
        "an address such as https://api.cloud.llamaindex.ai, without a user, a query or a fragment",
      parse: form.parse, shows: form.shows)
  }
}

extension SettingForm<HiddenText> {
  /// A key. Its text is never shown.
  static var key: Self {
    Self(
      expected: "a key of visible ASCII characters without spaces",
      parse: { isVisibleASCII($0) ? HiddenText($0) : nil }, shows: { _ in false }, isKey: true)
  }
}

extension HiddenText {
  /// The fewest characters of a token of `store serve`.
  static let tokenLength = 16
}

extension SettingForm<HiddenText> {
  /// What requests to `store serve` have to carry. Its text is never shown.
  static var token: Self {
    Self(
      expected: "at least \(HiddenText.tokenLength) visible ASCII characters without spaces",
      parse: {
        isVisibleASCII($0) && $0.utf8.count >= HiddenText.tokenLength ? HiddenText($0) : nil
      }, shows: { _ in false }, isKey: true)
  }
}

extension SettingForm<String> {
  /// What goes into a header of a request.
  static var identifier: Self {
    Self(expected: "visible ASCII characters without spaces") { isVisibleASCII($0) ? $0 : nil }
  }

  static var header: Self {
    Self(expected: "a header such as api-key, or Authorization: Bearer") { text in
      var configuration = OpenAIConfiguration()
      configuration.keyHeader = text
      return (try? configuration.resolvedKeyHeader) == nil ? nil : text
    }
  }

  static var jsonObject: Self {
    Self(
      expected: "a JSON object of other fields than input, model, encoding_format and dimensions"
    ) {
      var configuration = OpenAIConfiguration()
      configuration.extraBody = $0
      return (try? configuration.extraMembers) == nil ? nil : $0
    }
  }

  /// Words before each text. Nobody can type the end of a line into a variable, so `\n` is one.
  static var prefix: Self {
    Self(expected: "words to stand before each text, at most 4096 bytes, \\n for the end of a line")
    {
      let text = $0.replacing("\\n", with: "\n")
      return (try? EmbeddingRoles(query: EmbeddingRole(prefix: text)).validate()) == nil
        ? nil : text
    }
  }

  /// How well documents are parsed.
  static var tier: Self {
    let tiers = LlamaParseConfiguration.tiers
    return Self(expected: "one of \(tiers.joined(separator: ", "))") {
      tiers.contains($0.lowercased()) ? $0.lowercased() : nil
    }
  }

  static var model: Self {
    Self(expected: "the name of a model, without spaces") { text in
      let isName = text.unicodeScalars.allSatisfy {
        !$0.properties.isWhitespace && $0.properties.generalCategory != .control
      }
      return isName ? text : nil
    }
  }

  /// The first part of a space's name, in small letters. `mock` is the name of the mock service.
  static var provider: Self {
    Self(expected: "a name of letters, digits and . _ - : that is not \"mock\"") { text in
      let isName = text.utf8.allSatisfy { isLetterOrDigit($0) || "._-:[]".utf8.contains($0) }
      return isName && text.lowercased() != "mock" ? text.lowercased() : nil
    }
  }

  /// The address of a server of models.
  static var modelServer: Self {
    Self(
      expected: "an address such as https://huggingface.co",
      parse: { text in
        let isAddress = text.hasPrefix("https://") || text.hasPrefix("http://")
        return isAddress && (try? ServiceAddress(text)) != nil ? text : nil
      }, shows: { !$0.contains { "@?#".contains($0) } })
  }

  /// A path. `~` is for a shell to expand; here it would name a folder called `~`.
  static var path: Self {
    Self(expected: "a path without ~ at its start, which only a shell expands") {
      $0.hasPrefix("~") ? nil : $0
    }
  }
}

extension SettingForm<EmbeddingRoles> {
  /// How a family of models tells questions and documents apart.
  static var roles: Self {
    Self(expected: "none, or one of \(EmbeddingRoles.families.joined(separator: ", "))") {
      $0.lowercased() == "none" ? EmbeddingRoles.none : EmbeddingRoles(family: $0)
    }
  }
}

extension SettingForm<Set<String>> {
  /// The endings of files' names.
  static var fileTypes: Self {
    Self(expected: "endings of files' names with commas between them, as pdf,docx, or all") {
      text in
      let types = text.lowercased().split(separator: ",").map {
        $0.trimmingCharacters(in: CharacterSet(charactersIn: " ."))
      }
      let areTypes = types.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy(isLetterOrDigit) }
      return areTypes && !types.isEmpty ? Set(types) : nil
    }
  }
}

extension SettingForm<[String: String]> {
  /// Fields of a request, with texts as values.
  static var fields: Self {
    Self(expected: "a JSON object of texts, such as {\"input_type\": \"query\"}") {
      guard let fields = texts(of: $0) else { return nil }
      let roles = EmbeddingRoles(query: EmbeddingRole(fields: fields))
      return (try? roles.validate()) == nil ? nil : fields
    }
  }

  /// Headers of a request. They may hold a key of a gateway's.
  static var headers: Self {
    Self(
      expected: "a JSON object of headers in visible ASCII, such as {\"x-team\": \"search\"}",
      parse: {
        var configuration = OpenAIConfiguration()
        configuration.extraHeaders = texts(of: $0) ?? ["": ""]
        return (try? configuration.extraMembers) == nil ? nil : configuration.extraHeaders
      }, shows: { _ in false })
  }

  private static func texts(of json: String) -> [String: String]? {
    try? JSONDecoder().decode([String: String].self, from: Data(json.utf8))
  }
}

private func isDigits(_ text: some StringProtocol) -> Bool {
  !text.isEmpty && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
}

private func isVisibleASCII(_ text: String) -> Bool {
  text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
}

private func isLetterOrDigit(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
    UInt8(ascii: "a")...UInt8(ascii: "z"):
    true
  default: false
  }
}

/// What a setting can be.
protocol SettingValue: Sendable {
  /// The value as it is written in a setting.
  var settingText: String { get }
}

extension Int: SettingValue {
  var settingText: String { String(self) }
}

extension Double: SettingValue {
  var settingText: String {
    let text = String(self)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}

extension Bool: SettingValue {
  var settingText: String { String(self) }
}

extension String: SettingValue {
  var settingText: String { self }
}

extension EmbeddingRoles: SettingValue {
  var settingText: String { description }
}

extension [String: String]: SettingValue {
  /// The names only: a header may hold a key.
  var settingText: String { keys.sorted().joined(separator: ", ") }
}

extension Set<String>: SettingValue {
  /// The words in their order.
  var settingText: String {
    isEmpty ? "what nothing here reads" : sorted().joined(separator: ",")
  }
}

extension HiddenText: SettingValue {
  /// Only that there is one.
  var settingText: String { "present" }
}

extension ServiceMode: SettingValue {
  var settingText: String { rawValue }
}

extension NanoDollars: SettingValue {
  var settingText: String { String(description.dropFirst()) }
}

extension TokenPrice: SettingValue {
  var settingText: String { perMillionTokens.settingText }
}

extension SpendingLimit: SettingValue where Amount: SettingValue {
  var settingText: String { amount?.settingText ?? "unlimited" }
}

extension ServiceAddress: SettingValue {
  var settingText: String { description }
}
