// ISO 8601 dates and times in filters: the span that one stands for.

/// The span of time that a date or a time stands for: all of the smallest unit that it writes.
struct FilterTime: Equatable {
  /// The first moment, in milliseconds since 1970, UTC.
  let start: Int64
  /// The first moment after it.
  let end: Int64

  /// Reads `YYYY-MM-DD`, or that with `T` or a blank and `HH:MM`, `HH:MM:SS` or `HH:MM:SS.fff`
  /// after it, and then `Z`, `+HH:MM`, `+HHMM`, `+HH` or nothing, which is UTC. Nil for all else.
  init?(_ text: String) {
    let form =
      #/(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(Z|z|[+-]\d\d(?::?\d\d)?)?)?/#
    guard text.utf8.count <= 40, text.utf8.allSatisfy({ $0 < 0x80 }),
      let match = text.wholeMatch(of: form)?.output,
      let year = Int64(match.1), let month = Int64(match.2), let day = Int64(match.3),
      year >= 1, (1...12).contains(month), (1...Self.days(in: month, of: year)).contains(day)
    else { return nil }
    func number(_ text: Substring?) -> Int64 { text.flatMap { Int64($0) } ?? 0 }
    let (hour, minute, second) = (number(match.4), number(match.5), number(match.6))
    guard hour < 24, minute < 60, second < 60, let offset = Self.offset(match.8) else { return nil }
    let fraction = (match.7 ?? "").prefix(3)
    let milliseconds = number(fraction.isEmpty ? nil : fraction + Self.zeros(3 - fraction.count))
    let unit: Int64 =
      switch (match.4, match.6, fraction.count) {
      case (nil, _, _): 86_400_000
      case (_, nil, _): 60_000
      case (_, _, 0): 1000
      case (_, _, 1): 100
      case (_, _, 2): 10
      default: 1
      }
    let minutes = (Self.daysSince1970(year, month, day) * 24 + hour) * 60 + minute - offset
    start = (minutes * 60 + second) * 1000 + milliseconds
    end = start + unit
  }

  private static func zeros(_ count: Int) -> Substring {
    Substring(repeatElement("0", count: count))
  }

  /// Minutes that a zone is ahead of UTC; nil for a zone that cannot be.
  private static func offset(_ zone: Substring?) -> Int64? {
    guard let zone, zone.first != "Z", zone.first != "z" else { return 0 }
    let digits = zone.dropFirst().filter { $0 != ":" }
    guard let hours = Int64(digits.prefix(2)), hours < 24,
      let minutes = digits.count > 2 ? Int64(digits.dropFirst(2)) : 0, minutes < 60
    else { return nil }
    return (zone.first == "-" ? -1 : 1) * (hours * 60 + minutes)
  }

  private static func days(in month: Int64, of year: Int64) -> Int64 {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// Days from 1970-01-01 in the Gregorian calendar, by counting years from March (Hinnant,
  /// *chrono-Compatible Low-Level Date Algorithms*).
  private static func daysSince1970(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    let year = month <= 2 ? year - 1 : year
    let era = (year >= 0 ? year : year - 399) / 400
    let yearOfEra = year - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  /// A moment as the tables hold it (Tables/Timestamp.swift). What lies before the year 1 or after
  /// 9999 becomes a text that is less or greater than all of those.
  static func stored(_ milliseconds: Int64) -> String {
    let day = milliseconds.flooringQuotient(86_400_000)
    let rest = milliseconds - day * 86_400_000
    let shifted = day + 719_468
    let era = shifted.flooringQuotient(146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let fromMarch = (5 * dayOfYear + 2) / 153
    let month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    if year < 1 { return "" }
    if year > 9999 { return "A" }
    func padded(_ number: Int64, _ width: Int) -> String {
      let digits = String(number)
      return zeros(width - digits.count) + digits
    }
    let date =
      "\(padded(year, 4))-\(padded(month, 2))-\(padded(dayOfYear - (153 * fromMarch + 2) / 5 + 1, 2))"
    let time = [rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60]
      .map { padded($0, 2) }.joined(separator: ":")
    return "\(date)T\(time).\(padded(rest % 1000, 3))Z"
  }
}

extension Int64 {
  /// The quotient, rounded down, by a divisor above 0.
  fileprivate func flooringQuotient(_ divisor: Int64) -> Int64 {
    self / divisor - (self % divisor < 0 ? 1 : 0)
  }
}
