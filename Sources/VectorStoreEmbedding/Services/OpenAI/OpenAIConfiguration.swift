// What an OpenAIService is told, as one value. The command makes it from flags, environment and
// `.env` files; programs make it in code. OpenAIConfiguration+Checks says what is allowed.

/// The settings of an ``OpenAIService``: OpenAI's own API, or any server that speaks it.
///
/// ```swift
/// var configuration = OpenAIConfiguration(apiKey: APIKey(key))
/// configuration.model = "text-embedding-3-large"
/// configuration.dimensions = 3072
/// ```
public struct OpenAIConfiguration: Sendable {
  /// The key; nil where the server wants none.
  public var apiKey: APIKey?
  /// The server's address, with or without `/v1`.
  public var baseURL = "https://api.openai.com"
  /// Who serves the model, as part of the space's name; nil is `openai` for OpenAI's own address,
  /// else the URL's host and port. This machine is `localhost` there by all its usual names.
  public var provider: String?
  /// The organization that requests are booked on (`OpenAI-Organization`).
  public var organization: String?
  /// The project that requests are booked on (`OpenAI-Project`).
  public var project: String?
  /// The model, as the server names it.
  public var model = "text-embedding-3-small"
  /// The components of a vector. Sent only to a model of OpenAI's that would make another number by
  /// itself; other models have to make vectors of this length on their own.
  public var dimensions = 1536
  /// The most requests a minute, before the server says otherwise: 1 to 1,000,000,000.
  public var requestsPerMinute = 3500
  /// The most tokens a minute, before the server says otherwise: 1 to 1,000,000,000.
  public var tokensPerMinute = 1_000_000
  /// The most requests in flight at once, 1 to 64.
  public var maximumConcurrentRequests = 4
  /// The seconds that a request may take, from connecting to the last byte of its answer: above 0, at
  /// most 600.
  public var timeout = 30.0
  /// How often a request is sent again, by the router, before its texts are put off: 0 to 10.
  public var maximumRetries = 3
  /// The most texts of a request, 1 to 2048.
  public var maximumBatchSize = 256
  /// What tokens cost; nil is the known price of a model of OpenAI's, and nothing for another model of
  /// a server on this machine.
  public var price: TokenPrice?

  /// Creates the settings of OpenAI's text-embedding-3-small at 1536 dimensions.
  public init(apiKey: APIKey? = nil) { self.apiKey = apiKey }
}
