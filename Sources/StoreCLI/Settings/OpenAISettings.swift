// The settings of the OpenAI-compatible service. Made by ServiceSettings; the command builds the
// service from them.

import VectorStore

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
