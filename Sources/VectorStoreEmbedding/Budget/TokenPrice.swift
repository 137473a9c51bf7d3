// What tokens cost. Read by the router when it reserves and settles.

/// A price by the token.
public struct TokenPrice: Sendable, Hashable, Codable {
  /// The price of a million tokens: nothing, or up to 10,000 dollars.
  public var perMillionTokens: NanoDollars

  /// Creates a price, unchecked until ``validate()``.
  public init(perMillionTokens: NanoDollars) {
    self.perMillionTokens = perMillionTokens
  }

  /// Checks the price. A store checks those of its services when it is opened.
  ///
  /// - Throws: ``SettingError`` for one below zero, or so high that sums would overflow.
  public func validate() throws(SettingError) {
    let dearest = SettingRange.dearestMillionTokens
    guard perMillionTokens >= .zero, perMillionTokens <= dearest else {
      throw SettingError(
        "price.perMillionTokens", found: "\(perMillionTokens)", expected: "$0.00 to \(dearest)")
    }
  }

  /// Half of it, which is what a batch costs.
  package var halved: TokenPrice {
    TokenPrice(
      perMillionTokens: NanoDollars(nano: perMillionTokens.nano - perMillionTokens.nano / 2))
  }

  /// Nothing.
  public static let free = TokenPrice(perMillionTokens: .zero)

  /// The price of a model of OpenAI's, or nil for one that is not known.
  public static func known(model: String) -> TokenPrice? {
    OpenAIModel.named(model)?.price
  }

  /// What a number of tokens costs, rounded up to whole nano-dollars; at most what 64 bits hold.
  public func cost(ofTokens tokens: Int) -> NanoDollars {
    guard tokens > 0, perMillionTokens > .zero else { return .zero }
    let (high, low) = Int64(tokens).multipliedFullWidth(by: perMillionTokens.nano)
    guard high < 500_000 else { return NanoDollars(nano: .max) }
    let (quotient, remainder) = Int64(1_000_000).dividingFullWidth((high, low))
    return NanoDollars(nano: quotient == .max ? .max : quotient + (remainder > 0 ? 1 : 0))
  }
}
