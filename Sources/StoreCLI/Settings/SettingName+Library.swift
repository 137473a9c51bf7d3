// What the command calls the settings of the library's services.

import VectorStore

extension SettingName {
  /// The variable that a property of a service's configuration is read from; nil if it is none.
  ///
  /// - Parameter property: as ``OpenAIConfigurationError/setting`` names it, or a part of one.
  static func name(
    of service: OpenAIConfigurationError.Service, setting property: String
  ) -> String? {
    let parts = property.split(separator: ".")
    return parts.first.flatMap { table(of: service)[String($0)] }?.rawValue
  }

  private static func table(of service: OpenAIConfigurationError.Service) -> [String: SettingName] {
    switch service {
    case .embedding:
      [
        "apiKey": .apiKey, "baseURL": .apiURL, "provider": .provider,
        "organization": .organization, "project": .project, "model": .model,
        "dimensions": .dimensions, "maximumTokensPerText": .maximumTokensPerText,
        "keyHeader": .keyHeader, "extraHeaders": .extraHeaders, "extraBody": .extraBody,
        "roles": .roles, "requestsPerMinute": .requestsPerMinute,
        "tokensPerMinute": .tokensPerMinute,
        "maximumConcurrentRequests": .maximumConcurrentRequests, "timeout": .timeout,
        "maximumRetries": .maximumRetries, "maximumBatchSize": .maximumBatchSize,
        "price": .price,
      ]
    case .reranking:
      [
        "baseURL": .rerankURL, "model": .rerankModel, "apiKey": .rerankKey, "price": .rerankPrice,
        "pricePerSearch": .rerankSearchPrice, "maximumTokens": .rerankTokens,
        "timeout": .rerankTimeout,
      ]
    case .parsing:
      [
        "apiKey": .parseKey, "baseURL": .parseURL, "tier": .parseTier, "types": .parseTypes,
        "maximumPages": .parsePages, "pricePerPage": .parsePrice, "timeout": .parseTimeout,
        "dailyCostLimit": .parseDailyCostLimit, "hourlyRequestLimit": .parseHourlyRateLimit,
      ]
    }
  }
}
