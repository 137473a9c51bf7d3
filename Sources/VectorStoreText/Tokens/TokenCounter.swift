// How many tokens a text has for a model: exactly, where its vocabulary is at hand, else at most.

/// Counts tokens exactly, or bounds them from above where the model's vocabulary is not at hand.
public struct TokenCounter: Sendable {
  /// Whether ``count(_:)`` is exact.
  public let isExact: Bool
  private let counting: @Sendable (String) -> Int
  /// Stands before each text.
  private var prefix = ""

  /// Creates a counter from a function.
  public init(isExact: Bool, count: @escaping @Sendable (String) -> Int) {
    self.isExact = isExact
    counting = count
  }

  /// The number of UTF-8 bytes: each token of a byte-level encoding covers at least one, so no text
  /// has more tokens than this.
  public static let upperBound = TokenCounter(isExact: false) { $0.utf8.count }

  /// The tokens of a text, or a number that is not below them. What a function says that cannot be,
  /// below 0 or far more than bytes, is brought into that range.
  ///
  /// - Complexity: O(length of the text).
  public func count(_ text: String) -> Int {
    let text = prefix + text
    return min(max(0, counting(text)), text.utf8.count + Self.mostMarks)
  }

  /// The same with words before each text that count too.
  package func counting(prefix: String) -> TokenCounter {
    var counter = self
    counter.prefix = prefix
    return counter
  }

  /// What texts are cut by, so that they fit a model: itself if it is exact, else an estimate with a
  /// fourth more, since a bound by bytes would cut four times too much.
  package var cutting: TokenCounter {
    guard !isExact else { return self }
    let estimator = TokenEstimator()
    let estimate = TokenCounter(isExact: false) {
      let tokens = estimator.tokens(in: $0)
      return min($0.utf8.count, tokens + tokens / 4)
    }
    return estimate.counting(prefix: prefix)
  }

  /// Tokens that a model may put around a text.
  private static let mostMarks = 1024
}
