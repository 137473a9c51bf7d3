// claims: which run has a text on its way to a service.

import Foundation

enum ClaimsTable {
  static let schema = """
    CREATE TABLE claims (
      text_hash BLOB NOT NULL,
      space_id INTEGER NOT NULL,
      run_id INTEGER NOT NULL,
      claimed_at TEXT NOT NULL,
      PRIMARY KEY (text_hash, space_id)
    ) STRICT, WITHOUT ROWID;
    """

  /// Who has a text on its way.
  struct Claim: Sendable {
    let run: Int64
    let since: String
  }

  static func find(textHash: Data, space: Int64, _ db: any SQLTransaction) throws -> Claim? {
    var claim: Claim?
    try db.forEachRow(
      bulk: "SELECT run_id, claimed_at FROM claims WHERE text_hash = ? AND space_id = ?",
      .blob(textHash), .integer(space)
    ) { claim = Claim(run: try $0.integer(0), since: try $0.text(1)) }
    return claim
  }

  /// All claims in a space by the hashes of their texts.
  ///
  /// - Complexity: O(texts on their way).
  static func all(space: Int64, _ db: any SQLTransaction) throws -> [Data: Claim] {
    var claims: [Data: Claim] = [:]
    try db.forEachRow(
      bulk: "SELECT text_hash, run_id, claimed_at FROM claims WHERE space_id = ?", .integer(space)
    ) { claims[Data(try $0.blob(0))] = Claim(run: try $0.integer(1), since: try $0.text(2)) }
    return claims
  }

  /// Enters a claim, in place of one that nobody has to heed.
  static func claim(
    textHash: Data, space: Int64, run: Int64, now: String, _ db: any SQLTransaction
  ) throws {
    try db.run(
      bulk: """
        INSERT INTO claims(text_hash, space_id, run_id, claimed_at) VALUES (?, ?, ?, ?)
        ON CONFLICT (text_hash, space_id) DO UPDATE SET run_id = excluded.run_id, claimed_at = excluded.claimed_at
        """, .blob(textHash), .integer(space), .integer(run), .text(now))
  }

  /// Deletes a run's claim on a text, not one that another run has by now.
  static func release(textHash: Data, space: Int64, run: Int64, _ db: any SQLTransaction) throws {
    try db.run(
      bulk: "DELETE FROM claims WHERE text_hash = ? AND space_id = ? AND run_id = ?",
      .blob(textHash), .integer(space), .integer(run))
  }

  /// Deletes all claims of runs that are over, and rows that are no claims: nothing is lost with them.
  static func release(whereOver isOver: (_ run: Int64) -> Bool, _ db: any SQLTransaction) throws {
    if !db.isPostgres {
      try db.run(
        bulk: """
          DELETE FROM claims WHERE typeof(text_hash) <> 'blob' OR typeof(space_id) <> 'integer'
            OR typeof(run_id) <> 'integer' OR typeof(claimed_at) <> 'text'
          """)
    }
    var over: [Int64] = []
    try db.forEachRow(bulk: "SELECT DISTINCT run_id FROM claims") { row in
      let run = try row.integer(0)
      if isOver(run) { over.append(run) }
    }
    for run in over { try db.run(bulk: "DELETE FROM claims WHERE run_id = ?", .integer(run)) }
  }
}
