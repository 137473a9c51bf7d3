// The numbers that settings may be, and the error for a setting outside of them.

/// A setting with a value that it cannot have.
public struct SettingError: Error, Sendable, Equatable {
  /// The setting, as it is called in code: `concurrentRequests`.
  public let setting: String
  /// The value that was found, and what was expected.
  let problem: String

  /// The setting, the value that was found, and what was expected.
  public var message: String { "\(setting) \(problem)" }

  /// Says what was found and what was expected.
  package init(_ setting: String, found: String, expected: String) {
    self.setting = setting
    problem = "is \(found); expected \(expected)"
  }

  /// Throws unless a number is in its range.
  package static func check(
    _ setting: String, _ value: Int, _ allowed: ClosedRange<Int>
  ) throws(SettingError) {
    guard !allowed.contains(value) else { return }
    throw SettingError(
      setting, found: "\(value)", expected: "\(allowed.lowerBound) to \(allowed.upperBound)")
  }

  /// Throws unless a number is above 0 and at most so much; so NaN and infinity throw too.
  package static func check(
    _ setting: String, _ value: Double, aboveZeroTo most: Double
  ) throws(SettingError) {
    guard value > 0, value <= most else {
      throw SettingError(setting, found: "\(value)", expected: "above 0, at most \(most)")
    }
  }
}

extension SettingError: CustomStringConvertible {
  /// The message.
  public var description: String { message }
}

/// The values that settings of services may have.
package enum SettingRange {
  package static let requestsPerMinute = 1...1_000_000_000
  package static let tokensPerMinute = 1...1_000_000_000
  package static let concurrentRequests = 1...64
  package static let retries = 0...10
  package static let hourlyRequests = 0...1_000_000_000
  /// The most seconds of a request; more than 0.
  package static let longestTimeout = 600.0
  /// Texts of a request to OpenAI's API, which takes no more.
  package static let openAITextsPerRequest = 1...2048
  /// Texts of a request to any service.
  package static let textsPerRequest = 1...100_000
  /// Tokens of a text or a request.
  package static let tokens = 1...1_000_000_000
  /// The dearest million tokens: sums of prices below it do not overflow.
  package static let dearestMillionTokens = NanoDollars(nano: 10_000_000_000_000)
}
