// A new store made from a damaged one: what is not derived is copied, the rest is made from it.

import Foundation
import GRDB
import VectorStoreSearch

/// Fills a new store from another one, attached as `damaged`, whose indexes and derived tables are never
/// read.
struct FileRebuild {
  /// A table of the damaged store lacks rows, as far as its indexes tell.
  struct Incomplete: Error {}

  /// The tables that hold what cannot be made again.
  private static let kept = [
    "spaces", "collections", "roots", "documents", "pending_documents", "chunks", "vectors",
    "staged",
    "runs", "statistics",
  ]

  let db: Database
  /// The rows of a full segment.
  let segmentRows: Int
  /// See ``leastRows(_:)``.
  let leastRows: [String: Int]

  /// - Throws: `DatabaseError` where a table that is not derived cannot be read, ``Incomplete`` where it
  ///   has lost rows.
  /// - Complexity: reads and writes all texts and vectors, and encodes every vector.
  func fill() throws {
    for table in Self.kept { try copy(table) }
    try copyCounters()
    try DocumentFieldsTable.fill(db)
    try WordsRepair.rebuild(keeping: [], db)
    var goesOn = true
    while goesOn {
      var maintenance = SegmentMaintenance(db, segmentRows: segmentRows)
      goesOn = try maintenance.compact(damaged: [])
    }
    guard try IntegrityCheck.complaints(db).isEmpty else { throw Incomplete() }
  }

  private func copy(_ table: String) throws {
    let names = try String.fetchAll(
      db, sql: "SELECT name FROM pragma_table_info(?, 'main')", arguments: [table])
    // Named, since SQLite copies indexes too where all columns of a table go to one like it.
    let columns = names.joined(separator: ", ")
    try db.execute(
      sql: """
        INSERT INTO main.\(table)(\(columns)) SELECT \(columns) FROM damaged.\(table) NOT INDEXED
        """)
    guard db.changesCount >= leastRows[table] ?? 0 else { throw Incomplete() }
  }

  /// How many rows the tables that are kept have by those of their indexes that can be read.
  ///
  /// Each is read by itself: after a damaged page SQLite fails whatever else a transaction asks.
  static func leastRows(_ file: StoreFile) async throws -> [String: Int] {
    var least: [String: Int] = [:]
    for table in kept {
      let indexes = try? await file.readDatabase { db in
        try String.fetchAll(
          db, sql: "SELECT name FROM pragma_index_list(?) WHERE NOT partial", arguments: [table])
      }
      for index in indexes ?? [] {
        let sql = "SELECT COUNT(*) FROM \(table) INDEXED BY \(index.quotedDatabaseIdentifier)"
        let rows = try? await file.readDatabase { try Int.fetchOne($0, sql: sql) ?? 0 }
        if let rows { least[table] = max(rows, least[table] ?? 0) }
      }
    }
    return least
  }

  /// Ids are never used again, and what other processes keep of the store must not be taken for the new.
  private func copyCounters() throws {
    let now = Int64(Date().timeIntervalSince1970)
    let names = try String.fetchAll(db, sql: "SELECT name FROM main.sqlite_sequence")
    for name in names {
      let counter = try? Int64.fetchOne(
        db, sql: "SELECT MAX(seq) FROM damaged.sqlite_sequence WHERE name = ?", arguments: [name])
      guard let counter, (0...SchemaCheck.greatestCounter).contains(counter) else { continue }
      try db.execute(
        sql: "UPDATE main.sqlite_sequence SET seq = MAX(seq, ?) WHERE name = ?",
        arguments: [counter, name])
    }
    try db.execute(
      sql: "INSERT INTO main.sqlite_sequence(name, seq) VALUES ('segments', ?)", arguments: [now])
    let generation = try? Int64.fetchOne(db, sql: "SELECT generation FROM damaged.store_state")
    try db.execute(
      sql: "UPDATE main.store_state SET generation = ?",
      arguments: [StoreStateTable.following(generation)])
  }
}
