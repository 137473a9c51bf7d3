#if Postgres
  import Foundation
  import TestSupport
  import Testing
  import VectorStorePostgres

  @Suite(
    .enabled(if: PostgresServer.isThere, "\(PostgresServer.howToGet)"), .timeLimit(.minutes(3)))
  struct PostgresCopyTests {
    @Test func vectorsInAndOutBitForBit() async throws {
      try await withConnection { connection, _ throws in
        try connection.batch("CREATE TABLE v (id bigint, embedding vector(1536))")
        let rows = 10_000
        var generator = SeededGenerator(seed: 5)
        let vectors = (0..<64).map { _ in randomVector(1536, using: &generator) }
        let count = try connection.copyIn("COPY v FROM STDIN (FORMAT binary)") { writer throws in
          for id in 0..<rows {
            try writer.row(2)
            writer.int8(Int64(id))
            try writer.vector(vectors[id % 64])
          }
        }
        #expect(count == rows)
        var seen = 0
        try connection.copyOut(
          "COPY (SELECT id, embedding FROM v ORDER BY id) TO STDOUT (FORMAT binary)"
        ) { row throws in
          #expect(try row.integer(0) == Int64(seen))
          #expect(try row.vector(1) == vectors[seen % 64])
          seen += 1
        }
        #expect(seen == rows)
        #expect(
          try connection.value("SELECT embedding FROM v WHERE id = 77") == .vector(vectors[77 % 64])
        )
      }
    }

    @Test func everyTypeInAndOut() async throws {
      try await withConnection { connection, _ throws in
        try connection.batch(
          "CREATE TABLE t (a bool, b smallint, c int, d bigint, e real, f float8, g text, h jsonb, i uuid, j bytea, k vector, l text)"
        )
        let uuid = UUID()
        try connection.copyIn("COPY t FROM STDIN (FORMAT binary)") { writer throws in
          for isTrue in [true, false] {
            try writer.row(12)
            writer.bool(isTrue)
            writer.int2(-7)
            writer.int4(70_000)
            writer.int8(.min)
            writer.float4(0.25)
            writer.float8(-1e-300)
            try writer.text("té水")
            try writer.jsonb(#"{"a": [1]}"#)
            writer.uuid(uuid)
            writer.bytes(Data([0, 1, 255]))
            try writer.vector(components([1, -2]))
            writer.null()
          }
        }
        let values: [PostgresValue] = [
          .integer(-7), .integer(70_000), .integer(.min), .real(0.25), .real(-1e-300), .text("té水"),
          .text(#"{"a": [1]}"#), .text(uuid.uuidString.lowercased()), .bytes(Data([0, 1, 255])),
          .vector(components([1, -2])), .null,
        ]
        #expect(
          try connection.rows("SELECT * FROM t ORDER BY a DESC") == [
            [.integer(1)] + values, [.integer(0)] + values,
          ])
        var seen = 0
        try connection.copyOut(
          "COPY (SELECT a, c, f, g, j, k, l, h::text FROM t ORDER BY a DESC) TO STDOUT (FORMAT binary)"
        ) { row throws in
          #expect(row.count == 8)
          #expect(try row.integer(0) == (seen == 0 ? 1 : 0))
          #expect(try row.integer(1) == 70_000)
          #expect(try row.real(2) == -1e-300)
          #expect(try row.text(3) == "té水")
          #expect(try Array(row.bytes(4)) == [0, 1, 255])
          #expect(try row.vector(5) == components([1, -2]))
          #expect(row.isNull(6))
          #expect(try row.text(7) == #"{"a": [1]}"#)
          #expect(try postgresError { _ = try row.text(6) }?.kind == .type)
          #expect(try postgresError { _ = try row.vector(3) }?.kind == .type)
          seen += 1
        }
        #expect(seen == 2)
      }
    }

    @Test func emptyAndHugeRows() async throws {
      try await withConnection { connection, _ throws in
        try connection.batch("CREATE TABLE t (x text)")
        #expect(try connection.copyIn("COPY t FROM STDIN (FORMAT binary)") { _ in } == 0)
        try connection.copyOut("COPY t TO STDOUT (FORMAT binary)") { _ in Issue.record("no row") }
        let huge = String(repeating: "y", count: 40 << 20)
        try connection.copyIn("COPY t FROM STDIN (FORMAT binary)") { writer throws in
          try writer.row(1)
          try writer.text(huge)
        }
        try connection.copyOut("COPY t TO STDOUT (FORMAT binary)") { row throws in
          #expect(try row.text(0) == huge)
        }
      }
    }

    @Test func writerThatThrowsKeepsNothing() async throws {
      struct Mine: Error {}
      try await withConnection { connection, _ throws in
        try connection.batch("CREATE TABLE t (x text)")
        #expect(throws: Mine.self) {
          try connection.copyIn("COPY t FROM STDIN (FORMAT binary)") { writer throws in
            for _ in 0..<100_000 {
              try writer.row(1)
              try writer.text("some text")
            }
            throw Mine()
          }
        }
        #expect(try connection.value("SELECT count(*) FROM t") == .integer(0))
        let error = try postgresError {
          try connection.copyIn("COPY t FROM STDIN (FORMAT binary)") { writer throws in
            try writer.row(1)
            try writer.text("a\u{0}b")
          }
        }
        #expect(error?.kind == .value)
        #expect(try connection.value("SELECT count(*) FROM t") == .integer(0))
      }
    }

    @Test func readerThatThrowsEndsTheCopy() async throws {
      struct Mine: Error {}
      try await withConnection { connection, _ throws in
        #expect(throws: Mine.self) {
          try connection.copyOut(
            "COPY (SELECT generate_series(1, 2000000000)) TO STDOUT (FORMAT binary)"
          ) { _ in
            throw Mine()
          }
        }
        #expect(try connection.value("SELECT 1") == .integer(1))
      }
    }

    @Test func serverThatRefusesRowsSaysWhy() async throws {
      try await withConnection { connection, _ throws in
        try connection.batch("CREATE TABLE t (id bigint PRIMARY KEY)")
        func copy(_ sql: String) throws -> String? {
          try postgresError {
            try connection.copyIn(sql) { writer throws in
              for _ in 0..<200_000 {
                try writer.row(1)
                writer.int8(1)
              }
            }
          }?.sqlState
        }
        #expect(try copy("COPY t FROM STDIN (FORMAT binary)") == "23505")
        #expect(try copy("COPY nowhere FROM STDIN (FORMAT binary)") == "42P01")
        #expect(try connection.value("SELECT count(*) FROM t") == .integer(0))
        let amid = try postgresError {
          try connection.copyOut(
            "COPY (SELECT 10 / (5000 - i) FROM generate_series(1, 10000) i) TO STDOUT (FORMAT binary)"
          ) { _ in }
        }
        #expect(amid?.sqlState == "22012")
      }
    }

    @Test func wrongStatementsAreRefused() async throws {
      try await withConnection { connection, _ throws in
        try connection.batch("CREATE TABLE t (x text)")
        for sql in ["SELECT 1", "COPY t FROM STDIN", "COPY t TO STDOUT (FORMAT binary)"] {
          let error = try postgresError { try connection.copyIn(sql) { _ in } }
          #expect(error?.kind == .statement, "\(sql)")
          #expect(
            error?.message
              == "the statement is not what the call is for: copyIn is for COPY … FROM STDIN (FORMAT binary)"
          )
        }
        for sql in ["SELECT 1", "COPY t TO STDOUT", "COPY t FROM STDIN (FORMAT binary)"] {
          #expect(
            try postgresError { try connection.copyOut(sql) { _ in } }?.kind == .statement, "\(sql)"
          )
        }
        try connection.batch("INSERT INTO t VALUES ('a'); COPY t TO STDOUT")
        #expect(try connection.value("SELECT count(*) FROM t") == .integer(1))
        #expect(
          try postgresError { try connection.batch("COPY t FROM STDIN") }?.sqlState == "57014")
        #expect(try connection.value("SELECT count(*) FROM t") == .integer(1))
        // In a pipeline it cannot be ended in order.
        #expect(try postgresError { try connection.run("COPY t TO STDOUT") } != nil)
      }
    }

    @Test func copyInAPipelinesTransaction() async throws {
      try await withConnection { connection, _ throws in
        try connection.batch("CREATE TABLE t (x text)")
        try connection.send("BEGIN", [])
        try connection.send("INSERT INTO t VALUES ('a')", [])
        try connection.copyIn("COPY t FROM STDIN (FORMAT binary)") { writer throws in
          try writer.row(1)
          try writer.text("b")
        }
        #expect(connection.inTransaction)
        #expect(try connection.value("SELECT count(*) FROM t") == .integer(2))
        try connection.run("ROLLBACK")
        #expect(try connection.value("SELECT count(*) FROM t") == .integer(0))
      }
    }
  }
#endif
