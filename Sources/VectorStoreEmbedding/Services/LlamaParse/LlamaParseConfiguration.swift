// The settings of a LlamaParseService.

/// The settings of a ``LlamaParseService``.
///
/// ```swift
/// var configuration = LlamaParseConfiguration(apiKey: APIKey(key))
/// configuration.tier = "agentic"
/// configuration.dailyCostLimit = try .usd("2.00")
/// ```
public struct LlamaParseConfiguration: Sendable {
  /// The key; nil for a server that wants none.
  public var apiKey: APIKey?
  /// The server's address, with or without `/api/v2`.
  public var baseURL = "https://api.cloud.llamaindex.ai"
  /// How well, and how dearly, documents are parsed: `fast`, `cost_effective`, `agentic`, `agentic_plus`.
  public var tier = "cost_effective"
  /// The endings of files that are sent though a program on this machine reads them, in small letters and without
  /// the dot; `all` are all. Other files are sent only if nothing here reads them.
  public var types: Set<String> = []
  /// The most pages of a document, 1 to 10,000. One that has more is not sent; of one whose pages are not known
  /// before, no more are parsed.
  public var maximumPages = 200
  /// What a page costs; nil is the known price of a tier.
  public var pricePerPage: NanoDollars?
  /// The most that documents may cost in a UTC day.
  public var dailyCostLimit = SpendingLimit.atMost(NanoDollars(nano: 5_000_000_000))
  /// The most documents that are sent in a rolling hour, 0 to 1,000,000,000, each try counted.
  public var hourlyRequestLimit: SpendingLimit<Int> = 100
  /// The most documents that are parsed at once, 1 to 64.
  public var maximumConcurrentDocuments = 4
  /// How long a call waits for one document, in seconds: above 0, at most 7200. What takes longer goes on at the
  /// service, and the next call fetches it.
  public var timeout = 1800.0
  /// The certificates of the authorities to trust, as a file in PEM form; nil is the system's.
  public var certificateFile: String?
  /// The seconds until it is asked first whether a document is parsed; each wait after that is longer, up to 5 s.
  package var firstWait = 1.0

  /// Creates settings; without any, those of LlamaParse's own server.
  public init(
    apiKey: APIKey? = nil, baseURL: String = "https://api.cloud.llamaindex.ai",
    tier: String = "cost_effective", types: Set<String> = [], maximumPages: Int = 200,
    pricePerPage: NanoDollars? = nil,
    dailyCostLimit: SpendingLimit<NanoDollars> = SpendingLimit.atMost(
      NanoDollars(nano: 5_000_000_000)),
    hourlyRequestLimit: SpendingLimit<Int> = 100, maximumConcurrentDocuments: Int = 4,
    timeout: Double = 1800.0, certificateFile: String? = nil
  ) {
    self.apiKey = apiKey
    self.baseURL = baseURL
    self.tier = tier
    self.types = types
    self.maximumPages = maximumPages
    self.pricePerPage = pricePerPage
    self.dailyCostLimit = dailyCostLimit
    self.hourlyRequestLimit = hourlyRequestLimit
    self.maximumConcurrentDocuments = maximumConcurrentDocuments
    self.timeout = timeout
    self.certificateFile = certificateFile
  }
}

extension LlamaParseConfiguration {
  /// The values that settings may have.
  package enum Range {
    package static let pages = 1...10_000
    package static let longestTimeout = 7200.0
  }

  /// What a credit costs.
  private static let credit: Int64 = 1_250_000
  /// The credits of a page, by the tier.
  private static let creditsPerPage: [String: Int64] = [
    "fast": 1, "cost_effective": 3, "agentic": 10, "agentic_plus": 45,
  ]

  /// The names of the known tiers, the cheapest first.
  package static let tiers = creditsPerPage.sorted { $0.value < $1.value }.map(\.key)

  /// What a page costs: the price that is set, else that of the tier.
  package var price: NanoDollars {
    pricePerPage
      ?? NanoDollars(nano: Self.credit * (Self.creditsPerPage[tier] ?? 45))
  }

  /// What a document cost.
  ///
  /// - Parameter credits: what the service says it has billed; it counts unless a price is set.
  package func cost(ofPages pages: Int, credits: Double? = nil) -> NanoDollars {
    if pricePerPage == nil, let credits, credits >= 0, credits < 1e9 {
      return NanoDollars(nano: Int64((credits * Double(Self.credit)).rounded(.up)))
    }
    let (nano, isBeyond) = price.nano.multipliedReportingOverflow(by: Int64(pages))
    return NanoDollars(nano: isBeyond ? .max : nano)
  }

  /// Its limits as the ledger takes them.
  package var limits: SpendingLimits {
    SpendingLimits(dailyCost: dailyCostLimit, hourlyRequests: hourlyRequestLimit)
  }

  /// Checks all settings.
  ///
  /// - Throws: ``OpenAIConfigurationError`` for the first that cannot be used.
  public func validate() throws(OpenAIConfigurationError) {
    _ = try server
    try check { () throws(SettingError) in
      try SettingError.check("maximumPages", maximumPages, Range.pages)
    }
    try check { () throws(SettingError) in
      try SettingError.check("timeout", timeout, aboveZeroTo: Range.longestTimeout)
    }
    try check { () throws(SettingError) in
      try SettingError.check(
        "maximumConcurrentDocuments", maximumConcurrentDocuments, SettingRange.concurrentRequests)
    }
    guard Self.tiers.contains(tier) else {
      throw Self.wrong(
        "tier",
        "is \"\(tier)\"; expected \(Self.tiers.joined(separator: ", "))")
    }
    let dearest = NanoDollars(nano: 100_000_000_000)
    guard price >= .zero, price <= dearest else {
      throw Self.wrong(
        "pricePerPage", "is \(price); expected $0.00 to \(dearest)")
    }
    if case .atMost(let most) = hourlyRequestLimit {
      try check { () throws(SettingError) in
        try SettingError.check("hourlyRequestLimit", most, SettingRange.hourlyRequests)
      }
    }
    if case .atMost(let most) = dailyCostLimit, most < .zero {
      throw Self.wrong(
        "dailyCostLimit", "is \(most); expected $0.00 or more")
    }
  }

  private static func wrong(_ setting: String, _ problem: String) -> OpenAIConfigurationError {
    var error = OpenAIConfigurationError(setting, problem)
    error.service = .parsing
    return error
  }

  private func check(
    _ body: () throws(SettingError) -> Void
  ) throws(OpenAIConfigurationError) {
    do {
      try body()
    } catch {
      throw OpenAIConfigurationError(error, of: .parsing)
    }
  }

  /// The same as the settings of a server, whose rules hold for these too.
  var server: OpenAIConfiguration {
    get throws(OpenAIConfigurationError) {
      var server = OpenAIConfiguration(apiKey: apiKey)
      server.baseURL = baseURL
      server.model = tier
      server.price = .free
      server.certificateFile = certificateFile
      // Also a server on this machine: what takes long is asked for again and again.
      server.timeout = 30
      do {
        try server.validate()
      } catch {
        throw Self.wrong(error.setting == "model" ? "tier" : error.setting, error.problem)
      }
      return server
    }
  }
}
