// Why a folder is not a model that runs here.

/// A folder that ``LocalModel`` cannot run.
public struct LocalModelError: Error, Sendable, Equatable {
  /// The kind of failure.
  public struct Code: Sendable, Hashable, RawRepresentable {
    /// The code's name.
    public let rawValue: String

    /// Creates a code from its name.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// A file that a model needs is not there or cannot be read.
    public static let missing = Code(rawValue: "missing")
    /// A file that is not what its name says.
    public static let damaged = Code(rawValue: "damaged")
    /// A model of a kind that this program does not run.
    public static let unsupported = Code(rawValue: "unsupported")
    /// A model that is there already under the same name.
    public static let exists = Code(rawValue: "exists")
    /// A model that could not be fetched, or came with another hash.
    public static let download = Code(rawValue: "download")
    /// A model that needs more memory than this machine has.
    public static let tooLarge = Code(rawValue: "too_large")
  }

  /// The kind of failure.
  public let code: Code
  /// What failed, what was found, what was expected, and the next step.
  public let message: String

  package init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }
}

extension LocalModelError: CustomStringConvertible {
  /// The message.
  public var description: String { message }
}
