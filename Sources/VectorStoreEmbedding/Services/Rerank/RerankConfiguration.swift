// The settings of a RerankService.

/// The settings of a ``RerankService``.
///
/// ```swift
/// var configuration = RerankConfiguration(
///   baseURL: "https://api.jina.ai", model: "jina-reranker-v2-base-multilingual")
/// configuration.apiKey = APIKey(key)
/// configuration.price = TokenPrice(perMillionTokens: try NanoDollars(usd: "0.02"))
/// ```
public struct RerankConfiguration: Sendable {
  /// The server's address. One that ends in `/rerank` is used as it is; below another one, `/v1/rerank`,
  /// `/rerank` and `/v2/rerank` are tried.
  public var baseURL: String
  /// The model, as the server names it.
  public var model: String
  /// The key; nil where the server wants none.
  public var apiKey: APIKey?
  /// What tokens cost. A server on this machine is free if nothing is set; elsewhere set this or
  /// ``pricePerSearch``.
  public var price: TokenPrice?
  /// What a request costs, whatever is in it, as Cohere's do.
  public var pricePerSearch: NanoDollars?
  /// The most tokens of a passage with the question: longer passages are cut before they are sent, and cut
  /// again if the server finds them too long.
  public var maximumTokens = 8192
  /// The seconds that a request may take: above 0, at most 600. Nil is 30, or 600 to a server on this
  /// machine.
  public var timeout: Double?
  /// The certificates of the authorities to trust, as a file in PEM form; nil is the system's.
  public var certificateFile: String?

  /// Creates settings for a server and its model.
  public init(
    baseURL: String, model: String, apiKey: APIKey? = nil, price: TokenPrice? = nil,
    pricePerSearch: NanoDollars? = nil, maximumTokens: Int = 8192, timeout: Double? = nil,
    certificateFile: String? = nil
  ) {
    self.baseURL = baseURL
    self.model = model
    self.apiKey = apiKey
    self.price = price
    self.pricePerSearch = pricePerSearch
    self.maximumTokens = maximumTokens
    self.timeout = timeout
    self.certificateFile = certificateFile
  }

  /// The same as the settings of a server, whose rules hold for these too.
  ///
  /// - Throws: ``OpenAIConfigurationError`` for what cannot be used.
  var server: OpenAIConfiguration {
    get throws(OpenAIConfigurationError) {
      var server = OpenAIConfiguration(apiKey: apiKey)
      server.baseURL = baseURL
      server.model = model
      server.price = price ?? (pricePerSearch == nil ? nil : .free)
      server.timeout = timeout
      server.certificateFile = certificateFile
      server.maximumTokensPerText = maximumTokens
      do {
        try server.validate()
      } catch {
        // Here it is called without the last part.
        var wrong = OpenAIConfigurationError(
          error.setting == "maximumTokensPerText" ? "maximumTokens" : error.setting, error.problem)
        wrong.service = .reranking
        if error.setting == "price" {
          wrong.alternative = OpenAIConfigurationError.Alternative(
            setting: "pricePerSearch", use: "is for a server that charges by the search")
        }
        throw wrong
      }
      return server
    }
  }
}
