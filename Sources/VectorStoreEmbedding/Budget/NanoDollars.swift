// Money, in whole nano-dollars, so that sums are exact. Used by the budget, the ledger and reports.

/// An amount of US dollars in billionths, never rounded on the way.
///
/// 64 bits reach ±9.2 thousand million dollars.
public struct NanoDollars: Sendable, Hashable, Codable {
  /// Billionths of a dollar.
  public var nano: Int64

  /// Creates an amount from billionths of a dollar.
  public init(nano: Int64) { self.nano = nano }

  /// Creates an amount from dollars written as a decimal number, as `5.00`; nil where the text is no
  /// such number, has more than nine decimals, or is out of range.
  public init?(usd text: String) {
    let digits = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard (1...2).contains(digits.count), text.utf8.count <= 20,
      digits.contains(where: { !$0.isEmpty }),
      digits.allSatisfy({ $0.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } })
    else { return nil }
    let decimals = digits.count == 2 ? digits[1] : digits[0].prefix(0)
    guard decimals.count <= 9 else { return nil }
    let padding = String(repeating: "0", count: 9 - decimals.count)
    let whole = String(decoding: digits[0], as: UTF8.self)
    guard let nano = Int64(whole + String(decoding: decimals, as: UTF8.self) + padding) else {
      return nil
    }
    self.nano = nano
  }

  /// No money.
  public static let zero = NanoDollars(nano: 0)

  /// The amount in dollars, for reports; sums are made in ``nano``.
  public var usd: Double { Double(nano) / 1e9 }
}

extension NanoDollars: Comparable, AdditiveArithmetic {
  /// Whether one amount is less than another.
  public static func < (left: NanoDollars, right: NanoDollars) -> Bool { left.nano < right.nano }

  /// The sum. Traps on overflow.
  public static func + (left: NanoDollars, right: NanoDollars) -> NanoDollars {
    NanoDollars(nano: left.nano + right.nano)
  }

  /// The difference. Traps on overflow.
  public static func - (left: NanoDollars, right: NanoDollars) -> NanoDollars {
    NanoDollars(nano: left.nano - right.nano)
  }
}

extension NanoDollars: CustomStringConvertible {
  /// In dollars with as many decimals as it takes, at least two: `$0.02`, `$0.000012`.
  public var description: String {
    let magnitude = nano.magnitude
    var decimals = String(magnitude % 1_000_000_000)
    decimals = String(repeating: "0", count: 9 - decimals.count) + decimals
    while decimals.count > 2, decimals.hasSuffix("0") { decimals.removeLast() }
    return (nano < 0 ? "-$" : "$") + "\(magnitude / 1_000_000_000).\(decimals)"
  }
}
