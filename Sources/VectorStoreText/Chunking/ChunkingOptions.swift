// How large chunks may be. Set by library users and by the command's flags; read by Chunker.

/// How documents are cut into chunks, in estimated tokens.
///
/// ```swift
/// var options = ChunkingOptions()
/// options.maximumTokens = 200
/// options.overlapTokens = 20
/// try options.validate()
/// ```
public struct ChunkingOptions: Sendable, Hashable {
  /// The values that ``maximumTokens`` may have.
  ///
  /// The highest is half of the 8,191 tokens that OpenAI's models take, since tokens are estimated.
  public static let supportedMaximumTokens = 16...4000

  /// The most estimated tokens of one chunk, 16 to 4,000.
  public var maximumTokens: Int
  /// The most estimated tokens that a chunk repeats from the end of the one before it, from 0 to half
  /// of ``maximumTokens``.
  public var overlapTokens: Int

  /// Creates options, unchecked until ``validate()``.
  public init(maximumTokens: Int = 400, overlapTokens: Int = 40) {
    self.maximumTokens = maximumTokens
    self.overlapTokens = overlapTokens
  }

  /// Checks both values against their limits.
  ///
  /// - Throws: ``ChunkingOptionsError``, whose message names the value and its limits.
  public func validate() throws(ChunkingOptionsError) {
    let supported = Self.supportedMaximumTokens
    guard supported.contains(maximumTokens) else {
      throw ChunkingOptionsError(
        message: "a chunk of at most \(maximumTokens) tokens is not possible; "
          + "choose \(supported.lowerBound) to \(supported.upperBound)")
    }
    guard (0...maximumTokens / 2).contains(overlapTokens) else {
      throw ChunkingOptionsError(
        message: "an overlap of \(overlapTokens) tokens does not fit chunks of \(maximumTokens); "
          + "choose 0 to \(maximumTokens / 2)")
    }
  }
}

/// Why chunking options cannot be used.
public struct ChunkingOptionsError: Error, Hashable, CustomStringConvertible {
  /// What was found and what may be chosen instead.
  public let message: String

  /// The message.
  public var description: String { message }
}
