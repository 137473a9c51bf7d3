// Cancellation, networks that stall, and servers that end.

#if Postgres
  import Foundation
  import TestSupport
  import Testing
  import VectorStorePostgres

  @Suite(
    .enabled(if: PostgresServer.isThere, "\(PostgresServer.howToGet)"), .serialized,
    .timeLimit(.minutes(3)))
  struct PostgresLossTests {
    // MARK: - Cancelling

    @Test(arguments: [
      "SELECT pg_sleep(600)", "SELECT count(*) FROM (SELECT generate_series(1, 100000000000)) x",
    ])
    func cancelEndsTheRunningCall(_ sql: String) async throws {
      try await withConnection { connection, _ throws in
        for _ in 0..<3 {
          let error = try postgresError { try cancelling(connection) { try connection.run(sql) } }
          #expect(error?.kind == .cancelled)
          #expect(error?.sqlState == "57014")
          #expect(error?.isConnectionLost == false)
          #expect(try connection.value("SELECT 1") == .integer(1))
        }
      }
    }

    @Test func statementThatTheServerCancelsIsItsError() async throws {
      try await withConnection { connection, _ throws in
        try connection.run("SET statement_timeout = 100")
        let error = try postgresError { try connection.run("SELECT pg_sleep(600)") }
        #expect(error?.kind == .server)
        #expect(error?.sqlState == "57014")
      }
    }

    @Test func cancelWithoutACallDoesNothing() async throws {
      try await withConnection { connection, _ throws in
        connection.cancel()
        #expect(try connection.value("SELECT 1") == .integer(1))
      }
    }

    /// However the request falls between two statements, it ends its own call and never a later one.
    @Test func cancelNeverHitsTheNextCall() async throws {
      try await withConnection { connection, _ throws in
        var cancelled = 0
        for round in 0..<150 {
          let delay = UInt32(round * 40)
          let done = DispatchSemaphore(value: 0)
          Thread.detachNewThread {
            usleep(delay)
            connection.cancel()
            done.signal()
          }
          do { try connection.run("SELECT pg_sleep(0.003)") } catch let error as PostgresError {
            #expect(error.sqlState == "57014")
            cancelled += 1
          }
          done.wait()
          #expect(try connection.value("SELECT 1") == .integer(1))
        }
        #expect(cancelled > 0)
        #expect(cancelled < 150)
      }
    }

    @Test func cancelEndsRowsAndPipelines() async throws {
      try await withConnection { connection, _ throws in
        try connection.batch("CREATE TABLE t (id bigint)")
        let calls: [() throws -> Void] = [
          {
            try connection.query("SELECT generate_series(1, 100000000000)", []) { _ in true
            }
          },
          {
            try connection.send("SELECT pg_sleep(600)", [])
            try connection.sync()
          },
          { try connection.batch("SELECT 1; SELECT pg_sleep(600)") },
        ]
        for (index, call) in calls.enumerated() {
          #expect(
            try postgresError { try cancelling(connection, after: 200, call) }?.sqlState == "57014",
            "call \(index)")
          #expect(try connection.value("SELECT count(*) FROM t") == .integer(0))
        }
      }
    }

    // MARK: - A network that stalls

    @Test func stalledAnswerEndsWithinItsTime() async throws {
      let database = try await PostgresServer.makeDatabase()
      try await onOwnThread {
        let proxy = try StallingProxy(to: database.server.port)
        defer { proxy.close() }
        let connection = try PostgresConnection(database.uri(port: proxy.port), timeouts: .init())
        #expect(try connection.value("SELECT 1") == .integer(1))
        connection.timeouts.answer = .seconds(1)
        proxy.stall()
        let start = ContinuousClock.now
        let error = try postgresError { _ = try connection.value("SELECT 1") }
        #expect(error?.kind == .timeout)
        #expect(error?.isConnectionLost == true)
        #expect(
          error?.message
            == "the PostgreSQL server at postgres://postgres@127.0.0.1:\(proxy.port)/\(database.name) sent nothing for 1 s; the connection was given up; check the network, or allow longer for statements that take longer"
        )
        #expect(ContinuousClock.now - start >= .seconds(1))
        #expect(ContinuousClock.now - start < .seconds(60))
        #expect(connection.isBroken)
        #expect(try postgresError { try connection.run("SELECT 1") }?.kind == .timeout)
      }
    }

    /// Every way to wait: amid rows, amid a pipeline whose bytes no one takes.
    @Test(arguments: 0..<3)
    func stallAmidACallEndsWithinItsTime(_ way: Int) async throws {
      let database = try await PostgresServer.makeDatabase()
      try await onOwnThread {
        let proxy = try StallingProxy(to: database.server.port)
        defer { proxy.close() }
        let connection = try PostgresConnection(database.uri(port: proxy.port), timeouts: .init())
        try connection.batch("CREATE TABLE t (x text)")
        connection.timeouts.answer = .seconds(1)
        proxy.stall(after: 500_000)
        let filler = String(repeating: "x", count: 10_000)
        let error = try postgresError {
          switch way {
          case 0:
            try connection.query("SELECT repeat('x', 1000) FROM generate_series(1, 1000000)", []) {
              _ in true
            }
          case 1:
            for _ in 0..<10_000 {
              try connection.send("INSERT INTO t VALUES ($1)", [.text(filler)])
            }
          default:
            try connection.batch("SELECT repeat('x', 1000) FROM generate_series(1, 1000000)")
          }
        }
        #expect(error?.kind == .timeout)
        #expect(error?.isConnectionLost == true)
      }
    }

    @Test func slowStatementThatIsWaitedForEnds() async throws {
      try await withConnection { connection, _ throws in
        connection.timeouts.answer = nil
        _ = try connection.run("SELECT pg_sleep(1)")
        connection.timeouts.answer = .milliseconds(300)
        #expect(try postgresError { try connection.run("SELECT pg_sleep(600)") }?.kind == .timeout)
      }
    }

    @Test func cancelEndsACallOfAStalledNetwork() async throws {
      let database = try await PostgresServer.makeDatabase()
      try await onOwnThread {
        let proxy = try StallingProxy(to: database.server.port)
        defer { proxy.close() }
        let connection = try PostgresConnection(
          database.uri(port: proxy.port), timeouts: .init(answer: nil, cancel: .seconds(1)))
        proxy.stall()
        let error = try postgresError {
          try cancelling(connection) { try connection.run("SELECT 1") }
        }
        #expect(error?.sqlState == "57014")
        #expect(error?.isConnectionLost == true)
        #expect(connection.isBroken)
      }
    }

    @Test func connectingEndsWithinItsTime() async throws {
      let database = try await PostgresServer.makeDatabase()
      try await onOwnThread {
        let proxy = try StallingProxy(to: database.server.port)
        defer { proxy.close() }
        proxy.stall()
        for (suffix, limit) in [("", Duration.seconds(1)), ("?connect_timeout=1", .seconds(600))] {
          let error = try postgresError {
            _ = try PostgresConnection(
              database.uri(port: proxy.port) + suffix, timeouts: .init(connect: limit))
          }
          #expect(error?.kind == .timeout)
          #expect(error?.message.contains("did not let the connection in within 1 s") == true)
        }
      }
    }

    @Test func nothingListensThere() async throws {
      try await onOwnThread {
        let port = try StallingProxy.freePort()
        let error = try postgresError {
          _ = try PostgresConnection("postgres://me@127.0.0.1:\(port)/notes", timeouts: .init())
        }
        #expect(error?.kind == .connection)
        #expect(error?.isConnectionLost == true)
        #expect(error?.message.contains("Connection refused") == true)
      }
    }

    // MARK: - Ends

    @Test func cutConnectionIsLost() async throws {
      let database = try await PostgresServer.makeDatabase()
      try await onOwnThread {
        let proxy = try StallingProxy(to: database.server.port)
        defer { proxy.close() }
        let connection = try PostgresConnection(database.uri(port: proxy.port), timeouts: .init())
        Thread.detachNewThread {
          usleep(100_000)
          proxy.cut()
        }
        let error = try postgresError { try connection.run("SELECT pg_sleep(600)") }
        #expect(error?.kind == .connection)
        #expect(error?.isConnectionLost == true)
        #expect(connection.isBroken)
      }
    }

    @Test func connectionThatAnAdministratorEndsSaysSo() async throws {
      try await withConnection { connection, database throws in
        let pid = try connection.processID()
        try database.sql("SELECT pg_terminate_backend(\(pid), 5000)")
        let error = try postgresError { try connection.run("SELECT 1") }
        #expect(error?.isConnectionLost == true)
        #expect(error?.sqlState == "57P01")
      }
    }

    @Test func killedServerProcessIsALostConnectionAndThePoolConnectsAgain() async throws {
      // A server of its own: it ends all connections when one of its processes dies.
      let server = try await onOwnThread { try PostgresServer() }
      try await onOwnThread {
        let pool = PostgresPool(server.uri(), timeouts: .init(), limit: 2)
        let connection = try pool.take()
        let pid = try connection.processID()
        Thread.detachNewThread {
          usleep(100_000)
          server.killBackend(pid)
        }
        let error = try postgresError { try connection.run("SELECT pg_sleep(600)") }
        #expect(error?.isConnectionLost == true)
        pool.giveBack(connection)
        #expect(try value(pool) == .integer(1))
        // The whole machine, and a new start.
        try server.kill()
        #expect(
          try postgresError { _ = try pool.withConnection { try $0.value("SELECT 1") } }?
            .isConnectionLost == true)
        try server.start()
        #expect(try value(pool) == .integer(1))
        pool.close()
        server.stop()
        #expect(!FileManager.default.fileExists(atPath: server.socketFolder))
      }
    }

    /// While the server recovers it lets no one in.
    private func value(_ pool: PostgresPool) throws -> PostgresValue? {
      for _ in 0..<200 {
        do { return try pool.withConnection { try $0.value("SELECT 1") } } catch let error
          as PostgresError
        {
          guard error.isConnectionLost else { throw error }
          usleep(100_000)
        }
      }
      return nil
    }
  }
#endif
