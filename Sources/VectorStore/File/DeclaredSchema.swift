// What is declared in a store's file (tables, indexes, triggers, views) against what this program's
// own migrations declare.

import Foundation
import GRDB
import Synchronization
import VectorStoreText

/// All that `sqlite_master` declares, and the options of the word index, which are rows.
struct DeclaredSchema: Sendable {
  /// A table, index, trigger or view.
  struct Object: Hashable, Sendable {
    let type: String
    let name: String
    let table: String
    /// Nil for an index that SQLite made for itself.
    let sql: String?

    var isVirtual: Bool { type == "table" && (sql?.hasPrefix("CREATE VIRTUAL TABLE") ?? false) }

    /// As a message calls it.
    var title: String {
      let kind = isVirtual ? "virtual table" : type
      return "the \(kind) \(name)" + (type == "trigger" ? " on \(table)" : "")
    }

    /// The statement that takes it out.
    var drop: String { "DROP \(type.uppercased()) \(name.quotedDatabaseIdentifier)" }
  }

  /// Objects and options, in one order whatever the order in the file.
  let objects: [Object]
  /// Rows of `chunk_search_config` but for the version, as `rank = bm25(3)`: FTS5 obeys them.
  let searchOptions: [String]

  /// Reads what a file declares. Nothing of it is run.
  init(_ db: Database) throws {
    var objects: [Object] = []
    try db.forEachRawRow(
      bulk: "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name, sql"
    ) { row in
      objects.append(
        Object(
          type: row.text(0) ?? "", name: row.text(1) ?? "", table: row.text(2) ?? "",
          sql: row.text(3)))
    }
    self.objects = objects
    var options: [String] = []
    // Only out of the table that FTS5 makes: a view of that name is not to be run.
    let declaration = "CREATE TABLE 'chunk_search_config'(k PRIMARY KEY, v) WITHOUT ROWID"
    if objects.contains(where: { $0.name == "chunk_search_config" && $0.sql == declaration }) {
      try db.forEachRawRow(
        bulk:
          "SELECT quote(k) || ' = ' || quote(v) FROM chunk_search_config WHERE k <> 'version' ORDER BY k"
      ) { options.append($0.text(0) ?? "") }
    }
    searchOptions = options
  }

  /// SHA-256 of all of it.
  var fingerprint: String {
    var hash = SHA256()
    let parts = objects.flatMap { [$0.type, $0.name, $0.table, $0.sql ?? "\u{1}"] } + searchOptions
    for part in parts { hash.add(Data((part + "\0").utf8)) }
    return hash.finish().hexadecimal
  }

  private static let models = Mutex<[Int32: DeclaredSchema]>([:])

  /// What the migrations of this program make, up to a format. Made once a process, in memory.
  static func made(format: Int32) throws -> DeclaredSchema {
    if let known = models.withLock({ $0[format] }) { return known }
    let migrator = Schema.migrator
    let queue = try DatabaseQueue()
    try migrator.migrate(queue, upTo: migrator.migrations[Int(format) - 1])
    let model = try queue.read { try DeclaredSchema($0) }
    models.withLock { $0[format] = model }
    return model
  }
}

/// How a file's schema differs from the program's own.
struct SchemaDifferences {
  /// The program's objects that are not in the file.
  private(set) var missing: [DeclaredSchema.Object] = []
  /// The program's objects that the file declares in another way.
  private(set) var changed: [DeclaredSchema.Object] = []
  /// Objects of the file that are not the program's.
  private(set) var extra: [DeclaredSchema.Object] = []
  /// Options of the word index that the program never sets.
  private(set) var searchOptions: [String] = []

  /// Compares a file of a format that this program knows.
  ///
  /// Plain indexes of a user's own and the tables of SQLite's `ANALYZE` are no differences: they change
  /// how fast an answer is found, not which.
  ///
  /// - Complexity: O(objects); the first comparison of a process makes the program's own in memory.
  init(_ db: Database, format: Int32 = Schema.version) throws {
    try self.init(db, against: try DeclaredSchema.made(format: format))
  }

  /// Compares any file with what it should declare.
  init(_ db: Database, against model: DeclaredSchema) throws {
    let found = try DeclaredSchema(db)
    let known = Dictionary(found.objects.map { ($0.type + " " + $0.name, $0) }) { first, _ in first
    }
    let expected = Set(model.objects)
    for object in model.objects {
      guard let other = known[object.type + " " + object.name] else {
        missing.append(object)
        continue
      }
      if other != object { changed.append(object) }
    }
    let names = Set(model.objects.map { $0.type + " " + $0.name })
    for object in found.objects where !expected.contains(object) {
      // A second row of the same name is one too many, whatever it says.
      let isSecond = known[object.type + " " + object.name] != object
      guard isSecond || !names.contains(object.type + " " + object.name) else { continue }
      if try !Self.isHarmless(object, db) { extra.append(object) }
    }
    searchOptions = found.searchOptions.filter { !model.searchOptions.contains($0) }
    // What SQLite and FTS5 make for themselves comes and goes with its table.
    let gone = Set(missing.map(\.name))
    missing.removeAll { object in
      object.sql == nil && gone.contains(object.table)
        || object.name.hasPrefix("chunk_search_") && gone.contains("chunk_search")
    }
  }

  /// Whether to read the tables could run what a stranger declared: a view, or a table with other columns.
  var isUnsafeToRead: Bool { hasForeignTables || extra.contains { $0.type == "view" } }

  /// Whether there are tables that may hold something and do more than hold it.
  var hasForeignTables: Bool {
    extra.contains { $0.isVirtual } || changed.contains { $0.type == "table" }
  }

  private static let statisticsTables: [String: String] = [
    "sqlite_stat1": "CREATE TABLE sqlite_stat1(tbl,idx,stat)",
    "sqlite_stat4": "CREATE TABLE sqlite_stat4(tbl,idx,neq,nlt,ndlt,sample)",
  ]

  private static func isHarmless(_ object: DeclaredSchema.Object, _ db: Database) throws -> Bool {
    switch object.type {
    case "table": return statisticsTables[object.name] == object.sql
    case "index": return try isPlainIndex(object, db)
    default: return false
    }
  }

  /// An index over columns as they are: neither unique nor partial, without expressions and collations of
  /// others.
  private static func isPlainIndex(_ index: DeclaredSchema.Object, _ db: Database) throws -> Bool {
    guard index.sql != nil else { return false }
    let flags = try Int.fetchOne(
      db, sql: "SELECT \"unique\" + partial FROM pragma_index_list(?) WHERE name = ?",
      arguments: [index.table, index.name])
    let odd = try Int.fetchOne(
      db,
      sql: """
        SELECT COUNT(*) FROM pragma_index_xinfo(?)
        WHERE cid < -1 OR upper(coll) NOT IN ('BINARY', 'NOCASE', 'RTRIM')
        """, arguments: [index.name])
    return flags == 0 && odd == 0
  }
}
