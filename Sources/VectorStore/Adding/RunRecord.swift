// One command that writes: its correlation id and its row in `runs`.

import Foundation

/// A run of a writing verb, found again in the table `runs` and in the log by its correlation id.
struct RunRecord: Sendable {
  /// Its row.
  let id: Int64
  let correlationID: String
  let command: String
  let started: Date

  /// Enters a run in the caller's transaction.
  static func begin(
    _ command: String, mode: ServiceMode, started: Date, _ db: any SQLTransaction
  ) throws -> RunRecord {
    let correlationID = newCorrelationID()
    let id = try RunsTable.begin(
      correlationID: correlationID, command: command, mode: mode, db)
    return RunRecord(id: id, correlationID: correlationID, command: command, started: started)
  }

  /// A name under which requests are found again.
  static func newCorrelationID() -> String { UUID().uuidString.lowercased() }

  /// How long it has taken, in whole nanoseconds, as durations are read back from JSON.
  var duration: Duration {
    .nanoseconds(Int64((Date().timeIntervalSince(started) * 1e9).rounded()))
  }

  /// A report without its texts, as JSON: counts only, so that what is deleted later leaves no trace.
  static func counts(of report: some Encodable) throws -> String {
    let encoded = try JSONEncoder().encode(report)
    guard var object = try JSONSerialization.jsonObject(with: encoded) as? [String: Any] else {
      return "{}"
    }
    let errors = object["errors"] as? [[String: Any]] ?? []
    object["errors"] = errors.compactMap { $0["code"] }
    object["warnings"] = nil
    object["leftOut"] = nil
    object["stopped"] = (object["stopped"] as? [String: Any])?["code"]
    object["notFound"] = nil
    let json = try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys])
    return String(decoding: json, as: UTF8.self)
  }
}

extension Store {
  /// Enters a run in the store.
  func beginRun(_ command: String) async throws -> RunRecord {
    let (mode, started) = (mode, Date())
    return try await file.write { db in
      try RunRecord.begin(command, mode: mode, started: started, db)
    }
  }

  /// Enters what a run came to, and copies the log into the file.
  func endRun(_ run: RunRecord, _ report: some Encodable & Sendable) async throws {
    let counts = try RunRecord.counts(of: report)
    try await file.write { db in
      try RunsTable.end(correlationID: run.correlationID, report: counts, db)
    }
    try await file.checkpoint()
  }
}
