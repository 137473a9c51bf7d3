// What tokens cost. Read by the router when it reserves and settles; the prices are those of
// OpenAI's public price list.

/// A price by the token.
public struct TokenPrice: Sendable, Hashable, Codable {
  /// The price of a million tokens.
  public var perMillionTokens: NanoDollars

  /// Creates a price.
  ///
  /// - Precondition: it is not negative.
  public init(perMillionTokens: NanoDollars) {
    precondition(perMillionTokens >= .zero, "a negative price")
    self.perMillionTokens = perMillionTokens
  }

  /// Nothing.
  public static let free = TokenPrice(perMillionTokens: .zero)

  /// The price of a model of OpenAI's, or nil for one that is not known.
  public static func known(model: String) -> TokenPrice? {
    switch model {
    case "text-embedding-3-small": TokenPrice(perMillionTokens: NanoDollars(nano: 20_000_000))
    case "text-embedding-3-large": TokenPrice(perMillionTokens: NanoDollars(nano: 130_000_000))
    case "text-embedding-ada-002": TokenPrice(perMillionTokens: NanoDollars(nano: 100_000_000))
    default: nil
    }
  }

  /// What a number of tokens costs, rounded up to whole nano-dollars; the most there is where it is more.
  public func cost(ofTokens tokens: Int) -> NanoDollars {
    let (high, low) = Int64(tokens).multipliedFullWidth(by: perMillionTokens.nano)
    // A millionth of 2^64 times this is just below 2^63.
    guard high < 499_999 else { return NanoDollars(nano: .max) }
    let (quotient, remainder) = Int64(1_000_000).dividingFullWidth((high, low))
    return NanoDollars(nano: quotient + (remainder > 0 ? 1 : 0))
  }
}
