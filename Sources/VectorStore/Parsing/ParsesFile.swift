// What a service made of documents, and which it has now: one file of the user's beside the ledger.

import Foundation
import GRDB
import VectorStoreEmbedding

/// Parsed documents by their content, shared by all stores of a user, so that no document is paid for twice, and a
/// run that was killed goes on where it was.
///
/// Before a document is sent, that it will be is on the disk, and so is its job as soon as the service named it.
final class ParsesFile: Sendable {
  /// `application_id` of the file: "VPrs" in ASCII.
  static let applicationID: Int32 = 0x5650_7273
  /// How long a document that the service could not parse is not sent again, in milliseconds.
  private static let refusalLasts: Int64 = 86_400_000
  /// How long another host's process may take to send a document, in milliseconds.
  private static let longestUpload: Int64 = 900_000

  private static let form = UserDatabase.Form(
    label: "vector-store.parses", applicationID: applicationID,
    migrations: [
      """
      CREATE TABLE parses (
        -- SHA-256 of the document's bytes.
        hash BLOB NOT NULL,
        -- What its name says that it is.
        ending TEXT NOT NULL,
        tier TEXT NOT NULL,
        bytes INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('sending', 'sent', 'done', 'failed')),
        server TEXT NOT NULL,
        -- The request's name in the ledger; empty before there is one.
        request_id TEXT NOT NULL,
        -- Who sends it.
        host TEXT NOT NULL,
        process_id INTEGER NOT NULL,
        changed_at INTEGER NOT NULL,
        job_id TEXT,
        -- What came of it: a form feed begins each page.
        text TEXT,
        pages INTEGER,
        cost_nano INTEGER,
        -- Whether the ledger has the cost.
        is_settled INTEGER NOT NULL DEFAULT 0,
        problem TEXT,
        PRIMARY KEY (hash, ending, tier)
      ) STRICT;
      CREATE INDEX parses_by_size ON parses(bytes) WHERE state = 'done';
      """
    ],
    settings: """
      PRAGMA journal_mode = TRUNCATE;
      PRAGMA synchronous = FULL;
      """,
    patience: 30_000)

  /// What a document is known by.
  struct Key: Sendable, Hashable {
    var hash: Data
    var ending: String
    var tier: String
  }

  /// A document that was parsed.
  struct Parse: Sendable, Equatable {
    var text: String
    var pages: Int
    var cost: NanoDollars
    var tier: String
    var requestID: String
    var isSettled = false
    /// What is missing of it, as far as this run knows.
    var warning: String?
  }

  /// What is to be done for a document.
  enum Claim: Sendable, Equatable {
    /// Nothing: it is parsed.
    case known(Parse)
    /// Nothing now: the service could not parse it.
    case failed(String)
    /// To wait for its job.
    case sent(job: String, requestID: String)
    /// To find out whether the service has it: whoever sent it is gone.
    case lost(requestID: String)
    /// To wait: another process is sending it.
    case elsewhere
    /// To send it. Nobody else will.
    case send
  }

  private let database: UserDatabase
  private let now: @Sendable () -> Date

  /// Names the file `parses.db` beside a ledger. Touches nothing yet.
  init(besideLedger path: String, now: @escaping @Sendable () -> Date = { Date() }) {
    let folder = (path as NSString).deletingLastPathComponent
    database = UserDatabase(
      path: folder.isEmpty ? "parses.db" : folder + "/parses.db", form: Self.form)
    self.now = now
  }

  /// Says what is to be done for a document, and takes it on if that is to send it.
  ///
  /// - Throws: ``StoreError`` if that cannot be written; nothing may then be sent.
  func claim(_ key: Key, bytes: Int, server: String) async throws -> Claim {
    try await write { db, now in
      let process = ProcessName.current
      if let found = try Self.row(of: key, db) {
        let (age, isHere) = (now - found.changedAt, found.server == server)
        switch found.state {
        case "done": return .known(found.parse)
        case "failed" where isHere && age < Self.refusalLasts:
          return .failed(found.problem ?? "no reason was given")
        case "sent" where isHere:
          if let job = found.job { return .sent(job: job, requestID: found.parse.requestID) }
        case "sending":
          if found.owner != process, found.owner.mayBeRunning, age < Self.longestUpload {
            return .elsewhere
          }
          if isHere, !found.parse.requestID.isEmpty {
            try Self.take(key, process, now, db)
            return .lost(requestID: found.parse.requestID)
          }
        default: break
        }
      }
      try db.execute(
        sql: """
          INSERT OR REPLACE INTO parses(hash, ending, tier, bytes, state, server, request_id, host,
            process_id, changed_at) VALUES (?, ?, ?, ?, 'sending', ?, '', ?, ?, ?)
          """,
        arguments: [
          key.hash, key.ending, key.tier, bytes, server, process.host, process.number, now,
        ])
      return .send
    }
  }

  /// Keeps the name of the request by which a document is sent now.
  func send(_ key: Key, as requestID: String) async throws {
    try await change(key, "request_id = ?", [requestID])
  }

  /// Keeps the job that a document became.
  func sent(_ key: Key, job: String, requestID: String) async throws {
    try await change(
      key, "state = 'sent', job_id = ?, request_id = ?", [job, requestID])
  }

  /// Keeps what came of a document.
  func finish(_ key: Key, _ parse: Parse) async throws {
    try await change(
      key, "state = 'done', text = ?, pages = ?, cost_nano = ?, request_id = ?, is_settled = 0",
      [parse.text, parse.pages, parse.cost.nano, parse.requestID])
  }

  /// Keeps that the ledger has the cost.
  func settled(_ key: Key) async throws { try await change(key, "is_settled = 1", []) }

  /// Keeps why the service could not parse a document.
  func fail(_ key: Key, _ problem: String) async throws {
    try await change(key, "state = 'failed', problem = ?", [problem])
  }

  /// Lets a document go that the service does not have.
  func release(_ key: Key) async throws {
    try await write { db, _ in
      try db.execute(
        sql: """
          DELETE FROM parses WHERE hash = ? AND ending = ? AND tier = ?
            AND state IN ('sending', 'sent')
          """, arguments: [key.hash, key.ending, key.tier])
    }
  }

  /// The newest parse of a content; nil if there is none. A file that cannot be read knows none.
  ///
  /// - Parameter tier: by which it was parsed; nil is any.
  func known(hash: Data, ending: String, tier: String?) async -> Parse? {
    try? await database.read { db in
      try db.firstRow(
        bulk: """
          SELECT \(Found.columns) FROM parses WHERE hash = ?1 AND ending = ?2 AND state = 'done'
            AND tier = COALESCE(?3, tier) ORDER BY changed_at DESC LIMIT 1
          """, .blob(hash), .text(ending), tier.map { .text($0) } ?? .null
      ) { try Found($0).parse }
    } ?? nil
  }

  /// The sizes of all documents that were parsed, by which others need not be hashed.
  func knownSizes() async -> Set<Int64> {
    let sizes = try? await database.read {
      try Int64.fetchSet($0, sql: "SELECT DISTINCT bytes FROM parses WHERE state = 'done'")
    }
    return (sizes ?? nil) ?? []
  }

  private static func row(of key: Key, _ db: Database) throws -> Found? {
    try db.firstRow(
      bulk: "SELECT \(Found.columns) FROM parses WHERE hash = ? AND ending = ? AND tier = ?",
      .blob(key.hash), .text(key.ending), .text(key.tier)
    ) { try Found($0) }
  }

  private static func take(
    _ key: Key, _ process: ProcessName, _ now: Int64, _ db: Database
  ) throws {
    try db.execute(
      sql: """
        UPDATE parses SET host = ?, process_id = ?, changed_at = ?
        WHERE hash = ? AND ending = ? AND tier = ?
        """,
      arguments: [process.host, process.number, now, key.hash, key.ending, key.tier])
  }

  private func change(
    _ key: Key, _ assignments: String, _ values: StatementArguments
  ) async throws {
    try await write { db, now in
      try db.execute(
        sql: """
          UPDATE parses SET \(assignments), changed_at = ?
          WHERE hash = ? AND ending = ? AND tier = ?
          """, arguments: values + [now, key.hash, key.ending, key.tier])
    }
  }

  private func write<T: Sendable>(
    _ body: @escaping @Sendable (Database, _ now: Int64) throws -> T
  ) async throws -> T {
    do {
      return try await database.write { [now] in try body($0, LedgerTime(now()).milliseconds) }
    } catch let error where !(error is CancellationError) {
      throw StoreError(
        .inputOutput,
        "the file of parsed documents, \(database.path), cannot be written (\(error)); without it documents "
          + "could be paid for twice, so none is sent; check the file and its folder",
        underlying: error)
    }
  }
}

/// A row of the file.
private struct Found {
  static let columns =
    "state, server, request_id, host, process_id, changed_at, job_id, text, pages, cost_nano, is_settled, "
    + "problem, tier"

  let state: String
  let server: String
  let owner: ProcessName
  let changedAt: Int64
  let job: String?
  let problem: String?
  let parse: ParsesFile.Parse

  init(_ row: BulkRow) throws(DamagedValue) {
    state = try row.text(0)
    server = try row.text(1)
    owner = ProcessName(host: try row.text(3), number: Int32(clamping: try row.integer(4)))
    changedAt = try row.integer(5)
    job = try row.text(orNil: 6)
    problem = try row.text(orNil: 11)
    parse = ParsesFile.Parse(
      text: try row.text(orNil: 7) ?? "", pages: try row.count(orNil: 8) ?? 0,
      cost: NanoDollars(nano: row.isNull(9) ? 0 : try row.amount(9)), tier: try row.text(12),
      requestID: try row.text(2), isSettled: try row.bool(10))
  }
}
