// Statements for rows that come by the hundred thousand: values are bound and read through SQLite's
// C interface, without a boxed copy of each.

import Foundation
import GRDB
import GRDBSQLite

/// A value to bind.
///
/// `@unchecked Sendable`: whoever binds bytes in memory keeps them.
enum BulkValue: @unchecked Sendable {
  case null
  case integer(Int64)
  case real(Double)
  case text(String)
  case blob(Data)
  /// A blob in memory that lasts until the statement has run: it is not copied.
  case bytes(UnsafeRawBufferPointer)
  /// A vector, as little-endian float32.
  case vector(Data)

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
    case .blob(let value), .vector(let value):
      return value.withUnsafeBytes {
        sqlite3_bind_blob64(statement, index, $0.baseAddress, UInt64($0.count), transient)
      }
    }
  }
}

/// A row of a query, read in place, each value as the type that it must have.
///
/// Whatever another program or a damaged page left in a column, reading it throws ``DamagedValue``: no
/// value of a file traps.
struct BulkRow {
  /// The same row with whatever is in it, for what looks at damage.
  let raw: RawRow

  init(statement: SQLiteStatement) { raw = .sqlite(statement) }

  /// A row of PostgreSQL.
  init(_ row: any ForeignRow) { raw = .other(row) }

  func isNull(_ column: Int32) -> Bool { raw.isNull(column) }

  func integer(_ column: Int32) throws(DamagedValue) -> Int64 {
    try require(column, [SQLITE_INTEGER], "an integer")
    return raw.integer(column)
  }

  /// An integer in a range.
  func integer(
    _ column: Int32, in range: ClosedRange<Int64>
  ) throws(DamagedValue) -> Int64 {
    let value = try integer(column)
    guard range.contains(value) else {
      throw damage(column, "\(value)", "\(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  /// A count or a place in a text: 0 to 2³¹, more than a value of SQLite can hold.
  func count(_ column: Int32) throws(DamagedValue) -> Int {
    Int(try integer(column, in: 0...1 << 31))
  }

  /// The same, or nil for NULL.
  func count(orNil column: Int32) throws(DamagedValue) -> Int? {
    isNull(column) ? nil : try count(column)
  }

  func bool(_ column: Int32) throws(DamagedValue) -> Bool {
    try integer(column) != 0
  }

  /// A number that is neither NaN, which SQLite does not keep, nor infinite.
  func real(_ column: Int32) throws(DamagedValue) -> Double {
    try require(column, [SQLITE_FLOAT, SQLITE_INTEGER], "a number")
    let value = raw.real(column)
    guard value.isFinite else { throw damage(column, "\(value)", "a finite number") }
    return value
  }

  func text(_ column: Int32) throws(DamagedValue) -> String {
    try require(column, [SQLITE_TEXT], "a text")
    return raw.text(column) ?? ""
  }

  /// A text, or nil for NULL.
  func text(orNil column: Int32) throws(DamagedValue) -> String? {
    isNull(column) ? nil : try text(column)
  }

  /// The bytes of a blob: SQLite's own, good until the row ends. Nothing is copied on the way.
  func blob(_ column: Int32) throws(DamagedValue) -> UnsafeRawBufferPointer {
    try require(column, [SQLITE_BLOB], "a blob")
    return raw.blob(column)
  }

  /// A blob of a known length.
  func blob(_ column: Int32, count: Int) throws(DamagedValue) -> UnsafeRawBufferPointer {
    let bytes = try blob(column)
    guard bytes.count == count else {
      throw damage(column, "\(bytes.count) bytes", "\(count)")
    }
    return bytes
  }

  /// A copy of a blob, or nil for NULL.
  func data(orNil column: Int32) throws(DamagedValue) -> Data? {
    isNull(column) ? nil : Data(try blob(column))
  }

  /// The error for a value that cannot be.
  func damage(_ column: Int32, _ found: String, _ expected: String) -> DamagedValue {
    DamagedValue(
      row: name(without: column), column: raw.name(of: column), found: found, expected: expected)
  }

  private func require(
    _ column: Int32, _ types: [Int32], _ expected: String
  ) throws(DamagedValue) {
    let type = raw.type(column)
    guard !types.contains(type) else { return }
    let found =
      switch type {
      case SQLITE_NULL: "nothing (NULL)"
      case SQLITE_INTEGER: "an integer"
      case SQLITE_FLOAT: "a number"
      case SQLITE_TEXT: "a text"
      default: "a blob"
      }
    throw damage(column, found, expected)
  }

  /// What tells the row from others: the first of its columns that is an integer or a short text.
  private func name(without damaged: Int32) -> String {
    for column in 0..<raw.columns where column != damaged {
      let type = raw.type(column)
      guard type == SQLITE_INTEGER || type == SQLITE_TEXT, let text = raw.text(column),
        text.utf8.count <= 200
      else { continue }
      return "\(raw.name(of: column)) \(text)"
    }
    return "unknown"
  }
}

/// A row of PostgreSQL, in SQLite's five types.
protocol ForeignRow: AnyObject {
  var columns: Int32 { get }
  func name(of column: Int32) -> String
  /// One of `SQLITE_NULL`, `SQLITE_INTEGER`, `SQLITE_FLOAT`, `SQLITE_TEXT` and `SQLITE_BLOB`.
  func type(_ column: Int32) -> Int32
  func integer(_ column: Int32) -> Int64
  func real(_ column: Int32) -> Double
  func text(_ column: Int32) -> String?
  /// The bytes of a blob, or of a vector as little-endian float32: good until the row ends.
  func blob(_ column: Int32) -> UnsafeRawBufferPointer
}

/// A row of a query as SQLite makes something of it: a value of another type than is asked for is
/// converted, or 0. For `doctor`, which looks at damage.
enum RawRow {
  case sqlite(SQLiteStatement)
  case other(any ForeignRow)

  var columns: Int32 {
    switch self {
    case .sqlite(let statement): sqlite3_column_count(statement)
    case .other(let row): row.columns
    }
  }

  func name(of column: Int32) -> String {
    switch self {
    case .sqlite(let statement):
      sqlite3_column_name(statement, column).map { String(cString: $0) } ?? "\(column)"
    case .other(let row): row.name(of: column)
    }
  }

  @inline(__always)
  func type(_ column: Int32) -> Int32 {
    switch self {
    case .sqlite(let statement): sqlite3_column_type(statement, column)
    case .other(let row): row.type(column)
    }
  }

  func isNull(_ column: Int32) -> Bool { type(column) == SQLITE_NULL }

  func integer(_ column: Int32) -> Int64 {
    switch self {
    case .sqlite(let statement): sqlite3_column_int64(statement, column)
    case .other(let row): row.integer(column)
    }
  }

  func real(_ column: Int32) -> Double {
    switch self {
    case .sqlite(let statement): sqlite3_column_double(statement, column)
    case .other(let row): row.real(column)
    }
  }

  /// A text, or nil for NULL.
  func text(_ column: Int32) -> String? {
    switch self {
    case .sqlite(let statement):
      guard let start = sqlite3_column_text(statement, column) else { return nil }
      let count = Int(sqlite3_column_bytes(statement, column))
      return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    case .other(let row): return row.text(column)
    }
  }

  /// The bytes of a blob: the database's own, good until the row ends. Nothing is copied on the way.
  func blob(_ column: Int32) -> UnsafeRawBufferPointer {
    switch self {
    case .sqlite(let statement):
      // The blob first: asking for its size before could convert it.
      let start = sqlite3_column_blob(statement, column)
      return UnsafeRawBufferPointer(
        start: start, count: Int(sqlite3_column_bytes(statement, column)))
    case .other(let row): return row.blob(column)
    }
  }
}

/// A value in a file that cannot be one this program wrote.
struct DamagedValue: Error, CustomStringConvertible {
  /// What the row is known by, as `id 7`.
  let row: String
  let column: String
  let found: String
  let expected: String

  var description: String {
    "the row with \(row) has \(found) as its \"\(column)\", expected \(expected)"
  }
}

extension Database {
  /// Runs a statement that returns no rows (`sqlite3_bind_*`, `sqlite3_step`), prepared once.
  ///
  /// Faster than GRDB's own binding for small rows.
  func run(bulk sql: String, _ values: [BulkValue]) throws {
    let statement = try cachedStatement(sql: sql).sqliteStatement
    try ConnectionGuard.inside(sqliteConnection) {
      try bind(values, to: statement, sql)
      defer { finish(statement) }
      try check(sqlite3_step(statement), expecting: SQLITE_DONE, sql)
    }
  }

  func changes(bulk sql: String, _ values: BulkValue...) throws -> Int {
    try run(bulk: sql, values)
    return changesCount
  }

  func insert(bulk sql: String, _ values: [BulkValue]) throws -> Int64? {
    try run(bulk: sql, values)
    return changesCount > 0 ? lastInsertedRowID : nil
  }

  func forRows(
    bulk sql: String, _ values: [BulkValue], keeps: Bool = true,
    while body: (BulkRow) throws -> Bool
  ) throws {
    let owner = try keeps ? cachedStatement(sql: sql) : makeStatement(sql: sql)
    let statement = owner.sqliteStatement
    try ConnectionGuard.inside(sqliteConnection) {
      try bind(values, to: statement, sql)
      defer { withExtendedLifetime(owner) { finish(statement) } }
      while true {
        let code = sqlite3_step(statement)
        guard code == SQLITE_ROW else { return try check(code, expecting: SQLITE_DONE, sql) }
        guard try body(BulkRow(statement: statement)) else { return }
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
