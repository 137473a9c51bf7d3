// Checks of the schema, the spaces of vectors, and the counter of changes.

import GRDB

/// Compares the file's schema with that of a new store.
struct SchemaCheck: StoreCheck {
  let names = [DoctorReport.Name.schema]

  /// GRDB's table of the migrations that a file has been through.
  private static let migrations = "grdb_migrations"
  /// What may be rebuilt: it holds nothing that is not derived.
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
      "a repair builds again what can be made from the rest, and removes triggers, views and "
      + "indexes of others; tables that do hold something come back from a backup only" + step
  }

  func repair(_ file: StoreFile) async throws -> [DoctorReport.Name: String] {
    let differences = try await file.readDatabase { try SchemaDifferences($0) }
    // A table with other columns holds what no repair may throw away, and whatever writes could run it.
    guard !differences.hasForeignTables else { return [:] }
    return try await file.writeDatabase { db in
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
      let deeds = [("removed: ", removed), ("built again: ", made)].filter { !$0.1.isEmpty }
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

/// Looks for real vectors outside their collection's target space, and spaces that contradict themselves.
struct SpacesCheck: StoreCheck {
  let names = [DoctorReport.Name.vectorSpaces]

  func run(_ db: Database) throws -> [DoctorReport.Check] {
    var findings = Findings()
    for space in try SpacesTable.all(db) {
      var name: String?
      try db.forEachRawRow(bulk: "SELECT name FROM spaces WHERE id = ?", .integer(space.id)) {
        name = $0.text(0)
      }
      guard name != space.space.name else { continue }
      findings.add("the space \(name ?? "?") says of itself that it is \(space.space)")
    }
    let changing = try Self.isChanging(db)
    var others = Findings()
    try db.forEachRawRow(
      bulk: """
        SELECT c.id, s.name, t.name FROM collections k
        CROSS JOIN documents d ON d.collection_id = k.id CROSS JOIN chunks c ON c.document_id = d.id
        CROSS JOIN vectors v ON v.chunk_id = c.id AND v.space_id <> k.target_space_id
        CROSS JOIN spaces s ON s.id = v.space_id AND s.kind = 'real'
        JOIN spaces t ON t.id = k.target_space_id
        """
    ) { row in
      try others.add(
        "\(RowNames.chunk(row.integer(0), db)): \(row.text(1) ?? "?") in a collection of "
          + (row.text(2) ?? "?"))
    }
    findings.add(others)
    let isOnlyChange = changing && others.count == findings.count
    return [
      findings.check(
        .vectorSpaces,
        well: "every vector is in its collection's target space, or made from words",
        isOnlyChange ? .warning : .problem,
        found: isOnlyChange
          ? "vectors lie beside those of the target space: `reembed` is not done"
          : "vectors are in another space than their collection's",
        advice: isOnlyChange
          ? "embed the collection again in the same space"
          : "remove each document and add it again")
    ]
  }

  /// Whether the last `reembed` was cut off or is at work: vectors of two spaces then lie side by side.
  private static func isChanging(_ db: Database) throws -> Bool {
    try Bool.fetchOne(
      db,
      sql: """
        SELECT finished_at IS NULL OR COALESCE(json_extract(report, '$.isComplete'), 0) = 0
        FROM runs WHERE command = 'reembed' ORDER BY id DESC LIMIT 1
        """) ?? false
  }
}

/// Looks whether the counter is there.
struct GenerationCheck: StoreCheck {
  let names = [DoctorReport.Name.generation]

  func run(_ db: Database) throws -> [DoctorReport.Check] {
    var found: Int64?
    try db.forEachRawRow(
      bulk: "SELECT generation FROM store_state WHERE id = 1 AND typeof(generation) = 'integer'"
    ) { found = $0.integer(0) }
    if let found, StoreStateTable.isPossible(found) {
      return [
        DoctorReport.Check(
          .generation, .ok, "open stores see by a number what others write, now \(found)")
      ]
    }
    var check = DoctorReport.Check(
      .generation, .problem,
      "the counter of write transactions is missing or impossible, so that open stores do not see what others write"
    )
    check.count = 1
    check.advice = "a repair begins a new one"
    return [check]
  }

  func repair(_ file: StoreFile) async throws -> [DoctorReport.Name: String] {
    // Every write transaction begins a new one where it has to.
    try await file.writeDatabase { _ in [.generation: "a new one was begun"] }
  }
}
