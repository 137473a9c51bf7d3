#if Postgres
  import Foundation
  import Synchronization
  import TestSupport
  import Testing

  @testable import VectorStorePostgres

  @Suite(
    .enabled(if: PostgresServer.isThere, "\(PostgresServer.howToGet)"), .timeLimit(.minutes(3)))
  struct PostgresConnectionTests {
    @Test func runSaysHowManyRowsChanged() async throws {
      try await withConnection { connection, _ throws in
        try connection.batch("CREATE TABLE t (id int PRIMARY KEY)")
        #expect(try connection.run("INSERT INTO t SELECT generate_series(1, 10)") == 10)
        #expect(try connection.run("DELETE FROM t WHERE id > $1", [.integer(7)]) == 3)
        #expect(try connection.run("SELECT * FROM t") == 7)
        #expect(try connection.run("TRUNCATE t") == 0)
        #expect(connection.serverVersion >= 120_000)
        #expect(!connection.isBroken)
      }
    }

    @Test func serverErrorsAreWhole() async throws {
      try await withConnection { connection, _ throws in
        try connection.batch("CREATE TABLE t (id int PRIMARY KEY)")
        try connection.run("INSERT INTO t VALUES ($1)", [.integer(1)])
        let error = try postgresError {
          try connection.run("INSERT INTO t VALUES ($1)", [.integer(1)])
        }
        #expect(error?.kind == .server)
        #expect(error?.sqlState == "23505")
        #expect(error?.constraint == "t_pkey")
        #expect(error?.detail == "Key (id)=(1) already exists.")
        #expect(error?.isConnectionLost == false)
        #expect(
          error?.description
            == "duplicate key value violates unique constraint \"t_pkey\" (SQLSTATE 23505); Key (id)=(1) already exists."
        )
        let syntax = try postgresError { try connection.run("SELEKT 1") }
        #expect(syntax?.sqlState == "42601")
        #expect(try connection.value("SELECT 1") == .integer(1))
      }
    }

    @Test func streamsManyRowsInLittleMemory() async throws {
      try await withConnection { connection, _ throws in
        var next = Int64(1)
        try connection.query(
          "SELECT i, repeat('x', 4000) FROM generate_series(1, 100000) i", []
        ) { row throws in
          #expect(try row.integer(0) == next)
          #expect(try row.bytes(1).count == 4000)
          // Results are of some rows each.
          #expect(row.row < 64)
          next += 1
          return true
        }
        #expect(next == 100_001)
      }
    }

    @Test func bodyThatWantsNoMoreEndsTheQuery() async throws {
      try await withConnection { connection, _ throws in
        for isInTransaction in [false, true] {
          if isInTransaction { try connection.run("BEGIN") }
          // Endless for a client that reads all of it, unless it may not cancel.
          let rows = isInTransaction ? 300_000 : 2_000_000_000_000
          var seen = 0
          try connection.query("SELECT generate_series(1, \(rows))", []) { _ in
            seen += 1
            return seen < 3
          }
          #expect(seen == 3)
          #expect(connection.inTransaction == isInTransaction)
          #expect(try connection.value("SELECT 5") == .integer(5))
        }
        #expect(try connection.run("COMMIT") == 0)
      }
    }

    @Test func bodyThatThrowsEndsTheQuery() async throws {
      struct Mine: Error {}
      try await withConnection { connection, _ throws in
        #expect(throws: Mine.self) {
          try connection.query("SELECT generate_series(1, 2000000000)", []) { _ in
            throw Mine()
          }
        }
        #expect(try connection.value("SELECT 5") == .integer(5))
      }
    }

    @Test func errorAmongRowsIsThrown() async throws {
      try await withConnection { connection, _ throws in
        var seen = 0
        let error = try postgresError {
          try connection.query("SELECT 10 / (5000 - i) FROM generate_series(1, 10000) i", []) { _ in
            seen += 1
            return true
          }
        }
        #expect(error?.sqlState == "22012")
        #expect(seen > 0)
        #expect(try connection.value("SELECT 5") == .integer(5))
      }
    }

    // MARK: - Pipelines

    @Test func sentStatementsAreCarriedOutInOrder() async throws {
      try await withConnection { connection, database throws in
        try connection.batch("CREATE TABLE t (id int, text text)")
        let filler = String(repeating: "x", count: 300)
        for id in 0..<20_000 {
          try connection.send(
            "INSERT INTO t VALUES ($1, $2)", [.integer(Int64(id)), .text(filler)])
        }
        try connection.sync()
        #expect(try connection.value("SELECT count(*) FROM t") == .integer(20_000))
        #expect(try database.sql("SELECT count(*) FROM t") == "20000")
      }
    }

    /// Both sides have more to say than the socket's buffers take.
    @Test func sendsWhileTheServerAnswersALot() async throws {
      try await withConnection { connection, _ throws in
        let filler = String(repeating: "x", count: 20_000)
        for _ in 0..<2000 { try connection.send("SELECT $1::text, $1::text", [.text(filler)]) }
        try connection.sync()
        #expect(try connection.value("SELECT 1") == .integer(1))
      }
    }

    @Test func errorInAPipelineSurfacesOnceAndSkipsWhatFollows() async throws {
      try await withConnection { connection, _ throws in
        try connection.batch("CREATE TABLE t (id int PRIMARY KEY)")
        func fill() throws {
          try connection.send("INSERT INTO t VALUES ($1)", [.integer(1)])
          try connection.send("INSERT INTO t VALUES ($1)", [.integer(1)])
          try connection.send("INSERT INTO t SELECT $1::int + 1", [.integer(1)])
        }
        try fill()
        #expect(try postgresError { try connection.sync() }?.sqlState == "23505")
        try connection.sync()
        // Without a transaction of their own they are one.
        #expect(try connection.value("SELECT count(*) FROM t") == .integer(0))
        try fill()
        #expect(
          try postgresError { try connection.run("INSERT INTO t VALUES (9)") }?.sqlState == "23505")
        #expect(try connection.value("SELECT count(*) FROM t") == .integer(0))
        try fill()
        #expect(
          try postgresError { _ = try connection.value("SELECT count(*) FROM t") }?.sqlState
            == "23505")
        try fill()
        #expect(try postgresError { try connection.batch("SELECT 1") }?.sqlState == "23505")
        #expect(try connection.run("INSERT INTO t SELECT $1::int + 1", [.integer(1)]) == 1)
        #expect(try connection.value("SELECT id FROM t") == .integer(2))
      }
    }

    @Test func failedTransactionIsNotCommittedInSilence() async throws {
      try await withConnection { connection, _ throws in
        try connection.batch("CREATE TABLE t (id int)")
        for isBatch in [false, true] {
          try connection.send("BEGIN", [])
          try connection.send("INSERT INTO t VALUES (1)", [])
          try connection.send("SELECT 1/0", [])
          #expect(try postgresError { try connection.sync() }?.sqlState == "22012")
          #expect(connection.inTransaction)
          #expect(try postgresError { try connection.run("SELECT 1") }?.sqlState == "25P02")
          let error = try postgresError {
            if isBatch { try connection.batch("commit") } else { try connection.run("COMMIT") }
          }
          #expect(error?.sqlState == "25P02")
          #expect(error?.message.contains("rolled back instead of committed") == true)
          #expect(!connection.inTransaction)
        }
        #expect(try connection.value("SELECT count(*) FROM t") == .integer(0))
      }
    }

    @Test func transactionOfAPipeline() async throws {
      try await withConnection { connection, _ throws in
        try connection.batch("CREATE TABLE t (id int)")
        try connection.send("BEGIN", [])
        for id in 0..<100 {
          try connection.send("INSERT INTO t VALUES ($1)", [.integer(Int64(id))])
        }
        #expect(try connection.value("SELECT count(*) FROM t") == .integer(100))
        #expect(connection.inTransaction)
        try connection.run("ROLLBACK")
        #expect(!connection.inTransaction)
        #expect(try connection.value("SELECT count(*) FROM t") == .integer(0))
      }
    }

    // MARK: - Prepared statements

    @Test func keepsSomeHundredStatements() async throws {
      try await withConnection { connection, _ throws in
        for round in 0..<2 {
          for number in 0..<700 {
            #expect(
              try connection.value("SELECT \(number) + $1::int", [.integer(1)])
                == .integer(Int64(number + 1)), "\(round)")
          }
        }
        let kept = try connection.value("SELECT count(*) FROM pg_prepared_statements")
        // One that has to go goes with the next call.
        #expect(kept == .integer(Int64(PostgresConnection.preparedStatements + 1)))
        _ = try connection.rows("SELECT 987654", keeps: false)
        #expect(
          try connection.value(
            "SELECT count(*) FROM pg_prepared_statements WHERE statement = 'SELECT 987654'")
            == .integer(0))
      }
    }

    @Test func statementIsPreparedAgainAfterAMigration() async throws {
      try await withConnection { connection, database throws in
        try connection.batch("CREATE TABLE t (id int); INSERT INTO t VALUES (1)")
        #expect(try connection.rows("SELECT * FROM t") == [[.integer(1)]])
        try database.sql("ALTER TABLE t ADD COLUMN name text DEFAULT 'x'")
        #expect(try connection.rows("SELECT * FROM t") == [[.integer(1), .text("x")]])
        try connection.run("DEALLOCATE ALL")
        #expect(try connection.rows("SELECT * FROM t") == [[.integer(1), .text("x")]])
      }
    }

    @Test func statementThatFailedToPrepareIsTriedAgain() async throws {
      try await withConnection { connection, _ throws in
        let sql = "SELECT count(*) FROM later"
        #expect(try postgresError { _ = try connection.value(sql) }?.sqlState == "42P01")
        try connection.batch("CREATE TABLE later (id int)")
        #expect(try connection.value(sql) == .integer(0))
        // Skipped in a pipeline that had failed before.
        try connection.send("SELECT 1/0", [])
        try connection.send("SELECT 77", [])
        #expect(try postgresError { try connection.sync() }?.sqlState == "22012")
        #expect(try connection.value("SELECT 77") == .integer(77))
      }
    }

    // MARK: - The rest

    @Test func batchRunsSeveralStatements() async throws {
      try await withConnection { connection, _ throws in
        try connection.batch(
          "CREATE TABLE a (id int); INSERT INTO a SELECT generate_series(1, 100000); SELECT * FROM a; CREATE TABLE b (id int)"
        )
        #expect(try connection.value("SELECT count(*) FROM a") == .integer(100_000))
        let error = try postgresError {
          try connection.batch("INSERT INTO b VALUES (1); SELECT 1/0; SELECT 1")
        }
        #expect(error?.sqlState == "22012")
        #expect(try connection.value("SELECT count(*) FROM b") == .integer(0))
        try connection.batch("")
      }
    }

    @Test func whatCannotBeInATransactionRuns() async throws {
      try await withConnection { connection, _ throws in
        for number in 0..<400 { _ = try connection.value("SELECT \(number)") }
        try connection.run("VACUUM")
        try connection.batch("VACUUM")
        try connection.batch("CREATE TABLE t (id int)")
        try connection.run("CREATE INDEX CONCURRENTLY t_id ON t (id)")
      }
    }

    @Test func extensionMadeLaterIsRecognised() async throws {
      let database = try await PostgresServer.makeDatabase(hasVectors: false)
      try await onOwnThread {
        let connection = try PostgresConnection(database.uri, timeouts: .init())
        #expect(try connection.value("SELECT 1") == .integer(1))
        try connection.run("CREATE EXTENSION vector")
        #expect(try connection.value("SELECT '[1]'::vector") == .vector(components([1])))
        connection.close()
        #expect(connection.isBroken)
        #expect(try postgresError { try connection.run("SELECT 1") }?.isConnectionLost == true)
      }
    }

    @Test func noticesGoToTheHandler() async throws {
      let database = try await PostgresServer.makeDatabase()
      let notices = Mutex<[String]>([])
      try await onOwnThread {
        let connection = try PostgresConnection(
          database.uri, timeouts: .init(),
          notices: { notice in notices.withLock { $0.append(notice) } })
        try connection.batch("DROP TABLE IF EXISTS nothing")
        connection.close()
      }
      #expect(
        notices.withLock { $0 } == ["NOTICE: table \"nothing\" does not exist, skipping"])
    }

    @Test func takesWhatLibpqTakes() async throws {
      let database = try await PostgresServer.makeDatabase()
      let folder = try TemporaryFolder()
      let passwords = try folder.write("*:*:*:filed:in-a-f1le\n", to: "passwords")
      chmod(passwords, 0o600)
      try await onOwnThread { () throws in
        try database.sql("DROP ROLE IF EXISTS filed; CREATE ROLE filed LOGIN PASSWORD 'in-a-f1le'")
        let (port, closed) = (database.server.port, try StallingProxy.freePort())
        for address in [
          "host=127.0.0.1 port=\(port) user=filed dbname=\(database.name) passfile=\(passwords)",
          "postgres://filed@127.0.0.1:\(port)/\(database.name)?passfile=\(passwords)",
          "postgres://filed@127.0.0.1:\(closed),127.0.0.1:\(port)/\(database.name)?passfile=\(passwords)&application_name=mine",
        ] {
          let connection = try PostgresConnection(address, timeouts: .init())
          #expect(try connection.value("SELECT current_user") == .text("filed"))
          let name = try connection.value("SHOW application_name")
          #expect(name == .text(address.contains("mine") ? "mine" : "vector-store"))
          #expect(try connection.value("SHOW client_encoding") == .text("UTF8"))
          #expect(!connection.address.contains("f1le"))
          connection.close()
        }
      }
    }

    @Test func wrongPasswordIsSaidWithoutIt() async throws {
      let database = try await PostgresServer.makeDatabase()
      try await onOwnThread {
        try database.sql(
          "DROP ROLE IF EXISTS reader; CREATE ROLE reader LOGIN PASSWORD 'right-W0RD'")
        let port = database.server.port
        let uri = database.uri(port: port, user: "reader", password: "right-W0RD")
        let connection = try PostgresConnection(uri, timeouts: .init())
        #expect(try connection.value("SELECT current_user") == .text("reader"))
        #expect(!connection.address.contains("W0RD"))
        let refused = try postgresError { try connection.run("CREATE ROLE x") }
        #expect(refused?.sqlState == "42501")
        connection.close()
        for wrong in ["wrong-W0RD", nil] {
          let uri = database.uri(port: port, user: "reader", password: wrong)
          let error = try postgresError { _ = try PostgresConnection(uri, timeouts: .init()) }
          #expect(error?.kind == .connection)
          #expect(error?.description.contains("W0RD") == false)
          #expect(
            error?.message.hasPrefix(
              "cannot connect to PostgreSQL at postgres://reader@127.0.0.1:\(port)/\(database.name): "
            ) == true)
        }
      }
    }
  }
#endif
