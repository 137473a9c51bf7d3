// A limit that says by name that there is none.

/// The most that may be used of something, or any amount of it.
///
/// Not an optional: a text that is no amount throws, and nothing that is absent by accident means
/// "unlimited".
///
/// ```swift
/// configuration.budget.dailyCostLimit = try .usd("1.00")
/// configuration.budget.hourlyRequestLimit = .unlimited
/// ```
public enum SpendingLimit<Amount: Sendable & Hashable & Comparable>: Sendable, Hashable {
  /// This much, and no more.
  case atMost(Amount)
  /// Any amount.
  case unlimited

  /// The amount; nil where there is no limit.
  package var amount: Amount? {
    switch self {
    case .atMost(let amount): amount
    case .unlimited: nil
    }
  }
}

extension SpendingLimit<NanoDollars> {
  /// A limit in dollars written as a decimal number, as `1.00`.
  ///
  /// - Throws: ``AmountError`` where the text is no amount.
  public static func usd(_ text: String) throws(AmountError) -> Self {
    .atMost(try NanoDollars(usd: text))
  }
}

extension SpendingLimit: ExpressibleByIntegerLiteral where Amount == Int {
  /// A limit as a number.
  public init(integerLiteral value: Int) { self = .atMost(value) }
}
