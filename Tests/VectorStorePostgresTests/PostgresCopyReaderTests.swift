#if Postgres
  import Foundation
  import TestSupport
  import Testing

  @testable import VectorStorePostgres

  @Suite struct PostgresCopyReaderTests {
    private static func rows(_ messages: [Data]) throws -> [[String?]] {
      var reader = PostgresCopyReader()
      var rows: [[String?]] = []
      for message in messages {
        try message.withUnsafeBytes { bytes in
          try reader.take(bytes) { row in
            rows.append(
              try (0..<row.count).map { column throws in
                row.isNull(column) ? nil : try row.text(column)
              })
          }
        }
      }
      #expect(reader.hasEnded)
      return rows
    }

    @Test func readsRowsHoweverTheyAreCut() throws {
      for seed in UInt64(0)..<200 {
        var generator = SeededGenerator(seed: seed)
        var expected: [[String?]] = []
        var sent = Data()
        let writer = PostgresCopyWriter { sent.append(contentsOf: $0) }
        for _ in 0..<Int.random(in: 0...20, using: &generator) {
          let row: [String?] = (0..<Int.random(in: 0...4, using: &generator)).map { _ in
            let length = Int.random(in: -1...30, using: &generator)
            return length < 0 ? nil : String(repeating: "é", count: length)
          }
          try writer.row(row.count)
          for value in row { if let value { try writer.text(value) } else { writer.null() } }
          expected.append(row)
        }
        try writer.finish()
        var messages: [Data] = []
        while !sent.isEmpty {
          let count = Int.random(in: 0...min(sent.count, 60), using: &generator)
          messages.append(Data(sent.prefix(count)))
          sent.removeFirst(count)
        }
        #expect(try Self.rows(messages) == expected, "seed \(seed)")
      }
    }

    @Test func refusesWhatIsNotBinary() throws {
      let error = try postgresError { _ = try Self.rows([Data("1\ttwo\n3\tfour and more\n".utf8)]) }
      #expect(
        error?.message
          == "the COPY is not in binary format; write COPY … TO STDOUT (FORMAT binary)")
    }
  }
#endif
