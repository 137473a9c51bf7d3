// What is wrong with a setting of the OpenAI service.

/// A setting that ``OpenAIService`` cannot work with.
public struct OpenAIConfigurationError: Error, Sendable, Equatable {
  /// The property of ``OpenAIConfiguration``: `dimensions`.
  public let setting: String
  /// The environment variable that the command reads the setting from: `OPENAI_DIMENSIONS`.
  public let variable: String
  /// What was found, what was expected, and the next step. Never a key.
  package let problem: String

  /// The setting, what was found, what was expected, and the next step. Never a key.
  public var message: String { "\(setting) \(problem)" }

  /// Says that a property of the configuration, which the command reads from a variable, is wrong.
  init(_ setting: String, _ variable: String, _ problem: String) {
    self.setting = setting
    self.variable = variable
    self.problem = problem
  }

  /// Says which variable a wrong setting is read from.
  init(_ variable: String, _ error: SettingError) {
    self.init(error.setting, variable, error.problem)
  }
}

extension OpenAIConfigurationError: CustomStringConvertible {
  /// The message.
  public var description: String { message }
}
