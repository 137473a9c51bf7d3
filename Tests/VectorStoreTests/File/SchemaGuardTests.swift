// Files whose schema is not this program's: none of it runs.

import Foundation
import GRDB
import TestSupport
import Testing

@testable import VectorStore

/// One stranger's schema: the SQL that makes it, and the object that the error names.
struct HostileSchema: Sendable, CustomStringConvertible {
  let name: String
  let sql: String
  /// Whether `doctor` may take it out by itself.
  var isRemoved = true

  var description: String { name }

  private static let endless = "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n)"

  /// Lets a statement of sqlite_master be changed.
  private static func rewritten(_ table: String, _ from: String, _ to: String) -> String {
    """
    PRAGMA writable_schema = ON;
    UPDATE sqlite_master SET sql = replace(sql, '\(from)', '\(to)') WHERE name = '\(table)';
    PRAGMA writable_schema = RESET;
    """
  }

  static let all = [
    HostileSchema(
      name: "ev",
      sql: """
        CREATE TRIGGER ev AFTER INSERT ON chunks BEGIN
          DELETE FROM documents WHERE id <> new.document_id; UPDATE chunks SET text = 'pay' WHERE id = new.id; END
        """),
    HostileSchema(
      name: "slow",
      sql:
        "CREATE TRIGGER slow BEFORE UPDATE ON store_state BEGIN SELECT count(*) FROM (\(endless) SELECT * FROM n); END"
    ),
    HostileSchema(name: "seen", sql: "CREATE VIEW seen AS \(endless) SELECT * FROM n"),
    HostileSchema(
      name: "documents",
      sql: "DROP TABLE documents; CREATE VIEW documents AS \(endless) SELECT i AS id FROM n",
      isRemoved: false),
    HostileSchema(
      name: "staged", sql: "DROP TABLE staged; CREATE TABLE staged(x)", isRemoved: false),
    HostileSchema(name: "mine", sql: "CREATE TABLE mine(x)", isRemoved: false),
    HostileSchema(name: "words", sql: "CREATE VIRTUAL TABLE words USING fts5(x)", isRemoved: false),
    HostileSchema(name: "by_length", sql: "CREATE INDEX by_length ON chunks(length(text))"),
    HostileSchema(name: "some", sql: "CREATE INDEX some ON chunks(line) WHERE abs(line) > 3"),
    HostileSchema(name: "once", sql: "CREATE UNIQUE INDEX once ON chunks(id, text)"),
    HostileSchema(
      name: "documents", sql: rewritten("documents", ") STRICT", ")"), isRemoved: false),
    HostileSchema(
      name: "documents", sql: rewritten("documents", "metadata TEXT NOT NULL", "metadata TEXT"),
      isRemoved: false),
    HostileSchema(
      name: "chunks",
      sql: "ALTER TABLE chunks ADD COLUMN g TEXT AS (printf('%.*c', 100000000, 'x')) VIRTUAL",
      isRemoved: false),
    HostileSchema(
      name: "chunks", sql: "ALTER TABLE chunks ADD COLUMN g INTEGER CHECK (abs(g) < 3)",
      isRemoved: false),
    HostileSchema(
      name: "chunk_search", sql: rewritten("chunk_search", "porter ascii", "ascii"),
      isRemoved: false),
    HostileSchema(
      name: "chunk_search_content", sql: rewritten("chunk_search_content", "c0", "c0 AS (1)"),
      isRemoved: false),
    HostileSchema(
      name: "'rank'",
      sql: "INSERT INTO chunk_search(chunk_search, rank) VALUES ('rank', 'bm25(-9)')"),
    HostileSchema(name: "vectors_deleted", sql: "DROP TRIGGER vectors_deleted"),
    HostileSchema(
      name: "vectors_deleted",
      sql:
        "DROP TRIGGER vectors_deleted; CREATE TRIGGER vectors_deleted AFTER DELETE ON vectors BEGIN SELECT 1; END"
    ),
    HostileSchema(
      name: "sqlite_stat1",
      sql: """
        PRAGMA writable_schema = ON;
        INSERT INTO sqlite_master VALUES ('view', 'sqlite_stat1', 'sqlite_stat1', 0, 'CREATE VIEW sqlite_stat1 AS SELECT 1');
        PRAGMA writable_schema = RESET;
        """),
  ]
}

@Suite struct SchemaGuardTests {
  @Test(.timeLimit(.minutes(15)), arguments: HostileSchema.all)
  func aStrangersSchemaIsRefusedAndNamed(schema: HostileSchema) async throws {
    let fixture = try await DoctorFixture()
    try await fixture.execute(schema.sql)
    for access in [StoreConfiguration.Access.readOnly, .readWrite] {
      let error = await StoreFileTests.error(opening: fixture.path, access: access)
      #expect(error?.code == .foreignSchema, "\(schema.sql)")
      #expect(error?.message.contains(schema.name) == true, "\(error?.message ?? "none")")
    }
    let found = try await fixture.examine()
    #expect(found[.schema]?.state == .problem, "\(schema.sql)")
    #expect(found[.schema]?.examples.contains { $0.contains(schema.name) } == true)
    let repaired = try await fixture.examine(repairs: true)
    #expect(repaired.isWell == schema.isRemoved, "\(schema.sql): \(repaired.unwell)")
    if schema.isRemoved {
      #expect(await StoreFileTests.error(opening: fixture.path) == nil)
      try await fixture.expectAnswers(Comment(rawValue: schema.name))
      try expectWhole(fixture.path)
    } else {
      let still = await StoreFileTests.error(opening: fixture.path)
      #expect(still?.code == .foreignSchema, "\(schema.sql)")
    }
  }

  /// What changes how fast an answer is found, and not which, stays the user's affair.
  @Test func plainIndexesAndStatisticsAreTheUsersOwn() async throws {
    let fixture = try await DoctorFixture()
    try await fixture.execute(
      "CREATE INDEX mine ON chunks(line); CREATE INDEX desc_too ON documents(added_at DESC, source COLLATE NOCASE); "
        + "create index small on documents(source collate nocase, format collate rtrim); "
        + "ANALYZE")
    #expect(await StoreFileTests.error(opening: fixture.path) == nil)
    try await fixture.expectAnswers("with an index of the user's")
    let report = try await fixture.examine()
    #expect(report[.schema]?.state == .ok)
  }

  @Test func aSchemaThatChangesUnderAnOpenStoreIsNoticed() async throws {
    let fixture = try await DoctorFixture()
    let store = try await Store(path: fixture.path, configuration: fixture.configuration)
    _ = try await store.list()
    try await fixture.execute("CREATE TRIGGER late AFTER INSERT ON chunks BEGIN SELECT 1; END")
    #expect(await errorCode { _ = try await store.list() } == .foreignSchema)
    #expect(await errorCode { try await store.add([Document(text: "x")]) } == .foreignSchema)
    try await store.close()
  }

  /// A file of an older version is compared with that version before anything in it runs.
  @Test(arguments: 1..<Schema.version)
  func olderFilesAreUpgradedOnlyIfTheyAreWhatTheyWere(format: Int32) async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("old.db")
    func make(_ extra: String) throws {
      try? FileManager.default.removeItem(atPath: path)
      var configuration = Configuration()
      configuration.prepareDatabase { try $0.execute(sql: "PRAGMA page_size = 32768") }
      let queue = try DatabaseQueue(path: path, configuration: configuration)
      try Schema.migrator.migrate(queue, upTo: Schema.migrator.migrations[Int(format) - 1])
      try queue.inDatabase { db in
        try db.execute(sql: "PRAGMA application_id = \(Schema.applicationID); \(extra)")
        _ = try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL")
      }
      try queue.close()
    }
    try make("")
    #expect(await StoreFileTests.error(opening: path) == nil)
    let upgraded = try await Store.doctor(path: path)
    #expect(upgraded[.schema]?.state == .ok)
    try make("CREATE TRIGGER ev AFTER INSERT ON grdb_migrations BEGIN DELETE FROM documents; END")
    #expect(await StoreFileTests.error(opening: path)?.code == .foreignSchema)
    let version = try await DatabaseQueue(path: path).read {
      try Int32.fetchOne($0, sql: "PRAGMA user_version")
    }
    #expect(version == format)
  }

  /// It only saves time; whoever changes the schema puts the new one there.
  @Test func theKnownFingerprintIsThatOfTheMigrations() throws {
    #expect(try DeclaredSchema.made(format: Schema.version).fingerprint == Schema.fingerprint)
  }

  @Test(.aboutFiles) func connectionsDoNotTrustTheSchema() async throws {
    try await withStore { store, _ in
      let sql = "PRAGMA trusted_schema"
      let reader = try await store.file.read { try Int.fetchOne($0, sql: sql) }
      let writer = try await store.file.write { try Int.fetchOne($0, sql: sql) }
      #expect(reader == 0 && writer == 0)
    }
    let ledger = try LedgerFixture()
    try await ledger.grant()
    try await ledger.execute(
      "CREATE TRIGGER ev AFTER INSERT ON attempts BEGIN DELETE FROM days; END")
    let error = await StoreErrorLedgerTests.error(ledger.reopened())
    #expect(error?.code == .foreignSchema)
    #expect(error?.message.contains("has the trigger ev") == true)
  }
}
