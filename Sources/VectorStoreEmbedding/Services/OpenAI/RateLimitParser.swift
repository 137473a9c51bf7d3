// Reads the rate limits and waits that a server tells in its headers.

import Foundation

/// Reads `x-ratelimit-…`, `retry-after-ms` and `retry-after`. Names of headers are in lower case.
enum RateLimitParser {
  /// The rate limits of an answer, or nil where it tells none.
  ///
  /// A limit of 0 or -1 is none. What remains is believed when it is above 0, and 0 only where there is
  /// a limit: servers without limits send 0 for all. A reset of 0 says nothing.
  static func limits(_ headers: [String: String]) -> RateLimitHeaders? {
    var limits = RateLimitHeaders()
    limits.limitRequests = positive(headers["x-ratelimit-limit-requests"])
    limits.limitTokens = positive(headers["x-ratelimit-limit-tokens"])
    limits.remainingRequests = remaining(
      headers["x-ratelimit-remaining-requests"], of: limits.limitRequests)
    limits.remainingTokens = remaining(
      headers["x-ratelimit-remaining-tokens"], of: limits.limitTokens)
    limits.resetRequests = duration(headers["x-ratelimit-reset-requests"])
    limits.resetTokens = duration(headers["x-ratelimit-reset-tokens"])
    return limits == RateLimitHeaders() ? nil : limits
  }

  /// The seconds that a server asks to wait, or nil where it asks for none: `retry-after-ms`, else
  /// `retry-after` in seconds or as an HTTP date. What is negative or past is no wait.
  static func wait(_ headers: [String: String], now: Date) -> Double? {
    if let milliseconds = number(headers["retry-after-ms"]) {
      return milliseconds / 1000
    }
    guard let text = headers["retry-after"] else { return nil }
    if let seconds = number(text) { return seconds }
    let wait = date(text).map { $0.timeIntervalSince(now) }
    return wait.flatMap { $0 >= 0 ? $0 : nil }
  }

  /// A duration as `1s`, `6m0s`, `12ms`, `1h2m3.5s` or plain seconds, in seconds; nil for 0 and for
  /// what is none.
  static func duration(_ text: String?) -> Double? {
    guard let text = text?.trimmingCharacters(in: .whitespaces), !text.isEmpty else { return nil }
    if let seconds = number(text) { return seconds > 0 ? seconds : nil }
    var seconds = 0.0
    var rest = text[...]
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isASCII && $0.isNumber || $0 == "." }
      rest = rest.dropFirst(digits.count)
      let unit = rest.prefix { !($0.isASCII && $0.isNumber || $0 == ".") }
      rest = rest.dropFirst(unit.count)
      guard let count = number(String(digits)), let size = units[String(unit)] else { return nil }
      seconds += count * size
    }
    return seconds > 0 ? seconds : nil
  }

  private static let units = [
    "d": 86_400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9,
  ]

  /// A decimal number that is not negative.
  private static func number(_ text: String?) -> Double? {
    guard let text = text?.trimmingCharacters(in: .whitespaces),
      text.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") })
    else { return nil }
    return Double(text).flatMap { $0.isFinite ? $0 : nil }
  }

  private static func positive(_ text: String?) -> Int? {
    integer(text).flatMap { $0 > 0 ? $0 : nil }
  }

  private static func remaining(_ text: String?, of limit: Int?) -> Int? {
    integer(text).flatMap { $0 > 0 || $0 == 0 && limit != nil ? $0 : nil }
  }

  private static func integer(_ text: String?) -> Int? {
    text.flatMap { Int($0.trimmingCharacters(in: .whitespaces)) }
  }

  /// An HTTP date as RFC 9110 wants it written: `Sun, 06 Nov 1994 08:49:37 GMT`.
  private static func date(_ text: String) -> Date? {
    let parts = text.split(separator: " ")
    guard parts.count == 6, parts[5] == "GMT", let day = Int(parts[1]), (1...31).contains(day),
      let month = months.firstIndex(of: String(parts[2])), let year = Int(parts[3]),
      (1970...9999).contains(year)
    else { return nil }
    let time = parts[4].split(separator: ":").map { Int($0) }
    guard time.count == 3, let hour = time[0], (0...23).contains(hour), let minute = time[1],
      (0...59).contains(minute), let second = time[2], (0...60).contains(second)
    else { return nil }
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = .gmt
    return calendar.date(
      from: DateComponents(
        year: year, month: month + 1, day: day, hour: hour, minute: minute, second: second))
  }

  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]
}
