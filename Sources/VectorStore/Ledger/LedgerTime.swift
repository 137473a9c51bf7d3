// Times as the ledger holds them. Used by all of Ledger/.

import Foundation

/// A time in whole milliseconds since 1970.
struct LedgerTime: Sendable, Equatable {
  var milliseconds: Int64

  /// The days from 1970 to the year 9999: others are damage.
  static let possibleDays: ClosedRange<Int64> = 0...2_932_896

  init(milliseconds: Int64) { self.milliseconds = milliseconds }

  /// Rounds to the nearest millisecond, so that sums of whole ones come out whole.
  init(_ date: Date) { milliseconds = Int64((date.timeIntervalSince1970 * 1000).rounded()) }

  var date: Date { Date(timeIntervalSince1970: Double(milliseconds) / 1000) }

  /// The UTC day, in days since 1970.
  var day: Int64 { Int64((Double(milliseconds) / 86_400_000).rounded(.down)) }

  /// A time so many seconds later.
  func advanced(by seconds: Int64) -> LedgerTime {
    LedgerTime(milliseconds: milliseconds + seconds * 1000)
  }

  /// The milliseconds of the last so many seconds, and of as many that lie ahead: other times there
  /// are from a clock that once ran far ahead.
  func span(ofSeconds seconds: Int64) -> Range<Int64> {
    advanced(by: -seconds).milliseconds + 1..<advanced(by: seconds).milliseconds + 1
  }
}

extension BulkRow {
  /// A time of the ledger's.
  func time(_ column: Int32) throws(DamagedValue) -> LedgerTime {
    let days = LedgerTime.possibleDays
    return LedgerTime(
      milliseconds: try integer(
        column, in: days.lowerBound * 86_400_000...(days.upperBound + 1) * 86_400_000))
  }

  /// A count or an amount of money of the ledger's: so many that sums of them cannot overflow. A ledger
  /// with another one is damaged, and nothing is spent by it.
  func amount(_ column: Int32) throws(DamagedValue) -> Int64 {
    try integer(column, in: 0...1 << 53)
  }
}
