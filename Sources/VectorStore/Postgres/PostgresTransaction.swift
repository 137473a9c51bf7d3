// A transaction of a store on PostgreSQL, as the tables see it.

#if Postgres
  import Foundation
  import GRDBSQLite
  import Logging
  import VectorStorePostgres

  /// Runs the tables' SQL on a connection.
  ///
  /// What changes rows and is not asked how many is sent without waiting: an error of it ends the transaction at
  /// the next statement that is waited for, at the latest at its end.
  final class PostgresTransaction: SQLTransaction {
    /// How many rows of a long result are fetched at once.
    private static let rowsAtOnce = 500

    /// From how long on a query is slow: how the server goes about it is then logged.
    private static let slow = Duration.milliseconds(300)

    let connection: PostgresConnection
    private let dialect: PostgresDialect
    private let logger: Logger
    private var cursors = 0

    init(_ connection: PostgresConnection, _ dialect: PostgresDialect, _ logger: Logger) {
      self.connection = connection
      self.dialect = dialect
      self.logger = logger
    }

    var isPostgres: Bool { true }

    /// Runs `body`, which a cancelled task ends, and then commits, which nothing ends.
    func committing<T>(_ body: (any SQLTransaction) throws -> T) throws -> T {
      let result = try Cancellation.interrupting(by: { [connection] in connection.cancel() }) {
        let result = try body(self)
        // What was sent and not waited for may have failed.
        try connection.sync()
        return result
      }
      try connection.run("COMMIT")
      return result
    }

    func run(bulk sql: String, _ values: [BulkValue]) throws {
      try connection.send(dialect.translated(sql), values.map(Self.value))
    }

    func changes(bulk sql: String, _ values: BulkValue...) throws -> Int {
      try Cancellation.check()
      return try connection.run(dialect.translated(sql), values.map(Self.value))
    }

    func insert(bulk sql: String, _ values: [BulkValue]) throws -> Int64? {
      var id: Int64?
      try connection.query(dialect.translated(sql + " RETURNING id"), values.map(Self.value)) {
        id = try $0.integer(0)
        return true
      }
      return id
    }

    func forRows(
      bulk sql: String, _ values: [BulkValue], keeps: Bool = true,
      while body: (BulkRow) throws -> Bool
    ) throws {
      try Cancellation.check()
      // All of them first: the body may ask for more on this connection.
      let (sql, values, started) = (
        dialect.translated(sql), values.map(Self.value), ContinuousClock.now
      )
      let rows = try rows(sql, values, keeps: keeps)
      let duration = ContinuousClock.now - started
      if duration >= Self.slow, logger.logLevel <= .debug { try explain(sql, values, duration) }
      for row in rows {
        guard try body(BulkRow(row)) else { return }
      }
    }

    /// Logs how the server goes about a query.
    private func explain(_ sql: String, _ values: [PostgresValue], _ duration: Duration) throws {
      var plan: [String] = []
      try connection.query("EXPLAIN " + sql, values, keeps: false) {
        plan.append(try $0.text(0))
        return true
      }
      logger.debug(
        "a query took \(duration.inSeconds) s",
        metadata: ["plan": "\(plan.joined(separator: "\n"))"])
    }

    func forManyRows(
      bulk sql: String, _ values: [BulkValue], keeps: Bool, body: (BulkRow) throws -> Void
    ) throws {
      cursors += 1
      let name = "rows_\(cursors)"
      try connection.query(
        "DECLARE \(name) NO SCROLL CURSOR FOR " + dialect.translated(sql), values.map(Self.value),
        keeps: false
      ) { _ in true }
      while true {
        try Cancellation.check()
        let rows = try rows("FETCH \(Self.rowsAtOnce) FROM \(name)", [], keeps: false)
        for row in rows { try body(BulkRow(row)) }
        guard rows.count == Self.rowsAtOnce else { break }
      }
      try connection.send("CLOSE \(name)", [])
    }

    private func rows(
      _ sql: String, _ values: [PostgresValue], keeps: Bool
    ) throws -> [PostgresRowValues] {
      var rows: [PostgresRowValues] = []
      var names: [String] = []
      try connection.query(sql, values, keeps: keeps) { row in
        if names.isEmpty { names = (0..<row.count).map(row.name(of:)) }
        rows.append(
          PostgresRowValues(names: names, values: try (0..<row.count).map(row.value(_:))))
        return true
      }
      return rows
    }

    func hasTable(_ name: String) -> Bool { true }

    func hasColumn(_ name: String, of table: String) -> Bool { true }

    func prepare(_ space: SpaceRecord) throws {
      try connection.batch(PostgresSchema.table(of: space))
    }

    func changeWords(removed: [Int64], added: [Int64]) throws {
      try PostgresWords.change(removed: removed, added: added, self)
    }

    static func value(_ value: BulkValue) -> PostgresValue {
      switch value {
      case .null: .null
      case .integer(let number): .integer(number)
      case .real(let number): .real(number)
      case .text(let text): .text(text)
      case .blob(let data): .bytes(data)
      case .vector(let data): .vector(data)
      case .bytes(let bytes): .bytes(Data(bytes))
      }
    }
  }

  /// The values of a row, held as long as the row is.
  private final class PostgresRowValues: ForeignRow {
    private let names: [String]
    private let values: [PostgresValue]
    private var memory: [UnsafeMutableRawBufferPointer] = []

    init(names: [String], values: [PostgresValue]) {
      self.names = names
      self.values = values
    }

    deinit { for bytes in memory { bytes.deallocate() } }

    var columns: Int32 { Int32(values.count) }

    func name(of column: Int32) -> String { names[Int(column)] }

    func type(_ column: Int32) -> Int32 {
      switch values[Int(column)] {
      case .null: SQLITE_NULL
      case .integer: SQLITE_INTEGER
      case .real: SQLITE_FLOAT
      case .text: SQLITE_TEXT
      case .bytes, .vector: SQLITE_BLOB
      }
    }

    func integer(_ column: Int32) -> Int64 {
      switch values[Int(column)] {
      case .integer(let number): number
      case .real(let number): Int64(exactly: number.rounded(.towardZero)) ?? 0
      default: 0
      }
    }

    func real(_ column: Int32) -> Double {
      switch values[Int(column)] {
      case .integer(let number): Double(number)
      case .real(let number): number
      default: 0
      }
    }

    func text(_ column: Int32) -> String? {
      switch values[Int(column)] {
      case .text(let text): text
      case .integer(let number): "\(number)"
      case .real(let number): "\(number)"
      default: nil
      }
    }

    func blob(_ column: Int32) -> UnsafeRawBufferPointer {
      switch values[Int(column)] {
      case .bytes(let data), .vector(let data):
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: data.count, alignment: 16)
        data.withUnsafeBytes { copy.copyMemory(from: $0) }
        memory.append(copy)
        return UnsafeRawBufferPointer(copy)
      default: return UnsafeRawBufferPointer(start: nil, count: 0)
      }
    }
  }
#endif
