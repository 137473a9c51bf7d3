// Numbers and words as people read them. Pure functions, used by everything in Output/.

import Foundation
import VectorStore

enum Format {
  /// `1400` as `1,400`.
  static func count(_ value: Int) -> String {
    let digits = String(value.magnitude)
    var groups: [Substring] = []
    var rest = digits[...]
    while rest.count > 3 {
      groups.insert(rest.suffix(3), at: 0)
      rest = rest.dropLast(3)
    }
    return (value < 0 ? "-" : "") + ([rest] + groups).joined(separator: ",")
  }

  /// `1 document`, `2 documents`.
  static func counted(_ value: Int, _ noun: String) -> String {
    "\(count(value)) \(noun)\(value == 1 ? "" : "s")"
  }

  /// `1 copy`, `2 copies`.
  static func counted(_ value: Int, _ one: String, _ many: String) -> String {
    "\(count(value)) \(value == 1 ? one : many)"
  }

  /// `1.5 MB`, in powers of 1000.
  static func bytes(_ value: Int64) -> String {
    var amount = Double(value)
    for unit in ["bytes", "kB", "MB", "GB"] {
      if amount < 1000 || unit == "GB" {
        return unit == "bytes" ? "\(value) bytes" : "\(fixed(amount, 1)) \(unit)"
      }
      amount /= 1000
    }
    return "\(value) bytes"
  }

  /// `0.12 s`.
  static func seconds(_ duration: Duration) -> String {
    let value = duration.inSeconds
    return value < 10 ? "\(fixed(value, 2)) s" : "\(fixed(value, 0)) s"
  }

  /// `$0.12`, or `$0.00034`: as many decimals as it takes to show two digits, and at least two.
  static func dollars(_ value: Double) -> String {
    var digits = 2
    var unit = 0.1
    while value > 0, value < unit, digits < 9 {
      unit /= 10
      digits += 1
    }
    var text = fixed(value, digits)
    for _ in 2..<digits where text.hasSuffix("0") { text.removeLast() }
    return "$" + text
  }

  /// `12 ms` or `1.20 s`.
  static func latency(_ duration: Duration) -> String {
    duration < .seconds(1) ? "\(fixed(duration.inSeconds * 1000, 0)) ms" : seconds(duration)
  }

  /// `2026-02-28T20:00:00Z`.
  static func time(_ date: Date) -> String { date.formatted(.iso8601) }

  /// `2026-02-28T20:00:00.000Z`.
  static func timestamp(_ date: Date) -> String {
    date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
  }

  /// A number with so many digits behind the point.
  static func fixed(_ value: Double, _ digits: Int) -> String {
    String(format: "%.\(digits)f", value)
  }

  /// A source as a person in the working folder would write it.
  static func source(_ source: String, path: String?) -> String {
    path.map { SourceIdentity.shown($0, from: FileManager.default.currentDirectoryPath) } ?? source
  }

  /// Lines with their columns aligned, the last one as it is. No cell makes a line of its own.
  static func table(_ rows: [[String]]) -> [String] {
    let rows = rows.map { row in
      row.map { $0.contains(where: \.isNewline) ? Terminal.oneLine($0) : $0 }
    }
    let count = rows.map(\.count).max() ?? 0
    let widths = (0..<count).map { column in
      rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
    }
    return rows.map { row in
      row.enumerated().map { column, cell in
        column == row.count - 1
          ? cell : cell + String(repeating: " ", count: widths[column] - cell.count)
      }.joined(separator: "  ")
    }
  }
}
