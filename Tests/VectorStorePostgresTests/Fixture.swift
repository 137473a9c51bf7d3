// What the tests of the client share.

#if Postgres
  import Foundation
  import TestSupport
  import VectorStorePostgres

  /// A connection to a database of its own, used on a thread of its own.
  func withConnection<T: Sendable>(
    _ timeouts: PostgresTimeouts = .init(),
    _ body: @escaping @Sendable (PostgresConnection, PostgresDatabase) throws -> T
  ) async throws -> T {
    let database = try await PostgresServer.makeDatabase()
    return try await onOwnThread {
      let connection = try PostgresConnection(database.uri, timeouts: timeouts)
      defer { connection.close() }
      return try body(connection, database)
    }
  }

  extension PostgresConnection {
    /// The rows of a query.
    func rows(_ sql: String, _ values: [PostgresValue] = [], keeps: Bool = true) throws
      -> [[PostgresValue]]
    {
      var rows: [[PostgresValue]] = []
      try query(sql, values, keeps: keeps) { row throws in
        rows.append(try (0..<row.count).map { try row.value($0) })
        return true
      }
      return rows
    }

    /// The only value of the only row.
    func value(_ sql: String, _ values: [PostgresValue] = []) throws -> PostgresValue? {
      try rows(sql, values).first?.first
    }
  }

  extension PostgresConnection {
    /// The server's process of this connection.
    func processID() throws -> Int32 {
      var pid: Int64 = 0
      try query("SELECT pg_backend_pid()", []) { row throws in
        pid = try row.integer(0)
        return true
      }
      return Int32(pid)
    }
  }

  /// Cancels what a connection runs, over and over from another thread, until the body has ended.
  func cancelling(
    _ connection: PostgresConnection, after milliseconds: UInt32 = 50, _ body: () throws -> Void
  ) rethrows {
    let hasEnded = DispatchSemaphore(value: 0)
    let isDone = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      usleep(milliseconds * 1000)
      repeat {
        connection.cancel()
      } while hasEnded.wait(timeout: .now() + .milliseconds(10)) != .success
      isDone.signal()
    }
    defer {
      hasEnded.signal()
      isDone.wait()
    }
    try body()
  }

  /// The client's error that some work throws; nil if it throws none.
  func postgresError(_ body: () throws -> Void) throws -> PostgresError? {
    do {
      try body()
      return nil
    } catch let error as PostgresError {
      return error
    }
  }

  /// Float32 components, little-endian. Any bit pattern.
  func components(_ numbers: [Float]) -> Data {
    numbers.reduce(into: Data()) { data, number in
      withUnsafeBytes(of: number.bitPattern.littleEndian) { data.append(contentsOf: $0) }
    }
  }

  /// A random vector whose components are all finite.
  func randomVector(_ dimensions: Int, using generator: inout SeededGenerator) -> Data {
    components(
      (0..<dimensions).map { _ in
        let number = Float(bitPattern: UInt32.random(in: 0 ... .max, using: &generator))
        return number.isFinite ? number : 0.5
      })
  }
#endif
