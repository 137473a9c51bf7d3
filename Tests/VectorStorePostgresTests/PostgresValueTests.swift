#if Postgres
  import Foundation
  import TestSupport
  import Testing
  import VectorStorePostgres

  @Suite(
    .enabled(if: PostgresServer.isThere, "\(PostgresServer.howToGet)"), .timeLimit(.minutes(3)))
  struct PostgresValueTests {
    @Test func integersBothWays() async throws {
      try await withConnection { connection, _ throws in
        for number in [0, 1, -1, Int64.max, .min, 1 << 40] {
          #expect(try connection.value("SELECT $1::bigint", [.integer(number)]) == .integer(number))
        }
        for (type, number) in [
          ("smallint", Int64(-32768)), ("integer", 2_147_483_647), ("oid", 4_294_967_295),
        ] {
          #expect(
            try connection.value("SELECT $1::\(type)", [.integer(number)]) == .integer(number))
        }
      }
    }

    @Test func realsBothWaysBitForBit() async throws {
      try await withConnection { connection, _ throws in
        var generator = SeededGenerator(seed: 7)
        var numbers: [Double] = [
          0, -0.0, 1e-5, .leastNonzeroMagnitude, .greatestFiniteMagnitude, .infinity, -.infinity,
          0.1, 1e22,
        ]
        for _ in 0..<500 {
          let number = Double(bitPattern: .random(in: 0 ... .max, using: &generator))
          if !number.isNaN { numbers.append(number) }
        }
        for number in numbers {
          try connection.query("SELECT $1::double precision", [.real(number)]) { row throws in
            #expect(try row.real(0).bitPattern == number.bitPattern, "\(number)")
            return true
          }
        }
        try connection.query("SELECT $1::float8, 0.5::real", [.real(.nan)]) { row throws in
          #expect(try row.real(0).isNaN)
          #expect(try row.real(1) == 0.5)
          return true
        }
      }
    }

    @Test func textsBothWays() async throws {
      try await withConnection { connection, _ throws in
        for text in [
          "", "tea", "水 \u{1F600} é", "a\nb\t\"'\\", String(repeating: "long ", count: 100_000),
        ] {
          #expect(try connection.value("SELECT $1::text", [.text(text)]) == .text(text))
          #expect(try connection.value("SELECT $1::varchar", [.text(text)]) == .text(text))
        }
        let uuid = "0123abcd-89ab-4def-8123-456789abcdef"
        #expect(try connection.value("SELECT $1::uuid", [.text(uuid)]) == .text(uuid))
        #expect(
          try connection.value("SELECT $1::jsonb", [.text(#"{"a": 1}"#)]) == .text(#"{"a": 1}"#))
        #expect(try connection.value("SELECT $1::json", [.text(#"{"a":1}"#)]) == .text(#"{"a":1}"#))
        #expect(try connection.value("SELECT 'x'::name") == .text("x"))
      }
    }

    @Test func textWithNullCharacterIsRefusedBeforeItIsSent() async throws {
      try await withConnection { connection, _ throws in
        let error = try postgresError {
          _ = try connection.value("SELECT $1::text, $2::text", [.text("ok"), .text("té\u{0}a")])
        }
        #expect(error?.kind == .value)
        #expect(
          error?.message
            == "value $2 is a text with the character U+0000 at byte 3, which PostgreSQL cannot keep; remove it first"
        )
        #expect(try connection.value("SELECT 1") == .integer(1))
        #expect(try postgresError { try connection.run("SELECT 1\u{0}") }?.kind == .value)
      }
    }

    @Test func bytesBothWaysInPlace() async throws {
      try await withConnection { connection, _ throws in
        var generator = SeededGenerator(seed: 3)
        for count in [0, 1, 2, 255, 70_000, 3_000_000] {
          let bytes = Data((0..<count).map { _ in UInt8.random(in: 0 ... .max, using: &generator) })
          #expect(try connection.value("SELECT $1::bytea", [.bytes(bytes)]) == .bytes(bytes))
          // A slice whose indices do not begin at 0.
          let slice = bytes.dropFirst()
          #expect(try connection.value("SELECT $1::bytea", [.bytes(slice)]) == .bytes(Data(slice)))
        }
      }
    }

    @Test func vectorsBothWaysBitForBit() async throws {
      try await withConnection { connection, _ throws in
        try connection.batch("CREATE TABLE v (id int PRIMARY KEY, embedding vector)")
        var generator = SeededGenerator(seed: 11)
        var vectors: [Data] = [
          components([-0.0, .leastNonzeroMagnitude, .greatestFiniteMagnitude])
        ]
        for dimensions in [1, 2, 3, 384, 1536, 16_000] {
          vectors.append(randomVector(dimensions, using: &generator))
        }
        for (id, vector) in vectors.enumerated() {
          try connection.run(
            "INSERT INTO v VALUES ($1, $2)", [.integer(Int64(id)), .vector(vector)])
          #expect(
            try connection.value("SELECT embedding FROM v WHERE id = $1", [.integer(Int64(id))])
              == .vector(vector))
        }
        #expect(
          try connection.value("SELECT $1::vector::text", [.vector(components([1, -2.5]))])
            == .text("[1,-2.5]"))
        try connection.query("SELECT embedding, 1 FROM v LIMIT 1", []) { row throws in
          #expect(row.kind(0) == .vector)
          #expect(row.name(of: 0) == "embedding")
          return true
        }
      }
    }

    @Test(arguments: [0, 3, 6, 64_004])
    func vectorOfWrongSizeIsRefused(_ count: Int) async throws {
      try await withConnection { connection, _ throws in
        let error = try postgresError {
          _ = try connection.value("SELECT $1::vector", [.vector(Data(count: count))])
        }
        #expect(error?.kind == .value)
        #expect(error?.message.contains("a vector has \(count) bytes") == true)
      }
    }

    @Test func booleansAreZeroAndOne() async throws {
      try await withConnection { connection, _ throws in
        try connection.batch("CREATE TABLE b (x boolean)")
        try connection.run("INSERT INTO b VALUES ($1), ($2)", [.integer(1), .integer(0)])
        #expect(
          try connection.rows("SELECT x FROM b ORDER BY x") == [[.integer(0)], [.integer(1)]])
        try connection.query("SELECT true, NULL::bool", []) { row throws in
          #expect(row.kind(0) == .bool)
          #expect(try row.bool(0))
          #expect(row.isNull(1))
          #expect(row.kind(1) == .null)
          return true
        }
      }
    }

    @Test func numericsAreReadExactly() async throws {
      try await withConnection { connection, _ throws in
        for text in [
          "0", "1", "-1", "10000", "9223372036854775807", "-9223372036854775808",
          "123456789012345678901234567890",
          "0.5", "-0.0001", "100000000.00000001", "12.30", "0.00", "NaN", "Infinity", "-Infinity",
          "1e-20",
          "99999999.9999",
        ] {
          try connection.query("SELECT $1::numeric, $1::numeric::text", [.text(text)]) {
            row throws in
            #expect(try row.text(0) == row.text(1), "\(text)")
            #expect(row.kind(0) == .numeric)
            return true
          }
        }
        #expect(
          try connection.value("SELECT sum(x) FROM unnest('{1,2,9000000000}'::bigint[]) x")
            == .integer(9_000_000_003))
        #expect(try connection.value("SELECT 2.00::numeric") == .integer(2))
        #expect(try connection.value("SELECT 2.25::numeric") == .real(2.25))
      }
    }

    @Test func nullOfEveryType() async throws {
      try await withConnection { connection, _ throws in
        let row = try connection.rows(
          "SELECT $1::bigint, $2::text, $3::bytea, $4::vector, $5::float8",
          [.null, .null, .null, .null, .null])
        #expect(row == [[.null, .null, .null, .null, .null]])
      }
    }

    @Test func wrongTypeIsSaid() async throws {
      try await withConnection { connection, _ throws in
        func message(_ sql: String, _ read: @escaping (PostgresRow) throws -> Void) throws
          -> String?
        {
          try postgresError {
            try connection.query(sql, []) {
              try read($0); return true
            }
          }?.message
        }
        let expected = "was expected; the schema differs from what this version writes"
        #expect(
          try message("SELECT 'x'::text AS name") { _ = try $0.integer(0) }
            == "the column name is text, but a whole number of at most 64 bits \(expected)")
        #expect(
          try message("SELECT NULL::text AS name") { _ = try $0.text(0) }
            == "the column name is NULL, but a text \(expected)")
        #expect(
          try message("SELECT 1.5::numeric AS n") { _ = try $0.integer(0) }
            == "the column n is numeric, but a whole number of at most 64 bits \(expected)")
        #expect(
          try message("SELECT now() AS t") { _ = try $0.value(0) }
            == "the column t is of type number 1184, but a type that this client reads \(expected)")
        #expect(
          try message("SELECT 'ab'::bytea AS v") { _ = try $0.vector(0) }
            == "the column v is bytea, but a vector \(expected)")
        #expect(try connection.value("SELECT 1") == .integer(1))
      }
    }
  }
#endif
