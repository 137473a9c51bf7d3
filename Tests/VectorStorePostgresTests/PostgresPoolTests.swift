#if Postgres
  import Foundation
  import Synchronization
  import TestSupport
  import Testing
  import VectorStorePostgres

  @Suite(
    .enabled(if: PostgresServer.isThere, "\(PostgresServer.howToGet)"), .timeLimit(.minutes(3)))
  struct PostgresPoolTests {
    @Test func usesAConnectionAgain() async throws {
      try await withPool { pool, _ throws in
        let first = try pool.withConnection { try $0.value("SELECT pg_backend_pid()") }
        #expect(try pool.withConnection { try $0.value("SELECT pg_backend_pid()") } == first)
      }
    }

    @Test func lendsNoMoreThanItsLimit() async throws {
      let database = try await PostgresServer.makeDatabase()
      let pool = PostgresPool(database.uri, timeouts: .init(), limit: 3)
      let running = Gauge()
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<12 {
          group.addTask {
            try await onOwnThread { () throws in
              for _ in 0..<5 {
                try pool.withConnection { connection throws in
                  running.add(1)
                  try connection.run("SELECT pg_sleep(0.01)")
                  running.add(-1)
                }
              }
            }
          }
        }
        try await group.waitForAll()
      }
      #expect(running.most == 3)
      pool.close()
    }

    @Test func waitsForAFreeConnectionNoLongerThanAllowed() async throws {
      struct Unwanted: Error {}
      try await withPool(limit: 1) { pool, _ throws in
        let connection = try pool.take()
        let error = try postgresError { _ = try pool.take(within: .milliseconds(200)) }
        #expect(error?.kind == .timeout)
        #expect(
          error?.message
            == "all 1 connections to the PostgreSQL server were in use for too long; try again, or do less at once"
        )
        #expect(throws: Unwanted.self) { try pool.take(check: { throw Unwanted() }) }
        Thread.detachNewThread {
          usleep(100_000)
          pool.giveBack(connection)
        }
        #expect(try pool.withConnection { try $0.value("SELECT 1") } == .integer(1))
      }
    }

    @Test func rollsBackWhatWasLeftOpen() async throws {
      try await withPool(limit: 1) { pool, database throws in
        try database.sql("CREATE TABLE t (id int)")
        try pool.withConnection { connection throws in
          try connection.run("BEGIN")
          try connection.run("INSERT INTO t VALUES (1)")
        }
        try pool.withConnection { #expect(!$0.inTransaction) }
        // Sent only, and failed in a transaction.
        try pool.withConnection { connection throws in
          try connection.send("BEGIN", [])
          try connection.send("INSERT INTO t VALUES (1)", [])
          try connection.send("SELECT 1/0", [])
        }
        #expect(try pool.withConnection { try $0.value("SELECT count(*) FROM t") } == .integer(0))
        #expect(
          try database.sql(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()") == "2")
      }
    }

    @Test func throwsBrokenConnectionsAway() async throws {
      try await withPool(limit: 2) { pool, database throws in
        let (first, second) = (try pool.take(), try pool.take())
        let before = [
          try first.value("SELECT pg_backend_pid()"), try second.value("SELECT pg_backend_pid()"),
        ]
        pool.giveBack(first)
        pool.giveBack(second)
        try database.sql(
          "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        let (third, fourth) = (try pool.take(), try pool.take())
        for connection in [third, fourth] {
          let pid = try connection.value("SELECT pg_backend_pid()")
          #expect(!before.contains(pid))
          pool.giveBack(connection)
        }
      }
    }

    @Test func cancelledConnectionIsFitForTheNext() async throws {
      try await withPool(limit: 1) { pool, _ throws in
        for _ in 0..<20 {
          let error = try postgresError {
            try pool.withConnection { connection throws in
              try cancelling(connection, after: 10) {
                try connection.run("BEGIN")
                try connection.run("SELECT pg_sleep(600)")
              }
            }
          }
          #expect(error?.sqlState == "57014")
          #expect(try pool.withConnection { try $0.value("SELECT 1") } == .integer(1))
        }
      }
    }

    @Test func preparesNewConnections() async throws {
      let database = try await PostgresServer.makeDatabase()
      try await onOwnThread { () throws in
        let pool = PostgresPool(
          database.uri, timeouts: .init(), limit: 1,
          prepare: { try $0.run("SET search_path = mine") })
        #expect(try pool.withConnection { try $0.value("SHOW search_path") } == .text("mine"))
        pool.close()
        #expect(try postgresError { _ = try pool.take() }?.kind == .closed)
        let failing = PostgresPool(
          database.uri, timeouts: .init(), limit: 1, prepare: { try $0.run("SELECT 1/0") })
        for _ in 0..<3 {
          #expect(try postgresError { _ = try failing.take(within: .zero) }?.sqlState == "22012")
        }
      }
    }

    private func withPool(
      limit: Int = 4,
      _ body: @escaping @Sendable (PostgresPool, PostgresDatabase) throws -> Void
    ) async throws {
      let database = try await PostgresServer.makeDatabase()
      try await onOwnThread { () throws in
        let pool = PostgresPool(database.uri, timeouts: .init(), limit: limit)
        defer { pool.close() }
        try body(pool, database)
      }
    }
  }

  /// How many do something now, and how many did at most.
  private final class Gauge: Sendable {
    private let counts = Mutex((now: 0, most: 0))

    func add(_ count: Int) {
      counts.withLock { $0 = ($0.now + count, max($0.most, $0.now + count)) }
    }

    var most: Int { counts.withLock { $0.most } }
  }
#endif
