// What is wrong with a setting of the OpenAI service. Thrown by OpenAIConfiguration and ServiceAddress.

/// A setting that ``OpenAIService`` cannot work with.
public struct OpenAIConfigurationError: Error, Sendable, Equatable {
  /// The environment variable that the command reads the setting from: `OPENAI_DIMENSIONS`.
  public let variable: String
  /// The setting, what was found, what was expected, and the next step. Never a key.
  public let message: String

  /// Says that a property of the configuration, which the command reads from a variable, is wrong.
  init(_ property: String, _ variable: String, _ problem: String) {
    self.variable = variable
    message = "\(property) (\(variable)) \(problem)"
  }

  /// Says which variable a wrong setting is read from.
  init(_ variable: String, _ error: SettingError) {
    self.variable = variable
    message = "\(error.message) (\(variable))"
  }
}

extension OpenAIConfigurationError: CustomStringConvertible {
  /// The message.
  public var description: String { message }
}
