// Every column of every table with every kind of value in it, and every verb asked: nothing that a file
// holds may trap or hang, and damage in what is derived changes no answer. Tests Tables/ and Index/.

import Foundation
import GRDB
import TestSupport
import Testing

@testable import VectorStore

@Suite(.timeLimit(.minutes(10))) struct StoredValuesTests {
  /// All columns with all values, which takes minutes; else each column with some.
  static let isThorough = ProcessInfo.processInfo.environment["VECTOR_STORE_DAMAGE"] != nil

  static let tables = [
    "spaces", "collections", "documents", "pending_documents", "chunks", "vectors", "staged",
    "claims", "runs", "store_state", "segments", "segment_heads", "segment_codes",
    "segment_fine_codes",
    "removed_vectors", "document_fields", "statistics", "sqlite_sequence", "chunk_search_data",
    "chunk_search_idx", "chunk_search_content", "chunk_search_docsize", "chunk_search_config",
  ]
  /// What is made from the other tables: answers by vectors do not depend on it.
  static let derived: Set<String> = [
    "segments", "segment_heads", "segment_codes", "segment_fine_codes", "removed_vectors",
    "store_state", "document_fields", "runs", "statistics",
  ]
  /// The verbs that damage to a table does not keep from working.
  static func unharmed(by table: String) -> Set<String> {
    switch table {
    case "claims": ["open", "answers", "add"]
    case _ where derived.contains(table): ["open", "answers"]
    default: []
    }
  }
  static let values = [
    "NULL", "''", "'a text'", "x''", "x'00ff'", "0", "-1", "1.5", "1e308", "-9e999",
    "\(Int64.min)", "\(Int64.max)", "\(Int64.max - 1)", "'9223372036854775807'",
    "zeroblob(3000000)", "'{\"a\": 1e999}'",
  ]

  @Test(arguments: tables) func noStoredValueTraps(table: String) async throws {
    let damaged = try await DamagedStore()
    var number = Self.tables.firstIndex(of: table) ?? 0
    for column in try await damaged.columns(of: table) {
      for (index, value) in Self.values.enumerated() {
        number += 1
        guard Self.isThorough || index == 0 || number.isMultiple(of: 12) else { continue }
        let name: Comment = "\(table).\(column) = \(value)"
        // A key does not take everything.
        guard try await damaged.plant(value, table, column) else { continue }
        await damaged.ask(
          name, mustWork: Self.unharmed(by: table),
          everything: Self.isThorough || number.isMultiple(of: 4))
      }
    }
  }
}

/// A store without its constraints, of which copies are damaged.
private struct DamagedStore {
  /// Questions by vectors.
  static let asked = 8

  /// A store before it is damaged, made once for all tables.
  private struct Original {
    let bytes: Data
    let vectors: [[Float]]
    /// The right answers to ``vectors``.
    let answers: [[Int64]]
  }

  let fixture: DoctorFixture
  private let original: Original

  init() async throws {
    original = try await Self.original.value
    var fixture = try DoctorFixture(original.bytes, queries: original.vectors)
    // A schema without its constraints is refused otherwise.
    fixture.opensForeignSchemas = true
    self.fixture = fixture
  }

  private static let original = Task { () async throws -> Original in
    var fixture = try await DoctorFixture()
    fixture.opensForeignSchemas = true
    let store = try await Store(path: fixture.path, configuration: fixture.configuration)
    var options = StatisticsOptions()
    options.save = "kept"
    _ = try await store.statistics(options: options)
    try await store.file.write { db in
      let unit = [Float](repeating: 0.125, count: 64).withUnsafeBytes { Data($0) }
      try db.sqlite().execute(
        sql: """
          INSERT INTO pending_documents
            SELECT id, 'text', 'text', x'00', 'A pending text.', '{}', 400, 40, 'why', 'now', NULL
            FROM documents WHERE source = 'bread';
          """)
      try db.sqlite().execute(
        sql: """
          INSERT INTO staged(space_id, text_hash, data, norm, created_at)
          SELECT id, ?, ?, 1, 'now' FROM spaces WHERE name = 'test/m/64'
          """, arguments: [TextHash.of("A staged text."), unit])
      try db.sqlite().execute(
        sql: """
          INSERT INTO chunk_search(chunk_search, rank) VALUES ('pgsz', 4050);
          UPDATE runs SET report = '{"refused": {"bad_vector/zero": 2}}' WHERE id = 1
          """)
    }
    try await store.close()
    try await fixture.execute(
      """
      INSERT INTO removed_vectors VALUES (3, 1);
      INSERT INTO claims SELECT zeroblob(32), id, 999, '2999' FROM spaces
      """)
    try await loosen(fixture.path)
    let bytes = try Data(contentsOf: URL(filePath: fixture.path))
    let vectors = Array(fixture.queries.prefix(asked))
    let opened = try await Store(path: fixture.path, configuration: fixture.configuration)
    let answers = try await Self.answers(of: opened, to: vectors)
    try await opened.close()
    try #require(answers.count == asked && answers.allSatisfy { !$0.isEmpty })
    return Original(bytes: bytes, vectors: vectors, answers: answers)
  }

  /// Takes the constraints out of the schema, as another program could make such a file.
  private static func loosen(_ path: String) async throws {
    let queue = try DatabaseQueue(path: path)
    try await queue.writeWithoutTransaction { db in
      try db.sqlite().execute(sql: "PRAGMA writable_schema = ON")
      for row in try Row.fetchAll(
        db, sql: "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND sql LIKE '%STRICT%'")
      {
        try db.sqlite().execute(
          sql: "UPDATE sqlite_master SET sql = ? WHERE name = ?",
          arguments: [loose(row["sql"]), row["name"] as String])
      }
      try db.sqlite().execute(sql: "PRAGMA writable_schema = RESET")
      _ = try Row.fetchAll(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
    }
    try queue.close()
  }

  private static func loose(_ sql: String) -> String {
    var sql = sql.replacingOccurrences(of: ") STRICT, WITHOUT ROWID", with: ") WITHOUT ROWID")
      .replacingOccurrences(of: ") STRICT", with: ")")
      .replacingOccurrences(of: " NOT NULL", with: "")
    while let check = sql.range(of: " CHECK (") {
      var (depth, end) = (1, check.upperBound)
      while depth > 0 {
        depth += sql[end] == "(" ? 1 : sql[end] == ")" ? -1 : 0
        end = sql.index(after: end)
      }
      sql.removeSubrange(check.lowerBound..<end)
    }
    return sql
  }

  func columns(of table: String) async throws -> [String] {
    let queue = try DatabaseQueue(path: fixture.path)
    defer { try? queue.close() }
    return try await queue.read { db in
      try String.fetchAll(db, sql: "SELECT name FROM pragma_table_info(?)", arguments: [table])
    }
  }

  /// Makes a new copy with a value in one row, or in all where that cannot be; false where SQLite refuses it.
  func plant(_ value: String, _ table: String, _ column: String) async throws -> Bool {
    for side in ["", "-wal", "-shm"] {
      try? FileManager.default.removeItem(atPath: fixture.path + side)
    }
    try original.bytes.write(to: URL(filePath: fixture.path))
    let isRowless = ["document_fields", "chunk_search_config", "chunk_search_idx", "claims"]
      .contains(table)
    let which =
      isRowless ? "" : "WHERE rowid = (SELECT MAX(rowid) FROM \(table))"
    do {
      try await fixture.execute("UPDATE OR REPLACE \(table) SET \(column) = \(value) \(which)")
      return true
    } catch is DatabaseError {
      return false
    }
  }

  private static func answers(of store: Store, to vectors: [[Float]]) async throws -> [[Int64]] {
    try await store.query(vectors: vectors, options: QueryOptions(limit: 5))
      .map { $0.hits.map(\.id) }
  }

  /// Runs every verb; each may fail with an error of the library's.
  ///
  /// - Parameters:
  ///   - mustWork: verbs that may not fail; `answers` are then the right ones.
  ///   - everything: whether those verbs too that take long.
  func ask(_ name: Comment, mustWork: Set<String>, everything: Bool) async {
    let vectors = original.vectors
    func attempt(_ verb: String, _ body: () async throws -> Void) async {
      do {
        try await body()
      } catch let error as StoreError {
        #expect(!error.message.isEmpty && !mustWork.contains(verb), "\(name), \(verb): \(error)")
      } catch {
        Issue.record("\(name), \(verb): \(error)")
      }
    }
    if everything { await attempt("doctor") { _ = try await fixture.examine() } }
    await attempt("open") {
      let store = try await Store(path: fixture.path, configuration: fixture.configuration)
      if mustWork.contains("answers") {
        await attempt("answers") {
          let found = try await Self.answers(of: store, to: vectors)
          #expect(found == original.answers, name)
        }
      }
      for ranking in [QueryOptions.Ranking.vector, .lexical, .fused] {
        var options = QueryOptions(limit: 300)
        options.ranking = ranking
        await attempt("query") {
          _ = try await store.query("the walrus", in: "texts", options: options)
        }
        options.isExact = true
        options.filter = try Filter(parsing: "colour = 'blue' or page > 2")
        await attempt("exact") {
          _ = try await store.query("the sky", in: "texts", options: options)
        }
      }
      await attempt("vectors") {
        _ = try await store.query(vectors: vectors, options: QueryOptions(limit: 300))
      }
      await attempt("list") { _ = try await store.list() }
      await attempt("collections") { _ = try await store.collections() }
      for id in ["sky", "bread", "walrus"] {
        await attempt("get") { _ = try await store.get(id, in: "texts") }
      }
      for file in ["out.jsonl", "out.npy"] {
        for collection in ["default", "texts"] {
          await attempt("export") {
            _ = try await store.export(to: fixture.folder.path(file), from: collection)
          }
        }
      }
      if everything {
        await attempt("stats") {
          var options = StatisticsOptions()
          options.compare = "kept"
          _ = try await store.statistics(options: options)
        }
      }
      await attempt("plan") { _ = try await store.reembed("texts", isDryRun: true) }
      await attempt("add") {
        _ = try await store.add(
          [
            Document(id: "walrus", text: "The walrus sleeps.", metadata: ["a": 1]),
            Document(id: "new", text: "A staged text."),
          ], to: "texts")
      }
      await attempt("remove") { _ = try await store.remove(["sky", "bread"], from: "texts") }
      await attempt("remove vectors") { _ = try await store.remove(["v10", "v150", "v199"]) }
      if everything { await attempt("compact") { _ = try await store.compact() } }
      await attempt("close") { try await store.close() }
    }
    if everything { await attempt("repair") { _ = try await fixture.examine(repairs: true) } }
  }
}
