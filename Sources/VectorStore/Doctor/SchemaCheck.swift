// Tables, indexes and triggers against those that this program makes, and the counters of ids. Called by
// Doctor; calls Schema.

import GRDB

/// Compares the file's schema with that of a new store.
struct SchemaCheck: StoreCheck {
  let names = [DoctorReport.Name.schema]

  /// What may be made anew: it holds nothing that is not derived.
  private static let derivedTables: Set<String> = [
    "chunk_search", "document_fields", "segments", "segment_heads", "segment_codes",
    "segment_fine_codes", "removed_vectors", "claims",
  ]
  /// Tables whose ids are never used again.
  private static let countedTables = ["documents", "chunks", "vectors"]
  /// More ids than can have been given.
  static let greatestCounter: Int64 = 1 << 53

  /// A table, index or trigger.
  private struct Object: Hashable {
    let type: String
    let name: String
    let sql: String

    var isDerived: Bool { type != "table" || derivedTables.contains(name) }
  }

  func run(_ db: Database) throws -> [DoctorReport.Check] {
    var findings = Findings()
    let (missing, different) = try Self.differences(db)
    for object in missing { findings.add("the \(object.type) \(object.name) is missing") }
    for object in different { findings.add("the \(object.type) \(object.name) is another one") }
    for table in try Self.wrongCounters(db) {
      findings.add("the counter of ids of \(table) is not one of its ids")
    }
    return [
      findings.check(
        .schema, well: "tables, indexes and triggers are those of format \(Schema.version)",
        found: "differences from format \(Schema.version)",
        advice: "`store doctor --repair` makes anew what holds nothing of its own; tables that do "
          + "come back from a backup only")
    ]
  }

  func repair(_ file: StoreFile) async throws -> [DoctorReport.Name: String] {
    try await file.write { db in
      var made: [String] = []
      let (missing, different) = try Self.differences(db)
      for object in different where object.type != "table" {
        try db.execute(sql: "DROP \(object.type) \(object.name.quotedDatabaseIdentifier)")
      }
      let again = missing.filter(\.isDerived) + different.filter { $0.type != "table" }
      for type in ["table", "index", "trigger"] {
        for object in again where object.type == type {
          try db.execute(sql: object.sql)
          made.append("\(type) \(object.name)")
        }
      }
      for table in try Self.wrongCounters(db) {
        try db.execute(sql: "DELETE FROM sqlite_sequence WHERE name = ?", arguments: [table])
        try db.execute(
          sql: "INSERT INTO sqlite_sequence(name, seq) SELECT ?, MAX(id) FROM \(table)",
          arguments: [table])
        made.append("counter of \(table)")
      }
      return made.isEmpty ? [:] : [.schema: "made anew: " + made.joined(separator: ", ")]
    }
  }

  private static func differences(_ db: Database) throws -> (missing: [Object], different: [Object])
  {
    let found = try objects(db)
    let known = Dictionary(found.map { ($0.type + $0.name, $0.sql) }) { first, _ in first }
    let model = try DatabaseQueue()
    try Schema.migrator.migrate(model)
    let expected = try model.read { try objects($0) }
    return (
      expected.filter { known[$0.type + $0.name] == nil },
      expected.filter { object in known[object.type + object.name].map { $0 != object.sql } ?? false
      }
    )
  }

  /// What was declared; not what SQLite and FTS5 made for themselves.
  private static func objects(_ db: Database) throws -> [Object] {
    var objects: [Object] = []
    try db.forEachRawRow(
      bulk: """
        SELECT type, name, sql FROM sqlite_master
        WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
          AND name NOT LIKE 'chunk\\_search\\_%' ESCAPE '\\' AND name <> 'grdb_migrations'
        ORDER BY rowid
        """
    ) { row in
      objects.append(
        Object(type: row.text(0) ?? "", name: row.text(1) ?? "", sql: row.text(2) ?? ""))
    }
    return objects
  }

  /// Tables whose counter would let an id be used again, new rows be overlooked, or none be added.
  private static func wrongCounters(_ db: Database) throws -> [String] {
    try countedTables.filter { table in
      guard try db.tableExists(table) else { return false }
      return try Bool.fetchOne(
        db,
        sql: """
          SELECT COALESCE((SELECT typeof(seq) <> 'integer' OR seq > ?2 OR seq < COALESCE(
            (SELECT MAX(id) FROM \(table)), 0) FROM sqlite_sequence WHERE name = ?1),
            EXISTS (SELECT 1 FROM \(table)))
          """, arguments: [table, greatestCounter]) ?? false
    }
  }
}
