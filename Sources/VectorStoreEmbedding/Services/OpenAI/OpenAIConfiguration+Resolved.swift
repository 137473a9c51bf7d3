// What follows from the settings of the OpenAI service: the space, the price, the roles, the terms; and what they may be.

import Foundation

extension OpenAIConfiguration {
  /// Checks all settings.
  ///
  /// - Throws: ``OpenAIConfigurationError`` for the first that cannot be used. A missing key is no
  ///   error: some servers want none.
  public func validate() throws(OpenAIConfigurationError) {
    if let apiKey, !apiKey.isValid {
      throw OpenAIConfigurationError(
        "apiKey",
        "is empty or holds blanks, line ends or other signs that no key has; copy it again")
    }
    try check("organization", header: organization)
    try check("project", header: project)
    try check(
      "requestsPerMinute", requestsPerMinute,
      SettingRange.requestsPerMinute)
    try check(
      "tokensPerMinute", tokensPerMinute, SettingRange.tokensPerMinute)
    try check(
      "maximumConcurrentRequests", maximumConcurrentRequests ?? 1,
      SettingRange.concurrentRequests)
    try check("maximumRetries", maximumRetries, SettingRange.retries)
    try check(
      "maximumBatchSize", maximumBatchSize ?? 1,
      SettingRange.openAITextsPerRequest)
    try check(
      "maximumTokensPerText", maximumTokensPerText ?? 1,
      SettingRange.tokens)
    let timeout = timeout ?? 30
    guard timeout > 0, timeout <= SettingRange.longestTimeout else {
      throw OpenAIConfigurationError(
        "timeout",
        "is \(timeout) s; expected more than 0, at most \(Int(SettingRange.longestTimeout))")
    }
    _ = try space
    _ = try resolvedKeyHeader
    _ = try extraMembers
    _ = try resolvedRoles
    let price = try resolvedPrice
    do {
      try price.validate()
    } catch {
      throw OpenAIConfigurationError(error)
    }
  }

  /// The space of the vectors: provider, model, dimensions.
  ///
  /// - Throws: ``OpenAIConfigurationError`` where one of these, or the address, cannot be used.
  public var space: EmbeddingSpace {
    get throws(OpenAIConfigurationError) {
      let address = try ServiceAddress(baseURL)
      let provider = provider ?? address.provider
      guard provider != "local" else {
        throw OpenAIConfigurationError(
          "provider",
          "is \"local\", which names the models that run in this program; give the server another name, "
            + "such as its maker's")
      }
      guard provider != "mock", isName(provider), !provider.contains("/") else {
        throw OpenAIConfigurationError(
          "provider",
          "is \"\(provider)\"; expected a name without slashes and blanks, other than mock and local"
        )
      }
      guard isName(model) else {
        throw OpenAIConfigurationError(
          "model",
          "is \"\(model)\"; expected a model's name, such as text-embedding-3-small")
      }
      let dimensions = dimensions ?? knownDimensions ?? 1536
      try check(
        "dimensions", dimensions, EmbeddingSpace.supportedDimensions)
      if let known = OpenAIModel.named(model), !known.allowedDimensions.contains(dimensions) {
        throw OpenAIConfigurationError(
          "dimensions",
          "is \(dimensions), but \(model) makes vectors of \(known.allowedInWords)")
      }
      do {
        return try EmbeddingSpace(
          provider: provider, model: model, dimensions: dimensions, kind: .real)
      } catch {
        throw OpenAIConfigurationError(error)
      }
    }
  }

  /// The price: the one given, else the known one, else nothing on this machine.
  package var resolvedPrice: TokenPrice {
    get throws(OpenAIConfigurationError) {
      if let known = price ?? TokenPrice.known(model: model) { return known }
      guard try ServiceAddress(baseURL).isLoopback else {
        throw OpenAIConfigurationError(
          "price",
          "is not set, and what \(model) costs is not known; set it, in US "
            + "dollars a million tokens, 0 if it is free")
      }
      return .free
    }
  }

  /// The roles: those given, else those of a known model, but for fields that ``extraBody`` sets.
  package var resolvedRoles: EmbeddingRoles {
    get throws(OpenAIConfigurationError) {
      let taken = Set(extraObject?.keys.map { $0 } ?? [])
      guard let roles else {
        var known = EmbeddingRoles.ofModel(model)
        known.query.fields = known.query.fields.filter { !taken.contains($0.key) }
        known.document.fields = known.document.fields.filter { !taken.contains($0.key) }
        return known
      }
      do {
        try roles.validate()
      } catch {
        throw OpenAIConfigurationError(error)
      }
      let fields = Set(roles.query.fields.keys).union(roles.document.fields.keys)
      guard let twice = fields.intersection(taken).min() else { return roles }
      throw OpenAIConfigurationError(
        "extraBody",
        "sets \"\(twice)\", which the roles set too; leave it out here")
    }
  }

  /// What the router is told: what a request may hold, how many may be sent, what they cost.
  package var terms: ServiceTerms {
    get throws(OpenAIConfigurationError) {
      var terms = ServiceTerms()
      let (isLocal, address) = (try isLocal, try ServiceAddress(baseURL))
      terms.textsPerRequest =
        maximumBatchSize ?? address.textsPerRequest ?? 256
      if isLocal, maximumBatchSize == nil { terms.firstTextsPerRequest = 32 }
      terms.tokensPerText = maximumTokensPerText ?? KnownModel(model)?.tokensPerText ?? 8191
      terms.concurrentRequests = maximumConcurrentRequests ?? (isLocal ? 2 : 4)
      terms.secondsPerRequest = resolvedTimeout(at: address)
      terms.requestsPerMinute = .atMost(requestsPerMinute)
      terms.tokensPerMinute = .atMost(tokensPerMinute)
      terms.retries = maximumRetries
      terms.price = try resolvedPrice
      terms.isMeteredWhereFree = true
      terms.isUnlimited = isLocal && terms.price == .free
      return terms
    }
  }

  /// Whether the server is on this machine and does not pass requests on to OpenAI.
  private var isLocal: Bool {
    get throws(OpenAIConfigurationError) {
      try ServiceAddress(baseURL).isLoopback && provider != "openai"
    }
  }

  /// The seconds that a request may take.
  func resolvedTimeout(at address: ServiceAddress) -> Double {
    timeout ?? (address.isLoopback && provider != "openai" ? SettingRange.longestTimeout : 30)
  }

  /// Whether the length of the vectors is set, or known by the model's name.
  package var knowsDimensions: Bool { dimensions != nil || knownDimensions != nil }

  /// The length of the vectors of a model that is known by its name.
  private var knownDimensions: Int? {
    OpenAIModel.named(model) == nil ? KnownModel(model)?.dimensions : 1536
  }

  /// Whether to send `dimensions` with the first request already: to models of OpenAI's that make
  /// another number by themselves, also under the names that gateways give them.
  var asksForDimensionsFirst: Bool {
    let name = model.split(separator: "/").last.map(String.init) ?? model
    guard let known = OpenAIModel.named(name) else { return false }
    return known.ownDimensions != dimensions ?? knownDimensions
  }

  /// The name of the header that the key goes in, and what stands before the key.
  package var resolvedKeyHeader: (name: String, prefix: String) {
    get throws(OpenAIConfigurationError) {
      let isAzure = try ServiceAddress(baseURL).isAzure
      let text = keyHeader ?? (isAzure ? "api-key" : "Authorization: Bearer")
      let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      let name = String(parts.first ?? "")
      let prefix = parts.dropFirst().first.map { $0.trimmingCharacters(in: .whitespaces) } ?? ""
      guard Self.isHeaderName(name), prefix.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
        throw OpenAIConfigurationError(
          "keyHeader",
          "is not a header; expected a name, as api-key, or a name and a word, as Authorization: Bearer"
        )
      }
      return (name, prefix.isEmpty ? "" : prefix + " ")
    }
  }

  /// The members of ``extraBody``, as they are written between the braces of a JSON object.
  package var extraMembers: String {
    get throws(OpenAIConfigurationError) {
      for (name, value) in extraHeaders
      where !Self.isHeaderName(name) || !value.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) {
        throw OpenAIConfigurationError(
          "extraHeaders",
          "hold a header that cannot be sent; expected names and values in visible ASCII")
      }
      guard extraBody != nil else { return "" }
      guard let members = extraObject,
        Set(members.keys).isDisjoint(with: EmbeddingRoles.reservedFields),
        let data = try? JSONSerialization.data(
          withJSONObject: members, options: [.sortedKeys, .withoutEscapingSlashes])
      else {
        throw OpenAIConfigurationError(
          "extraBody",
          "is not a JSON object of other fields than input, model, encoding_format and dimensions; "
            + "expected one like {\"truncate\": \"END\"}")
      }
      return String(String(decoding: data, as: UTF8.self).dropFirst().dropLast())
    }
  }

  /// ``extraBody`` as an object; nil if it is none.
  private var extraObject: [String: Any]? {
    extraBody.flatMap {
      try? JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
    }
  }

  private static func isHeaderName(_ name: String) -> Bool {
    !name.isEmpty
      && name.utf8.allSatisfy {
        (0x21...0x7E).contains($0) && !"\"(),/:;<=>?@[\\]{}".utf8.contains($0)
      }
  }

  private func check(
    _ property: String, _ value: Int, _ allowed: ClosedRange<Int>
  ) throws(OpenAIConfigurationError) {
    guard !allowed.contains(value) else { return }
    throw OpenAIConfigurationError(
      property,
      "is \(value); expected \(allowed.lowerBound) to \(allowed.upperBound)")
  }

  private func check(
    _ property: String, header: String?
  ) throws(OpenAIConfigurationError) {
    guard let header, !APIKey(header).isValid else { return }
    throw OpenAIConfigurationError(
      property, "is empty or holds signs that no identifier has; copy it again")
  }

  /// Whether a text is fit to be part of a space's name.
  private func isName(_ text: String) -> Bool {
    !text.isEmpty && !text.unicodeScalars.contains { $0.properties.isWhitespace || $0.value < 0x20 }
  }
}
