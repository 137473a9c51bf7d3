// Times as the tables hold them: ISO 8601 in UTC with milliseconds, so that text order is time order.

import Foundation

enum Timestamp {
  static func now() -> String { of(Date()) }

  static func of(_ date: Date) -> String {
    date.formatted(
      .iso8601.year().month().day().time(includingFractionalSeconds: true)
        .timeZone(separator: .omitted))
  }
}
