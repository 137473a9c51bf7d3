// What is wrong with a setting of a service.

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
