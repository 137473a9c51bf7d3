// The one seam between the tables and what keeps them: a transaction of SQLite or of PostgreSQL.

import Foundation
import GRDB

/// A transaction of a store, whatever keeps it: all that the tables run their SQL by.
///
/// The SQL is SQLite's, in the part of it that PostgreSQL has too; the few words that differ are put into
/// PostgreSQL's by its own transaction. Where a statement itself differs, a table asks ``isPostgres``.
protocol SQLTransaction: AnyObject {
  var isPostgres: Bool { get }

  /// Runs a statement that returns no rows, prepared once. An error may come later, before the transaction ends.
  func run(bulk sql: String, _ values: [BulkValue]) throws

  /// Runs a statement that returns no rows, prepared once. Returns how many rows it changed.
  func changes(bulk sql: String, _ values: BulkValue...) throws -> Int

  /// Inserts a row into a table with row ids. Returns its id; nil if it was not inserted.
  func insert(bulk sql: String, _ values: [BulkValue]) throws -> Int64?

  /// Runs a query and hands its rows to `body` as long as that returns true; a row ends with the call.
  ///
  /// - Parameter keeps: whether the statement is kept for the next time, which is for SQL of a fixed text.
  func forRows(
    bulk sql: String, _ values: [BulkValue], keeps: Bool, while body: (BulkRow) throws -> Bool
  ) throws

  /// Runs a query of many rows and hands each to `body`; a row ends with the call.
  func forManyRows(
    bulk sql: String, _ values: [BulkValue], keeps: Bool, body: (BulkRow) throws -> Void
  ) throws

  /// Takes chunks out of the word index, and puts others in.
  func changeWords(removed: [Int64], added: [Int64]) throws

  /// Makes what a new space needs beside its row.
  func prepare(_ space: SpaceRecord) throws

  /// Whether there is a table, which a file of an earlier format may lack.
  func hasTable(_ name: String) throws -> Bool

  /// Whether a table has a column, which a file of an earlier format may lack.
  func hasColumn(_ name: String, of table: String) throws -> Bool
}

extension SQLTransaction {
  /// The same as SQLite's, for what only a file has.
  ///
  /// - Throws: ``StoreError`` with `invalidArgument` for a store on PostgreSQL.
  func sqlite() throws -> Database {
    if let db = self as? Database { return db }
    throw StoreError.onlyInFiles("this")
  }

  func run(bulk sql: String, _ values: BulkValue...) throws {
    try run(bulk: sql, values)
  }

  /// Runs a statement that returns no rows.
  func execute(sql: String, arguments: SQLArguments = []) throws {
    try run(bulk: sql, arguments.values)
  }

  /// Inserts a row into a table with row ids. Returns its id; nil if it was not inserted.
  func insert(sql: String, arguments: SQLArguments) throws -> Int64? {
    try insert(bulk: sql, arguments.values)
  }

  /// Runs a query and hands each of its rows to `body`; a row ends with the call.
  func forEachRow(
    bulk sql: String, _ values: BulkValue..., body: (BulkRow) throws -> Void
  ) throws {
    try forEachRow(bulk: sql, values, body: body)
  }

  /// Runs a query and hands each of its rows to `body`; a row ends with the call.
  ///
  /// - Parameter keeps: whether the statement is kept for the next time, which is for SQL of a fixed text.
  func forEachRow(
    bulk sql: String, _ values: [BulkValue], keeps: Bool = true, body: (BulkRow) throws -> Void
  ) throws {
    try forRows(bulk: sql, values, keeps: keeps) {
      try body($0)
      return true
    }
  }

  /// Hands the rows of some ids to `body`, in no order. `sql` ends with the column that is the id.
  ///
  /// In a file each is looked up by itself. Over a network each question costs its way there and back, so
  /// that many are asked for at once.
  func forEachRow(
    bulk sql: String, _ values: [BulkValue] = [], ofIDs ids: [Int64],
    body: (BulkRow) throws -> Void
  ) throws {
    guard isPostgres else {
      for id in ids { try forEachRow(bulk: sql + " = ?", values + [.integer(id)], body: body) }
      return
    }
    let atOnce = 500
    for start in stride(from: 0, to: ids.count, by: atOnce) {
      let part = ids[start..<min(start + atOnce, ids.count)]
      try forEachRow(
        bulk: sql + " = ANY (?::bigint[])",
        values + [.text("{" + part.map(String.init).joined(separator: ",") + "}")], body: body)
    }
  }

  /// The same with rows that hold anything.
  func forEachRawRow(
    bulk sql: String, _ values: BulkValue..., body: (RawRow) throws -> Void
  ) throws {
    try forEachRow(bulk: sql, values) { try body($0.raw) }
  }

  /// What `body` makes of each row of a query.
  func rows<T>(
    bulk sql: String, _ values: BulkValue..., body: (BulkRow) throws -> T
  ) throws -> [T] {
    try rows(bulk: sql, values, body: body)
  }

  /// What `body` makes of each row of a query.
  func rows<T>(
    bulk sql: String, _ values: [BulkValue], body: (BulkRow) throws -> T
  ) throws -> [T] {
    var result: [T] = []
    try forEachRow(bulk: sql, values) { result.append(try body($0)) }
    return result
  }

  /// What `body` makes of the first row of a query; nil where there is none.
  func firstRow<T>(
    bulk sql: String, _ values: BulkValue..., body: (BulkRow) throws -> T
  ) throws -> T? {
    try firstRow(bulk: sql, values, body: body)
  }

  /// What `body` makes of the first row of a query; nil where there is none.
  ///
  /// - Parameter keeps: whether the statement is kept for the next time, which is for SQL of a fixed text.
  func firstRow<T>(
    bulk sql: String, _ values: [BulkValue], keeps: Bool = true, body: (BulkRow) throws -> T
  ) throws -> T? {
    var result: T?
    try forRows(bulk: sql, values, keeps: keeps) {
      result = try body($0)
      return false
    }
    return result
  }
}

extension Database: SQLTransaction {
  var isPostgres: Bool { false }

  func changeWords(removed: [Int64], added: [Int64]) throws {
    for chunk in removed {
      try run(bulk: "DELETE FROM chunk_search WHERE rowid = ?", [.integer(chunk)])
    }
    try IndexedChunk.forEach(added, self) { try $0.insert(self) }
  }

  func prepare(_ space: SpaceRecord) {}

  func forManyRows(
    bulk sql: String, _ values: [BulkValue], keeps: Bool, body: (BulkRow) throws -> Void
  ) throws {
    try forEachRow(bulk: sql, values, keeps: keeps, body: body)
  }

  func hasTable(_ name: String) throws -> Bool { try tableExists(name) }

  func hasColumn(_ name: String, of table: String) throws -> Bool {
    try columns(in: table).contains { $0.name == name }
  }
}

extension StoreError {
  /// What is done with a store in a file alone.
  static func onlyInFiles(_ what: String) -> StoreError {
    StoreError(
      .invalidArgument,
      "\(what) is for a store in a file; this one is on PostgreSQL, whose own tools do that")
  }
}

// MARK: - Values

/// A value that a statement takes and a query gives.
protocol SQLValue {
  var bulkValue: BulkValue { get }
  init?(_ row: BulkRow, at column: Int32) throws
}

extension SQLValue {
  /// The first value of a query; nil where there is none, or NULL.
  static func fetchOne(
    _ db: any SQLTransaction, sql: String, arguments: SQLArguments = []
  ) throws -> Self? {
    try fetchOne(db, sql: sql, arguments: arguments, keeps: true)
  }

  /// The same.
  ///
  /// - Parameter keeps: whether the statement is kept for the next time, which is for SQL of a fixed text.
  static func fetchOne(
    _ db: any SQLTransaction, sql: String, arguments: SQLArguments, keeps: Bool
  ) throws -> Self? {
    try db.firstRow(bulk: sql, arguments.values, keeps: keeps) { try Self($0, at: 0) } ?? nil
  }

  /// The first value of each row of a query, without NULLs.
  static func fetchAll(
    _ db: any SQLTransaction, sql: String, arguments: SQLArguments = []
  ) throws -> [Self] {
    try fetchAll(db, sql: sql, arguments: arguments, keeps: true)
  }

  /// The same.
  ///
  /// - Parameter keeps: whether the statement is kept for the next time, which is for SQL of a fixed text.
  static func fetchAll(
    _ db: any SQLTransaction, sql: String, arguments: SQLArguments, keeps: Bool
  ) throws -> [Self] {
    var values: [Self] = []
    try db.forEachRow(bulk: sql, arguments.values, keeps: keeps) {
      if let value = try Self($0, at: 0) { values.append(value) }
    }
    return values
  }
}

extension SQLValue where Self: Hashable {
  /// The first values of the rows of a query.
  static func fetchSet(
    _ db: any SQLTransaction, sql: String, arguments: SQLArguments = []
  ) throws -> Set<Self> {
    Set(try fetchAll(db, sql: sql, arguments: arguments))
  }

  /// The same.
  ///
  /// - Parameter keeps: whether the statement is kept for the next time, which is for SQL of a fixed text.
  static func fetchSet(
    _ db: any SQLTransaction, sql: String, arguments: SQLArguments, keeps: Bool
  ) throws -> Set<Self> {
    Set(try fetchAll(db, sql: sql, arguments: arguments, keeps: keeps))
  }
}

extension Int64: SQLValue {
  var bulkValue: BulkValue { .integer(self) }
  init?(_ row: BulkRow, at column: Int32) throws {
    guard !row.isNull(column) else { return nil }
    self = try row.integer(column)
  }
}

extension Int: SQLValue {
  var bulkValue: BulkValue { .integer(Int64(self)) }
  init?(_ row: BulkRow, at column: Int32) throws {
    guard !row.isNull(column) else { return nil }
    self = Int(try row.integer(column))
  }
}

extension Bool: SQLValue {
  var bulkValue: BulkValue { .integer(self ? 1 : 0) }
  init?(_ row: BulkRow, at column: Int32) throws {
    guard !row.isNull(column) else { return nil }
    self = try row.bool(column)
  }
}

extension Double: SQLValue {
  var bulkValue: BulkValue { .real(self) }
  init?(_ row: BulkRow, at column: Int32) throws {
    guard !row.isNull(column) else { return nil }
    self = try row.real(column)
  }
}

extension String: SQLValue {
  var bulkValue: BulkValue { .text(self) }
  init?(_ row: BulkRow, at column: Int32) throws {
    guard let text = try row.text(orNil: column) else { return nil }
    self = text
  }
}

extension Data: SQLValue {
  var bulkValue: BulkValue { .blob(self) }
  init?(_ row: BulkRow, at column: Int32) throws {
    guard let data = try row.data(orNil: column) else { return nil }
    self = data
  }
}

/// The values of a statement's `?`, in their order.
struct SQLArguments: ExpressibleByArrayLiteral {
  var values: [BulkValue]

  init(_ values: [BulkValue]) { self.values = values }

  init(arrayLiteral elements: (any SQLValue)?...) {
    values = elements.map { $0?.bulkValue ?? .null }
  }
}
