// The settings of an OpenAIService, its key among them, and what is wrong with one. What is allowed, and what
// follows from it, is in OpenAIConfiguration+Resolved.

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
  /// The server's address, with or without `/v1`. One that ends in `/embeddings` is used as it is, and
  /// may have a query; below another one, `/v1/embeddings` is tried first, then `/embeddings`.
  public var baseURL = "https://api.openai.com"
  /// The header that the key goes in, and what stands before it: `Authorization: Bearer`, `api-key`. Nil
  /// is `api-key` for Azure's hosts, else `Authorization: Bearer`.
  public var keyHeader: String?
  /// Headers beside the usual ones, by name, such as a gateway's own key.
  public var extraHeaders: [String: String] = [:]
  /// Members of each request beside the usual ones, as a JSON object: `{"truncate": "END"}`.
  public var extraBody: String?
  /// Who serves the model, as part of the space's name; nil is `openai` for OpenAI's own address,
  /// else the URL's host and port. This machine is `localhost` there by all its usual names.
  public var provider: String?
  /// The organization that requests are booked on (`OpenAI-Organization`).
  public var organization: String?
  /// The project that requests are booked on (`OpenAI-Project`).
  public var project: String?
  /// The model, as the server names it.
  public var model = "text-embedding-3-small"
  /// The components of a vector; nil is what a known model makes, 1536 for one that is not known. They
  /// are asked for if a model makes vectors of another length by itself.
  public var dimensions: Int?
  /// The prefixes and fields of questions and documents; nil is what a known model wants, or what the vectors of
  /// a collection were made with.
  public var roles: EmbeddingRoles?
  /// The most tokens of a text, so that the server cuts none of it off; nil is what a known model takes,
  /// 8191 for one that is not known.
  public var maximumTokensPerText: Int?
  /// The most requests a minute, before the server says otherwise: 1 to 1,000,000,000.
  public var requestsPerMinute = 3500
  /// The most tokens a minute, before the server says otherwise: 1 to 1,000,000,000.
  public var tokensPerMinute = 1_000_000
  /// The most requests in flight at once, 1 to 64; nil is 4, or 2 to a server on this machine.
  public var maximumConcurrentRequests: Int?
  /// The seconds that a request may take, from connecting to the last byte of its answer: above 0, at
  /// most 600. Nil is 30, or 600 to a server on this machine.
  public var timeout: Double?
  /// The certificates of the authorities to trust, as a file in PEM form; nil is the system's.
  public var certificateFile: String?
  /// How often a request is sent again, by the router, before its texts are put off: 0 to 10.
  public var maximumRetries = 3
  /// The most texts of a request, 1 to 2048; nil is 256, of which a server on this machine gets 32 first
  /// and more if it is fast.
  public var maximumBatchSize: Int?
  /// What tokens cost; nil is the known price of a model of OpenAI's, and nothing for another model of
  /// a server on this machine.
  public var price: TokenPrice?

  /// Creates settings; without any, those of OpenAI's text-embedding-3-small at 1536 dimensions.
  public init(
    apiKey: APIKey? = nil, baseURL: String = "https://api.openai.com", keyHeader: String? = nil,
    extraHeaders: [String: String] = [:], extraBody: String? = nil, provider: String? = nil,
    organization: String? = nil, project: String? = nil, model: String = "text-embedding-3-small",
    dimensions: Int? = nil, roles: EmbeddingRoles? = nil, maximumTokensPerText: Int? = nil,
    requestsPerMinute: Int = 3500, tokensPerMinute: Int = 1_000_000,
    maximumConcurrentRequests: Int? = nil, timeout: Double? = nil, certificateFile: String? = nil,
    maximumRetries: Int = 3, maximumBatchSize: Int? = nil, price: TokenPrice? = nil
  ) {
    self.apiKey = apiKey
    self.baseURL = baseURL
    self.keyHeader = keyHeader
    self.extraHeaders = extraHeaders
    self.extraBody = extraBody
    self.provider = provider
    self.organization = organization
    self.project = project
    self.model = model
    self.dimensions = dimensions
    self.roles = roles
    self.maximumTokensPerText = maximumTokensPerText
    self.requestsPerMinute = requestsPerMinute
    self.tokensPerMinute = tokensPerMinute
    self.maximumConcurrentRequests = maximumConcurrentRequests
    self.timeout = timeout
    self.certificateFile = certificateFile
    self.maximumRetries = maximumRetries
    self.maximumBatchSize = maximumBatchSize
    self.price = price
  }
}

/// The key of an embeddings API. Descriptions, dumps and mirrors of it, and of whatever holds it, say
/// `[API key]`.
public struct APIKey: Sendable {
  /// The key itself.
  let secret: String

  /// Wraps a key.
  public init(_ secret: String) { self.secret = secret }

  /// Whether it can stand in a header: not empty, visible ASCII only.
  var isValid: Bool { !secret.isEmpty && secret.utf8.allSatisfy { (0x21...0x7E).contains($0) } }
}

extension APIKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// `[API key]`.
  public var description: String { "[API key]" }
  /// `[API key]`.
  public var debugDescription: String { description }
  /// A mirror without children.
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// A setting that ``OpenAIService``, ``RerankService`` or ``LlamaParseService`` cannot work with.
public struct OpenAIConfigurationError: Error, Sendable, Equatable {
  /// Whose settings they are.
  package enum Service: Sendable {
    case embedding, reranking, parsing
  }

  /// Another setting that may be meant.
  package struct Alternative: Sendable, Equatable {
    /// The property.
    package let setting: String
    /// What it is for.
    package let use: String
  }

  /// The property of the configuration: `dimensions`.
  public let setting: String
  /// What was found, what was expected, and the next step. Never a key.
  package let problem: String
  package internal(set) var service = Service.embedding
  package internal(set) var alternative: Alternative?

  /// The setting, what was found, what was expected, and the next step. Never a key.
  public var message: String { message(calling: { $0 }) }

  /// Says that a property of the configuration is wrong.
  init(_ setting: String, _ problem: String) {
    self.setting = setting
    self.problem = problem
  }

  /// Says that a property that is checked elsewhere is wrong.
  init(_ error: SettingError, of service: Service = .embedding) {
    self.init(error.setting, error.problem)
    self.service = service
  }

  /// The message with other names for the settings.
  package func message(calling name: (String) -> String) -> String {
    "\(name(setting)) \(problem)" + (alternative.map { "; \(name($0.setting)) \($0.use)" } ?? "")
  }
}

extension OpenAIConfigurationError: CustomStringConvertible {
  /// The message.
  public var description: String { message }
}
