// Statements for rows that come by the hundred thousand: values are bound and read through SQLite's C
// interface, without a boxed copy of each. Called by the tables that imports fill and searches scan.

import Foundation
import GRDB
import GRDBSQLite

/// A value to bind.
enum BulkValue {
  case null
  case integer(Int64)
  case real(Double)
  case text(String)
  case blob(Data)
  /// A blob in memory that lasts until the statement has run: it is not copied.
  case bytes(UnsafeRawBufferPointer)

  /// A value of GRDB's.
  init(_ value: DatabaseValue) {
    self =
      switch value.storage {
      case .null: .null
      case .int64(let value): .integer(value)
      case .double(let value): .real(value)
      case .string(let value): .text(value)
      case .blob(let value): .blob(value)
      }
  }

  static func text(orNull text: String?) -> BulkValue { text.map(BulkValue.text) ?? .null }
  static func blob(orNull data: Data?) -> BulkValue { data.map(BulkValue.blob) ?? .null }
  static func integer(orNull value: Int?) -> BulkValue {
    value.map { BulkValue.integer(Int64($0)) } ?? .null
  }

  /// Binds the value; SQLite makes a copy of texts and blobs.
  fileprivate func bind(to statement: SQLiteStatement, at index: Int32) -> Int32 {
    let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
    switch self {
    case .null: return sqlite3_bind_null(statement, index)
    case .integer(let value): return sqlite3_bind_int64(statement, index, value)
    case .real(let value): return sqlite3_bind_double(statement, index, value)
    case .text(var value):
      return value.withUTF8 { bytes in
        bytes.withMemoryRebound(to: CChar.self) {
          sqlite3_bind_text64(
            statement, index, $0.baseAddress, UInt64($0.count), transient, UInt8(SQLITE_UTF8))
        }
      }
    case .bytes(let value):
      return sqlite3_bind_blob64(statement, index, value.baseAddress, UInt64(value.count), nil)
    case .blob(let value):
      return value.withUnsafeBytes {
        sqlite3_bind_blob64(statement, index, $0.baseAddress, UInt64($0.count), transient)
      }
    }
  }
}

/// A row of a query, read in place.
struct BulkRow {
  fileprivate let statement: SQLiteStatement

  init(statement: SQLiteStatement) {
    self.statement = statement
  }

  func isNull(_ column: Int32) -> Bool {
    sqlite3_column_type(statement, column) == SQLITE_NULL
  }

  func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(statement, column) }

  func integer(orNil column: Int32) -> Int? { isNull(column) ? nil : Int(integer(column)) }

  func real(_ column: Int32) -> Double { sqlite3_column_double(statement, column) }

  /// A text, or nil for NULL.
  func text(_ column: Int32) -> String? {
    guard let start = sqlite3_column_text(statement, column) else { return nil }
    let count = Int(sqlite3_column_bytes(statement, column))
    return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
  }

  /// The bytes of a blob: SQLite's own, good until the row ends. Nothing is copied on the way.
  func blob(_ column: Int32) -> UnsafeRawBufferPointer {
    // The blob first: asking for its size before could convert it.
    let start = sqlite3_column_blob(statement, column)
    return UnsafeRawBufferPointer(
      start: start, count: Int(sqlite3_column_bytes(statement, column)))
  }
}

extension Database {
  /// Runs a statement that returns no rows (`sqlite3_bind_*`, `sqlite3_step`), prepared once.
  ///
  /// Faster than GRDB's own binding for small rows; for everything else use that.
  func run(bulk sql: String, _ values: BulkValue...) throws {
    let statement = try cachedStatement(sql: sql).sqliteStatement
    try ConnectionGuard.inside(sqliteConnection) {
      try bind(values, to: statement, sql)
      defer { finish(statement) }
      try check(sqlite3_step(statement), expecting: SQLITE_DONE, sql)
    }
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
    let owner = try keeps ? cachedStatement(sql: sql) : makeStatement(sql: sql)
    let statement = owner.sqliteStatement
    try ConnectionGuard.inside(sqliteConnection) {
      try bind(values, to: statement, sql)
      defer { withExtendedLifetime(owner) { finish(statement) } }
      while true {
        let code = sqlite3_step(statement)
        guard code == SQLITE_ROW else { return try check(code, expecting: SQLITE_DONE, sql) }
        try body(BulkRow(statement: statement))
      }
    }
  }

  private func bind(
    _ values: [BulkValue], to statement: SQLiteStatement, _ sql: String
  ) throws {
    for (offset, value) in values.enumerated() {
      try check(value.bind(to: statement, at: Int32(offset + 1)), expecting: SQLITE_OK, sql)
    }
  }

  private func finish(_ statement: SQLiteStatement) {
    sqlite3_reset(statement)
    sqlite3_clear_bindings(statement)
  }

  private func check(_ code: Int32, expecting expected: Int32, _ sql: String) throws {
    guard code == expected else {
      throw DatabaseError(
        resultCode: ResultCode(rawValue: code), message: lastErrorMessage, sql: sql)
    }
  }
}
