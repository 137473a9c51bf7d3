// What a store knows of itself: its generation, what ran, and time as it is stored.

import Foundation

enum StoreStateTable {
  /// A number that rises with every write transaction of this store. By how much is chance, so that two
  /// files that were one once soon differ.
  static func generation(_ db: any SQLTransaction) throws -> Int64 {
    var generation: Int64 = 0
    try db.forEachRawRow(bulk: "SELECT generation FROM store_state WHERE id = 1") {
      generation = $0.integer(0)
    }
    return generation
  }

  /// Counts a write transaction. A count that is missing or cannot be one starts again, above every one
  /// that an open store may have seen.
  static func raiseGeneration(_ db: any SQLTransaction) throws {
    var found: Int64?
    try db.forEachRawRow(
      bulk: "SELECT generation FROM store_state WHERE id = 1"
        + (db.isPostgres ? "" : " AND typeof(generation) = 'integer'")
    ) { found = $0.integer(0) }
    try db.run(
      bulk: """
        INSERT INTO store_state(id, generation) VALUES (1, ?1)
        ON CONFLICT (id) DO UPDATE SET generation = ?1
        """, .integer(following(found)))
  }

  /// A generation to come after another.
  static func following(_ generation: Int64?) -> Int64 {
    let last =
      generation.flatMap { isPossible($0) ? $0 : nil } ?? Int64(Date().timeIntervalSince1970) << 28
    return (last >> checkBits + .random(in: 1...largestStep)) << checkBits | check(of: last)
  }

  /// Whether it can have been counted: no file sees so many write transactions as its end needs.
  static func isPossible(_ generation: Int64) -> Bool { (0...1 << 62).contains(generation) }

  // MARK: - What a generation tells

  /// The lowest bits tell the generation before.
  private static let checkBits: Int64 = 16
  private static let largestStep: Int64 = 1 << 16

  /// 16 bits of a generation, well mixed.
  private static func check(of generation: Int64) -> Int64 {
    Int64((UInt64(bitPattern: generation) &* 0x9E37_79B9_7F4A_7C15) >> 48)
  }

  /// Whether a generation is of the form that tells the one before. Earlier versions counted by ones.
  static func tellsItsPredecessor(_ generation: Int64) -> Bool { generation >> checkBits > 0 }

  /// Whether a generation can be the next one after another; of two by chance one in 65,536 times at most.
  static func mayFollow(_ next: Int64, on generation: Int64) -> Bool {
    let step = (next >> checkBits) &- (generation >> checkBits)
    return (1...largestStep).contains(step) && next & (1 << checkBits - 1) == check(of: generation)
  }
}

enum RunsTable {
  /// Enters a run. Returns its id.
  static func begin(
    correlationID: String, command: String, mode: ServiceMode, _ db: any SQLTransaction
  )
    throws -> Int64
  {
    try db.insert(
      sql: "INSERT INTO runs(correlation_id, command, mode, started_at) VALUES (?, ?, ?, ?)",
      arguments: [correlationID, command, mode.rawValue, Timestamp.now()]) ?? 0
  }

  /// Ends a run, its claims too, with its report, which holds counts and no text: what is deleted later
  /// must not live on here.
  static func end(correlationID: String, report: String, _ db: any SQLTransaction) throws {
    try db.execute(
      sql: "UPDATE runs SET finished_at = ?, report = ? WHERE correlation_id = ?",
      arguments: [Timestamp.now(), report, correlationID])
    try db.execute(
      sql: "DELETE FROM claims WHERE run_id = (SELECT id FROM runs WHERE correlation_id = ?)",
      arguments: [correlationID])
  }
}

enum Timestamp {
  static func now() -> String { of(Date()) }

  static func of(_ date: Date) -> String {
    date.formatted(
      .iso8601.year().month().day().time(includingFractionalSeconds: true)
        .timeZone(separator: .omitted))
  }

  /// The time that a table holds; a day alone, as other programs may write it, is its start in UTC.
  ///
  /// - Throws: ``StoreError`` with `damaged` for a text that is not one.
  static func date(_ text: String) throws -> Date {
    guard let date = (try? format.parse(text)) ?? (try? day.parse(text)) else {
      throw StoreError(
        .damaged, "the store holds \"\(text)\" as a time; \(StoreError.restoringTheStore)")
    }
    return date
  }

  /// The time of a text; nil for one that is not a time. Written again, it is the same text.
  static func time(writtenAs text: String) -> Date? {
    // Writing cuts off what is below a millisecond, and what is read may lie just below its own.
    (try? date(text))?.addingTimeInterval(1e-5)
  }

  private static let format = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
  private static let day = Date.ISO8601FormatStyle().year().month().day()
}
