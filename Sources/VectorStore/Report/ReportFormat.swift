// Numbers as the page shows them. Pure functions, used by everything in Report/.

import Foundation

enum ReportFormat {
  /// A number with so many digits behind the point, with a true minus sign.
  static func fixed(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite else { return "–" }
    let text = String(format: "%.\(digits)f", abs(value))
    let isZero = !text.contains { $0 != "0" && $0 != "." }
    return (value < 0 && !isZero ? "−" : "") + text
  }

  /// A number with an error behind it where there is one, as `1.52 ± 0.04`;
  /// lines break before the sign only.
  static func fixed(_ value: Double, _ digits: Int, error: Double?) -> String {
    fixed(value, digits) + (error.map { " ±\u{A0}" + fixed($0, digits) } ?? "")
  }

  /// `1400` as `1,400`.
  static func count(_ value: Int) -> String {
    var text = String(value.magnitude)
    var place = text.index(text.endIndex, offsetBy: -3, limitedBy: text.startIndex)
    while let found = place, found > text.startIndex {
      text.insert(",", at: found)
      place = text.index(found, offsetBy: -3, limitedBy: text.startIndex)
    }
    return (value < 0 ? "−" : "") + text
  }

  /// `1 row`, `1,400 rows`.
  static func counted(_ value: Int, _ noun: String) -> String {
    "\(count(value)) \(noun)\(value == 1 ? "" : "s")"
  }

  /// A share of 0 to 1 as `12.5 %`.
  static func percent(_ share: Double, _ digits: Int = 1) -> String {
    fixed(share * 100, digits) + " %"
  }

  /// A coordinate inside a drawing.
  static func place(_ value: Double) -> String {
    guard value.isFinite else { return "0" }
    let text = String(format: "%.1f", value)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  /// A power of ten as `10⁻⁴`.
  static func power(_ exponent: Int) -> String {
    let digits = Array("⁰¹²³⁴⁵⁶⁷⁸⁹")
    let text = String(exponent.magnitude).compactMap(\.wholeNumberValue).map { digits[$0] }
    return "10" + (exponent < 0 ? "⁻" : "") + String(text)
  }
}
