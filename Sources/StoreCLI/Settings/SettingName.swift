// The names of the settings, and which of them a wrong name most likely means. Used by
// SettingSources and everything that reads a setting.

/// A setting: a variable of the environment or of a `.env` file.
enum SettingName: String, Sendable, CaseIterable {
  case apiKey = "OPENAI_API_KEY"
  case apiURL = "OPENAI_API_URL"
  case provider = "OPENAI_PROVIDER"
  case organization = "OPENAI_ORGANIZATION"
  case project = "OPENAI_PROJECT"
  case model = "OPENAI_MODEL"
  case dimensions = "OPENAI_DIMENSIONS"
  case requestsPerMinute = "OPENAI_REQUESTS_PER_MINUTE"
  case tokensPerMinute = "OPENAI_TOKENS_PER_MINUTE"
  case maximumConcurrentRequests = "OPENAI_MAX_CONCURRENT_REQUESTS"
  case timeout = "OPENAI_TIMEOUT_SECONDS"
  case maximumRetries = "OPENAI_MAX_RETRIES"
  case maximumBatchSize = "OPENAI_MAX_BATCH_SIZE"
  case price = "OPENAI_PRICE_PER_MILLION_TOKENS"
  case mode = "SERVICE_MODE"
  case costTracking = "COST_TRACKING_ENABLED"
  case dailyCostLimit = "DAILY_COST_LIMIT_OPENAI"
  case hourlyRateLimit = "HOURLY_RATE_LIMIT_OPENAI"
  case store = "STORE_PATH"
  case ledger = "STORE_LEDGER"
  case vocabularyFolder = "TIKTOKEN_CACHE_DIR"

  /// What other programs call settings of ours.
  static let foreignNames: [String: SettingName] = [
    "OPENAI_BASE_URL": .apiURL, "OPENAI_API_BASE": .apiURL, "OPENAI_API_HOST": .apiURL,
    "OPENAI_ORG_ID": .organization, "OPENAI_ORGANIZATION_ID": .organization,
    "OPENAI_PROJECT_ID": .project, "OPENAI_EMBEDDING_MODEL": .model, "OPENAI_KEY": .apiKey,
    "OPENAI_API_TYPE": .provider, "OPENAI_TIMEOUT": .timeout,
  ]

  /// Whether a name claims to be a setting of the service: a wrong one is then told.
  static func looksLikeOne(_ name: String) -> Bool {
    let name = name.uppercased()
    return name.hasPrefix("OPENAI_") || name.hasSuffix("_OPENAI")
  }

  /// The setting whose name is nearest to a wrong one, or nil where none is near.
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
