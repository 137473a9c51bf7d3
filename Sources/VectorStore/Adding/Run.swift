// One command that writes: its correlation id and its row in `runs`. Begun and ended by the verbs.

import Foundation

/// A run of a writing verb, found again in the table `runs` and in the log by its correlation id.
struct Run: Sendable {
  let correlationID = UUID().uuidString.lowercased()
  /// Its row in `runs`, 0 before it has one.
  var id: Int64 = 0
  let command: String
  let started = Date()

  /// How long it has taken, in seconds.
  var seconds: Double { Date().timeIntervalSince(started) }

  /// A report without its texts, as JSON: counts only, so that what is deleted later leaves no trace.
  static func counts(of report: some Encodable) throws -> String {
    let encoded = try JSONEncoder().encode(report)
    guard var object = try JSONSerialization.jsonObject(with: encoded) as? [String: Any] else {
      return "{}"
    }
    let errors = object["errors"] as? [[String: Any]] ?? []
    object["errors"] = errors.compactMap { $0["code"] }
    object["warnings"] = nil
    object["stopped"] = (object["stopped"] as? [String: Any])?["code"]
    object["notFound"] = nil
    let json = try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys])
    return String(decoding: json, as: UTF8.self)
  }
}

extension Store {
  /// Enters a run in the store.
  func beginRun(_ command: String) async throws -> Run {
    var run = Run(command: command)
    let (mode, correlationID) = (mode, run.correlationID)
    run.id = try await file.write { db in
      try RunsTable.begin(correlationID: correlationID, command: command, mode: mode, db)
    }
    return run
  }

  /// Enters what a run came to, and copies the log into the file.
  func endRun(_ run: Run, _ report: some Encodable & Sendable) async throws {
    let counts = try Run.counts(of: report)
    try await file.write { db in
      try RunsTable.end(correlationID: run.correlationID, report: counts, db)
    }
    try await file.checkpoint()
  }
}
