// Money, in whole nano-dollars, so that sums are exact.

/// An amount of US dollars in billionths, never rounded on the way.
///
/// 64 bits reach ±9.2 thousand million dollars.
public struct NanoDollars: Sendable, Hashable, Codable {
  /// Billionths of a dollar.
  public var nano: Int64

  /// Creates an amount from billionths of a dollar.
  public init(nano: Int64) { self.nano = nano }

  /// Creates an amount from dollars written as a decimal number, as `5.00`.
  ///
  /// - Throws: ``AmountError`` where the text is no such number, has more than nine decimals, or is out of
  ///   range.
  public init(usd text: String) throws(AmountError) {
    let digits = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard (1...2).contains(digits.count), text.utf8.count <= 20,
      digits.contains(where: { !$0.isEmpty }),
      digits.allSatisfy({ $0.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } })
    else { throw AmountError(text: text) }
    let decimals = digits.count == 2 ? digits[1] : digits[0].prefix(0)
    guard decimals.count <= 9 else { throw AmountError(text: text) }
    let padding = String(repeating: "0", count: 9 - decimals.count)
    let whole = String(decoding: digits[0], as: UTF8.self)
    guard let nano = Int64(whole + String(decoding: decimals, as: UTF8.self) + padding) else {
      throw AmountError(text: text)
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

  /// The sum, at the end of the range where it is beyond.
  public static func + (left: NanoDollars, right: NanoDollars) -> NanoDollars {
    let (sum, isBeyond) = left.nano.addingReportingOverflow(right.nano)
    return NanoDollars(nano: isBeyond ? (right.nano > 0 ? .max : .min) : sum)
  }

  /// The difference, at the end of the range where it is beyond.
  public static func - (left: NanoDollars, right: NanoDollars) -> NanoDollars {
    let (difference, isBeyond) = left.nano.subtractingReportingOverflow(right.nano)
    return NanoDollars(nano: isBeyond ? (right.nano > 0 ? .min : .max) : difference)
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

/// A text that is no amount of dollars.
public struct AmountError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What was found.
  public let text: String

  /// What was found and what was expected.
  public var description: String {
    "\"\(text)\" is not an amount of US dollars; expected a decimal number without a sign or a currency, "
      + "with a point and at most 9 decimals, as 5.00"
  }
}
