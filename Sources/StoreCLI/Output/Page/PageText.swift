// Texts and numbers as the page shows them. Documents say anything; none of it may become markup.

import Foundation
import VectorStore

enum HTMLText {
  /// A text for between tags and inside quoted attributes: markup characters escaped, control characters
  /// and code points that HTML forbids shown as U+FFFD, line breaks and tabs as spaces.
  static func escaped(_ text: some StringProtocol) -> String {
    var result = ""
    result.reserveCapacity(text.utf8.count + 16)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case "\n", "\t", "\r": result += " "
      default:
        let isForbidden =
          scalar.properties.generalCategory == .control
          || scalar.properties.isNoncharacterCodePoint
        result.unicodeScalars.append(isForbidden ? "\u{FFFD}" : scalar)
      }
    }
    return result
  }

  /// A text of a document: escaped, and of its own direction, so that right-to-left text and unclosed
  /// marks of direction end with it.
  static func isolated(_ text: some StringProtocol) -> String {
    "<bdi>\(escaped(text))</bdi>"
  }

  /// Where a chunk stands and how it begins, in one line, as `notes.md:12  The walrus…`.
  static func place(_ chunk: StatisticsReport.Chunk) -> String {
    chunk.source + (chunk.line.map { ":\($0)" } ?? "")
  }
}

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
