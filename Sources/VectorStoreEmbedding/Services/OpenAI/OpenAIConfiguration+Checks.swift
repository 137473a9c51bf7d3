// What the settings of the OpenAI service may be, and what follows from them: the space, the price,
// the terms. Called by OpenAIService when it is made, and by whoever reads settings.

extension OpenAIConfiguration {
  /// Checks all settings.
  ///
  /// - Throws: ``OpenAIConfigurationError`` for the first that cannot be used. A missing key is no
  ///   error: some servers want none.
  public func validate() throws(OpenAIConfigurationError) {
    if let apiKey, !apiKey.isValid {
      throw OpenAIConfigurationError(
        "apiKey", "OPENAI_API_KEY",
        "is empty or holds blanks, line ends or other signs that no key has; copy it again")
    }
    try check("organization", "OPENAI_ORGANIZATION", header: organization)
    try check("project", "OPENAI_PROJECT", header: project)
    try check(
      "requestsPerMinute", "OPENAI_REQUESTS_PER_MINUTE", requestsPerMinute,
      SettingRange.requestsPerMinute)
    try check(
      "tokensPerMinute", "OPENAI_TOKENS_PER_MINUTE", tokensPerMinute, SettingRange.tokensPerMinute)
    try check(
      "maximumConcurrentRequests", "OPENAI_MAX_CONCURRENT_REQUESTS", maximumConcurrentRequests,
      SettingRange.concurrentRequests)
    try check("maximumRetries", "OPENAI_MAX_RETRIES", maximumRetries, SettingRange.retries)
    try check(
      "maximumBatchSize", "OPENAI_MAX_BATCH_SIZE", maximumBatchSize,
      SettingRange.openAITextsPerRequest)
    guard timeout > 0, timeout <= SettingRange.longestTimeout else {
      throw OpenAIConfigurationError(
        "timeout", "OPENAI_TIMEOUT_SECONDS",
        "is \(timeout) s; expected more than 0, at most \(Int(SettingRange.longestTimeout))")
    }
    _ = try space
    let price = try resolvedPrice
    do {
      try price.validate()
    } catch {
      throw OpenAIConfigurationError("OPENAI_PRICE_PER_MILLION_TOKENS", error)
    }
  }

  /// The space of the vectors: provider, model, dimensions.
  ///
  /// - Throws: ``OpenAIConfigurationError`` where one of these, or the address, cannot be used.
  public var space: EmbeddingSpace {
    get throws(OpenAIConfigurationError) {
      let address = try ServiceAddress(baseURL)
      let provider = provider ?? address.provider
      guard provider != "mock", isName(provider), !provider.contains("/") else {
        throw OpenAIConfigurationError(
          "provider", "OPENAI_PROVIDER",
          "is \"\(provider)\"; expected a name without slashes and blanks, other than mock")
      }
      guard isName(model) else {
        throw OpenAIConfigurationError(
          "model", "OPENAI_MODEL",
          "is \"\(model)\"; expected a model's name, such as text-embedding-3-small")
      }
      try check(
        "dimensions", "OPENAI_DIMENSIONS", dimensions, EmbeddingSpace.supportedDimensions)
      if let known = KnownModel(model), !known.allowedDimensions.contains(dimensions) {
        throw OpenAIConfigurationError(
          "dimensions", "OPENAI_DIMENSIONS",
          "is \(dimensions), but \(model) makes vectors of \(known.allowedInWords)")
      }
      do {
        return try EmbeddingSpace(
          provider: provider, model: model, dimensions: dimensions, kind: .real)
      } catch {
        throw OpenAIConfigurationError("OPENAI_MODEL", error)
      }
    }
  }

  /// The price: the one given, else the known one, else nothing on this machine.
  package var resolvedPrice: TokenPrice {
    get throws(OpenAIConfigurationError) {
      if let known = price ?? TokenPrice.known(model: model) { return known }
      guard try ServiceAddress(baseURL).isLoopback else {
        throw OpenAIConfigurationError(
          "price", "OPENAI_PRICE_PER_MILLION_TOKENS",
          "is not set, and what \(model) costs is not known; set it, in US "
            + "dollars a million tokens, 0 if it is free")
      }
      return .free
    }
  }

  /// What the router is told: what a request may hold, how many may be sent, what they cost.
  var terms: ServiceTerms {
    get throws(OpenAIConfigurationError) {
      var terms = ServiceTerms()
      terms.textsPerRequest = maximumBatchSize
      terms.concurrentRequests = maximumConcurrentRequests
      terms.requestsPerMinute = .atMost(requestsPerMinute)
      terms.tokensPerMinute = .atMost(tokensPerMinute)
      terms.retries = maximumRetries
      terms.price = try resolvedPrice
      terms.isMeteredWhereFree = true
      return terms
    }
  }

  /// The `dimensions` to ask for; nil where the model makes them by itself or is not known.
  var askedDimensions: Int? {
    guard let known = KnownModel(model), known.ownDimensions != dimensions else { return nil }
    return dimensions
  }

  private func check(
    _ property: String, _ variable: String, _ value: Int, _ allowed: ClosedRange<Int>
  ) throws(OpenAIConfigurationError) {
    guard !allowed.contains(value) else { return }
    throw OpenAIConfigurationError(
      property, variable,
      "is \(value); expected \(allowed.lowerBound) to \(allowed.upperBound)")
  }

  private func check(
    _ property: String, _ variable: String, header: String?
  ) throws(OpenAIConfigurationError) {
    guard let header, !APIKey(header).isValid else { return }
    throw OpenAIConfigurationError(
      property, variable, "is empty or holds signs that no identifier has; copy it again")
  }

  /// Whether a text is fit to be part of a space's name.
  private func isName(_ text: String) -> Bool {
    !text.isEmpty && !text.unicodeScalars.contains { $0.properties.isWhitespace || $0.value < 0x20 }
  }
}

/// A model of OpenAI's, and the vectors it makes.
private struct KnownModel {
  /// The dimensions it makes when it is not asked for others.
  let ownDimensions: Int
  /// The dimensions it can be asked for.
  let allowedDimensions: ClosedRange<Int>

  init?(_ name: String) {
    let least = EmbeddingSpace.supportedDimensions.lowerBound
    switch name {
    case "text-embedding-3-small": (ownDimensions, allowedDimensions) = (1536, least...1536)
    case "text-embedding-3-large": (ownDimensions, allowedDimensions) = (3072, least...3072)
    case "text-embedding-ada-002": (ownDimensions, allowedDimensions) = (1536, 1536...1536)
    default: return nil
    }
  }

  var allowedInWords: String {
    allowedDimensions.count == 1
      ? "\(ownDimensions) dimensions only"
      : "\(allowedDimensions.lowerBound) to \(allowedDimensions.upperBound) dimensions"
  }
}
