// runs: one row a command that writes, with its correlation id, mode and report. Called by Run.

import GRDB

enum RunsTable {
  /// Enters a run. Returns its id.
  static func begin(correlationID: String, command: String, mode: ServiceMode, _ db: Database)
    throws -> Int64
  {
    try db.execute(
      sql: "INSERT INTO runs(correlation_id, command, mode, started_at) VALUES (?, ?, ?, ?)",
      arguments: [correlationID, command, mode.rawValue, Timestamp.now()])
    return db.lastInsertedRowID
  }

  /// Ends a run, its claims too, with its report, which holds counts and no text: what is deleted later
  /// must not live on here.
  static func end(correlationID: String, report: String, _ db: Database) throws {
    try db.execute(
      sql: "UPDATE runs SET finished_at = ?, report = ? WHERE correlation_id = ?",
      arguments: [Timestamp.now(), report, correlationID])
    try db.execute(
      sql: "DELETE FROM claims WHERE run_id = (SELECT id FROM runs WHERE correlation_id = ?)",
      arguments: [correlationID])
  }
}
