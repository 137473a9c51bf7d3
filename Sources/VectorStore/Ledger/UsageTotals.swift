// What requests came to, summed: the columns of `days`, and what reports are made of. Used by
// DaysTable, AttemptsTable and UsageReader.

import GRDB
import VectorStoreEmbedding

/// Counts of requests, and money in nano-dollars.
struct UsageTotals: Sendable, Equatable {
  /// All requests: each attempt is one.
  var requests: Int64 = 0
  /// Those that were answered, with their texts, tokens and cost.
  var answered: Int64 = 0
  var failed: Int64 = 0
  var texts: Int64 = 0
  var tokens: Int64 = 0
  var cost: Int64 = 0
  /// Those that may be on the bill, at their reserved cost.
  var possible: Int64 = 0
  var possibleCost: Int64 = 0
  /// Those that have not been settled.
  var reserved: Int64 = 0
  var reservedCost: Int64 = 0

  /// The names of the columns, in the order of ``values``.
  static let columns = [
    "requests", "answered", "failed", "texts", "tokens", "cost_nano", "possible", "possible_nano",
    "reserved", "reserved_nano",
  ]

  private static let fields: [any WritableKeyPath<UsageTotals, Int64> & Sendable] = [
    \.requests, \.answered, \.failed, \.texts, \.tokens, \.cost, \.possible, \.possibleCost,
    \.reserved, \.reservedCost,
  ]

  init() {}

  /// Reads the columns of a row from a place on, in the order of ``columns``; sums of nothing are 0.
  init(_ row: BulkRow, from first: Int32) throws(DamagedValue) {
    for (offset, field) in Self.fields.enumerated() {
      let column = first + Int32(offset)
      self[keyPath: field] = try row.isNull(column) ? 0 : row.amount(column)
    }
  }

  /// The same of a row that may hold anything, for what looks at damage.
  init(_ row: RawRow, from first: Int32) {
    for (offset, field) in Self.fields.enumerated() {
      self[keyPath: field] = row.integer(first + Int32(offset))
    }
  }

  /// Takes the values of the columns, in the order of ``columns``.
  init(values: some Collection<Int64>) {
    for (field, value) in zip(Self.fields, values) { self[keyPath: field] = value }
  }

  /// The values of the columns.
  var values: [Int64] { Self.fields.map { self[keyPath: $0] } }

  /// All that counts against a limit.
  var counted: Int64 { Self.sum(Self.sum(cost, possibleCost), reservedCost) }

  static func += (left: inout UsageTotals, right: UsageTotals) {
    for field in fields {
      left[keyPath: field] = sum(left[keyPath: field], right[keyPath: field])
    }
  }

  /// The sum, or the greatest or least number there is.
  private static func sum(_ one: Int64, _ other: Int64) -> Int64 {
    let (sum, overflows) = one.addingReportingOverflow(other)
    return overflows ? (other > 0 ? .max : .min) : sum
  }
}
