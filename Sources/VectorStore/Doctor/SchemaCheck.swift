// Tables, indexes and triggers against those that this program makes, and the counters of ids. Called by
// Doctor; calls SchemaDifferences.

import GRDB

/// Compares the file's schema with that of a new store.
struct SchemaCheck: StoreCheck {
  let names = [DoctorReport.Name.schema]

  /// GRDB's table of the migrations that a file has been through.
  private static let migrations = "grdb_migrations"
  /// What may be made anew: it holds nothing that is not derived.
  private static let derivedTables: Set<String> = [
    "chunk_search", "document_fields", "segments", "segment_heads", "segment_codes",
    "segment_fine_codes", "removed_vectors", "claims", migrations,
  ]
  /// Tables whose ids are never used again.
  private static let countedTables = ["documents", "chunks", "vectors"]
  /// More ids than can have been given.
  static let greatestCounter: Int64 = 1 << 53

  let looksOnlyAtDeclarations = true

  func run(_ db: Database) throws -> [DoctorReport.Check] {
    var findings = Findings()
    let differences = try SchemaDifferences(db)
    for object in differences.extra { findings.add("\(object.title) is not this program's") }
    for object in differences.changed { findings.add("\(object.title) is another one") }
    for object in differences.missing { findings.add("\(object.title) is missing") }
    for option in differences.searchOptions {
      findings.add("the option \(option) of the word index is not this program's")
    }
    if !differences.isUnsafeToRead {
      for table in try Self.wrongCounters(db) {
        findings.add("the counter of ids of \(table) is not one of its ids")
      }
    }
    return [
      findings.check(
        .schema,
        well: "tables, indexes and triggers are those of format \(Schema.version), and no others",
        found: "differences from format \(Schema.version)",
        advice: Self.advice(differences))
    ]
  }

  private static func advice(_ differences: SchemaDifferences) -> String {
    let tables = differences.extra.filter { $0.type == "table" }.map(\.drop)
    let step =
      tables.isEmpty
      ? ""
      : "; copy what other tables hold to a file of its own and remove them: \(tables.joined(separator: "; "))"
    return
      "`store doctor --repair` makes anew what holds nothing of its own, and removes triggers, views and "
      + "indexes of others; tables that do hold something come back from a backup only" + step
  }

  func repair(_ file: StoreFile) async throws -> [DoctorReport.Name: String] {
    let differences = try await file.read { try SchemaDifferences($0) }
    // A table with other columns holds what no repair may throw away, and whatever writes could run it.
    guard !differences.hasForeignTables else { return [:] }
    return try await file.write { db in
      var made: [String] = []
      // Before anything is written that could set off a trigger.
      let foreign = differences.extra.filter { $0.type != "table" }
      let replaced = differences.changed.filter { $0.type != "table" && $0.sql != nil }
      for object in foreign + replaced { try db.execute(sql: object.drop) }
      var removed = foreign.map(\.title)
      if !differences.searchOptions.isEmpty {
        try db.execute(sql: "DELETE FROM chunk_search_config WHERE k <> 'version'")
        removed.append("options of the word index")
      }
      let again = differences.missing.filter {
        $0.type != "table" || Self.derivedTables.contains($0.name)
      }
      for type in ["table", "index", "trigger"] {
        for object in again + replaced where object.type == type {
          guard let sql = object.sql else { continue }
          try db.execute(sql: sql)
          made.append("\(type) \(object.name)")
          guard object.name == Self.migrations else { continue }
          for name in Schema.migrator.migrations {
            try db.execute(sql: "INSERT INTO grdb_migrations VALUES (?)", arguments: [name])
          }
        }
      }
      for table in try Self.wrongCounters(db) {
        try db.execute(sql: "DELETE FROM sqlite_sequence WHERE name = ?", arguments: [table])
        try db.execute(
          sql: "INSERT INTO sqlite_sequence(name, seq) SELECT ?, MAX(id) FROM \(table)",
          arguments: [table])
        made.append("counter of \(table)")
      }
      let deeds = [("removed: ", removed), ("made anew: ", made)].filter { !$0.1.isEmpty }
      guard !deeds.isEmpty else { return [:] }
      return [
        .schema: deeds.map { $0.0 + $0.1.joined(separator: ", ") }.joined(separator: "; ")
      ]
    }
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
